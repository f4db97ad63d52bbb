"""The verdict: what was expected of the day, held against what happened. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from sandbox.demo.budgets import BUDGETS, Spent, most, spent, spent_on_tasks, troubles
from sandbox.demo.contoso import Meeting, Unheard
from sandbox.demo.happenings import Happenings, Key, by_event, notices
from sandbox.demo.journal import Line
from sandbox.demo.scenes import Ending
from sandbox.demo.story import story
from sandbox.demo.watching import watching
from sandbox.demo.words import counted
from sandbox.graph import Exchange, Mail
from shared.domain.decision import Outcome
from shared.domain.messages import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the day left behind.

    `calendars` are the mailboxes that are to be watched, `watched` those that Graph has subscriptions to, one
    for each; `parked` tells what else is in the directory.
    `links` are the providers of the join links that the events have in Graph now; `mails_of_people` counts,
    by event, the mails that people's own changes caused; `others` is what else was logged from warning up,
    with the exceptions that functions let out; `files` are the texts of log and HAR, `secrets` what must not
    stand in them.
    """

    lines: Sequence[Line]
    calls: Sequence[Exchange]
    posts: Sequence[Exchange]
    calendars: frozenset[str]
    watched: Sequence[str]
    parked: Sequence[str]
    links: dict[Key, str | None]
    mails: Sequence[Mail]
    mails_of_people: Counter[str]
    others: Sequence[str]
    files: Sequence[str]
    secrets: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseVerdict:
    """What became of one meeting; `complaints` tell what is not as it should be."""

    meeting: Meeting
    story: tuple[Ending, ...]
    link: str | None
    calls: int
    patches: int
    troubles: tuple[str, ...]
    complaints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget of Graph calls for a kind of message: how many there were, and the most that one spent."""

    kind: str
    allowed: int
    messages: int
    most: int

    @property
    def is_kept(self) -> bool:
        """Whether no message spent more."""
        return self.most <= self.allowed


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence about the day; `holds` is False where it is not as it should be."""

    text: str
    holds: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All of it."""

    cases: tuple[CaseVerdict, ...]
    budgets: tuple[Budget, ...]
    facts: tuple[Fact, ...]

    @property
    def case_complaints(self) -> list[str]:
        """What is not as it should be with single meetings, a line each."""
        return [f"{_name(case.meeting)}: {text}" for case in self.cases for text in case.complaints]

    @property
    def complaints(self) -> list[str]:
        """Everything that is not as it should be, a line each."""
        return [
            *self.case_complaints,
            *(
                f"{b.kind} took {b.most} Graph calls, {b.allowed} allowed"
                for b in self.budgets
                if not b.is_kept
            ),
            *(fact.text for fact in self.facts if not fact.holds),
        ]


def judge(meetings: Sequence[Meeting], record: Record) -> Verdict:
    """Hold the day's record against what its scenes promise."""
    happened = by_event(record.lines, record.calls, record.posts)
    cases = tuple(judge_case(one, happened[one.key], record.links[one.key]) for one in meetings)
    spendings = [one for event in happened.values() for one in spent(event)]
    spendings += spent_on_tasks(record.lines, record.calls)
    return Verdict(
        cases=cases,
        budgets=tuple(_budget(kind, allowed, spendings) for kind, allowed in BUDGETS.items()),
        facts=tuple(_facts(meetings, record, happened)),
    )


def judge_case(meeting: Meeting, happened: Happenings, link: str | None) -> CaseVerdict:
    """Hold one meeting against its scene; `link` is the provider of the join link it has in Graph."""
    told = story(happened.lines)
    return CaseVerdict(
        meeting=meeting,
        story=told,
        link=link,
        calls=len(happened.calls),
        patches=len(_patches(happened.calls)),
        troubles=tuple(troubles(happened.calls)),
        complaints=tuple(_complaints(meeting, happened, told, link)),
    )


def _complaints(
    meeting: Meeting, happened: Happenings, told: tuple[Ending, ...], link: str | None
) -> Iterable[str]:
    scene = meeting.scene
    if told != scene.story:
        yield f"expected {_in_words(scene.story)}, became {_in_words(told)}"
    if link != scene.link:
        yield f"expected {scene.link or 'no'} link in Graph, found {link or 'none'}"
    if len(_successful(_patches(happened.calls))) > _writes_due(happened):
        yield "written to more often than it should be"
    counted_by_app = sum(line["graph_calls"] for line in happened.lines)
    if counted_by_app != len(happened.calls):
        yield f"the log tells of {counted_by_app} Graph calls, Graph of {len(happened.calls)}"


def _facts(meetings: Sequence[Meeting], record: Record, happened: dict[Key, Happenings]) -> Iterable[Fact]:
    yield _watched(record)
    yield _swept(meetings, record, happened)
    yield _notified(record)
    yield _handled(record)
    yield _called(record, happened)
    yield _written(happened)
    yield _mailed(record, happened)
    leaks = sum(secret in text for text in record.files for secret in record.secrets)
    yield Fact("Log and HAR hold no key, no token and no clientState.", holds=not leaks)
    for text, count in Counter(record.others).items():
        yield Fact(f"{text} ({counted(count, 'time')})", holds=False)


def _watched(record: Record) -> Fact:
    did = watching(record.lines, record.posts)
    return Fact(
        f"{counted(len(record.watched), 'calendar')} watched: {counted(did.made, 'subscription')} made by"
        f" Joinlink itself, {did.renewed} renewed as Graph asked, {did.removed} removed by Graph"
        f" and {did.remade} created again, {did.replaced} replaced because it sent no notifications."
        f" Parked: {', '.join(record.parked)}.",
        holds=sorted(record.watched) == sorted(record.calendars)
        and did.made == len(record.calendars)
        and did.removed == did.remade
        and did.doubted == did.renewed
        and did.parked == len(record.parked),
    )


