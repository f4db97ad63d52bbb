"""An HTTP session for the storage SDKs: it does only what they need, and reads the environment once.

By default requests reads the proxies, certificates and netrc of the environment at every request, and
prepares what the SDK has prepared already: together a third of the CPU time of a table call. The environment
of a process does not change.
"""

from collections.abc import Mapping
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict


class EnvironmentSession(requests.Session):
    """Uses the proxies and certificates of the environment, but no netrc: storage has its own credentials.

    It follows no redirects and keeps no cookies.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self._environment = requests.Session()
        self._settings: dict[tuple[object, ...], Any] = {}

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        """Send a request; the SDK's transport calls this for each, with an encoded URL and all headers."""
        data = options.get("data")
        is_ready = data is None or isinstance(data, bytes | str)
        if (
            args
            or not is_ready
            or options.get("files")
            or options.get("proxies")
            or not options.get("timeout")
        ):
            return super().request(method, url, *args, **options)
        stream = bool(options.get("stream"))
        settings = self.merge_environment_settings(
            url, {}, stream, options.get("verify"), options.get("cert")
        )
        response = self.get_adapter(url).send(
            self._prepared(method, url, options.get("headers") or {}, data),
            timeout=options.get("timeout"),
            **settings,
        )
        if not stream:
            _ = response.content  # reads it, within the time for the whole answer
        return response

    def _prepared(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | str | None
    ) -> requests.PreparedRequest:
        request = requests.PreparedRequest()
        request.method, request.url = method, url
        request.headers = CaseInsensitiveDict(headers)
        for name, value in self.headers.items():
            request.headers.setdefault(name, str(value))
        request.body = (data.encode() if isinstance(data, str) else data) or None
        request.prepare_content_length(request.body)
        return request

    def merge_environment_settings(
        self, url: str | bytes | None, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """Return the settings of a request; requests calls this for each."""
        if proxies:
            return self._environment.merge_environment_settings(url, proxies, stream, verify, cert)
        # Two threads may both read the environment, and get the same.
        key = (*str(url).split("/", 3)[:3], stream, verify, cert)
        if key not in self._settings:
            self._settings[key] = self._environment.merge_environment_settings(url, {}, stream, verify, cert)
        return self._settings[key]
