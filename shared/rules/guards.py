"""The guards: conditions under which an event is never changed, whatever the rules say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from shared.domain.decision import Reason
from shared.domain.ending import is_endless, last_end
from shared.domain.event import MAX_BODY_BYTES, Event
from shared.domain.meeting import MeetingState
from shared.rules.facts import Facts
from shared.rules.links.join_links import other_join_link
from shared.rules.policy import Policy
from shared.rules.truth import Truth

MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class GuardInput:
    """What guards check."""

    event: Event
    policy: Policy
    facts: Facts
    now: datetime


class GuardResult(NamedTuple):
    """Whether a guard applies (None: that is unknown), and in all cases why, in words for the admin."""

    reason: Reason
    applies: Truth
    why: str


def _already_online(given: GuardInput) -> tuple[bool, str]:
    is_online = _is_online(given.event)
    return is_online, "it is an online meeting" if is_online else "it is not online"


def _is_online(event: Event) -> bool:
    return event.is_online_meeting or bool(event.join_url)


def _not_organizer(given: GuardInput) -> tuple[bool, str]:
    if given.event.is_organizer:
        return False, "this is the organizer's copy"
    return True, "this is an attendee's copy"


def _cancelled(given: GuardInput) -> tuple[bool, str]:
    is_cancelled = given.event.is_cancelled
    return is_cancelled, "it was cancelled" if is_cancelled else "it was not cancelled"


def _ended(given: GuardInput) -> tuple[bool, str]:
    end = last_end(given.event)
    if end is not None:
        has_ended = end <= given.now
        is_moved = not has_ended and end == given.event.occurrence_end
        what = "an occurrence of it" if is_moved else "it"
        return has_ended, f"{what} {'ended' if has_ended else 'ends'} at {end:%Y-%m-%d %H:%M} UTC"
    if is_endless(given.event):
        return False, "it is a series without an end"
    return False, "it is a series whose end is not known, so it counts as not ended"


def _draft(given: GuardInput) -> tuple[bool, str]:
    if not given.event.is_draft:
        return False, "it is not a draft"
    if given.policy.skip_drafts:
        return True, "it is a draft"
    return False, "it is a draft, but the rules have drafts: ignore"


def _other_join_link(given: GuardInput) -> tuple[Truth, str]:
    policy = given.policy
    link = other_join_link(given.event, look_in_body=policy.look_in_body, hosts=policy.meeting_hosts)
    if link is None and policy.look_in_body and given.event.body is None:
        unknown = f"no other join link was found outside the body, {why_body_is_unknown(given.event)}"
        return None if policy.skip_other_join_links else False, unknown
    if link is None:
        return False, "no other join link was found"
    # An unreadable link counts too, because a write can't be undone.
    unreadable = f"it has a link that can't be read and may be a join link ({link.service})"
    what = f"it has a join link of {link.service}" if link.is_certain else unreadable
    if policy.skip_other_join_links:
        return True, what
    return False, f"{what}, but the rules have other_join_links: ignore"


def why_body_is_unknown(event: Event) -> str:
    """Return why it is not known what the body of an event contains, as a clause about the body."""
    too_large = f"which is larger than {MAX_BODY_BYTES >> 20} MiB"
    return too_large if event.is_body_too_large else "which was not read"


def _removed_by_user(given: GuardInput) -> tuple[bool, str]:
    # An earlier guard applies if the event is online now.
    meeting = given.facts.meeting
    if meeting is None or not meeting.was_online:
        return False, "there is no record of an earlier link"
    if _is_online(given.event):
        return True, "it had a link before, and still has it"
    return True, "it had a link, and a person removed it"


def _write_unknown(given: GuardInput) -> tuple[bool, str]:
    meeting = given.facts.meeting
    if meeting is not None and meeting.state is MeetingState.WRITE_UNKNOWN:
        return True, "it changed after a write that Graph did not confirm; joinlink held can release it"
    return False, "the effect of all writes is known"


def _gave_up(given: GuardInput) -> tuple[bool, str]:
    attempts = given.facts.meeting.attempts if given.facts.meeting is not None else 0
    return attempts >= MAX_ATTEMPTS, f"{attempts} of {MAX_ATTEMPTS} attempts failed"


def _not_in_scope(given: GuardInput) -> tuple[bool, str]:
    if given.event.is_organizer and given.policy.mailboxes.excludes_user(given.event.organizer):
        return True, "mailboxes: exclude names the organizer"
    return False, "mailboxes: exclude does not name the organizer"


#: by the reason that each one gives, in the order in which they are checked
GUARDS: dict[Reason, Callable[[GuardInput], tuple[Truth, str]]] = {
    Reason.ALREADY_ONLINE: _already_online,
    Reason.NOT_ORGANIZER: _not_organizer,
    Reason.CANCELLED: _cancelled,
    Reason.ENDED: _ended,
    Reason.DRAFT: _draft,
    Reason.OTHER_JOIN_LINK: _other_join_link,
    Reason.REMOVED_BY_USER: _removed_by_user,
    Reason.WRITE_UNKNOWN: _write_unknown,
    Reason.GAVE_UP: _gave_up,
    # Last, so that a removed link is recorded even while the mailbox is excluded.
    Reason.NOT_IN_SCOPE: _not_in_scope,
}


def guard_against(event: Event, policy: Policy, facts: Facts, now: datetime) -> Reason | None:
    """Return the first guard that certainly applies; None if there is none.

    Of the facts, only `meeting` counts.
    """
    given = GuardInput(event, policy, facts, now)
    return next((reason for reason, check in GUARDS.items() if check(given)[0]), None)


def check_guards(event: Event, policy: Policy, facts: Facts, now: datetime) -> tuple[GuardResult, ...]:
    """Return the results of all guards, in their order. The first that applies decides."""
    given = GuardInput(event, policy, facts, now)
    return tuple(GuardResult(reason, *check(given)) for reason, check in GUARDS.items())
