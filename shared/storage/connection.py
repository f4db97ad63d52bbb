"""How queues and tables are reached: a connection for each thread, and little patience.

Whoever waits for us has patience of its own: Graph delivers again for four hours, and a message that could
not be handled comes again. The SDK's own retries would hold a webhook call for over a minute.
"""

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter

#: as many connections as an instance has messages in hand (host.json), and the webhook's senders beside them
_CONNECTIONS = 48
#: The SDKs' own options for these are not heard where a transport is given to them.
_CONNECT_SECONDS = 2
_ANSWER_SECONDS = 10


def transport() -> RequestsTransport:
    """Return a transport that keeps all its connections; by default all but ten are thrown away after use."""
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=_CONNECTIONS)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return RequestsTransport(
        session=session, connection_timeout=_CONNECT_SECONDS, read_timeout=_ANSWER_SECONDS
    )
