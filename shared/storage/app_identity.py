"""Which tenant and which address the app works with, so that a desk with other settings is refused."""

from dataclasses import dataclass

from shared.storage.tables import Table

_PARTITION, _ROW = "maintenance", "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppIdentity:
    """The settings that decide whom the app watches and for which address."""

    tenant: str
    #: the fingerprint of the notification URL and the clientState key
    endpoint: str


class AppIdentities:
    """Keeps what the app's own timer noted last. Every method raises `StorageUnavailable`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self) -> AppIdentity | None:
        """Return it; None where the timer has never run."""
        row = self._table.read(_PARTITION, _ROW)
        if row is None:
            return None
        return AppIdentity(
            tenant=str(row.values.get("tenant") or ""), endpoint=str(row.values.get("endpoint") or "")
        )

    def write(self, app: AppIdentity) -> None:
        """Note the app's own."""
        self._table.merge(_PARTITION, _ROW, {"tenant": app.tenant, "endpoint": app.endpoint})
