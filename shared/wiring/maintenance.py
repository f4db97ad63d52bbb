"""Builds a run of maintenance, for the app's timer and for an admin's desk."""

from collections.abc import Callable

from shared.storage.old_rows import KEPT, OldRows
from shared.wiring.parts import Parts
from shared.worker.mailboxes.cleanup import Cleanup
from shared.worker.mailboxes.maintenance import Maintenance, PolicySource
from shared.worker.mailboxes.queue_maintenance import QueueMaintenance


def build_maintenance(
    parts: Parts, rules: PolicySource, record_settings: Callable[[], None] | None
) -> Maintenance:
    """Return one run by these rules; `record_settings` is None at a desk. Raises SettingsError."""
    storage, endpoint = parts.storage, parts.graph.endpoint
    queues = QueueMaintenance((storage.event_changes, storage.mailbox_tasks), storage.poison_queues)
    return Maintenance(
        world=parts.process.world,
        graph=parts.graph.new_client(),
        policies=rules,
        mailboxes=storage.mailboxes,
        queue=storage.mailbox_tasks,
        poison=(storage.event_poison, storage.mailbox_poison),
        cleanup=_cleanup(parts).delete_some,
        maintain_queues=queues.run,
        lease=storage.maintenance_lease,
        holds=storage.removal_holds,
        stop=storage.watch_stop,
        others=storage.other_deployments,
        reports=storage.maintenance_reports,
        endpoint=endpoint.fingerprint,
        notification_url=endpoint.url,
        memory=parts.memory,
        record_settings=record_settings,
    )


def _cleanup(parts: Parts) -> Cleanup:
    storage = parts.storage
    return Cleanup(
        {name: OldRows(name, storage.table(name, create_if_missing=False)) for name in KEPT},
        lease=storage.maintenance_lease,
        service_time=storage.maintenance_table.now,
    )
