"""What is right: the promises of Joinlink, defined once for every judge. Pure; no code of the product.

A judge turns what it recorded into the values of this module: the chaos run (`sandbox.chaos.checker`) and the
stateful machine (`sandbox.machine.judge`). docs/reliability.md has the same definitions in words.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: how often Joinlink sends a PATCH that Graph accepts without effect
MOST_NOT_HONORED = 3
#: Rules that were replaced may decide for this long.
RULES_LAST = timedelta(minutes=2)
#: Who was in a group may decide for this long, and in an outage of the directory for a day.
GROUPS_LAST, GROUPS_LAST_IN_OUTAGE = timedelta(hours=6, minutes=2), timedelta(days=1, minutes=2)
#: Once nothing fails any more, the messages that waited are handled in this time.
RECOVERS_WITHIN = timedelta(hours=3)
#: the ending of a message whose event is read again later
AGAIN = "delayed"
#: in which a message is in the poison queue
POISONED = "failed"


class Violation(StrEnum):
    """How a promise was broken."""

    DOUBLED = "doubled"
    RE_ADDED = "re-added"
    LOST = "lost"
    UNWANTED = "unwanted"
    HELD_WITHOUT_CAUSE = "held without cause"
    POISONED = "poisoned"
    UNFINISHED = "unfinished"
    STUCK = "stuck"
    #: more `enabled` lines than writes, or none for the one write of an event that is online in the end
    MISCOUNTED = "miscounted"
    #: the proxy's record and Graph's record differ
    RECORD = "record"
    #: more than `MOST_NOT_HONORED` PATCHes without effect
    TRIED_TOO_OFTEN = "tried too often"
    #: more writes in a window than the rule's limit
    OVER_LIMIT = "over limit"
    #: a line whose reason the record does not justify
    UNJUSTIFIED = "unjustified"
    #: a message that ended without its next message, and not for a final reason; or without any line
    DROPPED = "dropped"
    #: a delivery without a line, or with two
    LINES = "lines"
    #: a notification without a key in force was queued
    FORGED = "forged"
    #: a mailbox that left the scope, but still has a subscription
    STILL_WATCHED = "still watched"
    #: a further read of all events wrote to one
    WRITES_AGAIN = "writes again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A PATCH of ours that Graph carried out, whatever answer we got.

    `is_wanted`: an enforced rule that was in force asked for it. `is_released`: an admin allowed it.
    """

    was_online: bool
    is_online: bool
    is_wanted: bool
    is_released: bool = False

    @property
    def is_successful(self) -> bool:
        """Whether it turned the event into an online meeting: the only kind of write that counts."""
        return self.is_online and not self.was_online


@dataclass(frozen=True, slots=True)
class LinkRemoved:
    """A person took the link away, and Joinlink could know that there was one."""


Step = Patch | LinkRemoved


def judge_writes(steps: Iterable[Step]) -> Iterator[Violation]:
    """Yield how the writes to one event, in order, broke a promise."""
    has_written = is_removed = False
    not_honored = 0
    for step in steps:
        if isinstance(step, LinkRemoved):
            is_removed = True
            continue
        if step.is_online and not step.is_wanted:
            yield Violation.UNWANTED
        if not step.is_online:
            not_honored += 1
            if not_honored > MOST_NOT_HONORED:
                yield Violation.TRIED_TOO_OFTEN
            continue
        if is_removed and not step.is_released:
            yield Violation.RE_ADDED
        # A second PATCH over our own link changes nothing, but another time it may come after a removal.
        elif has_written and not step.is_released:
            yield Violation.DOUBLED
        has_written = has_written or step.is_successful


def may_be_held(doubts: Iterable[datetime], changes: Iterable[datetime], stale_for: timedelta) -> bool:
    """Return whether the result of a write may be unknown (`write_unknown`).

    That needs an attempt without a trustworthy answer, at one of `doubts`, and another version of the event
    after it, at one of `changes`. A success that shows no online meeting is not trustworthy either: the link
    may come later. A change shortly before counts too, since the read may have been stale.
    """
    first, last = min(doubts, default=None), max(changes, default=None)
    return first is not None and last is not None and last >= first - stale_for


def is_limit_kept(limit: int, writes: int) -> bool:
    """Return whether a window had no more writes than its limit."""
    return writes <= limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a judge's own record shows of one event from the start of a message to its end."""

    was_online: bool = False
    was_gone: bool = False
    was_cancelled: bool = False
    is_attendees_copy: bool = False
    #: a rule that skips it was in force
    was_opted_out: bool = False
    #: rules in force that did not match it
    was_unmatched: bool = False
    #: rules in force would add a link, but only report
    was_reported: bool = False
    #: writes were switched off for the process
    was_braked: bool = False
    was_out_of_scope: bool = False
    #: so many attempts were charged in the window of a limit
    is_limit_used_up: bool = False
    #: a person took the link away
    was_removed: bool = False
    not_honored: int = 0
    may_be_held: bool = False


