"""Reads one mailbox and holds each rule set against its meetings. Writes nothing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from shared.desk.graph_refusal import refusal_words
from shared.desk.preview.calendar_reading import CalendarReading, FoundMeeting
from shared.desk.preview.holding import SeenMeeting, depends_on_body, hold, is_added
from shared.desk.preview.meeting_file import MeetingFile
from shared.desk.preview.patience import Patience
from shared.desk.preview.preview_scope import ScopeEntry
from shared.desk.preview.previewed import (
    Alternatives,
    PreviewedDecision,
    PreviewedMailbox,
    PreviewedMeeting,
    ReadStatus,
)
from shared.desk.preview.recalled_writes import RecalledWrites
from shared.desk.preview.rule_set import RuleSet, Stance, StancePolicies
from shared.desk.preview.scope_obstacles import scope_obstacles
from shared.domain.decision import Outcome, Reason
from shared.domain.ending import last_end
from shared.errors import (
    EventNotFound,
    GraphError,
    MailboxUnusable,
    Unauthorized,
    UnexpectedAnswer,
    UnreadableEvent,
)
from shared.graph.client import Graph
from shared.rules.facts import Facts
from shared.rules.policy import CalendarScope
from shared.storage.meetings import Meetings
from shared.worker.events.attendee_mails import mails
from shared.worker.events.calendar_pages import CalendarSearch

_OTHER_CALENDAR = "the rules include the default calendar only"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewWindow:
    """Meetings from `start` until `until`, decided at `now`. Times are aware."""

    start: datetime
    now: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSet:
    """A rule set, ready for one preview."""

    rules: RuleSet
    policies: Mapping[Stance, StancePolicies]
    facts: Facts


class MailboxReader:
    """Reads mailboxes; one instance serves all threads."""

    def __init__(
        self,
        *,
        sets: tuple[HeldSet, ...],
        window: PreviewWindow,
        graph: Callable[[], Graph],
        memory: Meetings | None,
        known_purpose: Callable[[str], str],
        department: Callable[[str], str | None],
        with_subjects: bool,
        wait: Callable[[timedelta], None],
    ) -> None:
        """`memory` is None if it is not known what was written; `wait` waits, or raises to stop.

        `department` reads that of a mailbox's user, as `DirectoryCache.department`. `known_purpose` returns
        what the app knows of a mailbox's purpose, empty if nothing.
        """
        self._sets = sets
        self._window = window
        self._graph = graph
        self._memory = memory
        self._known_purpose = known_purpose
        self._department = department
        self._with_subjects = with_subjects
        self._wait = wait

    def read(self, entry: ScopeEntry) -> PreviewedMailbox:
        """Return the meetings of a mailbox with their decisions; close them.

        Raises:
            Unauthorized: no mailbox can be read.
            StorageUnavailable: the memory of past writes can't be read.
        """
        mailbox = entry.mailbox
        if entry.no_calendar:
            return PreviewedMailbox(mailbox=mailbox, status=ReadStatus.NO_CALENDAR, why=entry.no_calendar)
        try:
            return self._read(entry)
        except Unauthorized:
            raise
        except MailboxUnusable:
            return PreviewedMailbox(mailbox=mailbox, status=ReadStatus.NO_CALENDAR)
        except GraphError as error:
            return PreviewedMailbox(mailbox=mailbox, status=ReadStatus.LEFT, why=refusal_words(error))

    def _read(self, entry: ScopeEntry) -> PreviewedMailbox:
        mailbox = entry.mailbox
        recalled = RecalledWrites(self._memory, mailbox)
        search = CalendarSearch(
            mailbox=mailbox,
            start=self._window.start,
            until=self._window.until,
            policy=self._sets[0].rules.policy,
        )
        graph = self._graph()
        patience = Patience(self._wait)
        reading = CalendarReading(
            search, graph, now=self._window.now, is_added=recalled.has_added, patience=patience
        )
        meetings = MeetingFile()
        try:
            for meeting in self._meetings(reading, recalled, entry, graph, patience):
                meetings.add(meeting)
        except BaseException:
            meetings.close()
            raise
        return PreviewedMailbox(
            mailbox=mailbox,
            status=ReadStatus.READ,
            meetings=meetings,
            copies=reading.copies,
            unreadable=reading.unreadable,
            unread_calendars=reading.unread_calendars,
        )

    def _meetings(
        self,
        reading: CalendarReading,
        recalled: RecalledWrites,
        entry: ScopeEntry,
        graph: Graph,
        patience: Patience,
    ) -> Iterator[PreviewedMeeting]:
        obstacles: tuple[str, ...] = ()
        sets: tuple[HeldSet, ...] = ()
        owned = any(held.rules.policy.calendars is CalendarScope.OWNED for held in self._sets)
        for found in reading.meetings(owned=owned):
            obstacles = obstacles or scope_obstacles(entry, graph, patience, self._known_purpose)
            sets = sets or self._sets_for(entry.mailbox, patience)
            try:
                yield self._meeting(sets, self._obstacles(found, obstacles), found, reading, recalled)
            except EventNotFound:  # deleted meanwhile
                continue
            except UnreadableEvent:
                reading.unreadable += 1

    def _sets_for(self, mailbox: str, patience: Patience) -> tuple[HeldSet, ...]:
        """Return the rule sets; if rules ask for it, with the department of the organizer of all meetings."""
        if not any(held.rules.policy.needs_department for held in self._sets):
            return self._sets
        department = patience.call(lambda: self._department(mailbox))
        return tuple(replace(held, facts=replace(held.facts, department=department)) for held in self._sets)

    def _obstacles(self, found: FoundMeeting, obstacles: tuple[str, ...]) -> tuple[str, ...]:
        """Return for each rule set why its rules are not for the meeting; empty if they are."""
        if not found.calendar:
            return obstacles
        scopes = [held.rules.policy.calendars for held in self._sets]
        return tuple(
            obstacle or ("" if scope is CalendarScope.OWNED else _OTHER_CALENDAR)
            for obstacle, scope in zip(obstacles, scopes, strict=True)
        )

    def _meeting(
        self,
        sets: tuple[HeldSet, ...],
        obstacles: tuple[str, ...],
        found: FoundMeeting,
        reading: CalendarReading,
        recalled: RecalledWrites,
    ) -> PreviewedMeeting:
        event, end = found.event, last_end(found.event)
        seen = SeenMeeting(
            event=event,
            stored=recalled.row(event),
            calendar=lambda: reading.calendar_of(found),
            is_past=not found.doubt and end is not None and end <= self._window.now,
            is_added=is_added(event, recalled.state(event.id)),
            doubt=found.doubt,
        )
        return PreviewedMeeting(
            id=event.id,
            organizer=event.organizer,
            start=found.start,
            created=event.created,
            mails=mails(event),
            is_past=seen.is_past,
            is_series=event.recurrence is not None or event.master is not None,
            is_added=seen.is_added,
            subject=event.subject if self._with_subjects else "",
            decisions=self._all_decisions(seen, sets, obstacles, reading),
        )

    def _all_decisions(
        self,
        seen: SeenMeeting,
        sets: tuple[HeldSet, ...],
        obstacles: tuple[str, ...],
        reading: CalendarReading,
    ) -> tuple[dict[Stance, Alternatives], ...]:
        whole = cache(lambda: replace(seen, event=reading.with_body(seen.event)))
        try:
            return tuple(
                self._decisions(seen, whole, held, obstacle)
                for held, obstacle in zip(sets, obstacles, strict=True)
            )
        except UnreadableEvent:
            raise
        except UnexpectedAnswer as error:  # as in the worker, it concerns this meeting alone
            failed = PreviewedDecision(Outcome.FAILED, Reason.UNEXPECTED_ANSWER, why=str(error))
            return tuple(dict.fromkeys(Stance, (failed,)) for _held in sets)

    def _decisions(
        self, seen: SeenMeeting, whole: Callable[[], SeenMeeting], held: HeldSet, obstacle: str
    ) -> dict[Stance, Alternatives]:
        """Return the decisions of a rule set; `whole` reads the body, which counts only where it matters."""
        if obstacle:
            decision = PreviewedDecision(Outcome.SKIPPED, Reason.NOT_IN_SCOPE, why=obstacle)
            return dict.fromkeys(Stance, (decision,))
        facts, now = held.facts, self._window.now
        return {
            stance: hold(whole() if depends_on_body(seen, each, facts, now) else seen, each, facts, now)
            for stance, each in held.policies.items()
        }
