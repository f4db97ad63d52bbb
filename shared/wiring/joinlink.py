"""The app: one property for each entry point of `functions`, built on its first use."""

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.domain.messages import EVENT_CHANGES
from shared.errors import SettingsError
from shared.wiring.built_once import BuiltOnce
from shared.wiring.parts import Parts

if TYPE_CHECKING:
    from shared.domain.messages import EventChange, MailboxTask
    from shared.worker.common.policy_reloader import PolicyReloader
    from shared.worker.common.queue_messages import QueueMessages
    from shared.worker.health.checkup import Checkup
    from shared.worker.mailboxes.maintenance import Maintenance
    from shared.worker.webhook.webhook import Webhook


class Joinlink:
    """The app of one process; safe to share between threads."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def close(self) -> None:
        """Close connections and threads."""
        self.parts.process.close()

    @BuiltOnce
    def webhook(self) -> "Webhook":
        """Takes notifications. Raises SettingsError."""
        from shared.wiring.webhook import build_webhook

        return build_webhook(self.parts)

    @BuiltOnce
    def event_messages(self) -> "QueueMessages[EventChange]":
        """Handles changed events. Raises SettingsError."""
        from shared.wiring.worker import build_event_messages

        return build_event_messages(self.parts, self.policies)

    @BuiltOnce
    def mailbox_messages(self) -> "QueueMessages[MailboxTask]":
        """Handles tasks for mailboxes. Raises SettingsError."""
        from shared.wiring.worker import build_mailbox_messages

        return build_mailbox_messages(self.parts, self.policies)

    def maintenance(self) -> "Maintenance":
        """Return one run of maintenance. Raises SettingsError."""
        from shared.wiring.maintenance import build_maintenance

        return build_maintenance(self.parts, self.policies, self._record_settings)

    def _record_settings(self) -> None:
        """Record what this process uses, for a desk. Raises StorageUnavailable."""
        policy = self.policies.current()
        app = replace(self.parts.settings_fingerprint, policy=policy.hash if policy else "")
        self.parts.storage.settings_fingerprints.write(app)

    @BuiltOnce
    def checkup(self) -> "Checkup":
        """Checks the app's health; wrong settings are part of the result."""
        from shared.wiring.health import build_app_checkup

        return build_app_checkup(self.parts)

    @BuiltOnce
    def policies(self) -> "PolicyReloader":
        """The policy in force. It replaces the last good rules, so a desk has none. Raises SettingsError."""
        from shared.storage.blobs import container_client
        from shared.storage.last_good_rules import LAST_GOOD_CONTAINER, LastGoodRulesStore
        from shared.worker.common.policy_reloader import PolicyReloader

        process = self.parts.process
        store = LastGoodRulesStore(
            container_client(LAST_GOOD_CONTAINER, process.storage_settings, process.storage_credential)
        )
        process.close_at_end(store.close)
        return PolicyReloader(self.parts.rule_source, store, process.world.now)

    def keep_message(self, queue_name: str, body: bytes, error: SettingsError) -> None:
        """Put a message back on its queue until the settings are fixed.

        Raises:
            SettingsError: those of the storage are wrong, too; the host delivers the message again.
            QueueUnavailable: the queue did not take it; the host delivers it again.
        """
        from shared.worker.common.messages_on_hold import MessagesOnHold
        from shared.worker.events.messages import log_event_decided
        from shared.worker.mailboxes.messages import log_task_finished

        storage = self.parts.storage
        is_event = queue_name == EVENT_CHANGES
        queue = storage.event_changes if is_event else storage.mailbox_tasks
        poison = storage.event_poison if is_event else storage.mailbox_poison
        log = log_event_decided if is_event else log_task_finished
        world = self.parts.process.world
        MessagesOnHold(world=world, queue=queue, poison=poison, log=log).keep(body, error)
