"""`python -m sandbox.graph`: serves the stand-in Graph alone, until Ctrl-C.

Prints the base URL, and a token of the app and of each person. `/echo` on the same server is a notification
URL that answers validation requests and accepts notifications.
"""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from sandbox.graph.app import StandIn
from sandbox.serve import serve

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ECHO = "/echo"
_TENANT = "c0ffee00-0000-4000-8000-000000000001"
_RESOURCE = {"resource": "https://graph.microsoft.com", "api-version": "2019-08-01"}


@dataclass(frozen=True, slots=True)
class ServedTenant:
    """A stand-in with some people, which also answers at `ECHO`, as one WSGI app."""

    graph: StandIn

    @classmethod
    def create(cls) -> "ServedTenant":
        """Create contoso.com with Ada, Bo, a room and the group Sales; its time is the real time."""
        graph = StandIn(
            now=lambda: datetime.now(UTC),
            tenant_id=_TENANT,
            domains=("contoso.com", "contoso.onmicrosoft.com"),
        )
        people = [
            graph.add_user("Ada Lovelace", "ada@contoso.com"),
            graph.add_user("Bo Diddley", "bo@contoso.com"),
        ]
        graph.add_user("Boardroom", "boardroom@contoso.com", kind="room")
        graph.add_group("Sales", people, address="sales@contoso.com")
        return cls(graph)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        if environ["PATH_INFO"] != ECHO:
            return self.graph(environ, start_response)
        token = Request(environ).args.get("validationToken")
        answer = Response(token, content_type="text/plain") if token else Response(status=202)
        return answer(environ, start_response)

    def facts(self, url: str) -> dict[str, Any]:
        """Return what a client needs: the URLs, the tokens, and the ids of people, room and group."""
        _, token = self.graph.identity.answer(_RESOURCE, "sandbox")
        users = [user for _, user in self.graph.directory.users()]
        return {
            "graph": f"{url}/v1.0",
            "notification_url": f"{url}{ECHO}",
            "tenant": _TENANT,
            "app_token": token["access_token"],
            "users": [
                {
                    "id": user.id,
                    "mail": user.address,
                    "token": self.graph.identity.token_for(user),
                    "read_only_token": self.graph.identity.token_for(user, ["Calendars.Read", "User.Read"]),
                }
                for user in users
                if user.kind == "user"
            ],
            "rooms": [user.id for user in users if user.kind == "room"],
            "groups": [group.id for _, group in self.graph.directory.groups()],
        }


def main() -> int:
    """Serve until Ctrl-C or SIGTERM; write the traffic then, if a file is named."""
    options = _options()
    served, stopped = ServedTenant.create(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _signal, _frame: stopped.set())
    with serve(served, port=options.port) as url:
        served.graph.start_delivery()
        print(json.dumps(served.facts(url), indent=None if options.json else 2), flush=True)
        stopped.wait()
        served.graph.stop_delivery()
    if options.har:
        served.graph.write_har(options.har)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m sandbox.graph", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--json", action="store_true", help="print everything in one line")
    parser.add_argument("--har", type=Path, help="write all requests and answers to this file at the end")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
