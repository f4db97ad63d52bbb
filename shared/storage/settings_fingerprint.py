"""Records the tenant, the address and the version of the app, for a desk to compare and to show."""

from dataclasses import dataclass

from shared.storage.tables import Table

_PARTITION, _ROW = "maintenance", "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFingerprint:
    """The settings that must be the same in the app and at a desk, and the app's version."""

    tenant: str
    #: the fingerprint of the notification URL and the clientState key
    endpoint: str
    #: the app's version of Joinlink; empty if an earlier version recorded none
    version: str = ""


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
            tenant=str(row.values.get("tenant") or ""),
            endpoint=str(row.values.get("endpoint") or ""),
            version=str(row.values.get("version") or ""),
        )

    def write(self, app: SettingsFingerprint) -> None:
        """Replace the app's fingerprint."""
        values = {"tenant": app.tenant, "endpoint": app.endpoint, "version": app.version}
        self._table.merge(_PARTITION, _ROW, values)
