"""Runs a canary: creates the meeting, follows it through the chain, and deletes it.

The first hop that fails ends the chain; the meeting is deleted in any case. What the log shows comes last,
because Azure shows lines minutes late.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.desk.canary import log_hops
from shared.desk.canary.canary_plan import CanaryExpectation, CanaryPlan, Judge, online_body
from shared.desk.canary.diagnosis import why_no_link
from shared.desk.canary.hops import Hop, HopResult
from shared.desk.trial.decision_log import DecisionLog, LoggedDecision
from shared.desk.trial.trial_mailbox import TrialMailbox
from shared.domain.event import Event
from shared.domain.meeting import Meeting
from shared.errors import Forbidden, GraphError, LogUnavailable, SignInFailed
from shared.graph.advice import advice_on

_POLL = timedelta(seconds=5)
_TWO_MINUTES = 120
#: a join link may follow its meeting by a minute
_LINK_FOLLOWS = timedelta(minutes=2)
#: after the settle time: the queue, the read, and a write if there were one
_HANDLED = timedelta(seconds=40)
#: Azure shows a line two to five minutes late.
_LOG_PATIENCE, _LOG_POLL = timedelta(minutes=8), timedelta(seconds=20)
#: a property of the mailbox's own copy, about which Exchange mails nobody
_SECOND_CHANGE = {"reminderMinutesBeforeStart": 10}


class _Failure(Exception):
    """A hop failed; `result` says how."""

    def __init__(self, result: HopResult) -> None:
        self.result = result
        super().__init__(result.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """What it needs: the mailbox, the rules, the app's log, and its record of an event by the event's id.

    `timeout` is how long the link may take, `settle` the app's settle time. `say` shows what is waited for.
    """

    trial: TrialMailbox
    judge: Judge
    #: raises StorageUnavailable
    record: Callable[[str], Meeting | None]
    log: DecisionLog | None
    timeout: timedelta
    settle: timedelta
    say: Callable[[str], None]

    def run(self, plan: CanaryPlan, provider: str) -> Iterator[HopResult]:
        """Create the meeting and yield the result of each hop; `provider` is the one to expect.

        If the caller stops early, `trial.clean_up` deletes the meeting.

        Raises:
            StorageUnavailable: the app's record can't be read.
        """
        run = _CanaryRun(self, plan, provider)
        try:
            yield from run.chain()
        except _Failure as failure:
            yield failure.result
        yield run.deleted()
        yield from run.logged()


class _CanaryRun:
    """One canary on its way."""

    def __init__(self, canary: Canary, plan: CanaryPlan, provider: str) -> None:
        self._canary = canary
        self._trial = canary.trial
        self._waiting = canary.trial.waiting
        self._plan = plan
        self._provider = provider
        self._event = ""
        self._created = self._waiting.now()
        self._is_patched = False
        self._recorded: Meeting | None = None

    def chain(self) -> Iterator[HopResult]:
        """Yield the hops that the calendar shows. Raises _Failure."""
        event = self._create()
        yield self._passed(Hop.CREATED, f"in the calendar, for {self._plan.start:%Y-%m-%d %H:%M} UTC")
        if self._plan.expectation is CanaryExpectation.LINK:
            event = self._wait_for_link()
            self._is_patched = True
            yield self._passed(Hop.PATCHED, f"provider {event.online_meeting_provider}")
            event = self._wait_for_join_url(event)
            yield self._passed(Hop.VERIFIED, "provider and join URL are there")
            self._try(Hop.UNCHANGED, lambda: self._trial.update(self._event, _SECOND_CHANGE))
        yield self._left_as_it_is(event)
        self._recorded = self._canary.record(self._event)

    def deleted(self) -> HopResult:
        """Delete the meeting; return the hop."""
        left = self._trial.clean_up()
        if left:
            return self._result(Hop.DELETED, is_ok=False, text="; ".join(left))
        if not self._event:
            return self._result(Hop.DELETED, is_ok=True, text="nothing was created")
        return self._result(Hop.DELETED, is_ok=True, text="nothing of it is left in the mailbox")

    def logged(self) -> Iterator[HopResult]:
        """Yield the hops of the log."""
        log = self._canary.log
        if not self._event:
            return
        if log is None:
            yield from log_hops.recorded_hops(self._recorded)
            return
        self._canary.say(f"waiting for the app's log, for {_shown_time(_LOG_PATIENCE)} at most")
        try:
            decisions = self._decisions(log)
        except (LogUnavailable, SignInFailed) as error:
            yield from log_hops.unread_hops(str(error))
            return
        yield from log_hops.logged_hops(
            decisions, self._plan.expectation, self._created, is_patched=self._is_patched
        )

    def _create(self) -> Event:
        body = self._plan.body
        if self._plan.expectation is CanaryExpectation.LEFT:
            body = online_body(self._plan, self._provider)
        event = self._try(Hop.CREATED, lambda: self._trial.create_event(body, start=self._plan.start))
        self._event, self._created = event.id, self._waiting.now()
        self._canary.say(f"created the event {event.id}")
        if event.is_online_meeting and self._plan.expectation is not CanaryExpectation.LEFT:
            raise self._failure(
                Hop.CREATED,
                "Exchange made the meeting online itself, so there is nothing for Joinlink to do",
                "OnlineMeetingsByDefaultEnabled of the mailbox (Get-MailboxCalendarConfiguration) and of the"
                " organization (Get-OrganizationConfig)",
            )
        if not event.is_online_meeting and self._plan.expectation is CanaryExpectation.LEFT:
            raise self._failure(
                Hop.CREATED,
                f"Exchange created the meeting without the link of {self._provider} that was requested",
                "the mailbox's Teams licence and its meeting policy",
            )
        return event

    def _wait_for_link(self) -> Event:
        self._canary.say(f"waiting for the app's link, for {_shown_time(self._canary.timeout)} at most")
        found = self._wait(Hop.PATCHED, lambda event: event.is_online_meeting, self._canary.timeout)
        if found is not None:
            return found
        self._recorded = self._canary.record(self._event)
        event = self._try(Hop.PATCHED, lambda: self._trial.event_with_body(self._event))
        decision = self._canary.judge.decision(event, self._waiting.now())
        text, check_next = why_no_link(self._recorded, decision)
        raise self._failure(
            Hop.PATCHED, f"no link within {_shown_time(self._canary.timeout)}: {text}", check_next
        )

    def _wait_for_join_url(self, event: Event) -> Event:
        if not event.join_url:
            found = self._wait(Hop.VERIFIED, lambda event: bool(event.join_url), _LINK_FOLLOWS)
            if found is None:
                text = f"the meeting is online, and has no join URL within {_shown_time(_LINK_FOLLOWS)}"
                raise self._failure(Hop.VERIFIED, text, "the mailbox's Teams licence; docs/unproven.md")
            event = found
        if event.online_meeting_provider != self._provider:
            text = f"the provider is {event.online_meeting_provider}, and {self._provider} was expected"
            raise self._failure(
                Hop.VERIFIED, text, "who else adds links: an add-in, or a setting of Exchange"
            )
        return event

    def _left_as_it_is(self, before: Event) -> HopResult:
        time = self._canary.settle + _HANDLED
        self._canary.say(f"waiting {time.total_seconds():.0f} s: the app must not write now")
        self._waiting.pause(time)
        after = self._try(Hop.UNCHANGED, lambda: self._trial.event(self._event))
        if _link(after) != _link(before):
            text = f"the link changed: {_shown(before)}, then {_shown(after)}"
            raise self._failure(Hop.UNCHANGED, text, "event.decided of this event in the log")
        match self._plan.expectation:
            case CanaryExpectation.LINK:
                text = "a second change of the meeting adds nothing"
            case CanaryExpectation.REPORT:
                text = "the app has written nothing"
            case CanaryExpectation.LEFT:
                text = "the app leaves the meeting as it is"
        return self._passed(Hop.UNCHANGED, text)

    def _wait(self, hop: Hop, is_there: Callable[[Event], bool], at_most: timedelta) -> Event | None:
        def read() -> Event | None:
            event = self._try(hop, lambda: self._trial.event(self._event))
            return event if is_there(event) else None

        return self._waiting.for_result(read, at_most=at_most, every=_POLL)

    def _decisions(self, log: DecisionLog) -> Sequence[LoggedDecision]:
        """Return the lines about the event, once the expected one is there or the time is over."""
        decisions: Sequence[LoggedDecision] = ()

        def read() -> bool | None:
            nonlocal decisions
            decisions = log.decisions(self._event, self._created - timedelta(minutes=1))
            return any(log_hops.is_expected(one, self._plan.expectation) for one in decisions) or None

        self._waiting.for_result(read, at_most=_LOG_PATIENCE, every=_LOG_POLL)
        return decisions

    def _try(self, hop: Hop, call: Callable[[], Event]) -> Event:
        try:
            return call()
        except GraphError as error:
            advice = advice_on(error)
            remedy = advice.remedy
            if isinstance(error, Forbidden) and hop is Hop.CREATED:
                remedy = "this identity needs Calendars.ReadWrite for the mailbox: docs/prove.md#rights"
            raise self._failure(hop, f"{advice.problem} ({error})", remedy) from error

    def _passed(self, hop: Hop, text: str) -> HopResult:
        return self._result(hop, is_ok=True, text=text)

    def _failure(self, hop: Hop, text: str, check_next: str) -> _Failure:
        return _Failure(self._result(hop, is_ok=False, text=text, check_next=check_next))

    def _result(self, hop: Hop, *, is_ok: bool, text: str, check_next: str = "") -> HopResult:
        after: timedelta | None = self._waiting.now() - self._created
        return HopResult(hop=hop, is_ok=is_ok, text=text, after=after, check_next=check_next)


def _link(event: Event) -> tuple[bool, str, str]:
    return event.is_online_meeting, event.online_meeting_provider, event.join_url


def _shown(event: Event) -> str:
    return event.online_meeting_provider if event.is_online_meeting else "offline"


def _shown_time(time: timedelta) -> str:
    seconds = time.total_seconds()
    return f"{seconds:.0f} s" if seconds < _TWO_MINUTES else f"{seconds / 60:g} min"
