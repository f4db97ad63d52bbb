"""Finds the groups of rules in the directory: the ids of names, and the names of ids."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from rich.text import Text

from cli import lines
from cli.lines import Line
from cli.output import Failed, console
from cli.rule_files import LoadedRules
from shared.domain.mailbox import Group
from shared.errors import Forbidden, GraphError

if TYPE_CHECKING:
    from shared.graph.client import Graph

#: groups that are looked up, and groups of one name that are shown
_MOST, _MOST_OF_A_NAME = 200, 20


@dataclass(frozen=True, slots=True)
class FoundGroups:
    """What the rules have, a name or an id, and the groups that it names; none if there are none."""

    written: str
    is_name: bool
    groups: tuple[Group, ...]

    @property
    def is_missing(self) -> bool:
        """Whether an id that loads names no group, so that nobody is known to be in it."""
        return not self.is_name and not self.groups


def find_groups(sets: Sequence[LoadedRules], graph: "Graph") -> list[FoundGroups]:
    """Return the groups that the rules name, by id or by name.

    Raises:
        Failed: the right to read groups is missing.
        GraphError: Graph does not answer.
    """
    try:
        return _find(sets, graph)
    except Forbidden as error:
        raise Failed(
            f"Graph does not show groups to this identity: it needs GroupMember.Read.All ({error})"
        ) from error


def _find(sets: Sequence[LoadedRules], graph: "Graph") -> list[FoundGroups]:
    names = dict.fromkeys(name for rules in sets for name in rules.group_names)
    ids = dict.fromkeys(group for rules in sets for group in _ids(rules))
    return [
        *(FoundGroups(name, is_name=True, groups=graph.find_groups(name)) for name in list(names)[:_MOST]),
        *(FoundGroups(each, is_name=False, groups=_by_id(each, graph)) for each in list(ids)[:_MOST]),
    ]


def show(found: Iterable[FoundGroups]) -> None:
    """Print them, with the ids to copy."""
    out = console()
    found = list(found)
    out.print()
    if not found:
        out.print("The rules name no groups.")
        return
    out.print(Text("Groups in the directory", "bold"))
    lines.show(out, [line for each in found for line in _lines(each)], indent=2)
    if any(each.is_name and each.groups for each in found):
        out.print(
            "Names are not unique, and users may create groups: check that it is the right one, then write"
            " its id.",
            style="warn",
        )


def documents(found: Iterable[FoundGroups]) -> list[dict[str, Any]]:
    """Return them as plain values."""
    return [
        {
            "written": each.written,
            "is_name": each.is_name,
            "found": [
                {"id": group.id, "name": group.name, "address": group.address or None}
                for group in each.groups
            ],
        }
        for each in found
    ]


def _ids(rules: LoadedRules) -> Iterator[str]:
    if rules.policy is not None:
        yield from sorted(rules.policy.groups | rules.policy.mailboxes.groups)


def _by_id(group: str, graph: "Graph") -> tuple[Group, ...]:
    try:
        return (graph.group(group),)
    except GraphError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return ()
        raise


def _lines(found: FoundGroups) -> Iterator[Line]:
    if not found.groups:
        what = "no group has this name" if found.is_name else "there is no such group: nobody is in it"
        yield Line(Text(found.written, "rule"), Text(what, "bad"))
    for group in found.groups[:_MOST_OF_A_NAME]:
        kind = "Microsoft 365 group" if "Unified" in group.kind else "group"
        created = f"created {group.created:%Y-%m-%d}" if group.created else ""
        facts = [group.id if found.is_name else group.name, kind, group.address, created]
        yield Line(Text(found.written, "rule"), Text(", ".join(fact for fact in facts if fact)))
    if len(found.groups) > _MOST_OF_A_NAME:
        yield Line(Text(found.written, "rule"), Text(f"and {len(found.groups) - _MOST_OF_A_NAME} more"))
