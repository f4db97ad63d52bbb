"""Reads one mailbox and holds each rule set against its meetings. Writes nothing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.desk.graph_refusal import refusal_words
from shared.desk.preview.calendar_reading import CalendarReading
from shared.desk.preview.holding import SeenMeeting, hold, is_added
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
from shared.domain.event import Event
from shared.errors import GraphError, MailboxUnusable, Unauthorized
from shared.graph.client import Graph
from shared.rules.facts import Facts
from shared.storage.meetings import Meetings
from shared.worker.events.calendar_pages import CalendarSearch


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
        with_subjects: bool,
        wait: Callable[[timedelta], None],
    ) -> None:
        """`memory` is None if it is not known what was written; `wait` waits, or raises to stop."""
        self._sets = sets
        self._window = window
        self._graph = graph
        self._memory = memory
        self._with_subjects = with_subjects
        self._wait = wait

    def read(self, entry: ScopeEntry) -> PreviewedMailbox:
        """Return the meetings of a mailbox with their decisions.

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
        policies = [held.rules.policy for held in self._sets]
        search = CalendarSearch(
            mailbox=mailbox,
            start=self._window.start,
            until=self._window.until,
            policy=next((each for each in policies if each.look_in_body), policies[0]),
        )
        graph = self._graph()
        reading = CalendarReading(search, graph, is_added=recalled.has_added, wait=self._wait)
        return PreviewedMailbox(
            mailbox=mailbox,
            status=ReadStatus.READ,
            meetings=tuple(self._meetings(reading, recalled, entry, graph)),
            copies=reading.copies,
            unreadable=reading.unreadable,
        )

    def _meetings(
        self, reading: CalendarReading, recalled: RecalledWrites, entry: ScopeEntry, graph: Graph
    ) -> Iterator[PreviewedMeeting]:
        obstacles: tuple[str, ...] = ()
        for event, start in reading.meetings():
            obstacles = obstacles or scope_obstacles(entry, graph)
            yield self._meeting(obstacles, event, start, reading, recalled)

    def _meeting(
        self,
        obstacles: tuple[str, ...],
        event: Event,
        start: datetime,
        reading: CalendarReading,
        recalled: RecalledWrites,
    ) -> PreviewedMeeting:
        end = last_end(event)
        seen = SeenMeeting(
            event=event,
            stored=recalled.row(event),
            calendar=reading.calendar,
            is_past=end is not None and end <= self._window.now,
            is_added=is_added(event, recalled.state(event.id)),
        )
        return PreviewedMeeting(
            id=event.id,
            organizer=event.organizer,
            start=start,
            created=event.created,
            mails=event.mails,
            is_past=seen.is_past,
            is_series=event.recurrence is not None or event.master is not None,
            is_added=seen.is_added,
            subject=event.subject if self._with_subjects else "",
            decisions=tuple(
                self._decisions(seen, held, obstacle)
                for held, obstacle in zip(self._sets, obstacles, strict=True)
            ),
        )

    def _decisions(self, seen: SeenMeeting, held: HeldSet, obstacle: str) -> dict[Stance, Alternatives]:
        if obstacle:
            decision = PreviewedDecision(Outcome.SKIPPED, Reason.NOT_IN_SCOPE, why=obstacle)
            return dict.fromkeys(Stance, (decision,))
        now = self._window.now
        return {stance: hold(seen, each, held.facts, now) for stance, each in held.policies.items()}
