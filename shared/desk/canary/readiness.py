"""Whether the app could handle a canary at all: read from its storage account before anything is created."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.storage.mailboxes import Mailbox, Mailboxes, MailboxState
from shared.storage.watch_stop import WatchStop
from shared.worker.mailboxes.write_memory import MemoryState, WriteMemory, describe_memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What the app's storage account says. Its method raises StorageUnavailable."""

    memory: WriteMemory
    stop: WatchStop
    mailboxes: Mailboxes
    now: Callable[[], datetime]

    def obstacles(self, mailbox: str) -> Iterator[str]:
        """Yield why the app would not write to this mailbox (object id), each with what to do."""
        if self.stop.is_set():
            yield "joinlink unsubscribe --all has stopped Joinlink: joinlink unsubscribe --undo starts it"
        state = self.memory.state()
        if state is not MemoryState.WHOLE:
            yield describe_memory(state)
        if obstacle := _mailbox_obstacle(self.mailboxes.read(mailbox), self.now()):
            yield obstacle


def _mailbox_obstacle(row: Mailbox, now: datetime) -> str:
    if row.unclear:
        return f"Joinlink does not touch the row of this mailbox ({row.unclear}): see joinlink status"
    if row.held:
        return "this mailbox left the scope with many others and is held: see joinlink status"
    if row.is_unknown or row.state is MailboxState.REMOVED:
        return (
            "the app does not watch this mailbox: add it to mailboxes in the rules, and wait for the app's"
            " next maintenance (at most 15 minutes)"
        )
    if row.state in {MailboxState.UNUSABLE, MailboxState.FORBIDDEN}:
        return (
            f"the app can't use this mailbox ({row.state}, {row.why}): joinlink doctor --mailbox shows more"
        )
    if not row.subscription or row.expires is None or row.expires <= now:
        return (
            "the app has no subscription to this mailbox yet: wait for its next maintenance (at most 15"
            " minutes), then see joinlink status"
        )
    return ""
