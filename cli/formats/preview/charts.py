"""The charts of a preview page, as SVG and tables that need no script.

Each rule has a colour that people with any kind of colour vision can tell apart (Okabe and Ito, 2008), and a
texture on the screen.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from html import escape
from typing import NamedTuple

from cli.clean import line

#: rules with a colour of their own; the others share the last one
_COLOURS = 6
WIDE, NARROW = 900, 560
_HEIGHT = 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 6, 22, 26
#: days up to which each one has a column; then weeks have, then four weeks
_MOST_COLUMNS = 93
_WEEK = 7
#: tops of the axis, each of which has four equal parts, also ten times as large
_NICE = (4, 8, 12, 16, 20, 24, 32)
#: the room for one date on the axis
_DATE_WIDTH = 100


def text(value: str) -> str:
    """Return foreign text as it is, for an element or an attribute."""
    return escape(line(value))


def number(value: int) -> str:
    """Return a number with its thousands apart."""
    return f"{value:,}"


def bar(share: float, kind: str = "", *, limit: float | None = None) -> str:
    """Return a horizontal bar of a share from 0 to 1, with a mark at the limit's share."""
    mark = ""
    if limit is not None:
        mark = f'<line class="limit" x1="{limit:.2%}" x2="{limit:.2%}" y1="0" y2="16"/>'
    return (
        '<svg class="bar" aria-hidden="true"><rect class="track" width="100%" height="12" y="2" rx="2"/>'
        f'<rect class="fill {kind}" width="{share:.2%}" height="12" y="2" rx="2"/>{mark}</svg>'
    )


class BarRow(NamedTuple):
    """A row of a table with bars: a name in HTML, its number, further numbers, and the bar's kind."""

    name: str
    value: int
    more: tuple[str, ...] = ()
    kind: str = ""


def bar_table(heads: tuple[str, ...], rows: Iterable[BarRow], *, table_id: str) -> Iterator[str]:
    """Yield a table with a bar for the first number of each row."""
    listed = list(rows)
    most = max((row.value for row in listed), default=0) or 1
    name, value, *more = (f"<th>{heads[0]}</th>", *(f'<th class="number">{each}</th>' for each in heads[1:]))
    yield f'<table id="{table_id}"><thead><tr>{name}<th></th>{value}{"".join(more)}</tr></thead><tbody>\n'
    if not listed:
        yield no_rows(len(heads) + 1)
    for row in listed:
        cells = "".join(f'<td class="number">{each}</td>' for each in (number(row.value), *row.more))
        yield (
            f'<tr><td class="name">{row.name}</td><td class="bar">{bar(row.value / most, row.kind)}</td>'
            f"{cells}</tr>\n"
        )
    yield "</tbody></table>\n"


def no_rows(columns: int) -> str:
    """Return the row of a table that has none."""
    return f'<tr><td colspan="{columns}" class="dim">none</td></tr>\n'


def span_name(first: date, last: date) -> str:
    """Return the name of the time that a column of `days_chart` has."""
    return _SPANS[_span(first, last)]


def days_chart(
    days: Mapping[tuple[date, str], int], first: date, last: date, today: date, *, width: int = WIDE
) -> Iterator[str]:
    """Yield the links of each day, stacked by rule, from the first day to the last."""
    rules = _by_size(days)
    places = {rule: min(at, _COLOURS) for at, rule in enumerate(rules)}
    span = _span(first, last)
    columns = _columns(days, places, first, span)
    count = (last - first).days // span + 1
    most = _nice(max((sum(each.values()) for each in columns.values()), default=0))
    axis = _Axis(first, span, count, most, width)
    yield (
        f'<svg class="days" viewBox="0 0 {width} {_HEIGHT}" role="img" aria-label="Links by the'
        f' {_SPANS[span]} on which the meeting starts, stacked by rule">\n'
    )
    yield from axis.grid()
    names = [*rules[:_COLOURS], "other rules"]
    for at, heights in sorted(columns.items()):
        yield from axis.column(at, heights, names)
    yield from axis.now(today)
    yield "</svg>\n"
    yield from _legend(names if len(rules) > _COLOURS else names[:-1])


