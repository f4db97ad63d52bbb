"""Times such as 15m and 24h, and bounds on how long something lasts."""

import re
from datetime import timedelta

from shared.domain.durations import UNITS, parse_duration
from shared.rule_files.reading.node_reader import NodeReader, describe
from shared.rule_files.vocabulary.bounds import bounds_block, read_bounds, span_of, told_bounds
from shared.rule_files.vocabulary.json_schema import Shape, matching
from shared.rule_files.vocabulary.syntaxes import Expectation
from shared.rule_files.yaml_tree.nodes import Node, ScalarNode
from shared.rules.event.event_facts import Truth

_UNITS = ("d", "h", "m", "s")
_LONG_DURATION = re.compile(
    r"([0-9]{1,7}) *(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?)\.?",
    re.IGNORECASE | re.ASCII,
)
#: PT15M, P1DT2H, 1h30m
_ISO_DURATION = re.compile(
    r"(?=.*[0-9])(?:P(?:([0-9]{1,4})D)?T?)?(?:([0-9]{1,4})H)?(?:(?<!P)([0-9]{1,4})M)?",
    re.IGNORECASE | re.ASCII,
)
_TIME_COMPARED = re.compile(r"([<>])=? *([0-9]{1,7}[smhd])")
#: the JSON Schema of a time such as 15m
DURATION = matching("([0-9]{1,7})([smhd])", "Needs a time such as 90s, 15m, 24h or 7d.")


class DurationSyntax:
    """`{at_least: 15m, at_most: 24h}`; units are s, m, h and d."""

    form = (
        "`{at_least: 15m, at_most: 24h}` with one bound or both, which are included. "
        "A time is a number with a unit: `s`, `m`, `h` or `d`."
    )

    block = bounds_block(
        "The shortest time that matches: a number with `s`, `m`, `h` or `d`.",
        "The longest time that matches: a number with `s`, `m`, `h` or `d`.",
        DURATION,
        examples=("15m", "24h"),
    )

    def shape(self) -> Shape:
        """Return a block of bounds."""
        return self.block.shape

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[timedelta | None] | None:
        """Return the bounds, both included."""
        bound = node.text.strip() if isinstance(node, ScalarNode) else ""
        if parse_duration(bound, units=_UNITS) is not None:
            reader.problem(node, f"{name} needs a bound: write {{at_least: {bound}}} or {{at_most: {bound}}}")
            return None
        if isinstance(node, ScalarNode) and (compared := _TIME_COMPARED.fullmatch(node.text.strip())):
            key = "at_least" if compared[1] == ">" else "at_most"
            reader.problem(node, f"{name} needs a bound: write {{{key}: {compared[2]}}}")
            return None
        bounds = read_bounds(node, reader, name, lambda value, what: read_duration(value, reader, what))
        if bounds is None:
            return None
        low, high = bounds

        def met(value: timedelta | None) -> Truth:
            return (
                None if value is None else ((low is None or value >= low) and (high is None or value <= high))
            )

        return Expectation(told_bounds(bounds, self.show), met, span_of(bounds, timedelta.total_seconds))

    def show(self, value: timedelta | None) -> str:
        """Return the time in the largest unit that divides it."""
        if value is None:
            return "a time that can't be told"
        whole = timedelta(seconds=round(value.total_seconds()))
        unit = next((unit for unit in _UNITS if whole and not whole % UNITS[unit]), "s")
        return f"{whole // UNITS[unit]}{unit}"


def read_duration(node: Node, reader: NodeReader, what: str) -> timedelta | None:
    """Return a time such as 90s, 15m, 24h or 7d."""
    text = node.text.strip() if isinstance(node, ScalarNode) else ""
    duration = parse_duration(text, units=_UNITS)
    if duration is not None:
        return duration
    meant = _LONG_DURATION.fullmatch(text)
    hint = "; it lacks a unit" if text.isdecimal() else ""
    hint = f"; write {meant[1]}{meant[2][0].lower()}" if meant else hint
    iso = None if meant else _ISO_DURATION.fullmatch(text)
    if iso:
        parts = zip(iso.groups(), (86_400, 3600, 60), strict=True)
        seconds = sum(int(number) * unit for number, unit in parts if number)
        hint = f"; write {seconds // 60}m"
    reader.problem(
        node, f"{what} needs a time such as 90s, 15m, 24h or 7d, but this is {describe(node)}{hint}"
    )
    return None
