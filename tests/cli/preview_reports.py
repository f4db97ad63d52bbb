"""Reports of previews without Graph, for the tests of their formats."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from shared.desk.preview.previewed import PreviewedMailbox
from shared.desk.preview.report import PreviewReport
from shared.desk.preview.rule_set import RuleSet
from shared.desk.preview.totals import ListedMeeting, PreviewTotals
from shared.desk.preview.unknowable import UNKNOWABLE
from tests.desk.preview.samples import SET, WINDOW


def report(
    read: Sequence[PreviewedMailbox], sets: tuple[RuleSet, ...] = (SET,), *, most_listed: int | None = 50
) -> PreviewReport:
    """Return the report of these mailboxes."""
    totals = PreviewTotals.of(sets, WINDOW, listed=most_listed or 0)
    for mailbox in read:
        totals.add(mailbox)
    every = [ListedMeeting(box.mailbox, each) for box in read for each in box.meetings]
    return PreviewReport(
        sets=sets,
        window=WINDOW,
        totals=totals,
        most_listed=most_listed,
        left_out=totals.listed.left_out if most_listed is not None else 0,
        in_scope=len(read) * 10,
        chosen=len(read),
        is_stopped=False,
        memory_unknown="",
        notes=(),
        unknowable=UNKNOWABLE,
        round_time=timedelta(seconds=20),
        with_subjects=True,
        meetings=lambda: iter(every if most_listed is None else totals.listed.meetings()),
    )


def doubled(read: Sequence[PreviewedMailbox]) -> list[PreviewedMailbox]:
    """Return the mailboxes as if a second rule set decided each meeting as the next one."""
    found = []
    for box in read:
        every = list(box.meetings)
        meetings = [
            replace(each, decisions=(each.decisions[0], following.decisions[0]))
            for each, following in zip(every, every[1:] + every[:1], strict=True)
        ]
        found.append(replace(box, meetings=tuple(meetings)))
    return found
