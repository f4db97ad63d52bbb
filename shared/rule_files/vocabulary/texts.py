"""Conditions on texts: contains, starts_with, equals, and matches (RE2 patterns)."""

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import list_words
from shared.rule_files.vocabulary.json_schema import TEXT, Shape, one_or_more
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.vocabulary.patterns import MAX_PATTERN, compile_pattern
from shared.rule_files.vocabulary.syntaxes import Expectation
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, ScalarNode, SequenceNode, shorten
from shared.rules.event.texts import Texts, fold
from shared.rules.truth import Truth
from shared.rules.value_sets import Alternatives

#: the most words that each event may be searched for
MAX_WORDS = 2_000
_MAX_SHOWN = 10
_PATTERN: Shape = {**TEXT, "maxLength": MAX_PATTERN}

#: forms of other languages that people write by mistake, and what they mean here; longer text has none
_MAX_LENGTH = 200
_UNUSUAL = re.compile(r"[*^\\/\[.]")
_FORMS_OF_WORDS = (
    (re.compile(r"\*\w[^*]*|[^*]*\w\*|\*\w[^*]*\w\*"), '"*" is not a wildcard here; it matches a star'),
    (
        re.compile(r"\^.+|.*\.[*+].*|.*\\[dsw][*+].*|\\b.*\\b"),
        "this looks like a pattern; for patterns, use matches",
    ),
)
_FORMS_OF_PATTERNS = (
    (re.compile(r"/.*/[a-z]*"), "the slashes are part of the pattern; write it without them"),
    (re.compile(r"\[[\w ]{3,}\]"), '"{0}" is any one of these letters; the words in brackets are \\[…\\]'),
)
_Test = Callable[[Texts], Truth]

_BLOCK = Block(
    place="after a condition, as in subject: {contains: word}",
    keys=(
        Key(
            "contains",
            "A text that is anywhere in it, or a list of which any is enough.",
            one_or_more(TEXT),
            "lunch",
            synonyms="includes contain has",
        ),
        Key(
            "starts_with",
            "A text that it begins with, or a list of which any is enough.",
            one_or_more(TEXT),
            "Room",
            synonyms="startswith prefix beginswith",
        ),
        Key(
            "equals",
            "The whole text, or a list of which any is enough.",
            one_or_more(TEXT),
            "Berlin",
            synonyms="is equal eq exact exactly",
        ),
        Key(
            "matches",
            "An RE2 pattern that matches anywhere in it, or a list of which any is enough.",
            one_or_more(_PATTERN),
            "'^Team [0-9]+'",
            synonyms="regex regexp pattern match like",
        ),
    ),
    least=1,
)


@dataclass(frozen=True, slots=True)
class TextSyntax:
    """`"x"` (contains), `{contains, starts_with, equals, matches}`, or a list of these; any is enough.

    A key may have one text or a list of which any is enough. One text of the event must meet all keys of a
    block. Case does not matter. `warns_of_brackets`: a list of one word may be meant as text in brackets.
    """

    warns_of_brackets: bool = False

    @property
    def form(self) -> str:
        """A text, a block of operators, or a list of both."""
        return (
            '`"x"` (contains), or `{contains, starts_with, equals, matches}`, each with one text or a list '
            "of which any is enough; with several keys, all must hold. Or a list of these; any is enough. "
            "Case does not matter, and all kinds of white space are equal. `matches` takes "
            "[RE2 patterns](https://github.com/google/re2/wiki/Syntax), in which `\\w` and `\\b` know only "
            "the letters a to z; `\\pL` is any letter."
        )

    @property
    def block(self) -> Block:
        """The operators."""
        return _BLOCK

    def shape(self) -> Shape:
        """Return a text, a block of operators, or a list of both."""
        return one_or_more({"anyOf": [TEXT, _BLOCK.shape]})

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[Texts] | None:
        """Return what is expected of at least one of the event's texts."""
        if self.warns_of_brackets:
            _warn_of_brackets(node, reader, name)
        if not isinstance(node, SequenceNode):
            return _read_block(node, reader, name)
        items = reader.items(node, name) or ()
        words = tuple(item for item in items if not isinstance(item, MappingNode))
        read = [_read_words("contains", words, reader, name)] if words else []
        read += [_read_block(item, reader, name) for item in items if isinstance(item, MappingNode)]
        parts = [part for part in read if part is not None]
        if not parts or len(parts) < len(read):
            return None
        if len(parts) == 1:
            return parts[0]
        return Expectation(
            " or ".join(part.text for part in parts),
            lambda value: any(part.is_met(value) for part in parts),
            Alternatives(frozenset().union(*map(_ways, parts)), implies=_implies),
        )

    def show(self, value: Texts) -> str:
        """Return the texts in quotes."""
        return ", ".join(f'"{shorten(text)}"' for text in dict.fromkeys(value.raw)) or "none"


def _warn_of_brackets(node: Node, reader: NodeReader, what: str) -> None:
    """Note each list of one text in brackets, `[intern]`, in a condition: people write them into subjects."""
    if isinstance(node, MappingNode):
        for operator, value in node.values.items():
            if operator in _BLOCK.by_name:
                _warn_of_brackets(value, reader, f"{what}: {operator}")
        return
    items = node.items if isinstance(node, SequenceNode) else ()
    for item in items:
        if isinstance(item, MappingNode):
            _warn_of_brackets(item, reader, what)
    if len(items) == 1 and _is_text_in_brackets(items[0], node):
        lost = f'brackets make a list, so Joinlink looks for "{shorten(items[0].text)}" without them'
        reader.warning(node, f"{what}: {lost}; to look for the brackets, too, put quotes around them")


