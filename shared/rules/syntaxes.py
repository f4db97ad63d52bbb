"""How the value of a condition is written in a rule file, and when an event's value meets it."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from operator import not_
from typing import Generic, Protocol, TypeVar

from shared.rules.event_facts import Count, Names, Truth, fold
from shared.rules.extents import AnyOf, Extent, Span
from shared.rules.reader import Reader, described, told
from shared.rules.shapes import FLAG, TEXT, Shape, any_case, block, matching, one_or_more, whole_number
from shared.rules.yaml_nodes import Mapping, Node, Scalar, shown

V = TypeVar("V")

_BOUNDS = ("at_least", "at_most")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([0-9]{1,7})([smhd])")
_LONG_DURATION = re.compile(
    r"([0-9]{1,7}) *(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?)\.?", re.IGNORECASE
)
_COMPARED = re.compile(r"([<>])(=?) *([0-9]{1,9})")
_RANGE = re.compile(r"([0-9]{1,9}) *(?:-|\.\.|to|\u2013) *([0-9]{1,9})")
_FROM = re.compile(r"([0-9]{1,9}) *\+")
#: PT15M, P1DT2H, 1h30m
_ISO_DURATION = re.compile(r"P?(?:([0-9]{1,4})D)?T?(?:([0-9]{1,4})H)?(?:([0-9]{1,4})M)", re.IGNORECASE)
_TIME_COMPARED = re.compile(r"([<>])=? *([0-9]{1,7}[smhd])")
#: the JSON Schema of a time such as 15m
DURATION = matching(_DURATION.pattern)


@dataclass(frozen=True, slots=True)
class Expectation(Generic[V]):
    """What a rule expects of a value: told in `text`, decided by `met`, compared by `extent`.

    `groups` are the groups whose members must be known for it; `show` tells the event's value where the
    syntax alone can't.
    """

    text: str
    met: Callable[[V], Truth]
    extent: Extent
    groups: frozenset[str] = frozenset()
    show: Callable[[V], str] | None = None


class Syntax(Protocol[V]):
    """One way to write what is expected of values of one kind."""

    @property
    def form(self) -> str:
        """How it is written, as Markdown, for documents and editors."""

    def shape(self) -> Shape:
        """Return the JSON Schema of how it is written."""

    def read(self, node: Node, reader: Reader, name: str) -> Expectation[V] | None:
        """Return what is expected; None where the node can't be read, which the reader has noted."""

    def show(self, value: V) -> str:
        """Return an event's value in plain words."""


class NumberSyntax:
    """`3`, or `{at_least: 1, at_most: 9}`."""

    form = "A whole number, `3`, or `{at_least: 1, at_most: 9}` with one bound or both, which are included."

    def shape(self) -> Shape:
        """Return a number or a block of bounds."""
        return {"anyOf": [whole_number(), block(dict.fromkeys(_BOUNDS, whole_number()), least=1)]}

    def read(self, node: Node, reader: Reader, name: str) -> Expectation[Count] | None:
        """Return the number, or its bounds, both included."""
        if isinstance(node, Mapping):
            bounds = _bounds(node, reader, name, reader.whole_number)
            if bounds == (0, None):
                reader.warning(node, f"{name}: at least 0 holds for every event")
            return bounds and Expectation(
                _bounds_text(bounds, str), _count_within(*bounds), _span(bounds, float)
            )
        if isinstance(node, Scalar) and (bound := _compared(node.text)):
            reader.problem(node, f"{name} needs a whole number or a bound: write {bound}")
            return None
        number = reader.whole_number(node, name)
        if number is None:
            return None
        return Expectation(str(number), _count_within(number, number), Span(number, number))

    def show(self, value: Count) -> str:
        """Return the number, or the range it lies in."""
        return (
            str(value.low) if value.low == value.high else f"{value.low} to {value.high}, some can't be told"
        )


def _compared(text: str) -> str:
    """Return the bound that `>= 3` and the like stand for; empty where the text is none of them."""
    if span := _RANGE.fullmatch(text):
        return f"{{at_least: {span[1]}, at_most: {span[2]}}}"
    if least := _FROM.fullmatch(text):
        return f"{{at_least: {least[1]}}}"
    found = _COMPARED.fullmatch(text)
    if found is None:
        return ""
    sign, equal, number = found.groups()
    if sign == ">":
        return f"{{at_least: {int(number) + (not equal)}}}"
    return f"{{at_most: {max(0, int(number) - (not equal))}}}"


def _count_within(least: int | None, most: int | None) -> Callable[[Count], Truth]:
    low = least or 0

    def met(count: Count) -> Truth:
        if count.high < low or (most is not None and count.low > most):
            return False
        return True if count.low >= low and (most is None or count.high <= most) else None

    return met


class DurationSyntax:
    """`{at_least: 15m, at_most: 24h}`; units are s, m, h and d."""

    form = (
        "`{at_least: 15m, at_most: 24h}` with one bound or both, which are included. "
        "A time is a number with a unit: `s`, `m`, `h` or `d`."
    )

    def shape(self) -> Shape:
        """Return a block of bounds."""
        return block(dict.fromkeys(_BOUNDS, DURATION), least=1)

    def read(self, node: Node, reader: Reader, name: str) -> Expectation[timedelta] | None:
        """Return the bounds, both included."""
        if isinstance(node, Scalar) and _DURATION.fullmatch(node.text.strip()):
            bound = node.text.strip()
            reader.problem(node, f"{name} needs a bound: write {{at_least: {bound}}} or {{at_most: {bound}}}")
            return None
        if isinstance(node, Scalar) and (compared := _TIME_COMPARED.fullmatch(node.text.strip())):
            key = "at_least" if compared[1] == ">" else "at_most"
            reader.problem(node, f"{name} needs a bound: write {{{key}: {compared[2]}}}")
            return None
        bounds = _bounds(node, reader, name, lambda value, what: read_duration(value, reader, what))
        if bounds is None:
            return None
        low, high = bounds

        def met(value: timedelta) -> Truth:
            return (low is None or value >= low) and (high is None or value <= high)

        return Expectation(_bounds_text(bounds, self.show), met, _span(bounds, timedelta.total_seconds))

    def show(self, value: timedelta) -> str:
        """Return the time in the largest unit that divides it."""
        seconds = round(value.total_seconds())
        unit = next((unit for unit in "dhm" if seconds and seconds % _UNITS[unit] == 0), "s")
        return f"{seconds // _UNITS[unit]}{unit}"


