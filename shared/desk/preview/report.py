"""The report of a preview: what all formats show."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from shared.desk.preview.mailbox_reader import PreviewWindow
from shared.desk.preview.parallel_reading import READERS
from shared.desk.preview.previewed import ReadStatus
from shared.desk.preview.rule_set import RuleSet
from shared.desk.preview.totals import ListedMeeting, PreviewTotals

#: the mailboxes of a large tenant
LARGE = 40_000


def rounds(mailboxes: int) -> int:
    """Return how often a preview reads as many mailboxes as it can concurrently."""
    return ceil(mailboxes / READERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewReport:
    """Everything that a preview found.

    `most_listed` is the number of meetings to list at most, None lists all; `left_out` is how many are not
    listed. `in_scope` is the number of mailboxes that the rules include, `chosen` of those to read: a
    sample has fewer. `notes` concern this preview, `unknowable` every one. `round_time` is how long the
    mailboxes that are read concurrently took, None if this command read none. `meetings` yields the listed
    meetings.
    """

    sets: tuple[RuleSet, ...]
    window: PreviewWindow
    totals: PreviewTotals
    in_scope: int
    chosen: int
    is_stopped: bool
    #: empty if the memory of past writes was read
    memory_unknown: str
    notes: tuple[str, ...]
    unknowable: tuple[str, ...]
    round_time: timedelta | None
    with_subjects: bool
    most_listed: int | None
    left_out: int
    meetings: Callable[[], Iterator[ListedMeeting]]

    @property
    def is_sample(self) -> bool:
        """Whether only some of the mailboxes were chosen."""
        return self.chosen < self.in_scope

    @property
    def is_partial(self) -> bool:
        """Whether mailboxes of the scope were not read."""
        return self.is_sample or self.is_stopped or bool(self.totals.left)

    def time_for(self, mailboxes: int) -> timedelta | None:
        """Return about how long so many mailboxes like these would take; None if that is not known."""
        return None if self.round_time is None else self.round_time * rounds(mailboxes)

    @property
    def read(self) -> int:
        """How many mailboxes were read."""
        return self.totals.statuses[ReadStatus.READ]

    @property
    def share(self) -> float:
        """Which share of the mailboxes in scope the numbers are about; they may have no calendar."""
        done = self.totals.statuses.total() - self.totals.statuses[ReadStatus.LEFT]
        return done / self.in_scope if self.in_scope else 1.0
