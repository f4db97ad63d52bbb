"""Applies the promises of `sandbox.promises` to what happened in a run of the machine."""

import json
from collections import Counter
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from sandbox.machine.charges import ChargeLedger
from sandbox.machine.record import (
    Charged,
    DeliveryRecord,
    EventState,
    GroupUse,
    MeetingRecord,
    TenantRules,
)
from sandbox.promises import (
    AGAIN,
    FINAL_REASONS,
    GROUPS_LAST,
    GROUPS_LAST_IN_OUTAGE,
    POISON_REASONS,
    RECOVERS_WITHIN,
    RULES_LAST,
    Delivery,
    End,
    LinkRemoved,
    Patch,
    Seen,
    Violation,
    is_lost,
    judge_delivery,
    judge_writes,
    may_be_held,
    says_how_it_ended,
)
from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS

if TYPE_CHECKING:
    from sandbox.machine.town import Town
    from sandbox.machine.worker import MachineWorker

_DEATHS_TO_POISON = 4


class BrokenPromise(AssertionError):
    """The product broke a promise."""


class StoryJudge:
    """The judge of a town.

    Attributes:
        violations: what was broken so far, each with a text.
        kills, faults: how often a process was killed with a message, and how often a call failed.
        charges: what was charged against limits.
        last_outage: when a read of the group last failed, or may have.
    """

    def __init__(self, town: "Town") -> None:
        self.violations: list[tuple[Violation, str]] = []
        self.kills = self.faults = 0
        self.enabled = 0
        self._town = town
        self.charges = ChargeLedger(town.rules)
        self.last_outage: datetime | None = None

    def saw_patch(
        self, worker: "MachineWorker", event: MeetingRecord, before: EventState, status: int | None
    ) -> None:
        """Judge a PATCH that was just sent; `status` is None if no answer arrived."""
        town, delivery = self._town, worker.delivery
        assert delivery, "only a message about an event leads to a PATCH"
        assert event is delivery.event
        successful = event.now.is_online and not before.is_online
        self.charges.charged.append(
            Charged(
                delivery=delivery,
                mailbox=event.owner,
                sent=worker.now,
                is_successful=successful,
                # A 412 whose body a fault replaced is none of Graph's.
                is_refused=status == HTTPStatus.PRECONDITION_FAILED and town.now not in event.doubts,
            )
        )
        is_exact = town.graph.honors_if_match and not town.graph.stale_for
        states = [before] if is_exact else event.since(delivery.began - town.graph.stale_for)
        rules = town.rules.since(delivery.began - RULES_LAST)
        members = self._members_since(delivery.began)
        is_open = not worker.is_braked and town.scope.may_write(event.owner, delivery.began)
        is_wanted = is_open and any(
            wants_link(each, group, state, event.owner)
            for each in rules
            for group in members
            for state in states
        )
        patch = Patch(
            was_online=before.is_online,
            is_online=event.now.is_online,
            is_wanted=is_wanted,
            is_released=event.is_released,
        )
        # A released write that had no effect may be tried again.
        event.is_released = event.is_released and not patch.is_online
        if not (patch.is_successful or status == HTTPStatus.OK):
            return
        self.enabled += patch.is_successful
        event.is_known_online = event.is_known_online or patch.is_online
        event.steps.append(patch)
        for violation in set(judge_writes(event.steps)):
            self._add(violation, event)
        self.violations.extend((Violation.OVER_LIMIT, text) for text in self.charges.exceeded())

    def check_so_far(self) -> None:
        """Raise BrokenPromise if a promise was broken."""
        if self.violations:
            raise BrokenPromise("\n".join(f"{violation}: {text}" for violation, text in self.violations))

    def check_delivery(self, delivery: DeliveryRecord) -> None:
        """Judge a delivery that is over."""
        if delivery.queue != EVENT_CHANGES:
            self._check_task(delivery)
            return
        seen = self._evidence(delivery)
        over = Delivery(
            lines=delivery.lines,
            leaves_message=bool(delivery.sent),
            was_killed=delivery.was_killed,
            is_left_to_host=delivery.is_left_to_host,
        )
        for violation in judge_delivery(over, seen):
            self._add(violation, delivery.event, f"{delivery.lines}, {seen}")
        if delivery.event and delivery.lines and not delivery.is_attendees_copy:
            reason = delivery.lines[-1][1]
            if reason in {"already_online", "link_added", "link_confirmed"} and delivery.event.now.is_online:
                delivery.event.is_known_online = True
            if says_how_it_ended(reason):
                delivery.event.last_reason = reason, FINAL_REASONS[reason].is_justified(seen)

    def check_end(self) -> None:
        """Judge the end of a run, once everything is quiet."""
        for event in self._town.people.events.values():
            self._check_final_state(event)
        for owner in self._town.people.watched.intersection(self._town.scope.outside()):
            self.violations.append((Violation.STILL_WATCHED, f"mailbox {owner}"))
        for name in (EVENT_CHANGES, MAILBOX_TASKS):
            for text in self._town.account.queue(f"{name}-poison").texts:
                self._check_poison(text)

    def check_pass(self, patches_before: int) -> None:
        """Judge a further read of all events, within the same windows."""
        if self.patches != patches_before:
            self.violations.append((Violation.WRITES_AGAIN, f"{self.patches - patches_before} more PATCHes"))

    def saw_forged(self, messages: int) -> None:
        """Judge a notification of a stranger, which left so many messages."""
        if messages:
            self.violations.append((Violation.FORGED, f"{messages} messages"))

    def check_recovery(self, took: timedelta) -> None:
        """Judge how long the messages took that were left when the faults ended."""
        if took > RECOVERS_WITHIN:
            self.violations.append((Violation.STUCK, f"messages waited for {took} after the last fault"))

    def note_unfinished(self) -> None:
        """Note that messages never ended."""
        self.violations.append((Violation.UNFINISHED, "messages are left after thousands of deliveries"))

    def totals(self) -> Counter[str]:
        """Count what happened."""
        return Counter(
            events=len(self._town.people.events),
            patches=self.patches,
            enabled=self.enabled,
            kills=self.kills,
            faults=self.faults,
            removed=sum(event.was_removed for event in self._town.people.events.values()),
            **Counter(f"last {event.last_reason[0]}" for event in self._town.people.events.values()),
        )

    @property
    def patches(self) -> int:
        """How many PATCHes were sent."""
        return len(self.charges.charged)

    def _check_task(self, delivery: DeliveryRecord) -> None:
        count = len(delivery.lines)
        if count > 1 or (count == 0 and not delivery.was_killed):
            self._add(Violation.LINES, None, f"{delivery.lines}")
        if delivery.unsubscribes is not None and count == 1 and delivery.lines[0][0] != AGAIN:
            self._town.scope.note_let_go(delivery.unsubscribes, self._town.now)
        is_again = count == 1 and delivery.lines[0][0] == AGAIN
        if is_again and not (delivery.sent or delivery.was_killed or delivery.is_left_to_host):
            self._add(Violation.DROPPED, None, f"{delivery.lines}")

    def _evidence(self, delivery: DeliveryRecord) -> Seen:
        event = delivery.event
        if event is None:  # it was gone before anybody could know whose it was
            return Seen(
                was_gone=True,
                is_attendees_copy=True,
                was_cancelled=True,
                was_unmatched=True,
                was_out_of_scope=any(self._town.scope.was_outside(owner) for owner in range(2)),
            )
        rules = self._town.rules.since(delivery.began - RULES_LAST)
        members = self._members_since(delivery.began)
        states = event.since(delivery.began - self._town.graph.stale_for)
        return self._seen(event, states, rules, members, delivery)

    def _members_since(self, began: datetime) -> list[frozenset[int]]:
        """Return the memberships that may decide a message."""
        outage = self.last_outage
        has_failed = outage is not None and outage > began - GROUPS_LAST_IN_OUTAGE
        return self._town.group.since(began - (GROUPS_LAST_IN_OUTAGE if has_failed else GROUPS_LAST))

    def _seen(
        self,
        event: MeetingRecord,
        states: list[EventState],
        rules: list[TenantRules],
        members: list[frozenset[int]],
        delivery: DeliveryRecord | None = None,
    ) -> Seen:
        is_copy = bool(delivery and delivery.is_attendees_copy)
        gone = any(state.is_gone for state in states)
        scope, owner = self._town.scope, event.owner
        mailbox = 1 - owner if is_copy else owner
        return Seen(
            was_online=any(state.is_online for state in states),
            was_gone=gone or is_copy,
            was_cancelled=any(state.is_cancelled for state in states) or (is_copy and gone),
            is_attendees_copy=is_copy,
            was_opted_out=any(state.is_opted_out for state in states),
            was_unmatched=not all(
                _matches(each, group, state, owner) for each in rules for group in members for state in states
            ),
            was_reported=any(each.mode == "report" for each in rules),
            was_braked=bool(delivery and delivery.was_braked),
            was_out_of_scope=scope.was_outside(mailbox) if delivery else not scope.is_inside(mailbox),
            is_limit_used_up=bool(delivery and self.charges.is_used_up(event, rules, delivery)),
            was_removed=event.was_removed,
            not_honored=sum(isinstance(step, Patch) and not step.is_online for step in event.steps),
            may_be_held=may_be_held(event.doubts, event.changes, self._town.graph.stale_for),
        )

    def _check_final_state(self, event: MeetingRecord) -> None:
        state, rules, members = event.now, self._town.rules.now, self._town.group.now
        reason, was_justified = event.last_reason
        final = FINAL_REASONS.get(reason)
        seen = self._seen(event, [state], [rules], [members])
        is_justified = final is not None and (
            final.is_justified(seen) or (reason == "limit_reached" and was_justified)
        )
        end = End(
            # A link that a person took away stays away; a sweep sees that without a line.
            is_wanted=self._town.scope.is_inside(event.owner)
            and wants_link(rules, members, state, event.owner)
            and LinkRemoved() not in event.steps,
            is_online=state.is_online,
            reason=reason,
            is_justified=is_justified,
        )
        if is_lost(end):
            self._add(Violation.LOST, event, f"{end}")
        if reason == "write_unknown" and not seen.may_be_held:
            self._add(Violation.HELD_WITHOUT_CAUSE, event)

    def _check_poison(self, text: str) -> None:
        reason = str(json.loads(text).get("reason", ""))
        is_allowed = {
            "worker_lost": self.kills >= _DEATHS_TO_POISON,
            "unexpected_answer": self.faults > 0,
            "too_old": self.faults > 0,
        }
        if reason not in POISON_REASONS or not is_allowed[reason]:
            self.violations.append((Violation.POISONED, text[:300]))

    def _add(self, violation: Violation, event: MeetingRecord | None, text: str = "") -> None:
        about = f"event {list(self._town.people.events).index(event.id)}: {event.steps} " if event else ""
        self.violations.append((violation, about + text))


def wants_link(rules: TenantRules, members: frozenset[int], state: EventState, owner: int) -> bool:
    """Return whether rules, once in force, ask for a write to an event in this state."""
    is_excluded = rules.excludes_second and owner == 1
    is_open = not (state.is_opted_out or state.is_cancelled or state.is_gone)
    return rules.mode == "enforce" and not is_excluded and is_open and _matches(rules, members, state, owner)


def _matches(rules: TenantRules, members: frozenset[int], state: EventState, owner: int) -> bool:
    """Return whether the rule that adds links matches an event in this state."""
    is_organizer = rules.uses_group is not GroupUse.RULE or owner in members
    return rules.mode != "off" and state.is_external and is_organizer
