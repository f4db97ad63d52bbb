"""Records what the app uses, at each run of its timer, for a desk to compare and to show."""

from dataclasses import dataclass

from shared.storage.tables import Table

_PARTITION, _ROW = "maintenance", "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFingerprint:
    """The settings that must be the same in the app and at a desk, its version, and what it has in force.

    What an earlier version did not record is empty or None.
    """

    tenant: str
    #: the fingerprint of the notification URL and the clientState key
    endpoint: str
    #: the app's version of Joinlink
    version: str = ""
    #: the hash of the rules in force at the last run; empty too if there were none
    policy: str = ""
    #: whether the brake, JOINLINK_MODE=report, was on
    report_only: bool | None = None
    #: where the app reads its rules, for people
    rules_place: str = ""


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
            policy=str(row.values.get("policy") or ""),
            report_only=None if (brake := row.values.get("report_only")) is None else bool(brake),
            rules_place=str(row.values.get("rules_place") or ""),
        )

    def write(self, app: SettingsFingerprint) -> None:
        """Replace the app's fingerprint."""
        values = {
            "tenant": app.tenant,
            "endpoint": app.endpoint,
            "version": app.version,
            "policy": app.policy,
            "report_only": bool(app.report_only),
            "rules_place": app.rules_place,
        }
        self._table.merge(_PARTITION, _ROW, values)
