"""The guards: reasons to leave an event alone, whatever the rules say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.decision import Reason
from shared.domain.ending import is_endless, last_end
from shared.domain.event import Event
from shared.domain.meeting import MeetingState
from shared.rules.facts import Facts
from shared.rules.links.join_links import JoinLink, other_join_link
from shared.rules.policy import Policy

MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard; `why` tells in plain words what it sees in the event, whether it holds or not."""

    reason: Reason
    holds: Callable[[Event, Policy, Facts, datetime], bool]
    why: Callable[[Event, Policy, Facts, datetime], str]


def _already_online(event: Event, _policy: Policy, _facts: Facts, _now: datetime) -> bool:
    return event.is_online_meeting or bool(event.join_url)


def _online_why(event: Event, policy: Policy, facts: Facts, now: datetime) -> str:
    return "it is an online meeting" if _already_online(event, policy, facts, now) else "it is not online"


def _not_organizer(event: Event, _policy: Policy, _facts: Facts, _now: datetime) -> bool:
    return not event.is_organizer


def _organizer_why(event: Event, _policy: Policy, _facts: Facts, _now: datetime) -> str:
    return "this is the organizer's copy" if event.is_organizer else "this is an attendee's copy"


def _cancelled(event: Event, _policy: Policy, _facts: Facts, _now: datetime) -> bool:
    return event.is_cancelled


def _cancelled_why(event: Event, _policy: Policy, _facts: Facts, _now: datetime) -> str:
    return "it was cancelled" if event.is_cancelled else "it was not cancelled"


def _ended(event: Event, _policy: Policy, _facts: Facts, now: datetime) -> bool:
    if event.end > now:
        return False
    end = last_end(event)
    return end is not None and end <= now


def _ended_why(event: Event, _policy: Policy, _facts: Facts, now: datetime) -> str:
    end = last_end(event)
    if end is None:
        unknown = "it is a series whose end can't be told, so it counts as not ended"
        return "it is a series without an end" if is_endless(event) else unknown
    return f"it {'ended' if end <= now else 'ends'} at {end:%Y-%m-%d %H:%M} UTC"


def _draft(event: Event, policy: Policy, _facts: Facts, _now: datetime) -> bool:
    return event.is_draft and policy.skip_drafts


def _draft_why(event: Event, policy: Policy, _facts: Facts, _now: datetime) -> str:
    if not event.is_draft:
        return "it is no draft"
    return "it is a draft" if policy.skip_drafts else "it is a draft, but the rules say drafts: ignore"


def _other_join_link(event: Event, policy: Policy, _facts: Facts, _now: datetime) -> bool:
    # A link that can't be told holds, too: a write can't be undone.
    return policy.skip_other_join_links and _carried(event, policy) is not None


def _other_join_link_why(event: Event, policy: Policy, _facts: Facts, _now: datetime) -> str:
    found = _carried(event, policy)
    if found is None:
        return "no other join link was found"
    ignored = "" if policy.skip_other_join_links else ", but the rules say other_join_links: ignore"
    if not found.is_certain:
        return f"it carries a link that may be a join link and can't be read ({found.service}){ignored}"
    return f"it carries a link of {found.service}{ignored}"


def _carried(event: Event, policy: Policy) -> JoinLink | None:
    return other_join_link(event, look_in_body=policy.look_in_body, hosts=policy.meeting_hosts)


def _removed_by_user(_event: Event, _policy: Policy, facts: Facts, _now: datetime) -> bool:
    # The first guard has seen that the event is not online now.
    return facts.meeting is not None and facts.meeting.was_online


def _removed_why(event: Event, policy: Policy, facts: Facts, now: datetime) -> str:
    if not _removed_by_user(event, policy, facts, now):
        return "it is not known to have had a link"
    if _already_online(event, policy, facts, now):
        return "it is known to have a link, and has it still"
    return "it had a link, and a person took it away"


def _write_unknown(_event: Event, _policy: Policy, facts: Facts, _now: datetime) -> bool:
    return facts.meeting is not None and facts.meeting.state is MeetingState.WRITE_UNKNOWN


def _unknown_why(event: Event, policy: Policy, facts: Facts, now: datetime) -> str:
    if _write_unknown(event, policy, facts, now):
        return "it was changed after a write that Graph did not confirm; joinlink held can release it"
    return "no write of Joinlink's has an unknown end"


def _gave_up(_event: Event, _policy: Policy, facts: Facts, _now: datetime) -> bool:
    return facts.meeting is not None and facts.meeting.attempts >= MAX_ATTEMPTS


def _gave_up_why(_event: Event, _policy: Policy, facts: Facts, _now: datetime) -> str:
    attempts = facts.meeting.attempts if facts.meeting is not None else 0
    return f"{attempts} of {MAX_ATTEMPTS} attempts brought no link"


def _not_in_scope(event: Event, policy: Policy, _facts: Facts, _now: datetime) -> bool:
    return event.is_organizer and policy.mailboxes.excludes_user(event.organizer)


def _scope_why(event: Event, policy: Policy, facts: Facts, now: datetime) -> str:
    if _not_in_scope(event, policy, facts, now):
        return "mailboxes: exclude names the organizer"
    return "mailboxes: exclude does not name the organizer"


#: in the order in which they are asked
GUARDS = (
    Guard(Reason.ALREADY_ONLINE, _already_online, _online_why),
    Guard(Reason.NOT_ORGANIZER, _not_organizer, _organizer_why),
    Guard(Reason.CANCELLED, _cancelled, _cancelled_why),
    Guard(Reason.ENDED, _ended, _ended_why),
    Guard(Reason.DRAFT, _draft, _draft_why),
    Guard(Reason.OTHER_JOIN_LINK, _other_join_link, _other_join_link_why),
    Guard(Reason.REMOVED_BY_USER, _removed_by_user, _removed_why),
    Guard(Reason.WRITE_UNKNOWN, _write_unknown, _unknown_why),
    Guard(Reason.GAVE_UP, _gave_up, _gave_up_why),
    # Last, so that a link that people took away is remembered, whoever is excluded meanwhile.
    Guard(Reason.NOT_IN_SCOPE, _not_in_scope, _scope_why),
)


def guard_against(event: Event, policy: Policy, facts: Facts, now: datetime) -> Reason | None:
    """Return the first guard that holds, None where the rules decide. Only `facts.meeting` is asked for."""
    return next((guard.reason for guard in GUARDS if guard.holds(event, policy, facts, now)), None)
