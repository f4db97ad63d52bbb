"""How many mails a write may cause, and how many are acceptable."""

from shared.domain.event import Event

#: Old meetings of a mailbox that get links mail at most this many attendees a minute.
MAILS_A_MINUTE = 20


def mails(event: Event) -> int:
    """Return how many attendees a write may mail (the organizer gets no mail)."""
    addresses = {attendee.address.lower() for attendee in event.attendees if attendee.address}
    return len(addresses - {event.organizer.lower()})
