"""Text conditions: contains, starts_with, equals and matches (RE2, so that no pattern can stall us)."""

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeGuard

from shared.rule_files.reading.node_reader import NodeReader, list_words
from shared.rule_files.vocabulary.json_schema import TEXT, Shape, one_or_more
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.vocabulary.patterns import MAX_PATTERN, search_for
from shared.rule_files.vocabulary.syntaxes import Expectation
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, ScalarNode, SequenceNode, shorten
from shared.rules.event.event_facts import Truth
from shared.rules.event.texts import Texts, fold
from shared.rules.extents import AnyOf

#: so many words are looked for, one by one, in each event
MAX_WORDS = 2_000
_PATTERN: Shape = {**TEXT, "maxLength": MAX_PATTERN}

_MOST_TOLD = 10
_ODD = re.compile(r"[*^\\/\[.]")
#: how words and patterns are not written, though people do; looked for in what is no longer than this
_LONGEST = 200
_FOREIGN = {
    "words": (
        (re.compile(r"\*\w[^*]*|[^*]*\w\*|\*\w[^*]*\w\*"), '"*" is no wildcard here, but a star'),
        (
            re.compile(r"\^.+|.*\.[*+].*|.*\\[dsw][*+].*|\\b.*\\b"),
            "this looks like a pattern; patterns stand behind matches",
        ),
    ),
    "matches": (
        (re.compile(r"/.*/[a-z]*"), "the slashes are part of the pattern; write it without them"),
        (
            re.compile(r"\[[\w ]{3,}\]"),
            '"{0}" is any one of these letters; the words in brackets are \\[…\\]',
        ),
    ),
}
_Test = Callable[[Texts], Truth]


class TextSyntax:
    """`"x"` (contains), `{contains, starts_with, equals, matches}`, or a list of these, of which any will do.

    A key may have one text or a list, of which any will do; of several keys in one block all must hold.
    Letters are case-blind throughout.
    """

    form = (
        '`"x"` (contains), or `{contains, starts_with, equals, matches}`, each with one text or a list of '
        "which any will do; of several keys all must hold. Or a list of all these, of which any will do. "
        "Letters are case-blind, and all kinds of blanks are alike; `matches` takes "
        "[RE2 patterns](https://github.com/google/re2/wiki/Syntax), in which `\\w` and `\\b` know the "
        "letters a to z alone; `\\pL` is any letter."
    )

    @property
    def block(self) -> Block:
        """The operators."""
        return _OPERATORS

    def shape(self) -> Shape:
        """Return a text, a block of operators, or a list of both."""
        return one_or_more({"anyOf": [TEXT, _OPERATORS.shape]})

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[Texts] | None:
        """Return what is expected of the texts, at least one of which must meet it."""
        if not isinstance(node, SequenceNode):
            return _block(node, reader, name)
        items = reader.items(node, name) or ()
        alone = items[0] if len(items) == 1 else node
        if name == "subject" and _is_in_brackets(alone, node):
            lost = f'brackets make a list, so "{shorten(alone.text)}" is looked for without them'
            reader.warning(node, f"{name}: {lost}; put quotes around brackets that are meant")
        words = tuple(item for item in items if not isinstance(item, MappingNode))
        read = [_operator("contains", words, reader, name)] if words else []
        read += [_block(item, reader, name) for item in items if isinstance(item, MappingNode)]
        alternatives = [one for one in read if one is not None]
        if not alternatives or len(alternatives) < len(read):
            return None
        if len(alternatives) == 1:
            return alternatives[0]
        tests = [one.met for one in alternatives]
        return Expectation(
            " or ".join(one.text for one in alternatives),
            lambda value: any(test(value) for test in tests),
            AnyOf(frozenset().union(*map(_ways, alternatives)), includes=_includes),
        )

    def show(self, value: Texts) -> str:
        """Return the texts in quotes."""
        return ", ".join(f'"{shorten(text)}"' for text in dict.fromkeys(value.raw)) or "none"


def _is_in_brackets(item: Node, of: SequenceNode) -> TypeGuard[ScalarNode]:
    """Whether a list is a word in brackets, `[intern]`, as people write them into subjects."""
    beside = item.line == of.line and item.column == of.column + 1
    return isinstance(item, ScalarNode) and item.plain and beside


def _block(node: Node, reader: NodeReader, name: str) -> Expectation[Texts] | None:
    if not isinstance(node, MappingNode):
        return _operator("contains", (node,), reader, name)
    keys = reader.keys(node, name, OPERATORS) or {}
    if not node.keys:
        reader.problem(node, f"{name} needs one of {', '.join(OPERATORS)}")
    read = [
        _operator(key, reader.one_or_more(value, f"{name}: {key}") or (), reader, f"{name}: {key}")
        for key, value in keys.items()
    ]
    parts = [one for one in read if one is not None]
    if not parts or len(parts) < len(node.keys):
        return None
    if len(parts) == 1:
        return parts[0]
    tests = [part.met for part in parts]
    return Expectation(
        " and ".join(part.text for part in parts),
        lambda value: any(all(test(text) for test in tests) for text in value.each()),
        AnyOf(frozenset((frozenset(map(_ways, parts)),))),
    )


