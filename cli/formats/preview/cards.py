"""The charts of each rule set on a preview page."""

from collections.abc import Iterator

from cli.formats.preview.charts import (
    NARROW,
    WIDE,
    BarRow,
    bar,
    bar_table,
    days_chart,
    no_rows,
    number,
    span_name,
    text,
)
from cli.formats.preview.words import STANCES, result_words, size_names
from shared.desk.preview.counts import LimitUse, StanceCounts
from shared.desk.preview.report import PreviewReport
from shared.desk.preview.rule_set import RuleSet, Stance
from shared.domain.decision import Action, Mode

_MOST_MAILBOXES = 12
#: the numbers of a rule, and whether there is no room for them beside another rule set
_COLUMNS = (
    ("as it stands", ""),
    ("promoted", ""),
    ("to add now", ""),
    ("attendees", ""),
    ("mailboxes", " wide-only"),
    ("second link", " wide-only"),
)
_TIME = "%Y-%m-%d %H:%M"


def sets(report: PreviewReport) -> Iterator[str]:
    """Yield the charts of each rule set, two sets beside each other."""
    are_two = len(report.sets) > 1
    width = NARROW if are_two else WIDE
    yield '<div class="sets">\n' if are_two else "<div>\n"
    for position, rules in enumerate(report.sets):
        counts = report.totals.counts[position]
        yield f'<section><h2>{text(rules.name)}</h2>\n<div class="cards">\n'
        yield from _card("Rules", _rules(rules, counts, position), wide=True)
        promoted = counts[Stance.PROMOTED]
        yield f'<p class="wide dim">All charts: {STANCES[Stance.PROMOTED]}.</p>\n'
        window = report.window
        first, last, today = window.start.date(), window.until.date(), window.now.date()
        chart = days_chart(promoted.days, first, last, today, width=width)
        title = f"Links by the {span_name(first, last)} in which the meeting starts"
        yield from _card(title, chart, wide=True)
        yield '<div class="column">\n'
        yield from _card("Why meetings get no link", _reasons(promoted, position))
        yield from _card(
            "Mails: links by the number of attendees who may get one", _sizes(promoted, position)
        )
        yield '</div><div class="column">\n'
        yield from _card("Mailboxes most concerned", _mailboxes(promoted, position))
        yield "</div>\n"
        limits = _limits(promoted, rules, position)
        yield from _card("Limits, estimated by when meetings were created", limits, wide=True)
        yield "</div></section>\n"
    yield "</div>\n"


def _card(title: str, content: Iterator[str], *, wide: bool = False) -> Iterator[str]:
    yield f'<div class="card{" wide" if wide else ""}"><h3>{title}</h3>\n<div class="scroll">\n'
    yield from content
    yield "</div></div>\n"


def _rules(rules: RuleSet, counts: dict[Stance, StanceCounts], position: int) -> Iterator[str]:
    now, promoted = counts[Stance.AS_IT_STANDS], counts[Stance.PROMOTED]
    yield f'<table id="rules-{position}"><thead><tr><th>Rule</th><th>Mode</th>'
    yield "".join(f'<th class="number{kind}">{head}</th>' for head, kind in _COLUMNS)
    yield "</tr></thead><tbody>\n"
    adding = [
        each for each in rules.policy.rules if each.action is Action.ENABLE and each.mode is not Mode.OFF
    ]
    rows = [
        (f"<code>{text(each.id)}</code>", each.mode.value, now.of_rule(each.id), promoted.of_rule(each.id))
        for each in adding
    ]
    for name, mode, before, after in [*rows, ("All", "", now.links, promoted.links)]:
        values = (
            before.meetings,
            after.meetings,
            after.to_add,
            after.attendees,
            after.mailboxes,
            after.other_links,
        )
        cells = "".join(
            f'<td class="number{kind}">{number(value)}</td>'
            for value, (_head, kind) in zip(values, _COLUMNS, strict=True)
        )
        total = "" if mode else ' class="total"'
        yield f"<tr{total}><td>{name}</td><td>{mode}</td>{cells}</tr>\n"
    yield "</tbody></table>\n"


def _reasons(counts: StanceCounts, position: int) -> Iterator[str]:
    rows = [
        BarRow(text(result_words(result)), count.meetings, (number(count.mailboxes),), "none")
        for result, count in counts.without_link()
    ]
    yield from bar_table(("Reason", "Meetings", "Mailboxes"), rows, table_id=f"reasons-{position}")


def _mailboxes(counts: StanceCounts, position: int) -> Iterator[str]:
    rows = [
        BarRow(text(each.name), each.links, (number(each.attendees),))
        for each in counts.most[:_MOST_MAILBOXES]
    ]
    yield from bar_table(("Mailbox", "Links", "Attendees"), rows, table_id=f"mailboxes-{position}")


def _sizes(counts: StanceCounts, position: int) -> Iterator[str]:
    rows = [BarRow(name, counts.sizes[at]) for at, name in enumerate(size_names())]
    yield from bar_table(("Attendees", "Links"), rows, table_id=f"sizes-{position}")


def _limits(counts: StanceCounts, rules: RuleSet, position: int) -> Iterator[str]:
    yield f'<table id="limits-{position}"><thead><tr><th>Rule</th><th></th>'
    yield '<th class="number">Links</th><th class="number">Limit</th></tr></thead><tbody>\n'
    uses = list(counts.limit_uses(rules.policy))
    if not uses:
        yield no_rows(4)
    for use in uses:
        yield from _limit_rows(use)
    yield "</tbody></table>\n"


def _limit_rows(use: LimitUse) -> Iterator[str]:
    rule = f"<code>{text(use.rule)}</code>"
    if use.busiest_hour:
        links, hour = use.busiest_hour
        yield _limit_row(f"{rule} {_dim(f'busiest hour: {hour:{_TIME}} UTC')}", links, use.limits.per_hour)
    if use.busiest_day:
        day = use.busiest_day
        where = _dim(f"busiest day of a mailbox: {day.mailbox}, {day.day}")
        yield _limit_row(f"{rule} {where}", day.links, use.limits.per_mailbox_per_day)
    if use.within_limits < use.to_add:
        yield (
            f'<tr><td colspan="4"><span class="over-text">{number(use.to_add)} links to add now; the limits'
            f" of {rule} allow {number(use.within_limits)} in the first hour.</span></td></tr>\n"
        )


def _limit_row(name: str, links: int, limit: int | None) -> str:
    most = max(links, limit or 0) or 1
    is_over = limit is not None and links > limit
    drawn = bar(links / most, "over" if is_over else "", limit=None if limit is None else limit / most)
    shown = "none" if limit is None else number(limit)
    words = f'<span class="over-text">{number(links)}</span>' if is_over else number(links)
    return (
        f'<tr><td class="name">{name}</td><td class="bar">{drawn}</td><td class="number">{words}</td>'
        f'<td class="number">{shown}</td></tr>\n'
    )


def _dim(words: str) -> str:
    return f'<span class="dim">{text(words)}</span>'
