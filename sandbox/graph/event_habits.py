"""What Graph's documentation leaves open about events; tests switch each habit to the other answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EventHabits:
    """How Exchange treats events.

    Attributes:
        exceptions_follow: whether existing exceptions get the online meeting that their series gets.
        link_mails_attendees: whether a write of the online meeting alone mails all attendees.
        shows_drafts: whether a draft is shown as one; developers report both.
        shows_private: whether an application can read the content of private events.
        shows_modified: whether a single event with `$select` has `lastModifiedDateTime`; a view never has it.
    """

    exceptions_follow: bool = True
    link_mails_attendees: bool = True
    shows_drafts: bool = True
    shows_private: bool = True
    shows_modified: bool = True
