"""Applies the promises of `sandbox.promises` to what happened in a run of the machine."""

import json
from collections import Counter
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from sandbox.machine.record import Charged, DeliveryRecord, EventState, MeetingRecord, TenantRules
from sandbox.promises import (
    AGAIN,
    FINAL_REASONS,
    POISON_REASONS,
    RULES_LAST,
    Delivery,
    End,
    LinkRemoved,
    Patch,
    Seen,
    Violation,
    is_limit_kept,
    is_lost,
    judge_delivery,
    judge_writes,
    may_be_held,
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
        left_charges: when a kill, or a call to storage that failed, may have left a charge without a write.
    """

    def __init__(self, town: "Town") -> None:
        self.violations: list[tuple[Violation, str]] = []
        self.kills = self.faults = 0
        self.enabled = 0
        self._town = town
        self.left_charges: list[datetime] = []
        self._charged: list[Charged] = []

    def saw_patch(
        self, worker: "MachineWorker", event: MeetingRecord, before: EventState, status: int | None
    ) -> None:
        """Judge a PATCH that was just sent; `status` is None if no answer arrived."""
        town, delivery = self._town, worker.delivery
        assert delivery, "only a message about an event leads to a PATCH"
        assert event is delivery.event
        successful = event.now.is_online and not before.is_online
        self._charged.append(
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
        is_wanted = not worker.is_braked and any(
            wants_link(each, state, event.owner) for each in rules for state in states
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
        self._check_limits()

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
            # A copy of a message may wait again after another one was answered for good.
            if reason in FINAL_REASONS and reason != "read_since":
                delivery.event.last_reason = reason, FINAL_REASONS[reason].is_justified(seen)

    def check_end(self) -> None:
        """Judge the end of a run, once everything is quiet."""
        for event in self._town.people.events.values():
            self._check_final_state(event)
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
        return len(self._charged)

    def _check_task(self, delivery: DeliveryRecord) -> None:
        count = len(delivery.lines)
        if count > 1 or (count == 0 and not delivery.was_killed):
            self._add(Violation.LINES, None, f"{delivery.lines}")
        is_again = count == 1 and delivery.lines[0][0] == AGAIN
        if is_again and not (delivery.sent or delivery.was_killed or delivery.is_left_to_host):
            self._add(Violation.DROPPED, None, f"{delivery.lines}")

    def _evidence(self, delivery: DeliveryRecord) -> Seen:
        event = delivery.event
        if event is None:  # it was gone before anybody could know whose it was
            return Seen(was_gone=True, is_attendees_copy=True, was_cancelled=True, was_unmatched=True)
        rules = self._town.rules.since(delivery.began - RULES_LAST)
        return self._seen(event, event.since(delivery.began - self._town.graph.stale_for), rules, delivery)

    def _seen(
        self,
        event: MeetingRecord,
        states: list[EventState],
        rules: list[TenantRules],
        delivery: DeliveryRecord | None = None,
    ) -> Seen:
        is_copy = bool(delivery and delivery.is_attendees_copy)
        gone = any(state.is_gone for state in states)
        ever = [each for _, each in self._town.rules.sets]
        return Seen(
            was_online=any(state.is_online for state in states),
            was_gone=gone or is_copy,
            was_cancelled=any(state.is_cancelled for state in states) or (is_copy and gone),
            is_attendees_copy=is_copy,
            was_opted_out=any(state.is_opted_out for state in states),
            was_unmatched=any(
                each.mode == "off" or not state.is_external for each in rules for state in states
            ),
            was_reported=any(each.mode == "report" for each in rules),
            was_braked=bool(delivery and delivery.was_braked),
            was_out_of_scope=any(each.excludes_second for each in ever) and (event.owner == 1 or is_copy),
            is_limit_used_up=bool(delivery) and self._is_used_up(event, rules, delivery),
            was_removed=event.was_removed,
            not_honored=sum(isinstance(step, Patch) and not step.is_online for step in event.steps),
            may_be_held=may_be_held(event.doubts, event.changes, self._town.graph.stale_for),
        )

    def _is_used_up(
        self, event: MeetingRecord, rules: list[TenantRules], delivery: DeliveryRecord | None
    ) -> bool:
        """Whether a limit may be reached: by attempts of its window, kills and faults that left a charge.

        A write that Graph refused for its version is rolled back before the event is read again, so its
        charge must not refuse another write.
        """
        assert delivery
        # The other worker may have charged right now.
        other = int(delivery.has_overlapped)
        begin = delivery.began - timedelta(hours=1, minutes=1)
        charged = [each for each in self._charged if each.may_count]
        hour = other + sum(at >= begin for at in [*self.left_charges, *(each.sent for each in charged)])
        day = other + len(self.left_charges) + sum(each.mailbox == event.owner for each in charged)
        return any(
            (each.per_hour is not None and hour >= each.per_hour)
            or (each.per_mailbox_per_day is not None and day >= each.per_mailbox_per_day)
            for each in rules
        )

    def _check_limits(self) -> None:
        """Count the writes of each window; a write that began in another window counts in none."""
        hours: Counter[datetime] = Counter()
        days: Counter[tuple[datetime, int]] = Counter()
        for each in filter(lambda one: one.is_successful, self._charged):
            if (hour := _hour(each.delivery.own_began)) == _hour(each.sent):
                hours[hour] += 1
            if (day := _day(each.delivery.own_began)) == _day(each.sent):
                days[day, each.mailbox] += 1
        for begin, writes in hours.items():
            self._check_window("per_hour", begin, timedelta(hours=1), writes)
        for (begin, _), writes in days.items():
            self._check_window("per_mailbox_per_day", begin, timedelta(days=1), writes)

    def _check_window(self, name: str, begin: datetime, length: timedelta, writes: int) -> None:
        # Rules without a limit, or with a higher one, may have applied in the same window.
        margin = RULES_LAST + timedelta(minutes=1)
        limits = [getattr(each, name) for each in self._town.rules.between(begin - margin, begin + length)]
        if None not in limits and not is_limit_kept(max(limits), writes):
            self.violations.append((Violation.OVER_LIMIT, f"{name} {limits} {begin}: {writes} writes"))

    def _check_final_state(self, event: MeetingRecord) -> None:
        state, rules = event.now, self._town.rules.now
        reason, was_justified = event.last_reason
        final = FINAL_REASONS.get(reason)
        seen = self._seen(event, [state], [rules])
        is_justified = final is not None and (
            final.is_justified(seen) or (reason == "limit_reached" and was_justified)
        )
        end = End(
            # A link that a person took away stays away; a sweep sees that without a line.
            is_wanted=wants_link(rules, state, event.owner) and LinkRemoved() not in event.steps,
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


def wants_link(rules: TenantRules, state: EventState, owner: int) -> bool:
    """Return whether rules, once in force, ask for a write to an event in this state."""
    is_excluded = rules.excludes_second and owner == 1
    is_open = not (state.is_opted_out or state.is_cancelled or state.is_gone)
    return rules.mode == "enforce" and not is_excluded and is_open and state.is_external


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _day(moment: datetime) -> datetime:
    return _hour(moment).replace(hour=0)
