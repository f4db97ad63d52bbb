"""Holds one set of rules against one meeting, as the worker would. Pure.

`docs/preview.md` says what is different from the worker's decision, and why.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from shared.desk.preview.earlier_write import (
    ending_of_earlier_write,
    ending_while_awaited,
    memory_that_counts,
)
from shared.desk.preview.previewed import Alternatives, PreviewedDecision
from shared.desk.preview.rule_set import StancePolicies
from shared.domain.decision import Decision, Outcome, Reason, Verdict
from shared.domain.event import Calendar, Event
from shared.domain.meeting import UNSETTLED, MeetingState
from shared.rules.decide import decide, possible_decisions
from shared.rules.facts import Facts
from shared.rules.guards import GUARDS, check_guards, guard_against
from shared.rules.links.join_links import other_join_link
from shared.rules.policy import Policy
from shared.storage.meetings import StoredMeeting
from shared.worker.events.providers import choose_provider

#: Joinlink's own link is at the end of the texts, and a preview may have only its beginning.
_LINK_START = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMeeting:
    """A meeting as it was read, with what is remembered of it.

    `event` is the series master for a series. `calendar` reads the calendar that the event is in, for its
    providers. `doubt` is why it is not known whether a series has ended, empty if it is.
    """

    event: Event
    stored: StoredMeeting
    calendar: Callable[[], Calendar]
    is_past: bool
    is_added: bool
    doubt: str = ""


def is_added(event: Event, state: str) -> bool:
    """Return whether Joinlink has added the link of an event whose row has this state."""
    is_ours = state == MeetingState.ENABLED or state in UNSETTLED
    return is_ours and (event.is_online_meeting or bool(event.join_url))


def depends_on_body(seen: SeenMeeting, policies: StancePolicies, facts: Facts, now: datetime) -> bool:
    """Return whether the decision depends on the meeting's body, which was not read yet."""
    policy = _policy(seen, policies)
    if _ending_before_rules(seen, policy, now):
        return False
    case = _case(seen, facts, now)
    return len(possible_decisions(case.event, policy, case.facts, case.at)) > 1


def hold(seen: SeenMeeting, policies: StancePolicies, facts: Facts, now: datetime) -> Alternatives:
    """Return the decision about the meeting for the policies of a stance, and what follows at its limits.

    `facts` are those of the directory. A past meeting is decided as of its creation, without the memory of
    what happened since.
    """
    policy = _policy(seen, policies)
    if ending := _ending_before_rules(seen, policy, now):
        return (ending,)
    return tuple(_case(seen, facts, now).alternatives(policy))


def _policy(seen: SeenMeeting, policies: StancePolicies) -> Policy:
    return policies.past if seen.is_past else policies.coming


def _case(seen: SeenMeeting, facts: Facts, now: datetime) -> "_Case":
    if seen.is_past:
        event = _as_before(seen.event) if seen.is_added else seen.event
        return _Case(event, facts, event.created or event.start, seen.calendar)
    if seen.is_added:
        return _Case(_as_before(seen.event), facts, now, seen.calendar)
    facts = replace(facts, meeting=memory_that_counts(seen.stored, now))
    return _Case(seen.event, facts, now, seen.calendar, ending_while_awaited(seen.event, seen.stored))


def _ending_before_rules(seen: SeenMeeting, policy: Policy, now: datetime) -> PreviewedDecision | None:
    """Return how the worker ends before the rules decide about a coming meeting; None if they decide."""
    if seen.is_past:
        return None
    if not seen.is_added and (ending := ending_of_earlier_write(seen.event, seen.stored)):
        return ending
    case = _case(seen, Facts(), now)
    if seen.doubt and guard_against(case.event, policy, case.facts, case.at) is Reason.ENDED:
        return PreviewedDecision(Outcome.SKIPPED, Reason.INSUFFICIENT_DATA, why=seen.doubt)
    return None


def _as_before(event: Event) -> Event:
    """Return an event as it was before Joinlink added its link, as far as that is known."""
    mark = event.join_url[:_LINK_START]

    def without_link(text: str) -> str:
        return text.partition(mark)[0] if mark else text

    return replace(
        event,
        is_online_meeting=False,
        join_url="",
        online_meeting_url="",
        body_preview=without_link(event.body_preview),
        body=None if event.body is None else without_link(event.body),
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """What a decision at a given time depends on, except the policy."""

    event: Event
    facts: Facts
    at: datetime
    calendar: Callable[[], Calendar]
    #: how the worker ends if a rule wants a link, because an earlier write was accepted
    awaited: PreviewedDecision | None = None

    def alternatives(self, policy: Policy) -> Iterator[PreviewedDecision]:
        """Yield the decision, and what follows if rules reach their limits: each acts as in report mode."""
        decision = self._decide(policy)
        while True:
            previewed = self._previewed(decision, policy)
            yield previewed
            if not previewed.adds_link or previewed.rule is None or not _is_limited(policy, previewed.rule):
                return
            policy = policy.with_report_mode(previewed.rule)
            decision = self._decide(policy)
            if decision.verdict not in {Verdict.ENABLE, Verdict.RETRY}:
                yield PreviewedDecision(Outcome.SKIPPED, Reason.LIMIT_REACHED, previewed.rule)
                return

    def _decide(self, policy: Policy) -> Decision:
        return decide(self.event, policy, self.facts, self.at)

    def _previewed(self, decision: Decision, policy: Policy) -> PreviewedDecision:
        """Return how the worker ends with this decision, if Graph honours its write."""
        rule = decision.rule
        match decision.verdict:
            case Verdict.ENABLE if self.awaited:
                return self.awaited
            case Verdict.ENABLE if rule is not None:
                provider = choose_provider(self.calendar(), policy.rule(rule).provider)
                if isinstance(provider, Reason):
                    return PreviewedDecision(Outcome.SKIPPED, provider, rule)
                has_other_link = _has_other_link(self.event, policy)
                return PreviewedDecision(
                    Outcome.ENABLED, Reason.LINK_ADDED, rule, has_other_link=has_other_link
                )
            case Verdict.WOULD_ENABLE:
                return PreviewedDecision(Outcome.WOULD_ENABLE, decision.reason, rule)
            case Verdict.RETRY:
                return PreviewedDecision(Outcome.DELAYED, decision.reason, rule)
        return PreviewedDecision(Outcome.SKIPPED, decision.reason, rule, self._why(decision.reason, policy))

    def _why(self, reason: Reason, policy: Policy) -> str:
        """Return what the deciding guard found; empty if the rules decide."""
        if reason not in GUARDS:
            return ""
        results = check_guards(self.event, policy, self.facts, self.at)
        return next(guard.why for guard in results if guard.applies)


def _is_limited(policy: Policy, rule_id: str) -> bool:
    limits = policy.rule(rule_id).limits
    return limits.per_hour is not None or limits.per_mailbox_per_day is not None


def _has_other_link(event: Event, policy: Policy) -> bool:
    if policy.skip_other_join_links:  # the guard has found none
        return False
    look_in_body, hosts = policy.look_in_body, policy.meeting_hosts
    return other_join_link(event, look_in_body=look_in_body, hosts=hosts) is not None
