"""What Joinlink did to events, newest first, with totals; memory stays small whatever the table's size."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import nlargest

from shared.domain.meeting import Meeting, MeetingState
from shared.storage.write_history import HistorySearch, PastWrite, WriteHistory


@dataclass(slots=True)
class History:
    """The newest writes, and how many there are by state and by rule."""

    newest: list[tuple[str, Meeting]] = field(default_factory=list)
    states: Counter[MeetingState] = field(default_factory=Counter)
    #: events whose link was added, by rule
    rules: Counter[str] = field(default_factory=Counter)
    #: rows that a later version wrote, or that are damaged
    unreadable: int = 0

    @property
    def total(self) -> int:
        """How many events were found."""
        return sum(self.states.values())


def read_history(
    source: WriteHistory, search: HistorySearch, *, most: int, step: Callable[[], None]
) -> History:
    """Return the `most` newest writes that are found, with the totals of all; `step` is called for each.

    Raises:
        StorageUnavailable: the table can't be read.
    """
    history = History()

    def readable() -> Iterator[tuple[str, Meeting]]:
        for write in source.find(search):
            step()
            if meeting := _counted(write, history):
                yield write.mailbox, meeting

    history.newest = nlargest(most, readable(), key=lambda write: write[1].at)
    return history


def _counted(write: PastWrite, history: History) -> Meeting | None:
    """Count a write; None if its row can't be read."""
    meeting = write.meeting
    if meeting is None:
        history.unreadable += 1
        return None
    history.states[meeting.state] += 1
    if meeting.state is MeetingState.ENABLED:
        history.rules[meeting.rule] += 1
    return meeting