def _swept(meetings: Sequence[Meeting], record: Record, happened: dict[Key, Happenings]) -> Fact:
    did = watching(record.lines, record.posts)
    lost, gap = (
        {one.key for one in meetings if one.scene.unheard is why} for why in (Unheard.LOST, Unheard.GAP)
    )
    again = {key for key, event in happened.items() if _is_swept(event)} - did.found
    return Fact(
        f"Graph lost all notifications of {counted(len(lost), 'meeting')}, and {len(gap)} was made while"
        f" nobody watched: {counted(did.sweeps, 'sweep')} found {len(did.found)}, and had another look at"
        f" {len(again)} without a link. Joinlink's own count of the missed: {did.missed}.",
        holds=did.found == lost | gap and did.missed == len(lost | again),
    )


def _is_swept(event: Happenings) -> bool:
    return any(line["source"] == Source.SWEEP for line in event.lines)


def _notified(record: Record) -> Fact:
    sent = notices(record.posts)
    changes = {(item["resource"], item["resourceData"]["@odata.etag"]) for item in sent}
    posts = [post for post in record.posts if post.request_body]
    accepted = sum(post.status == HTTPStatus.ACCEPTED for post in posts)
    return Fact(
        f"Graph sent {counted(len(sent), 'notification')} of {counted(len(changes), 'change')}, out of order,"
        f" in {counted(len(posts), 'POST')}, of which {accepted} were answered 202.",
        holds=accepted == len(posts),
    )


def _handled(record: Record) -> Fact:
    decided = [line for line in record.lines if line["event"] == "event.decided"]
    outcomes = Counter(line["outcome"] for line in decided)
    errors = sum(line["level"] == "error" for line in record.lines)
    counts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    return Fact(
        f"{counted(len(decided), 'message')}, each ended in one log line: {counts}."
        f" Lines at level error: {errors or 'none'}.",
        holds=not errors,
    )


def _called(record: Record, happened: dict[Key, Happenings]) -> Fact:
    in_log = Counter[str]()
    for line in record.lines:
        in_log[line["event"]] += line.get("graph_calls", 0)
    about_events = sum(len(event.calls) for event in happened.values())
    shared = sum(call.path.endswith("/organization") for call in record.calls)
    methods = Counter(call.method for call in record.calls)
    counts = ", ".join(f"{count} {method}" for method, count in methods.most_common())
    return Fact(
        f"{counted(len(record.calls), 'Graph call')} ({counts}); Joinlink's own log counts"
        f" {in_log['event.decided']} about events, {in_log['task.finished']} for mailboxes and"
        f" {in_log['maintenance.finished']} by the timer; {shared} asked for the domains of all.",
        holds=in_log.total() + shared == len(record.calls) and in_log["event.decided"] == about_events,
    )


def _written(happened: dict[Key, Happenings]) -> Fact:
    written = [event for event in happened.values() if _patches(event.calls)]
    patches = [_patches(event.calls) for event in written]
    taken = [len(_successful(calls)) for calls in patches]
    too_many = sum(count > _writes_due(event) for count, event in zip(taken, written, strict=True))
    again = sum(count > 1 for count in taken)
    refused = Counter(call.status for calls in patches for call in calls if not call.took_effect)
    also = "".join(f", {count} answered {status}" for status, count in refused.items())
    return Fact(
        f"{counted(sum(map(len, patches)), 'PATCH', 'PATCHes')} to {counted(len(patches), 'event')}:"
        f" {sum(taken)} carried out{also}. Written to again: {counted(again, 'event')} whose write brought no"
        f" link; without need: {too_many or 'none'}.",
        holds=not too_many,
    )


def _mailed(record: Record, happened: dict[Key, Happenings]) -> Fact:
    ours = Counter(mail.event for mail in record.mails) - record.mails_of_people
    written = {event for (_, event), what in happened.items() if _successful(_patches(what.calls))}
    return Fact(
        f"{counted(len(record.mails), 'update mail')} to attendees: {ours.total()} by Joinlink's writes,"
        f" {record.mails_of_people.total()} by people's own changes.",
        holds=set(ours) <= written and all(count == 1 for count in ours.values()),
    )


def _budget(kind: str, allowed: int, spendings: Sequence[Spent]) -> Budget:
    return Budget(kind, allowed, sum(one.kind == kind for one in spendings), most(spendings, kind))


def _writes_due(event: Happenings) -> int:
    """Return how many writes an event may have got: another one only where Graph made no link of the last."""
    outcomes = Counter(line["outcome"] for line in event.lines)
    return max(1, outcomes[Outcome.NOT_HONORED] + (outcomes[Outcome.ENABLED] > 0))


def _patches(calls: Iterable[Exchange]) -> list[Exchange]:
    return [call for call in calls if call.method == "PATCH"]


def _successful(calls: Iterable[Exchange]) -> list[Exchange]:
    """Return the calls that Graph carried out, whatever it answered and whether or not that arrived."""
    return [call for call in calls if call.took_effect]


def _in_words(told: Sequence[Ending]) -> str:
    return ", then ".join(f"{outcome} · {reason}" for outcome, reason in told) or "nothing"


def _name(meeting: Meeting) -> str:
    return f"{meeting.scene.who}, {meeting.scene.subject!r}"