def _is_text_in_brackets(item: Node, listing: Node) -> TypeGuard[ScalarNode]:
    is_in_brackets = item.line == listing.line and item.column == listing.column + 1
    return isinstance(item, ScalarNode) and item.plain and is_in_brackets


def _read_block(node: Node, reader: NodeReader, name: str) -> Expectation[Texts] | None:
    if not isinstance(node, MappingNode):
        return _read_words("contains", (node,), reader, name)
    keys = reader.keys(node, name, _BLOCK.by_name) or {}
    if not node.keys:
        reader.problem(node, f"{name} needs one of {', '.join(_BLOCK.by_name)}")
    read = [
        _read_words(key, reader.one_or_more(value, f"{name}: {key}") or (), reader, f"{name}: {key}")
        for key, value in keys.items()
    ]
    parts = [part for part in read if part is not None]
    if not parts or len(parts) < len(node.keys):
        return None
    if len(parts) == 1:
        return parts[0]
    return Expectation(
        " and ".join(part.text for part in parts),
        lambda value: any(all(part.is_met(text) for part in parts) for text in value.each()),
        Alternatives(frozenset((frozenset(map(_ways, parts)),))),
    )


def _ways(expectation: Expectation[Texts]) -> frozenset[Hashable]:
    assert isinstance(expectation.accepts, Alternatives)
    return expectation.accepts.ways


def _read_words(
    operator: str, nodes: Sequence[Node], reader: NodeReader, what: str
) -> Expectation[Texts] | None:
    """Return what one operator expects; None after a problem was noted."""
    if operator == "contains" and len(nodes) > MAX_WORDS:
        reader.problem(
            nodes[0], f"{what}: these are more than {MAX_WORDS:,} words, and every event is searched for them"
        )
        return None
    read = [reader.literal(item, what) for item in nodes]
    words = [word for word in read if word is not None]
    if not words or len(words) < len(nodes):
        return None
    quoted = [f'"{shorten(word)}"' for word in words[:_MAX_SHOWN]] + words[_MAX_SHOWN:]
    text = f"{operator.replace('_', ' ')} {list_words(quoted, ' or ', _MAX_SHOWN)}"
    if operator == "matches":
        return _expect_patterns(text, words, nodes, reader, what)
    return _expect_words(text, operator, words, nodes, reader, what)


def _expect_words(  # noqa: PLR0917 -- what was read, and where
    text: str, operator: str, words: Sequence[str], nodes: Sequence[Node], reader: NodeReader, what: str
) -> Expectation[Texts] | None:
    folded = [fold(word) for word in words]
    for node, word, unfolded in zip(nodes, folded, words, strict=True):
        _warn_of_form(unfolded, _FORMS_OF_WORDS, node, reader, what)
        if not word.strip():
            reader.problem(node, f"{what}: this text has no visible character")
            return None
    ways = frozenset((operator, word) for word in folded)
    return Expectation(text, _WORD_OPERATORS[operator](folded), Alternatives(ways, implies=_implies))


def _expect_patterns(
    text: str, patterns: Sequence[str], nodes: Sequence[Node], reader: NodeReader, what: str
) -> Expectation[Texts] | None:
    for node, pattern in zip(nodes, patterns, strict=True):
        _warn_of_form(pattern, _FORMS_OF_PATTERNS, node, reader, what)
    read = [
        compile_pattern(pattern, node, reader, what) for node, pattern in zip(nodes, patterns, strict=True)
    ]
    searches = [search for search in read if search is not None]
    if len(searches) < len(patterns):
        return None
    return Expectation(
        text,
        lambda value: any(search(text) for text in value.encoded for search in searches),
        Alternatives(frozenset(("matches", pattern) for pattern in patterns)),
    )


def _warn_of_form(
    word: str, forms: Sequence[tuple[re.Pattern[str], str]], node: Node, reader: NodeReader, what: str
) -> None:
    """Note a word or a pattern that looks like one of another language."""
    if len(word) > _MAX_LENGTH or not _UNUSUAL.search(word):
        return
    for form, advice in forms:
        if form.fullmatch(word):
            reader.warning(node, f"{what}: {advice.format(shorten(word))}")
            return


def _contains(words: Sequence[str]) -> _Test:
    def is_met(value: Texts) -> Truth:
        # Loops instead of any(…): with a generator, "make bench" misses its budget.
        for text in value.folded:
            for word in words:
                if word in text:
                    return True
        return False

    return is_met


def _starts_with(words: Sequence[str]) -> _Test:
    starts = tuple(words)
    return lambda value: any(text.startswith(starts) for text in value.folded)


def _equals(words: Sequence[str]) -> _Test:
    expected = frozenset(words)
    return lambda value: not expected.isdisjoint(value.folded)


_WORD_OPERATORS: dict[str, Callable[[Sequence[str]], _Test]] = {
    "contains": _contains,
    "starts_with": _starts_with,
    "equals": _equals,
}


def _implies(way: Hashable, other: Hashable) -> bool:
    """Whether a text that meets one way surely meets the other: each text with "no link" has "link" in it."""
    match way, other:
        case ("contains" | "starts_with" | "equals", str(word)), ("contains", str(part)):
            return part in word
        case ("starts_with" | "equals", str(word)), ("starts_with", str(start)):
            return word.startswith(start)
        case _:
            return way == other


def is_literal(way: Hashable) -> bool:
    """Whether only a text with characters can meet this way; an empty text can match a pattern."""
    return isinstance(way, tuple) and way[0] in _WORD_OPERATORS