#: names of the time of one column
_SPANS = {1: "day", _WEEK: "week", 4 * _WEEK: "four weeks"}


def _span(first: date, last: date) -> int:
    days = (last - first).days + 1
    return next((span for span in _SPANS if days / span <= _MOST_COLUMNS), 4 * _WEEK)


def _by_size(days: Mapping[tuple[date, str], int]) -> list[str]:
    """Return the rules, those with most links first."""
    totals: Counter[str] = Counter()
    for (_day, rule), links in days.items():
        totals[rule] += links
    return sorted(totals, key=lambda rule: (-totals[rule], rule))


def _columns(
    days: Mapping[tuple[date, str], int], places: Mapping[str, int], first: date, span: int
) -> dict[int, Counter[int]]:
    """Return for each column the links of each colour."""
    columns: dict[int, Counter[int]] = {}
    for (day, rule), links in days.items():
        # A meeting of several days may start before the window.
        at = max((day - first).days, 0) // span
        columns.setdefault(at, Counter())[places[rule]] += links
    return columns


def _nice(most: int) -> int:
    """Return the smallest of 4, 8, 12, 16, 20, 24, 32, 40, 60, 80, 120 … that is not smaller."""
    power = 1
    while True:
        for first in _NICE:
            if first * power >= most:
                return first * power
        power *= 10


class _Axis(NamedTuple):
    """Where columns and values are in the chart."""

    first: date
    span: int
    columns: int
    most: int
    width: int

    def grid(self) -> Iterator[str]:
        """Yield the lines with their numbers, and the dates."""
        for quarter in range(5):
            value = self.most * quarter // 4
            y = self._y(value)
            yield f'<line class="grid" x1="{_LEFT}" x2="{self.width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number(value)}</text>\n'
        step = max(1, math.ceil(self.columns * _DATE_WIDTH / self.width))
        for at in range(0, self.columns, step):
            day = self.first + timedelta(days=at * self.span)
            x = self._x(at) + self._column_width / 2
            yield f'<text x="{x:.1f}" y="{_HEIGHT - 8}" text-anchor="middle">{day:%d %b}</text>\n'

    def column(self, at: int, heights: Mapping[int, int], names: list[str]) -> Iterator[str]:
        """Yield one column."""
        day = self.first + timedelta(days=at * self.span)
        x, width, base = self._x(at) + self._column_width * 0.1, self._column_width * 0.8, 0
        for place, links in sorted(heights.items()):
            top, bottom = self._y(base + links), self._y(base)
            place_text = f'x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{bottom - top:.1f}"'
            texture = f'<rect class="texture" fill="url(#t{place})" {place_text}/>' if place else ""
            yield (
                f"<g><title>{day}: {text(names[place])} {number(links)}</title>"
                f'<rect class="s{place}" {place_text}/>{texture}</g>\n'
            )
            base += links

    def now(self, today: date) -> Iterator[str]:
        """Yield the line between past and coming meetings."""
        x = self._x((today - self.first).days / self.span)
        anchor, shift = ("end", -5) if x > self.width * 0.9 else ("start", 5)
        yield f'<line class="now" x1="{x:.1f}" x2="{x:.1f}" y1="8" y2="{_HEIGHT - _BOTTOM}"/>'
        yield f'<text x="{x + shift:.1f}" y="16" text-anchor="{anchor}">today</text>\n'

    @property
    def _column_width(self) -> float:
        return (self.width - _LEFT - _RIGHT) / self.columns

    def _x(self, at: float) -> float:
        return _LEFT + at * self._column_width

    def _y(self, value: int) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / self.most


def _legend(names: list[str]) -> Iterator[str]:
    yield '<ul class="legend">\n'
    for place, name in enumerate(names):
        texture = f'<rect class="texture" width="16" height="16" fill="url(#t{place})"/>' if place else ""
        yield (
            f'<li><svg aria-hidden="true"><rect class="s{place}" width="16" height="16"/>{texture}</svg>'
            f"{text(name)}</li>\n"
        )
    yield "</ul>\n"
