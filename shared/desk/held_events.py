"""Lists the events that are held for an admin, and releases single ones for one more write."""

from dataclasses import replace

from shared.domain.meeting import Meeting, MeetingState
from shared.domain.messages import EventChange, Source
from shared.domain.queue_port import QueueSender
from shared.storage.held_event_index import HeldEvent, HeldEventIndex
from shared.storage.meetings import Meetings
from shared.worker.common.world import World


class HeldEvents:
    """The held events. Every method raises `StorageUnavailable`."""

    def __init__(
        self, *, world: World, index: HeldEventIndex, meetings: Meetings, queue: QueueSender
    ) -> None:
        self._world = world
        self._index = index
        self._meetings = meetings
        self._queue = queue

    def all(self) -> list[HeldEvent]:
        """Return every event that is held."""
        return list(self._index.all())

    def release(self, event: HeldEvent) -> None:
        """Allow one more write to an event, and put it on the queue. The worker logs the release.

        If the command is killed half-way, the event is released, and its next change or sweep reads it.

        Raises:
            StateChanged: the event's row has changed since, so it may not be held any more.
            QueueUnavailable: the event is released, but not on the queue.
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
        self._index.remove(event.mailbox, event.event)
        change = EventChange(
            mailbox=event.mailbox,
            event=event.event,
            source=Source.REPLAY,
            received=now,
            trace=self._world.new_id(),
        )
        self._queue.send(change.encode())
