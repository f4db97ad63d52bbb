"""The faults of Graph in the machine, by kind: those that say most about a write."""

from collections.abc import Callable

from sandbox.faults.at_stand_in import stand_in_fault
from sandbox.graph import Fault

GRAPH_FAULTS = (
    "write 429 with Retry-After before",
    "write 503 with Retry-After before",
    "write 503 with Retry-After after",
    "write 500 after",
    "write 403 of a proxy after",
    "write lost before",
    "write lost after",
    "write ignored",
    "write truncated 200 after",
    "write 200 of a proxy after",
    "write 412 without a race",
    "write 401 before",
    "write 401 after",
    "read 401 in flight",
    "read 429 without Retry-After",
    "read 503",
    "read lost",
    "read truncated",
    "read MailboxConcurrency",
    "provider 500",
    "calendar 500",
    "users 503",
    "subscribing 503",
    "group 503",
)
#: faults of reads of the directory
DIRECTORY_FAULTS = frozenset({"users 503", "group 503"})
_GROUP = "/groups/[^/]+(/transitiveMembers|$)"


def fault(kind: str, count: int, meanwhile: Callable[[], None]) -> Fault:
    """Return a fault of the next `count` calls of its kind; `meanwhile` is called at each."""
    if kind == "group 503":
        return Fault(method="GET", path=_GROUP, status=503, count=count, meanwhile=meanwhile)
    return stand_in_fault(kind, count=count, meanwhile=meanwhile)
