"""How the value of a condition is written in a rule file, and when an event's value meets it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.vocabulary.json_schema import Shape
from shared.rule_files.vocabulary.keys import Block
from shared.rule_files.yaml_tree.nodes import Node
from shared.rules.truth import Truth
from shared.rules.value_sets import ValueSet

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Expectation(Generic[V]):
    """What a rule expects of an event's value."""

    #: in words, for `explain`
    text: str
    is_met: Callable[[V], Truth]
    #: the values that meet it, for the checks that compare conditions
    accepts: ValueSet
    #: the groups whose members it needs to know
    groups: frozenset[str] = frozenset()
    #: whether it needs to know the organizer's department
    needs_department: bool = False
    #: how to show the event's value, if that depends on what is expected
    show: Callable[[V], str] | None = None


class Syntax(Protocol[V]):
    """One way to write what a rule expects of values of one kind."""

    @property
    def form(self) -> str:
        """How it is written, as Markdown, for documents and editors."""

    @property
    def block(self) -> Block | None:
        """The keys of its block, if it can be one."""

    def shape(self) -> Shape:
        """Return the JSON Schema of how it is written."""

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[V] | None:
        """Return what the node expects; None after a problem was noted."""

    def show(self, value: V) -> str:
        """Return an event's value in words."""
