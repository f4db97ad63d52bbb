"""What one read of an event found."""

from dataclasses import dataclass
from datetime import timedelta

from shared.domain.event import Event
from shared.domain.messages import EventChange
from shared.rules.policy import Policy
from shared.storage.meetings import StoredMeeting


@dataclass(frozen=True, slots=True)
class EventRead:
    """The event, what we remember of it, and the policy to hold it against.

    `age` is how long before the event was read its row was written, by the table service's time.
    """

    change: EventChange
    event: Event
    stored: StoredMeeting
    policy: Policy
    age: timedelta = timedelta(0)
