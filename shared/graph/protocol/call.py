"""One call to Graph as a value, and how ids and times are written in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from shared.domain.ids import is_id
from shared.errors import GraphError, GraphUnavailable, MailboxUnusable

API_VERSION = "/v1.0"
#: of an unpacked answer, such as a page of a hundred events
MAX_ANSWER_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphCall:
    """One request to Graph; errors and logs show `name`, `path` follows the API version.

    `errors` maps a status to its error where this call differs from calls about events. `mailbox` is the
    user whose mailbox the call reads or changes, empty where there is none. `at_most_once` marks a write
    that may mail people: the client never sends it twice. `is_optional` marks a call that Joinlink can do
    without: it waits while Graph is down, and its failure doesn't count as an outage. No more of the unpacked
    answer is read than `max_bytes`; a successful answer that is longer raises `too_long`. `sets_expiry` marks
    a call that sets when a subscription expires.
    """

    name: str
    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, object] | None = None
    errors: Mapping[int, type[GraphError]] = field(default_factory=dict)
    mailbox: str = ""
    at_most_once: bool = False
    is_optional: bool = False
    sets_expiry: bool = False
    max_bytes: int = MAX_ANSWER_BYTES
    too_long: type[GraphError] = GraphUnavailable

    @property
    def target(self) -> str:
        """The path with API version and query, encoded."""
        query = f"?{urlencode(self.params)}" if self.params else ""
        return f"{API_VERSION}{self.path}{query}"


def user_path(mailbox: str) -> str:
    """Return the path of a user; raises MailboxUnusable for a name that no user can have."""
    return f"/users/{path_segment(mailbox, MailboxUnusable)}"


def path_segment(name: str, not_found: type[GraphError]) -> str:
    """Return an id or a name, encoded as one segment of a path; raises `not_found` where it can't be one.

    httpx and proxies resolve `.` and `..` as steps in the path, even where they are encoded.
    """
    if not is_id(name):
        raise not_found("build the path", detail="this can't be an id of Graph's, so no call was sent")
    return quote(name, safe="")


def utc_text(moment: datetime) -> str:
    """Return a moment in the format that Graph takes in queries and bodies."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
