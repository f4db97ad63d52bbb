"""Flags, and names of which any is enough."""

from dataclasses import dataclass
from typing import ClassVar

from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import list_words
from shared.rule_files.vocabulary.json_schema import FLAG, TEXT, Shape, any_case, one_or_more
from shared.rule_files.vocabulary.keys import Block
from shared.rule_files.vocabulary.syntaxes import Expectation
from shared.rule_files.yaml_tree.nodes import Node, ScalarNode, shorten
from shared.rules.event.event_facts import Names
from shared.rules.event.texts import fold
from shared.rules.truth import Truth, negation
from shared.rules.value_sets import FALSE, TRUE, Alternatives, Choices


class FlagSyntax:
    """`true` or `false`."""

    form = "`true` or `false`."
    block: ClassVar[Block | None] = None

    def shape(self) -> Shape:
        """Return a boolean."""
        return FLAG

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[Truth] | None:
        """Return which of the two is expected."""
        expected = reader.flag(node, name)
        if expected is None:
            return None
        if expected:
            return Expectation("true", lambda value: value, TRUE)
        return Expectation("false", negation, FALSE)

    def show(self, value: Truth) -> str:
        """Return true or false as YAML spells them."""
        return "unknown" if value is None else "true" if value else "false"


@dataclass(frozen=True, slots=True)
class NamesSyntax:
    """One name or a list of which any is enough; case does not matter. `choices` are the only valid names."""

    choices: tuple[str, ...] = ()
    block: ClassVar[Block | None] = None

    @property
    def form(self) -> str:
        """One name or a list."""
        known = f" Names are {', '.join(f'`{choice}`' for choice in self.choices)}." if self.choices else ""
        return f"One name, or a list of which any is enough; case does not matter.{known}"

    def shape(self) -> Shape:
        """Return a name or a list of names."""
        return one_or_more(any_case(self.choices) if self.choices else TEXT)

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[Names] | None:
        """Return the names."""
        nodes = reader.one_or_more(node, name) or ()
        read_name = self._choice if self.choices else _any_name
        names = [read for item in nodes if (read := read_name(item, reader, name)) is not None]
        if not names or len(names) < len(nodes):
            return None
        folded = frozenset(map(fold, names))
        return Expectation(
            list_words(names),
            lambda value: not folded.isdisjoint(value),
            Choices(folded) if self.choices else Alternatives(folded),
        )

    def _choice(self, node: Node, reader: NodeReader, name: str) -> str | None:
        word = reader.text(node, name)
        if word is None:
            return None
        for choice in self.choices:
            if fold(choice) == fold(word.strip()):
                return choice
        choices = ", ".join(self.choices)
        hint = f"; write {_as_list(word)}" if "," in word else ""
        near = None if hint else reader.session.suggest(word, self.choices)
        reader.problem(
            node, f'{name} is one of {choices}, but this is "{shorten(word)}"{hint}', suggestion=near
        )
        return None

    def show(self, value: Names) -> str:
        """Return the names as the event spells them."""
        return ", ".join(map(shorten, value.values())) or "none"


def _any_name(node: Node, reader: NodeReader, name: str) -> str | None:
    word = reader.literal(node, name)
    if word is not None and "," in word and isinstance(node, ScalarNode) and node.plain:
        reader.warning(
            node, f"{name}: this is one name with a comma in it; write several as {_as_list(word)}"
        )
    return word


def _as_list(words: str) -> str:
    return f"[{', '.join(part.strip() for part in words.split(','))}]"
