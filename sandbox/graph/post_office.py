"""The mails that Exchange sends about meetings, and the messages in the mailboxes that get them.

Graph has no option to prevent a mail.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sandbox.graph import zones
from sandbox.graph.event import EventCopy
from sandbox.graph.tenant import GraphTenant

Kind = Literal["meetingRequest", "meetingCancelled"]


class Mail(NamedTuple):
    """A mail about a changed event: the immutable id of the organizer's copy, and how many people get it."""

    event: str
    recipients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message in a mailbox about a meeting, with Graph's meetingMessageType."""

    id: str
    subject: str
    received: datetime
    kind: Kind

    def as_json(self) -> dict[str, Any]:
        """Return the message as JSON."""
        request = "Request" if self.kind == "meetingRequest" else ""
        return {
            "@odata.type": f"#microsoft.graph.eventMessage{request}",
            "id": self.id,
            "subject": self.subject,
            "receivedDateTime": zones.date_time_offset(self.received),
            "meetingMessageType": self.kind,
        }


class PostOffice:
    """Sends mails about meetings. `mails` are those about changes of existing events."""

    def __init__(self, tenant: GraphTenant) -> None:
        self._tenant = tenant
        self.mails: list[Mail] = []
        #: messages by the object id of the user, oldest first
        self.messages: defaultdict[str, list[Message]] = defaultdict(list)

    def send_update(self, copy: EventCopy) -> None:
        """Mail all attendees about a change."""
        if self._deliver(copy, "meetingRequest"):
            self.mails.append(Mail(copy.immutable_id, len(copy.people())))

    def send_invitation(self, copy: EventCopy) -> None:
        """Mail all attendees about a new event."""
        self._deliver(copy, "meetingRequest")

    def send_cancellation(self, copy: EventCopy) -> None:
        """Mail all attendees that the event is cancelled."""
        self._deliver(copy, "meetingCancelled")

    def _deliver(self, copy: EventCopy, kind: Kind) -> bool:
        """Put a message into the attendees' mailboxes; return whether there was anyone to mail."""
        if copy.value("isDraft") or not copy.people():
            return False
        for address in copy.people():
            user = self._tenant.directory.recipient(address)
            if user and user.mailbox and user.id != copy.mailbox:
                self.messages[user.id].append(
                    Message(
                        id=self._tenant.ids.mutable(),
                        subject=copy.value("subject"),
                        received=self._tenant.now(),
                        kind=kind,
                    )
                )
        return True