def read_duration(node: Node, reader: Reader, what: str) -> timedelta | None:
    """Return a time such as 90s, 15m, 24h or 7d."""
    text = node.text.strip() if isinstance(node, Scalar) else ""
    found, meant = _DURATION.fullmatch(text), _LONG_DURATION.fullmatch(text)
    if found:
        return timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    hint = "; it lacks a unit" if text.isdecimal() else ""
    hint = f"; write {meant[1]}{meant[2][0].lower()}" if meant else hint
    iso = _ISO_DURATION.fullmatch(text)
    if iso:
        parts = zip(iso.groups(), (86_400, 3600, 60), strict=True)
        seconds = sum(int(number) * unit for number, unit in parts if number)
        hint = f"; write {seconds // 60}m"
    reader.problem(
        node, f"{what} needs a time such as 90s, 15m, 24h or 7d, but this is {described(node)}{hint}"
    )
    return None


B = TypeVar("B", int, timedelta)


def _bounds(
    node: Node, reader: Reader, name: str, read: Callable[[Node, str], B | None]
) -> tuple[B | None, B | None] | None:
    keys = reader.keys(node, name, _BOUNDS)
    if keys is None:
        return None
    if not keys:
        if isinstance(node, Mapping) and not node.keys:
            reader.problem(node, f"{name} needs at_least, at_most or both")
        return None
    bounds = {key: read(value, f"{name}: {key}") for key, value in keys.items()}
    if None in bounds.values():
        return None
    low, high = bounds.get("at_least"), bounds.get("at_most")
    if low is not None and high is not None and low > high:
        reader.problem(node, f"{name} can never hold: at_least is above at_most")
        return None
    return low, high


def _bounds_text(bounds: tuple[B | None, B | None], show: Callable[[B], str]) -> str:
    words = zip(("at least", "at most"), bounds, strict=True)
    return ", ".join(f"{word} {show(bound)}" for word, bound in words if bound is not None)


def _span(bounds: tuple[B | None, B | None], number: Callable[[B], float]) -> Span:
    low, high = bounds
    return Span(-math.inf if low is None else number(low), math.inf if high is None else number(high))


class FlagSyntax:
    """`true` or `false`."""

    form = "`true` or `false`."

    def shape(self) -> Shape:
        """Return a flag."""
        return FLAG

    def read(self, node: Node, reader: Reader, name: str) -> Expectation[bool] | None:
        """Return which of the two is expected."""
        wanted = reader.flag(node, name)
        if wanted is None:
            return None
        extent = AnyOf(frozenset((wanted,)), is_single=True)
        return Expectation(self.show(wanted), bool if wanted else not_, extent)

    def show(self, value: bool) -> str:  # noqa: FBT001 -- the value of an event, not a switch
        """Return true or false as the file spells them."""
        return "true" if value else "false"


@dataclass(frozen=True, slots=True)
class NamesSyntax:
    """One name or a list of them, of which any will do, case-blind; `choices` closes the set of names."""

    choices: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """One or a list."""
        known = f" Names are {', '.join(f'`{choice}`' for choice in self.choices)}." if self.choices else ""
        return f"One name, or a list of which any will do; letters are case-blind.{known}"

    def shape(self) -> Shape:
        """Return a name or a list of names."""
        return one_or_more(any_case(self.choices) if self.choices else TEXT)

    def read(self, node: Node, reader: Reader, name: str) -> Expectation[Names] | None:
        """Return the names."""
        nodes = reader.one_or_more(node, name)
        wanted = [self._name(item, reader, name) for item in nodes or ()]
        read = [word for word in wanted if word is not None]
        if not read or len(read) < len(wanted):
            return None
        folded = frozenset(map(fold, read))
        extent = AnyOf(folded, is_single=bool(self.choices))
        return Expectation(told(read), lambda value: not folded.isdisjoint(value), extent)

    def _name(self, node: Node, reader: Reader, name: str) -> str | None:
        if self.choices:
            return self._choice(node, reader, name)
        word = reader.literal(node, name)
        if word is not None and "," in word and isinstance(node, Scalar) and node.plain:
            reader.warning(
                node, f"{name}: this is one name with a comma in it; write several as {_list_of(word)}"
            )
        return word

    def _choice(self, node: Node, reader: Reader, name: str) -> str | None:
        word = reader.text(node, name)
        if word is None:
            return None
        for choice in self.choices:
            if fold(choice) == fold(word.strip()):
                return choice
        choices = ", ".join(self.choices)
        hint = f"; write {_list_of(word)}" if "," in word else ""
        near = None if hint else reader.reading.suggest(word, self.choices)
        reader.problem(
            node, f'{name} is one of {choices}, but this is "{shown(word)}"{hint}', suggestion=near
        )
        return None

    def show(self, value: Names) -> str:
        """Return the names as they stand in the event."""
        return ", ".join(map(shown, value.values())) or "none"


def _list_of(words: str) -> str:
    return f"[{', '.join(part.strip() for part in words.split(','))}]"
