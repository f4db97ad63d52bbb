"""Durations such as 15m and 24h, and bounds on them."""

import re
from datetime import timedelta

from shared.domain.durations import UNITS, parse_duration
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe
from shared.rule_files.vocabulary.bounds import bounds_block, meant_value, read_bounds
from shared.rule_files.vocabulary.json_schema import Shape, matching
from shared.rule_files.vocabulary.syntaxes import Expectation
from shared.rule_files.yaml_tree.nodes import Node, ScalarNode
from shared.rules.truth import Truth

_UNITS = ("d", "h", "m", "s")
#: 15 minutes, 2 hrs
_WORDY = re.compile(
    r"([0-9]{1,7}) *(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?)\.?",
    re.IGNORECASE | re.ASCII,
)
#: PT15M, P1DT2H, 1h30m
_ISO_8601 = re.compile(
    r"(?=.*[0-9])(?:P(?:([0-9]{1,4})D)?T?)?(?:([0-9]{1,4})H)?(?:(?<!P)([0-9]{1,4})M)?",
    re.IGNORECASE | re.ASCII,
)
_COMPARISON = re.compile(r"([<>])(=?) *([0-9]{1,7})([smhd])")
_RANGE = re.compile(r"([0-9]{1,7}[smhd]?) *(?:-|\.\.|to|\u2013) *([0-9]{1,7}[smhd])")
_OR_MORE = re.compile(r"([0-9]{1,7}[smhd]) *\+")
#: the JSON Schema of a duration
DURATION = matching("([0-9]{1,7})([smhd])", message="Needs a duration such as 90s, 15m, 24h or 7d.")


class DurationSyntax:
    """`{at_least: 15m, at_most: 24h}`; units are s, m, h and d."""

    form = (
        "`{at_least: 15m, at_most: 24h}` with one bound or both, which are included. "
        "A duration is a number with a unit: `s`, `m`, `h` or `d`."
    )
    block = bounds_block(
        "The shortest duration that matches: a number with `s`, `m`, `h` or `d`.",
        "The longest duration that matches: a number with `s`, `m`, `h` or `d`.",
        DURATION,
        examples=("15m", "24h"),
    )

    def shape(self) -> Shape:
        """Return a block of bounds."""
        return self.block.shape

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[timedelta | None] | None:
        """Return the bounds."""
        if meant := _meant_bound(node):
            reader.problem(node, f"{name} needs a bound{meant}")
            return None
        bounds = read_bounds(
            node,
            reader,
            name,
            lambda value, what: read_duration(value, reader, what),
            example=self.block.example,
        )
        if bounds is None:
            return None
        low, high = bounds.at_least, bounds.at_most

        def is_met(value: timedelta | None) -> Truth:
            if value is None:
                return None
            return (low is None or value >= low) and (high is None or value <= high)

        return Expectation(bounds.in_words(self.show), is_met, bounds.interval(timedelta.total_seconds))

    def show(self, value: timedelta | None) -> str:
        """Return the duration in the largest unit that divides it."""
        if value is None:
            return "an unknown time"
        whole = timedelta(seconds=round(value.total_seconds()))
        unit = next((unit for unit in _UNITS if whole and not whole % UNITS[unit]), "s")
        return f"{whole // UNITS[unit]}{unit}"


def _meant_bound(node: Node) -> str:
    """Return the end of a message: the bound that `24h`, `> 15m` or `15m-2h` may mean; else empty."""
    text = node.text.strip() if isinstance(node, ScalarNode) else ""
    if parse_duration(text, units=_UNITS) is not None:
        return f": write {{at_least: {text}}} or {{at_most: {text}}}"
    if span := _RANGE.fullmatch(text):
        low = span[1] if span[1][-1] in _UNITS else span[1] + span[2][-1]
        return f": write {{at_least: {low}, at_most: {span[2]}}}"
    if least := _OR_MORE.fullmatch(text):
        return f": write {{at_least: {least[1]}}}"
    if found := _COMPARISON.fullmatch(text):
        bound, duration = _compared_bound(found)
        return f"{'' if found[2] else ', and bounds are included'}: write {{{bound}: {duration}}}"
    return ""


def _compared_bound(comparison: re.Match[str]) -> tuple[str, str]:
    """Return the bound that `> 15m` means, and its duration, which differs: bounds are included."""
    sign, equal, number, unit = comparison.groups()
    bound = "at_least" if sign == ">" else "at_most"
    if equal:
        return bound, f"{number}{unit}"
    # The next longer or shorter duration that calendars have: they count in minutes.
    count, fine = (int(number), "s") if unit == "s" else (int(number) * UNITS[unit] // UNITS["m"], "m")
    nearest = count + 1 if sign == ">" else max(count - 1, 0)
    return bound, f"{nearest}{fine}"


def read_duration(node: Node, reader: NodeReader, what: str) -> timedelta | None:
    """Return a duration such as 90s, 15m, 24h or 7d; None after a problem was noted."""
    text = node.text.strip() if isinstance(node, ScalarNode) else ""
    duration = parse_duration(text, units=_UNITS)
    if duration is None:
        needed = f"{what} needs a duration such as 90s, 15m, 24h or 7d"
        reader.problem(node, f"{needed}, but this is {describe(node)}{_hint(text, what)}")
    return duration


def _hint(text: str, what: str) -> str:
    if text.isdecimal():
        return "; add a unit"
    if found := _COMPARISON.fullmatch(text):
        return meant_value(what, *_compared_bound(found), is_exact=bool(found[2]))
    if wordy := _WORDY.fullmatch(text):
        return f"; write {wordy[1]}{wordy[2][0].lower()}"
    if iso := _ISO_8601.fullmatch(text):
        parts = zip(iso.groups(), ("d", "h", "m"), strict=True)
        whole = sum((int(number) * UNITS[unit] for number, unit in parts if number), timedelta(0))
        return f"; write {whole // UNITS['m']}m"
    return ""
