"""The verdict: compares what was expected of the day with what happened. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from sandbox.demo.budgets import CallBudget, check_budgets, errors
from sandbox.demo.contoso import WITHOUT_CALENDAR, Missed
from sandbox.demo.day import PlayedScene
from sandbox.demo.journal import Line
from sandbox.demo.record import EventRecord, Key, by_event, notifications, watch_counts
from sandbox.demo.texts import Ending, counted
from sandbox.graph import Exchange, Mail
from shared.domain.decision import Outcome
from shared.domain.messages import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRecord:
    """What the day left behind: log lines, Joinlink's calls and Graph's POSTs, and the state in Graph."""

    lines: Sequence[Line]
    calls: Sequence[Exchange]
    posts: Sequence[Exchange]
    #: the mailboxes that Joinlink must watch
    calendars: frozenset[str]
    #: those of them with a second calendar
    with_two_calendars: frozenset[str]
    #: the mailbox of each subscription in Graph
    watched: Sequence[str]
    #: the provider of each event's join link
    links: Mapping[Key, str | None]
    mails: Sequence[Mail]
    #: how many mails people's own changes caused, by event
    mails_by_people: Counter[str]
    #: warnings of other loggers, and exceptions that functions raised
    others: Sequence[str]
    #: the texts of the log and the HAR
    files: Sequence[str]
    #: what the files must not contain
    secrets: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneVerdict:
    """The result of one scene; `complaints` are the differences from what was expected."""

    played: PlayedScene
    endings: tuple[Ending, ...]
    link: str | None
    calls: int
    patches: int
    errors: Sequence[str]
    complaints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckedFact:
    """A sentence about the day; `holds` is False if it differs from what was expected."""

    text: str
    holds: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DayVerdict:
    """The verdict on all scenes, budgets and facts."""

    scenes: tuple[SceneVerdict, ...]
    budgets: tuple[CallBudget, ...]
    facts: tuple[CheckedFact, ...]

    @property
    def scene_complaints(self) -> list[str]:
        """The complaints about single scenes, one per line."""
        return [f"{scene.played.name}: {text}" for scene in self.scenes for text in scene.complaints]

    @property
    def complaints(self) -> list[str]:
        """All complaints, one per line."""
        over = [one for one in self.budgets if not one.is_kept]
        return [
            *self.scene_complaints,
            *(f"{one.kind} took {one.most} Graph calls, {one.allowed} allowed" for one in over),
            *(fact.text for fact in self.facts if not fact.holds),
        ]


def judge(scenes: Sequence[PlayedScene], record: DayRecord) -> DayVerdict:
    """Compare the record with what the scenes expect."""
    events = by_event(record.lines, record.calls, record.posts)
    return DayVerdict(
        scenes=tuple(_judge_scene(one, events[one.entry.key], record) for one in scenes),
        budgets=check_budgets(
            events.values(), record.lines, record.calls, with_two_calendars=record.with_two_calendars
        ),
        facts=tuple(_facts(scenes, record, events)),
    )


def _judge_scene(played: PlayedScene, event: EventRecord, record: DayRecord) -> SceneVerdict:
    link = record.links[played.entry.key]
    return SceneVerdict(
        played=played,
        endings=event.endings,
        link=link,
        calls=len(event.calls),
        patches=len(event.patches),
        errors=errors(event.calls),
        complaints=tuple(_complaints(played, event, link)),
    )


def _complaints(played: PlayedScene, event: EventRecord, link: str | None) -> Iterator[str]:
    scene = played.scene
    if event.endings != scene.endings:
        yield f"expected {_text(scene.endings)}, got {_text(event.endings)}"
    if link != scene.link:
        yield f"expected {scene.link or 'no'} link in Graph, found {link or 'none'}"
    if event.writes > _allowed_writes(event):
        yield "written more often than necessary"
    logged = sum(line["graph_calls"] for line in event.lines)
    if logged != len(event.calls):
        yield f"the log counts {logged} Graph calls, Graph counts {len(event.calls)}"


def _facts(
    scenes: Sequence[PlayedScene], record: DayRecord, events: Mapping[Key, EventRecord]
) -> Iterator[CheckedFact]:
    yield _subscriptions(record)
    yield _sweeps(scenes, record, events)
    yield _notifications(record)
    yield _messages(record)
    yield _calls(record, events.values())
    yield _writes(events.values())
    yield _mails(record, events)
    leaks = any(secret in text for text in record.files for secret in record.secrets)
    yield CheckedFact("The log and the HAR contain no key, token or clientState.", holds=not leaks)
    for text, count in Counter(record.others).items():
        yield CheckedFact(f"{text} ({counted(count, 'time')})", holds=False)


def _subscriptions(record: DayRecord) -> CheckedFact:
    counts = watch_counts(record.lines, record.posts)
    return CheckedFact(
        f"{counted(len(record.watched), 'calendar')} watched. Subscriptions: {counts.created} created,"
        f" {counts.renewed} renewed because Graph asked, {counts.removed_by_graph} removed by Graph and"
        f" {counts.created_again} created again, {counts.replaced} replaced because it sent no"
        f" notifications. Not watched: {', '.join(WITHOUT_CALENDAR)}.",
        holds=sorted(record.watched) == sorted(record.calendars)
        and counts.created == len(record.calendars)
        and counts.removed_by_graph == counts.created_again
        and counts.reauthorizations == counts.renewed
        and counts.unusable == len(WITHOUT_CALENDAR),
    )


def _sweeps(
    scenes: Sequence[PlayedScene], record: DayRecord, events: Mapping[Key, EventRecord]
) -> CheckedFact:
    counts = watch_counts(record.lines, record.posts)
    lost, unsubscribed, elsewhere = (
        {one.entry.key for one in scenes if one.scene.missed is why}
        for why in (Missed.LOST, Missed.UNSUBSCRIBED, Missed.SECOND_CALENDAR)
    )
    swept = {
        key for key, event in events.items() if any(line["source"] == Source.SWEEP for line in event.lines)
    }
    again = swept - counts.found
    return CheckedFact(
        f"Graph lost all notifications of {counted(len(lost), 'meeting')}; {len(unsubscribed)} was created"
        f" while its calendar had no subscription, and {len(elsewhere)} in a second calendar, about which"
        f" Graph does not notify. {counted(counts.sweeps, 'sweep')} found"
        f" {len(counts.found)}, and checked {len(again)} without a link again. Joinlink counts"
        f" {counts.missed} as missed.",
        holds=counts.found == lost | unsubscribed | elsewhere and counts.missed == len(lost),
    )


def _notifications(record: DayRecord) -> CheckedFact:
    sent = notifications(record.posts)
    changes = {(item["resource"], item["resourceData"]["@odata.etag"]) for item in sent}
    posts = [post for post in record.posts if post.request_body]
    accepted = sum(post.status == HTTPStatus.ACCEPTED for post in posts)
    return CheckedFact(
        f"Graph sent {counted(len(sent), 'notification')} of {counted(len(changes), 'change')}, out of order,"
        f" in {counted(len(posts), 'POST')}. Joinlink answered {accepted} with 202.",
        holds=accepted == len(posts),
    )


def _messages(record: DayRecord) -> CheckedFact:
    outcomes = Counter(line["outcome"] for line in record.lines if line["event"] == "event.decided")
    error_lines = sum(line["level"] == "error" for line in record.lines)
    counts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    return CheckedFact(
        f"{counted(outcomes.total(), 'message')}, one log line each: {counts}."
        f" Log lines at level error: {error_lines or 'none'}.",
        holds=not error_lines,
    )


def _calls(record: DayRecord, events: Iterable[EventRecord]) -> CheckedFact:
    logged = Counter[str]()
    for line in record.lines:
        logged[line["event"]] += line.get("graph_calls", 0)
    shared = sum(call.path.endswith("/organization") for call in record.calls)
    methods = Counter(call.method for call in record.calls)
    counts = ", ".join(f"{count} {method}" for method, count in methods.most_common())
    return CheckedFact(
        f"{counted(len(record.calls), 'Graph call')} ({counts}). Joinlink logs {logged['event.decided']} for"
        f" events, {logged['task.finished']} for mailboxes, {logged['maintenance.finished']} for the timer;"
        f" {shared} read the tenant's domains.",
        holds=logged.total() + shared == len(record.calls)
        and logged["event.decided"] == sum(len(event.calls) for event in events),
    )


def _writes(events: Iterable[EventRecord]) -> CheckedFact:
    written = [event for event in events if event.patches]
    needless = sum(event.writes > _allowed_writes(event) for event in written)
    failed = Counter(
        call.status for event in written for call in event.patches if not call.took_effect
    ).items()
    return CheckedFact(
        f"{counted(sum(len(event.patches) for event in written), 'PATCH', 'PATCHes')} to"
        f" {counted(len(written), 'event')}: {sum(event.writes for event in written)} took effect"
        f"{''.join(f', {count} answered {status}' for status, count in failed)}. Written again because the"
        f" first write added no link: {counted(sum(event.writes > 1 for event in written), 'event')};"
        f" without need: {needless or 'none'}.",
        holds=not needless,
    )


def _mails(record: DayRecord, events: Mapping[Key, EventRecord]) -> CheckedFact:
    ours = Counter(mail.event for mail in record.mails) - record.mails_by_people
    written = {event for (_, event), what in events.items() if what.writes}
    return CheckedFact(
        f"{counted(len(record.mails), 'update mail')} to attendees: {ours.total()} because of Joinlink's"
        f" writes, {record.mails_by_people.total()} because of people's own changes.",
        holds=set(ours) <= written and all(count == 1 for count in ours.values()),
    )


def _allowed_writes(event: EventRecord) -> int:
    """Return how many writes an event may have: another one only if Graph added no link at the last."""
    outcomes = Counter(line["outcome"] for line in event.lines)
    return max(1, outcomes[Outcome.NOT_HONORED] + (outcomes[Outcome.ENABLED] > 0))


def _text(endings: Sequence[Ending]) -> str:
    return ", then ".join(f"{outcome} · {reason}" for outcome, reason in endings) or "no outcome"
