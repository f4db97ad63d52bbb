"""What the memory of past writes has about a mailbox."""

from shared.domain.event import Event
from shared.domain.meeting import MeetingState
from shared.storage.meetings import Meetings, StoredMeeting


class RecalledWrites:
    """Reads the rows of a mailbox, none if there is no memory; methods raise StorageUnavailable."""

    def __init__(self, memory: Meetings | None, mailbox: str) -> None:
        self._memory = memory
        self._mailbox = mailbox
        self._states = memory.states(mailbox) if memory else {}

    def state(self, event: str) -> str:
        """Return the state of an event's row; empty if it has none."""
        return self._states.get(self._memory.key(event), "") if self._memory else ""

    def has_added(self, event: str) -> bool:
        """Return whether a link of the event may be Joinlink's."""
        return self.state(event) not in {"", MeetingState.SEEN_ONLINE}

    def row(self, event: Event) -> StoredMeeting:
        """Return the row of an event, if a decision may depend on it."""
        is_online = event.is_online_meeting or bool(event.join_url)
        if self._memory is None or is_online or not self.state(event.id):
            return StoredMeeting()
        return self._memory.read(self._mailbox, event.id)
