"""Plans the canary: a meeting that a rule wants, by the app's own decision, before it is created. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from shared.domain.decision import Action, Decision, Mode, Verdict
from shared.domain.event import Event
from shared.domain.mail_domains import domain_of
from shared.graph.protocol.event_json import parse_event
from shared.rules.decide import decide
from shared.rules.event_sketch import EventSketch
from shared.rules.facts import Facts
from shared.rules.policy import Policy, Rule

#: RFC 2606 reserves the domain: nobody can have this address
RESERVED_ADDRESS = "joinlink-canary@example.com"
_SUBJECT = "Joinlink canary"
_NOTICE = "joinlink canary created this meeting to test Joinlink. It deletes the meeting within minutes."
_WEEK = timedelta(days=7)


class NoCanary(Exception):
    """No meeting can be planned; the text says why, and what to do."""


class CanaryExpectation(Enum):
    """What the app does with the canary."""

    #: it adds a join link
    LINK = "link"
    #: it logs what it would do, and writes nothing
    REPORT = "report"
    #: the meeting is online from the start: it writes nothing
    LEFT = "left"


_EXPECTATIONS = {Verdict.ENABLE: CanaryExpectation.LINK, Verdict.WOULD_ENABLE: CanaryExpectation.REPORT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Decides as the app does, by the rules in force."""

    policy: Policy
    facts: Facts
    #: JOINLINK_MODE=report was set in the app at its last maintenance
    has_brake: bool

    def decision(self, event: Event, now: datetime) -> Decision:
        """Return the app's decision about an event that it has never written to."""
        decision = decide(event, self.policy, self.facts, now)
        return decision.under_brake() if self.has_brake else decision


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryPlan:
    """The meeting to create: Graph's JSON, and the rule and the test that it comes from ("" for no test)."""

    rule: Rule
    test: str
    attendees: Sequence[str]
    body: Mapping[str, Any]
    start: datetime
    expectation: CanaryExpectation


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryWish:
    """What an admin asks for: a meeting in the mailbox with this address.

    Without `attendees`, the mailbox itself is invited, and also an address that nobody has unless only a
    meeting without it suits the rule. Without a `rule`, the first that suits is taken, enforced rules first.
    """

    organizer: str
    attendees: Sequence[str] = ()
    rule: str = ""
    is_online: bool = False

    @property
    def invitations(self) -> Iterator[Sequence[str]]:
        """The lists of attendees to try."""
        if self.attendees:
            yield self.attendees
        else:
            yield (self.organizer, RESERVED_ADDRESS)
            yield (self.organizer,)


def plan_canary(wish: CanaryWish, judge: Judge, *, now: datetime, transaction: str) -> CanaryPlan:
    """Return a meeting that a rule wants; `transaction` is its `transactionId`.

    Raises:
        NoCanary: there is none.
    """
    refusals: list[str] = []
    for rule in _rules(judge, wish.rule):
        for test, attendees, event in _meetings(rule, wish, now):
            body = _body(event, attendees, transaction)
            decision = judge.decision(_as_graph_shows(body, wish.organizer), now)
            if decision.rule == rule.id and decision.verdict in _EXPECTATIONS:
                expectation = CanaryExpectation.LEFT if wish.is_online else _EXPECTATIONS[decision.verdict]
                return CanaryPlan(
                    rule=rule,
                    test=test,
                    attendees=attendees,
                    body=body,
                    start=event.start,
                    expectation=expectation,
                )
            refusals.append(f"{rule.id} with {' and '.join(attendees)}: {_refusal(decision)}")
    raise NoCanary(
        f"no rule adds a link to a meeting that can be tried ({refusals[0]}): name other attendees with"
        " --attendee, or another rule with --rule"
    )


def online_body(plan: CanaryPlan, provider: str) -> Mapping[str, Any]:
    """Return the plan's meeting as one that is online from the start."""
    return {**plan.body, "isOnlineMeeting": True, "onlineMeetingProvider": provider}


def _rules(judge: Judge, wanted: str) -> list[Rule]:
    """Return the rules to try, those in enforce mode first."""
    links = [rule for rule in judge.policy.rules if rule.action is Action.ENABLE]
    found = [rule for rule in links if rule.id == wanted]
    if wanted and not found:
        known = ", ".join(rule.id for rule in links) or "none"
        raise NoCanary(f'the rules in force have no rule "{wanted}" that adds links: {known}')
    found = found or [rule for mode in (Mode.ENFORCE, Mode.REPORT) for rule in links if rule.mode is mode]
    if not found:
        raise NoCanary("the rules in force add no links: no rule with action: enable is on")
    return found


def _meetings(rule: Rule, wish: CanaryWish, now: datetime) -> Iterator[tuple[str, Sequence[str], Event]]:
    """Yield the meetings to try, with the name of the test and the attendees."""
    company = domain_of(wish.organizer) or ""
    for test, sketch in _sketches(rule):
        event = _ahead(sketch.event(now=now, company=company), now)
        for attendees in wish.invitations:
            for subject in (f"{_SUBJECT}: {sketch.subject}", sketch.subject):
                yield test, attendees, replace(event, subject=subject)


def _sketches(rule: Rule) -> Iterator[tuple[str, EventSketch]]:
    """Yield the meetings to try: of the tests that expect a link, else an ordinary meeting."""
    tests = [test for test in rule.tests if test.expect is Action.ENABLE]
    yield from ((test.name, test.event) for test in tests)
    if not tests:
        yield "", EventSketch()


def _ahead(event: Event, now: datetime) -> Event:
    """Return the event in the future, on the same weekday at the same time."""
    if event.start > now:
        return event
    later = ((now - event.start) // _WEEK + 1) * _WEEK
    return replace(event, start=event.start + later, end=event.end + later)


def _body(event: Event, attendees: Sequence[str], transaction: str) -> dict[str, Any]:
    """Return Graph's JSON of a new event. Its rooms and guests are left out, for they may be real."""
    body = {
        "subject": event.subject,
        "body": {"contentType": "text", "content": f"{_NOTICE}\n{event.body or ''}".strip()},
        "start": _date_time(event.start),
        "end": _date_time(event.end),
        "isAllDay": event.is_all_day,
        "attendees": [{"type": "required", "emailAddress": {"address": each}} for each in attendees],
        "locations": [{"displayName": place.display_name} for place in event.locations if place.display_name],
        "categories": list(event.categories),
        "sensitivity": event.sensitivity,
        "showAs": event.show_as,
        "importance": event.importance,
        "isReminderOn": False,
        "transactionId": transaction,
    }
    return body | ({"recurrence": _twice(event.start)} if event.recurrence else {})


def _twice(start: datetime) -> dict[str, Any]:
    return {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": [f"{start:%A}".lower()]},
        "range": {"type": "numbered", "startDate": f"{start:%Y-%m-%d}", "numberOfOccurrences": 2},
    }


def _as_graph_shows(body: Mapping[str, Any], organizer: str) -> Event:
    shown = {
        **body,
        "id": "canary",
        "@odata.etag": 'W/"canary"',
        "type": "seriesMaster" if "recurrence" in body else "singleInstance",
        "isOrganizer": True,
        "organizer": {"emailAddress": {"address": organizer}},
        "bodyPreview": body["body"]["content"][:255],
    }
    return parse_event(shown, "plan the canary")


def _date_time(moment: datetime) -> dict[str, str]:
    return {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}


def _refusal(decision: Decision) -> str:
    by = f" by {decision.rule}" if decision.rule else ""
    return f"{decision.verdict}{by}, {decision.reason}"
