"""Stores which other deployments of the app registration have subscriptions, by the last search."""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from shared.storage.tables import Table

_PARTITION, _ROW = "maintenance", "other-deployments"
#: More are not listed: somebody uses the app registration for something else.
MOST_LISTED = 10
_LONGEST_ADDRESS = 300


@dataclass(frozen=True, slots=True)
class OtherDeployment:
    """A deployment by the address that its subscriptions notify, without the key."""

    address: str
    #: how many subscriptions to mailboxes it has
    subscriptions: int = 0
    #: how many of them are to mailboxes that this deployment watches, too
    shared: int = 0

    def plus(self, *, is_shared: bool) -> "OtherDeployment":
        """Return it with one more subscription."""
        return replace(self, subscriptions=self.subscriptions + 1, shared=self.shared + is_shared)


class OtherDeployments:
    """Stores the last list. Every method raises `StorageUnavailable`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def write(self, found: Iterable[OtherDeployment]) -> None:
        """Replace the list."""
        self._table.merge(_PARTITION, _ROW, {"found": encode(found)})

    def read(self) -> tuple[OtherDeployment, ...]:
        """Return the list; empty if there is none, or if it is damaged: the next search replaces it."""
        row = self._table.read(_PARTITION, _ROW)
        return decode(str(row.values.get("found") or "") if row else "")


def encode(found: Iterable[OtherDeployment]) -> str:
    """Return deployments as JSON."""
    return json.dumps(
        [[one.address[:_LONGEST_ADDRESS], one.subscriptions, one.shared] for one in found][:MOST_LISTED]
    )


def decode(text: str) -> tuple[OtherDeployment, ...]:
    """Read the JSON of `encode`; empty if it is damaged."""
    with suppress(ValueError, TypeError):
        found = json.loads(text or "[]")
        return tuple(OtherDeployment(str(name), int(count), int(shared)) for name, count, shared in found)
    return ()
