"""How the value of a condition is written in a rule file, and when an event's value meets it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, TypeVar

from shared.rule_files.reading.node_reader import NodeReader, list_words
from shared.rule_files.vocabulary.json_schema import FLAG, TEXT, Shape, any_case, one_or_more
from shared.rule_files.vocabulary.keys import Block
from shared.rule_files.yaml_tree.nodes import Node, ScalarNode, shorten
from shared.rules.event.event_facts import Names, Truth
from shared.rules.event.texts import fold
from shared.rules.extents import AnyOf, Extent

V = TypeVar("V")


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

    @property
    def block(self) -> Block | None:
        """The keys of its block, where it is one."""

    def shape(self) -> Shape:
        """Return the JSON Schema of how it is written."""

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[V] | None:
        """Return what is expected; None where the node can't be read, which the reader has noted."""

    def show(self, value: V) -> str:
        """Return an event's value in plain words."""


class FlagSyntax:
    """`true` or `false`."""

    form = "`true` or `false`."
    block = None

    def shape(self) -> Shape:
        """Return a flag."""
        return FLAG

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[Truth] | None:
        """Return which of the two is expected."""
        wanted = reader.flag(node, name)
        if wanted is None:
            return None
        extent = AnyOf(frozenset((wanted,)), is_single=True)
        return Expectation(self.show(wanted), _is_true if wanted else _is_false, extent)

    def show(self, value: Truth) -> str:
        """Return true or false as the file spells them."""
        return "can't be told" if value is None else "true" if value else "false"


def _is_true(value: Truth) -> Truth:
    return value


def _is_false(value: Truth) -> Truth:
    return None if value is None else not value


@dataclass(frozen=True, slots=True)
class NamesSyntax:
    """One name or a list of them, of which any will do, case-blind; `choices` closes the set of names."""

    choices: tuple[str, ...] = ()
    block: ClassVar[None] = None

    @property
    def form(self) -> str:
        """One or a list."""
        known = f" Names are {', '.join(f'`{choice}`' for choice in self.choices)}." if self.choices else ""
        return f"One name, or a list of which any will do; letters are case-blind.{known}"

    def shape(self) -> Shape:
        """Return a name or a list of names."""
        return one_or_more(any_case(self.choices) if self.choices else TEXT)

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[Names] | None:
        """Return the names."""
        nodes = reader.one_or_more(node, name)
        wanted = [self._name(item, reader, name) for item in nodes or ()]
        read = [word for word in wanted if word is not None]
        if not read or len(read) < len(wanted):
            return None
        folded = frozenset(map(fold, read))
        extent = AnyOf(folded, is_single=bool(self.choices))
        return Expectation(list_words(read), lambda value: not folded.isdisjoint(value), extent)

    def _name(self, node: Node, reader: NodeReader, name: str) -> str | None:
        if self.choices:
            return self._choice(node, reader, name)
        word = reader.literal(node, name)
        if word is not None and "," in word and isinstance(node, ScalarNode) and node.plain:
            reader.warning(
                node, f"{name}: this is one name with a comma in it; write several as {_list_of(word)}"
            )
        return word

    def _choice(self, node: Node, reader: NodeReader, name: str) -> str | None:
        word = reader.text(node, name)
        if word is None:
            return None
        for choice in self.choices:
            if fold(choice) == fold(word.strip()):
                return choice
        choices = ", ".join(self.choices)
        hint = f"; write {_list_of(word)}" if "," in word else ""
        near = None if hint else reader.session.suggest(word, self.choices)
        reader.problem(
            node, f'{name} is one of {choices}, but this is "{shorten(word)}"{hint}', suggestion=near
        )
        return None

    def show(self, value: Names) -> str:
        """Return the names as they stand in the event."""
        return ", ".join(map(shorten, value.values())) or "none"


def _list_of(words: str) -> str:
    return f"[{', '.join(part.strip() for part in words.split(','))}]"
