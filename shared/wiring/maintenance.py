"""Builds a run of maintenance, for the app's timer and for an admin's desk."""

from collections.abc import Callable

from shared.wiring.parts import Parts
from shared.worker.common.upkeep import Upkeep
from shared.worker.mailboxes.maintenance import Maintenance, PolicySource


def build_maintenance(
    parts: Parts, rules: PolicySource, record_settings: Callable[[], None] | None
) -> Maintenance:
    """Return one run by these rules; `record_settings` is None at a desk. Raises SettingsError."""
    storage, endpoint = parts.storage, parts.graph.endpoint
    return Maintenance(
        world=parts.process.world,
        graph=parts.graph.new_client(),
        policies=rules,
        mailboxes=storage.mailboxes,
        queue=storage.mailbox_tasks,
        poison=(storage.event_poison, storage.mailbox_poison),
        upkeep=Upkeep((storage.event_changes, storage.mailbox_tasks), storage.poison_queues),
        lease=storage.maintenance_lease,
        holds=storage.removal_holds,
        reports=storage.maintenance_reports,
        endpoint=endpoint.fingerprint,
        notification_url=endpoint.url,
        memory=parts.memory_start,
        record_settings=record_settings,
    )
