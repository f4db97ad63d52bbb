"""Records the tenant and the address that the app uses, so that a desk with other settings is refused."""

from dataclasses import dataclass

from shared.storage.tables import Table

_PARTITION, _ROW = "maintenance", "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFingerprint:
    """The settings that must be the same in the app and at a desk."""

    tenant: str
    #: the fingerprint of the notification URL and the clientState key
    endpoint: str


class SettingsFingerprints:
    """Stores the fingerprint of the app's last run. Every method raises `StorageUnavailable`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self) -> SettingsFingerprint | None:
        """Return the app's fingerprint; None if the timer has never run."""
        row = self._table.read(_PARTITION, _ROW)
        if row is None:
            return None
        return SettingsFingerprint(
            tenant=str(row.values.get("tenant") or ""), endpoint=str(row.values.get("endpoint") or "")
        )

    def write(self, app: SettingsFingerprint) -> None:
        """Replace the app's fingerprint."""
        self._table.merge(_PARTITION, _ROW, {"tenant": app.tenant, "endpoint": app.endpoint})
