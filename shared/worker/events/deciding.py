"""Decides what happens to an event that was read, and does it.

Earlier writes come first: their effect is settled before the guards and rules decide. Then the event is
decided without its body. Only if that is not enough, and a write may follow, it is read again with its body.
Likewise, the organizer's department is read only if the decision depends on it.
"""

from dataclasses import replace
from datetime import datetime

from shared.domain.attempt import SETTLED
from shared.domain.decision import Decision, Outcome, Reason, Verdict
from shared.domain.ending import seems_over
from shared.domain.meeting import UNSETTLED, MeetingState
from shared.graph.client import Graph
from shared.rules.decide import decide, possible_decisions
from shared.rules.facts import Facts
from shared.rules.guards import guard_against, why_body_is_unknown
from shared.worker.common.ending import Ending, retry_later, retry_with_backoff
from shared.worker.common.world import World
from shared.worker.events.attempt_review import AttemptReview
from shared.worker.events.attempts import Attempts
from shared.worker.events.bodies import read_with_body
from shared.worker.events.directory_cache import DirectoryCache
from shared.worker.events.enabling import Enabler
from shared.worker.events.event_read import EventRead
from shared.worker.events.link_confirmation import LinkConfirmation
from shared.worker.events.memory_check import MemoryCheck
from shared.worker.events.moved_occurrences import TRIES, read_moved_occurrences
from shared.worker.events.scope_check import ScopeCheck


