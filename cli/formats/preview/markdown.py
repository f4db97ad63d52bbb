"""A preview as Markdown for a pull request: totals by rule and reason.

A repository has many readers: no mailbox, no organizer, no time and no text of a meeting is in it.
"""

from collections.abc import Iterable, Iterator

from cli.clean import line
from cli.formats.preview.words import STANCES, result_words
from shared.desk.preview.counts import MeetingCount, StanceCounts
from shared.desk.preview.previewed import ReadStatus
from shared.desk.preview.report import PreviewReport
from shared.desk.preview.rule_set import RuleSet, Stance
from shared.domain.decision import Action, Mode


def pieces(report: PreviewReport) -> Iterator[str]:
    """Yield the parts."""
    yield "### What these rules would do\n\n"
    yield f"{report.totals.meetings} meetings in {report.read} mailboxes were read. Nothing was written.\n\n"
    if report.is_sample:
        yield f"All numbers are those of a sample: {report.chosen} of {report.in_scope} mailboxes.\n\n"
    if left := report.totals.statuses[ReadStatus.LEFT]:
        yield f"{left} mailboxes could not be read.\n\n"
    if len(report.sets) > 1:
        yield from _changes(report)
    for position, rules in enumerate(report.sets):
        counts = report.totals.counts[position]
        yield f"#### {_code(rules.name)}\n\nPolicy `{rules.policy.hash}`\n\n"
        yield from _rules(rules, counts)
        yield from _reasons(counts[Stance.PROMOTED])
    yield "<details><summary>What is not known</summary>\n\n"
    if report.memory_unknown:
        yield "- The memory of past writes: meetings that are online already count as `already_online`.\n"
    yield from (f"- {each}\n" for each in report.unknowable)
    yield "\n</details>\n"


def _rules(rules: RuleSet, counts: dict[Stance, StanceCounts]) -> Iterator[str]:
    now, promoted = counts[Stance.AS_IT_STANDS], counts[Stance.PROMOTED]
    adding = [
        each for each in rules.policy.rules if each.action is Action.ENABLE and each.mode is not Mode.OFF
    ]
    rows = [
        (_code(each.id), each.mode.value, now.of_rule(each.id), promoted.of_rule(each.id)) for each in adding
    ]
    yield from _table(
        ("rule", "mode", "links as it stands", "links if promoted", "mailboxes", "attendees", "second link"),
        [
            (name, mode, before.meetings, after.meetings, after.mailboxes, after.attendees, after.other_links)
            for name, mode, before, after in [*rows, ("**all**", "", now.links, promoted.links)]
        ],
    )


def _reasons(counts: StanceCounts) -> Iterator[str]:
    yield from _table(
        (f"reason for no link, {STANCES[Stance.PROMOTED]}", "meetings", "mailboxes"),
        [
            (_code(result_words(each)), count.meetings, count.mailboxes)
            for each, count in counts.without_link()
        ],
    )


def _changes(report: PreviewReport) -> Iterator[str]:
    before, after = report.sets
    yield f"#### What changes from {_code(before.name)} to {_code(after.name)}\n\n"
    for stance, changes in report.totals.changes.items():
        rows = [
            (
                _code(result_words(old)),
                _code(result_words(new)),
                count.meetings,
                count.mailboxes,
                count.attendees,
            )
            for (old, new), count in sorted(changes.items(), key=_most_first)
        ]
        if not rows:
            yield f"Nothing, {STANCES[stance]}.\n\n"
            continue
        yield from _table((f"{STANCES[stance]}: before", "after", "meetings", "mailboxes", "attendees"), rows)


def _most_first(each: tuple[object, MeetingCount]) -> int:
    return -each[1].meetings


def _table(head: tuple[str, ...], rows: Iterable[tuple[str | int, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |\n"
    yield f"|{'|'.join(' --- ' for _name in head)}|\n"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |\n"
    yield "\n"


def _code(text: str) -> str:
    """Return text that Markdown shows as it is, also in a table; it mentions nobody."""
    return f"`{line(text).replace('`', chr(39)).replace('|', chr(92) + '|')}`"
