"""Warnings about named lists."""

from collections.abc import Iterator

from shared.domain.mail_domains import Domains
from shared.domain.position import Positioned
from shared.rule_files.checks.check_input import CheckInput, PlacedList
from shared.rule_files.problems import Problem, Severity
from shared.rule_files.reading.named_lists import ListUse
from shared.rule_files.yaml_tree.nodes import ScalarNode, shorten


def check_lists(given: CheckInput) -> Iterator[Problem]:
    """Yield lists without use, and the company's own domains in a list of guests."""
    if not given.is_complete:
        return  # a rule that could not be read may use the list
    used = {name for name, _use in given.used_lists}
    for placed in given.lists:
        name = placed.name.text
        if name not in used:
            yield _warning(placed, placed.name, f'the list "{shorten(name)}" is not used anywhere')
        if (name, ListUse.GUESTS) in given.used_lists:
            yield from _own_domains_in(placed, given.own_domains)


def _own_domains_in(placed: PlacedList, own_domains: tuple[str, ...]) -> Iterator[Problem]:
    """Yield the own domains in a list that has other entries, too."""
    own = Domains(own_domains)
    entries = [(item, item.text.strip().lower()) for item in placed.items if isinstance(item, ScalarNode)]
    found = [
        item for item, domain in entries if "@" not in domain and (domain in own or domain in own_domains)
    ]
    for item in found if len(found) < len(placed.items) else ():
        text = f"{shorten(item.text)} is your own, by internal_domains, but this list has other entries, too"
        yield _warning(placed, item, f'the list "{shorten(placed.name.text)}": {text}')


def _warning(placed: PlacedList, at: Positioned, text: str) -> Problem:
    return Problem(file=placed.file, line=at.line, column=at.column, text=text, severity=Severity.WARNING)