class EventDecider:
    """Decides and acts. Its method may raise StateChanged: then read the event again."""

    def __init__(
        self,
        *,
        world: World,
        directory: DirectoryCache,
        memory: MemoryCheck,
        scope: ScopeCheck,
        attempts: Attempts,
        review: AttemptReview,
        confirmation: LinkConfirmation,
        enabler: Enabler,
        report_only: bool,
    ) -> None:
        self._world = world
        self._directory = directory
        self._memory = memory
        self._scope = scope
        self._attempts = attempts
        self._review = review
        self._confirmation = confirmation
        self._enabler = enabler
        self._report_only = report_only

    def decide_and_act(self, read: EventRead, graph: Graph) -> Ending:
        """Return how the message ends that the event was read for.

        Raises:
            GraphError, StorageUnavailable, OutOfTime: what stopped it.
        """
        if read.stored.is_unreadable:
            return self._review.hold_unreadable_row(read)
        settled = self._settle_earlier_write(read)
        if isinstance(settled, Ending):
            return settled
        whole = self._with_moved_occurrences(settled, graph)
        if isinstance(whole, Ending):
            return whole
        return self._decide(self._attempts.save_later_end(whole), graph)

    def _with_moved_occurrences(self, read: EventRead, graph: Graph) -> Ending | EventRead:
        """Return the read with the moved occurrences, if they decide whether a series has ended."""
        now = self._world.now()
        if not seems_over(read.event, now):
            return read
        facts = Facts(meeting=read.stored.meeting)
        has_ended = guard_against(read.event, read.policy, facts, now) is Reason.ENDED
        if not has_ended and facts.meeting is None:
            return read
        change = read.change
        event, doubt = read_moved_occurrences(
            read.event, change.mailbox, now, graph, is_last_try=change.attempt >= TRIES
        )
        if doubt and has_ended:
            return Ending(outcome=Outcome.SKIPPED, reason=Reason.INSUFFICIENT_DATA, detail=doubt)
        return replace(read, event=event)

    def _settle_earlier_write(self, read: EventRead) -> Ending | EventRead:
        """Return how an earlier write ends the message; the read to decide on if it does not."""
        meeting = read.stored.meeting
        if meeting and meeting.state is MeetingState.ATTEMPTED:
            reviewed = self._review.review(read)
            if isinstance(reviewed, Ending):
                return reviewed
            read, meeting = reviewed, reviewed.stored.meeting
        if meeting is None:
            return read
        is_online = read.event.is_online_meeting
        if is_online and meeting.state in UNSETTLED:
            return self._confirmation.confirm_online(read, meeting)
        if not is_online and meeting.was_online and read.age < SETTLED:
            # A read can be stale for a minute: only a second one proves that a person removed the link.
            return retry_later(read.change, Reason.SECOND_LOOK, SETTLED - read.age)
        return read

    def _decide(self, read: EventRead, graph: Graph) -> Ending:
        now = self._world.now()
        facts = self._facts(read, now)
        possible = possible_decisions(read.event, read.policy, facts, now)
        if len(possible) == 1:
            return self._carry_out(possible[0], read, facts, graph)
        if ending := self._end_without_body(possible, read, facts, graph):
            return replace(ending, decision=self._apply_brake(possible[0]))
        event = read_with_body(graph, read.change.mailbox, read.event)
        facts = self._directory.with_department(facts, event, read.policy, read.change.mailbox)
        decision = decide(event, read.policy, facts, self._world.now())
        ending = self._carry_out(decision, replace(read, event=event), facts, graph)
        if event.body is None and ending.reason is Reason.INSUFFICIENT_DATA:
            doubt = f"there may be a join link in the body, {why_body_is_unknown(event)}"
            return replace(ending, detail=doubt)
        return ending

    def _end_without_body(
        self, possible: tuple[Decision, ...], read: EventRead, facts: Facts, graph: Graph
    ) -> Ending | None:
        """Return how the message ends if no write may follow, whatever the body contains; None if one may."""
        policy, ending = read.policy, None
        while enabling := self._enabling_rules(possible):
            for rule in enabling:
                refusal = self._refusal(rule, read)
                if refusal is None or refusal.reason is not Reason.LIMIT_REACHED:
                    return refusal
                ending = ending or refusal
                # As in _carry_out, a rule that reached its limit acts as in report mode.
                policy = policy.with_report_mode(rule)
            facts = self._directory.with_department(facts, read.event, policy, read.change.mailbox)
            possible = possible_decisions(read.event, policy, facts, self._world.now())
        if ending and possible[0].verdict is Verdict.RETRY:
            return self._act(possible[0], read, graph)
        return ending

    def _enabling_rules(self, possible: tuple[Decision, ...]) -> set[str]:
        """Return the rules that may write, by these decisions."""
        decisions = map(self._apply_brake, possible)
        return {each.rule for each in decisions if each.verdict is Verdict.ENABLE and each.rule}

    def _refusal(self, rule: str, read: EventRead) -> Ending | None:
        """Return how the message ends if the rule can't write now, as far as that is known without Graph."""
        if self._scope.is_out_of_scope(read.change.mailbox, self._world.now()):
            return Ending(outcome=Outcome.SKIPPED, reason=Reason.NOT_IN_SCOPE)
        return self._enabler.refusal(read.policy.rule(rule), read)

    def _carry_out(self, decision: Decision, read: EventRead, facts: Facts, graph: Graph) -> Ending:
        now = self._world.now()
        decision = self._apply_brake(decision)
        ending = self._act(decision, read, graph)
        policy = read.policy
        # A rule that reached its limit acts as in report mode: the rules after it may still enable or retry.
        while ending.reason is Reason.LIMIT_REACHED and ending.rule:
            policy = policy.with_report_mode(ending.rule)
            facts = self._directory.with_department(facts, read.event, policy, read.change.mailbox)
            next_decision = decide(read.event, policy, facts, now)
            if next_decision.verdict not in {Verdict.ENABLE, Verdict.RETRY}:
                break
            ending = self._act(next_decision, read, graph)
        return replace(ending, decision=decision)

    def _facts(self, read: EventRead, now: datetime) -> Facts:
        meeting = read.stored.meeting
        facts = Facts(meeting=meeting)
        # If a guard decides, no question to the directory is needed.
        if guard_against(read.event, read.policy, facts, now) is not None:
            return facts
        facts = self._directory.facts(read.policy, meeting)
        return self._directory.with_department(facts, read.event, read.policy, read.change.mailbox)

    def _apply_brake(self, decision: Decision) -> Decision:
        """Return the decision without a write, if writes are switched off or the memory is not complete."""
        if decision.verdict is not Verdict.ENABLE:
            return decision
        if self._report_only:
            return decision.under_brake()
        return decision if self._memory.is_whole() else decision.under_brake(Reason.MEMORY_MISSING)

    def _act(self, decision: Decision, read: EventRead, graph: Graph) -> Ending:
        match decision.verdict:
            case Verdict.RETRY:
                retry = retry_with_backoff(read.change, decision.reason, self._world.uniform)
                return replace(retry, rule=decision.rule)
            case Verdict.WOULD_ENABLE:
                return Ending(outcome=Outcome.WOULD_ENABLE, reason=decision.reason, rule=decision.rule)
            case Verdict.ENABLE if self._scope.is_out_of_scope(read.change.mailbox, self._world.now()):
                return Ending(outcome=Outcome.SKIPPED, reason=Reason.NOT_IN_SCOPE)
            case Verdict.ENABLE if decision.rule is not None:
                return self._enabler.enable(read.policy.rule(decision.rule), read, graph)
        if decision.reason is Reason.ALREADY_ONLINE:
            self._confirmation.record_online(read)
        return Ending(outcome=Outcome.SKIPPED, reason=decision.reason, rule=decision.rule)
