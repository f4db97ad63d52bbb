"""The events that are held for an admin, and the way out: one more write, by name."""

from dataclasses import replace

from shared.domain.meeting import Meeting, MeetingState
from shared.domain.messages import EventChange, Source
from shared.domain.queue_port import QueueSender
from shared.storage.held_event_index import HeldEvent, HeldEventIndex
from shared.storage.meetings import Meetings
from shared.worker.common.world import World


class HeldEvents:
    """Lists and releases. Every method raises `StorageUnavailable`."""

    def __init__(self, *, world: World, held: HeldEventIndex, meetings: Meetings, queue: QueueSender) -> None:
        self._world = world
        self._held = held
        self._meetings = meetings
        self._queue = queue

    def all(self) -> list[HeldEvent]:
        """Return every event that is held."""
        return list(self._held.all())

    def release(self, event: HeldEvent) -> None:
        """Allow one more write to an event, and have it read now. The worker logs it when it comes to that.

        Killed half-way, the event is released and waits for its next change or sweep.

        Raises:
            StateChanged: the event's row was written meanwhile, so it may not be held any more.
            QueueUnavailable: it is released, and waits.
        """
        now = self._world.now()
        known = event.meeting or Meeting(state=MeetingState.RELEASED, at=now, event=event.event)
        released = replace(
            known,
            state=MeetingState.RELEASED,
            at=now,
            lease="",
            charged=(),
            doubts=0,
            before="",
        )
        self._meetings.write(event.mailbox, event.event, released, after=event.stored)
        self._held.remove(event.mailbox, event.event)
        change = EventChange(
            mailbox=event.mailbox,
            event=event.event,
            source=Source.REPLAY,
            received=now,
            trace=self._world.new_id(),
        )
        self._queue.send(change.encode())