@dataclass(frozen=True, slots=True)
class FinalReason:
    """A reason that ends a message for good: the outcomes that it has, and what justifies it."""

    outcome: str
    justified_by: str
    is_justified: Callable[[Seen], bool]


#: The reasons that end a message about an event for good. Any other leaves a message behind.
FINAL_REASONS: Mapping[str, FinalReason] = {
    "link_added": FinalReason("enabled", "the event is online", lambda seen: seen.was_online),
    "link_confirmed": FinalReason("enabled", "the event is online", lambda seen: seen.was_online),
    "already_online": FinalReason("skipped", "the event is online", lambda seen: seen.was_online),
    "not_organizer": FinalReason("skipped", "it is an attendee's copy", lambda seen: seen.is_attendees_copy),
    "cancelled": FinalReason("skipped", "the event is cancelled", lambda seen: seen.was_cancelled),
    "rule_skip": FinalReason("skipped", "a rule in force skips the event", lambda seen: seen.was_opted_out),
    "no_rule_matched": FinalReason(
        "skipped", "no rule in force matches the event", lambda seen: seen.was_unmatched
    ),
    "report_mode": FinalReason(
        "would_enable", "the rule in force is in report mode", lambda seen: seen.was_reported
    ),
    "brake": FinalReason("would_enable", "`JOINLINK_MODE` is `report`", lambda seen: seen.was_braked),
    "not_in_scope": FinalReason(
        "skipped", "the mailbox is, or was, excluded", lambda seen: seen.was_out_of_scope
    ),
    "limit_reached": FinalReason(
        "skipped", "the window has as many attempts as its limit", lambda seen: seen.is_limit_used_up
    ),
    "removed_by_user": FinalReason(
        "skipped", "the event had a link, and a person removed it", lambda seen: seen.was_removed
    ),
    "gave_up": FinalReason(
        "skipped",
        f"Graph did not honor {MOST_NOT_HONORED} PATCHes",
        lambda seen: seen.not_honored >= MOST_NOT_HONORED,
    ),
    "no_join_link": FinalReason(
        "not_honored", "Graph accepted a PATCH without effect", lambda seen: seen.not_honored > 0
    ),
    "write_unknown": FinalReason(
        "skipped",
        "a PATCH had no trustworthy answer, and the event has another ETag since",
        lambda seen: seen.may_be_held,
    ),
    "not_found": FinalReason("gone", "the event is deleted", lambda seen: seen.was_gone),
    "read_since": FinalReason(
        "superseded", "the event was read for another message, after this one was queued", lambda _seen: True
    ),
}


def says_how_it_ended(reason: str) -> bool:
    """Return whether a line with this reason says how an event ended.

    A copy of a message may wait again after another message ended for good, and then end as superseded.
    """
    return reason in FINAL_REASONS and reason != "read_since"


#: The reasons for a message in the poison queue, and what must have happened.
POISON_REASONS: Mapping[str, str] = {
    "worker_lost": "four processes died while they had the message",
    "unexpected_answer": "Graph refused a call with its own error code",
    "too_old": "a call failed for a day",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery of a message: its lines, as outcome and reason, and whether it left a message behind.

    `was_killed`: the process died while it had the message. `is_left_to_host`: the host delivers it again.
    """

    lines: Sequence[tuple[str, str]]
    leaves_message: bool
    was_killed: bool = False
    is_left_to_host: bool = False


def judge_delivery(delivery: Delivery, seen: Seen) -> Iterator[Violation]:
    """Yield how a delivery broke a promise: one line, and a final reason or a message that it leaves."""
    count = len(delivery.lines)
    if count > 1 or (count == 0 and not delivery.was_killed):
        yield Violation.LINES
    if delivery.was_killed or delivery.is_left_to_host or count == 0:
        return
    outcome, reason = delivery.lines[-1]
    final = FINAL_REASONS.get(reason)
    is_final = final is not None and final.outcome == outcome
    if not is_final and not delivery.leaves_message:
        yield Violation.DROPPED
    if final is not None and is_final and not final.is_justified(seen):
        yield Violation.UNJUSTIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How one event ended, once everything was quiet.

    `is_wanted`: its final state and the rules want a link. `reason` is that of its last line, "" if it has
    none, and `is_justified` whether the record justifies it.
    """

    is_wanted: bool
    is_online: bool
    reason: str = ""
    is_justified: bool = False


def is_lost(end: End) -> bool:
    """Return whether an event is lost: it should have a link, and has neither one nor a final reason."""
    is_explained = end.reason in FINAL_REASONS and end.is_justified
    return end.is_wanted and not end.is_online and not is_explained
