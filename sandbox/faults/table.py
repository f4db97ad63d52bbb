"""The table of docs/reliability.md: for each fault, how an event may end."""

from collections.abc import Iterable, Iterator

from sandbox.faults.fault import AllowedEnd
from sandbox.faults.habits import HABITS
from sandbox.faults.kinds import ALL_FAULTS

_WORDS = {
    AllowedEnd.LINK: "link",
    AllowedEnd.HELD: "held (`write_unknown`)",
    AllowedEnd.GAVE_UP: "`gave_up`, `no_join_link`",
    AllowedEnd.POISON: "in the poison queue",
    AllowedEnd.UNCOUNTED: "link without its `enabled` line",
}
_HEAD = ("| where | fault | the event may end with |", "| --- | --- | --- |")


def table() -> str:
    """Return the table in Markdown: a row for each fault, or for a pair that allows the same."""
    return "\n".join([*_HEAD, *_rows()])


def _rows() -> Iterator[str]:
    allowed = {fault.kind: fault.allows for fault in ALL_FAULTS}
    for fault in ALL_FAULTS:
        stem = fault.kind.removesuffix(" before").removesuffix(" after")
        is_pair = allowed.get(f"{stem} before", ()) == allowed.get(f"{stem} after")
        if is_pair and fault.kind.endswith(" after"):
            continue
        name = f"{stem}, before or after the effect" if is_pair else fault.kind
        yield _row(fault.target, name, fault.allows)
    for habit in HABITS:
        yield _row(habit.service, habit.kind, habit.allows)


def _row(service: str, name: str, allows: Iterable[AllowedEnd]) -> str:
    return f"| {service} | {name} | {', '.join(_WORDS[end] for end in allows)} |"
