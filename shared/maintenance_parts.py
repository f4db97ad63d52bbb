"""How maintenance is put together: for the app's timer, and for an admin's desk.

Heavy modules are imported inside the builders: the webhook must not pay for what only maintenance needs.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from shared.parts import Parts

if TYPE_CHECKING:
    from shared.worker.common.desk_check import KeptPolicy
    from shared.worker.mailboxes.maintenance import Maintenance, PolicySource


class MaintenanceParts(Parts):
    """The ways in that are about maintenance."""

    def maintenance(self) -> "Maintenance":
        """Return one run of maintenance in the app. Raises SettingsError."""
        with self._worker_lock:
            identities, identity = self._app_identities, self._identity
            return self._build_maintenance(self._policies, lambda: identities.write(identity))

    def maintenance_at_the_desk(self) -> "Maintenance":
        """Return one run for the admin's command, by the rules that the app has in force.

        Raises:
            SettingsError: settings are missing or malformed.
            DeskDiffers: rules or settings here are not the app's.
            StorageUnavailable: what the app noted can't be read.
        """
        from shared.worker.common.desk_check import DeskCheck

        with self._worker_lock:
            check = DeskCheck(
                desk=self._identity,
                app=self._app_identities.read,
                rules=self._rule_source,
                kept=self.kept_policy(),
            )
            check.check()
            return self._build_maintenance(check.kept, lambda: None)

    def kept_policy(self) -> "KeptPolicy":
        """Return the rules that the app has in force, as it kept them. Raises SettingsError."""
        from shared.worker.common.desk_check import KeptPolicy

        with self._worker_lock:
            return KeptPolicy(self._kept_rules)

    def clock_problem(self) -> str:
        """Return what is wrong with this machine's clock; empty where nothing is.

        Raises:
            SettingsError: the storage settings are missing or malformed.
            StorageUnavailable: the table service does not answer.
        """
        from shared.storage.maintenance_lease import MAINTENANCE
        from shared.worker.common.desk_check import clock_problem

        with self._worker_lock:
            return clock_problem(self._world.now(), self._table(MAINTENANCE).now())

    def _build_maintenance(self, rules: "PolicySource", record_settings: Callable[[], None]) -> "Maintenance":
        from shared.worker.common.upkeep import Upkeep
        from shared.worker.mailboxes.maintenance import Maintenance

        return Maintenance(
            world=self._world,
            graph=self._graph(),
            policies=rules,
            mailboxes=self._mailboxes,
            queue=self._mailbox_tasks,
            poison=(self._event_poison, self._mailbox_poison),
            upkeep=Upkeep((self._event_changes, self._mailbox_tasks), self._poison_queues),
            lease=self._maintenance_lease,
            holds=self._holds,
            reports=self._last_runs,
            endpoint=self._endpoint.fingerprint,
            notification_url=self._endpoint.url,
            memory=self._memory_start,
            record_settings=record_settings,
        )
