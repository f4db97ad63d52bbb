"""What the checks read: all rules as they were read, with their places in the files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from shared.domain.position import Positioned
from shared.rule_files.problems import FileLine, Problem, Severity
from shared.rule_files.reading.named_lists import ListUse
from shared.rule_files.reading.session import Budget
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, ScalarNode, value_of
from shared.rules.policy import Rule


@dataclass(frozen=True, slots=True)
class PlacedRule:
    """A rule with the node that it was read from."""

    rule: Rule
    node: MappingNode

    def place_of(self, key: str) -> Positioned:
        """Return the place of one of the rule's keys; of the rule itself if it has no such key."""
        return value_of(self.node, key) or self.node

    def has(self, key: str) -> bool:
        """Whether the file gives the rule this key."""
        return value_of(self.node, key) is not None

    def error(self, at: Positioned, text: str) -> Problem:
        """Return an error of this rule."""
        return self._problem(at, text, Severity.ERROR, None)

    def warning(self, at: Positioned, text: str, *, other: FileLine | None = None) -> Problem:
        """Return a warning about this rule; `other` is another place, which the text calls `{other}`."""
        return self._problem(at, text, Severity.WARNING, other)

    def _problem(self, at: Positioned, text: str, severity: Severity, other: FileLine | None) -> Problem:
        return Problem(
            file=self.rule.file,
            line=at.line,
            column=at.column,
            rule=self.rule.id,
            text=text,
            severity=severity,
            other=other,
        )


@dataclass(frozen=True, slots=True)
class PlacedList:
    """A named list with its place and the places of its items."""

    file: str
    name: ScalarNode
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInput:
    """All rules in order, and what else the checks need to know."""

    rules: tuple[PlacedRule, ...]
    lists: tuple[PlacedList, ...] = ()
    used_lists: frozenset[tuple[str, ListUse]] = frozenset()
    #: the domains of `internal_domains`; none if they are the tenant's
    own_domains: tuple[str, ...] = ()
    skips_other_join_links: bool = True
    #: whether all files were read without an error
    is_complete: bool = True
    #: without a date no rule is over
    today: date | None = None
    #: how many conditions may be compared
    budget: Budget


Check = Callable[[CheckInput], Iterator[Problem]]
