"""One read of an event, with its row in the table `meetings`."""

from dataclasses import dataclass
from datetime import timedelta

from shared.domain.event import Event
from shared.domain.meeting import Meeting
from shared.domain.messages import EventChange
from shared.rules.policy import Policy
from shared.storage.meetings import StoredMeeting


@dataclass(frozen=True, slots=True)
class EventRead:
    """The event as it was read, its stored row, and the policy that decides.

    `age` is the time from the write of the row to the read of the event, by the table service's clock.
    """

    change: EventChange
    event: Event
    stored: StoredMeeting
    policy: Policy
    age: timedelta = timedelta(0)

    @property
    def attempt(self) -> Meeting:
        """The row of the attempt to write; only where there is one."""
        assert self.stored.meeting is not None
        return self.stored.meeting