def _ways(expectation: Expectation[Texts]) -> frozenset[Hashable]:
    assert isinstance(expectation.extent, AnyOf)
    return expectation.extent.words


def _operator(
    operator: str, nodes: Sequence[Node], reader: NodeReader, what: str
) -> Expectation[Texts] | None:
    if operator == "contains" and len(nodes) > MAX_WORDS:
        reader.problem(
            nodes[0], f"{what}: these are more than {MAX_WORDS:,} words, which every event is searched for"
        )
        return None
    read = [reader.literal(item, what) for item in nodes]
    words = [word for word in read if word is not None]
    if not words or len(words) < len(nodes):
        return None
    quoted = [f'"{shorten(word)}"' for word in words[:_MOST_TOLD]] + words[_MOST_TOLD:]
    said = f"{operator.replace('_', ' ')} {list_words(quoted, ' or ', _MOST_TOLD)}"
    if _ODD.search("\n".join(words)):
        for item, word in zip(nodes, words, strict=True):
            _check_meaning(operator, word, item, reader, what)
    if operator != "matches":
        folded = [fold(word) for word in words]
        for item, word in zip(nodes, folded, strict=True):
            if not word.strip():
                reader.problem(item, f"{what}: this text has no character that can be seen")
                return None
        extent = AnyOf(frozenset((operator, word) for word in folded), includes=_includes)
        return Expectation(said, OPERATORS[operator](folded), extent)
    searches = [search_for(word, item, reader, what) for item, word in zip(nodes, words, strict=True)]
    found = [search for search in searches if search is not None]
    extent = AnyOf(frozenset((operator, word) for word in words))
    return Expectation(said, _matches(found), extent) if len(found) == len(words) else None


def _includes(wide: Hashable, way: Hashable) -> bool:
    """Whether a text that is found one way is found the other way, too: every "no link" holds a "link"."""
    if not isinstance(wide, tuple) or not isinstance(way, tuple) or "matches" in {wide[0], way[0]}:
        return wide == way
    (operator, text), (other, word) = wide, way
    if operator == "contains":
        return text in word
    if operator == "starts_with":
        return other != "contains" and str(word).startswith(text)
    return wide == way


def _check_meaning(operator: str, word: str, node: Node, reader: NodeReader, what: str) -> None:
    """Note what looks like a word of another language than this operator's."""
    if len(word) > _LONGEST:
        return
    for form, said in _FOREIGN["matches" if operator == "matches" else "words"]:
        if form.fullmatch(word):
            reader.warning(node, f"{what}: {said.format(shorten(word))}")
            return


def _contains(words: Sequence[str]) -> _Test:
    # Written out, and one word apart from several: this is the condition asked most, and any() is slow.
    word = words[0]

    def one(value: Texts) -> Truth:
        for text in value.folded:  # noqa: SIM110 -- any() takes twice the time
            if word in text:
                return True
        return False

    return (
        one if len(words) == 1 else lambda value: any(each in text for text in value.folded for each in words)
    )


def _starts_with(words: Sequence[str]) -> _Test:
    starts = tuple(words)

    return lambda value: any(text.startswith(starts) for text in value.folded)


def _equals(words: Sequence[str]) -> _Test:
    wanted = frozenset(words)
    return lambda value: not wanted.isdisjoint(value.folded)


def _matches(searches: Sequence[Callable[[bytes], Any]]) -> _Test:
    def met(value: Texts) -> Truth:
        for text in value.encoded:
            for search in searches:
                if search(text):
                    return True
        return False

    return met


#: How each operator compares; the words of all but `matches`, which are patterns, come folded.
OPERATORS: dict[str, Callable[[Sequence[Any]], _Test]] = {
    "contains": _contains,
    "starts_with": _starts_with,
    "equals": _equals,
    "matches": _matches,
}
_OPERATORS = Block(
    place="after a condition, as in subject: {contains: word}",
    keys=(
        Key(
            "contains",
            "A text that is anywhere in it, or a list of which any may match.",
            one_or_more(TEXT),
            "lunch",
        ),
        Key(
            "starts_with",
            "A text that it begins with, or a list of which any may match.",
            one_or_more(TEXT),
            "Room",
        ),
        Key("equals", "The whole text, or a list of which any may match.", one_or_more(TEXT), "Berlin"),
        Key(
            "matches",
            "An RE2 pattern that matches anywhere in it, or a list of which any may match.",
            one_or_more(_PATTERN),
            "'^Team [0-9]+'",
        ),
    ),
    least=1,
)
