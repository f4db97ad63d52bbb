"""Text conditions: contains, starts_with, equals and matches (RE2, so that no pattern can stall us)."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import re2

from shared.rules.event_facts import Texts, Truth, composed, fold
from shared.rules.extents import AnyOf
from shared.rules.reader import Reader
from shared.rules.reading import ReadingEnds
from shared.rules.shapes import TEXT, Shape, block, one_or_more
from shared.rules.syntaxes import Expectation
from shared.rules.yaml_nodes import Listing, Mapping, Node, shown

MAX_PATTERN = 1000
#: steps of about 0.2 µs that compiling takes: a pattern, a class of Unicode, a pattern that is too large
_EACH, _CLASS, _TOO_LARGE = 60, 500, 5_000
_MAX_PATTERN_MEMORY = 1 << 18
_SHORTER = "shorten some, or use contains"
_PATTERN: Shape = {**TEXT, "maxLength": MAX_PATTERN}

_Test = Callable[[Texts], Truth]

#: what RE2 says -> what an admin needs to know
_REFUSED = (
    ("invalid perl operator", 'groups that look ahead or behind ("(?=", "(?<") are not supported'),
    (
        "invalid escape sequence",
        'a "\\" stands before a character that needs none, or refers back to a group',
    ),
    ("missing )", 'a ")" is missing'),
    ("unexpected )", 'a ")" has no "(" before it'),
    ("missing ]", 'a "]" is missing'),
    ("no argument for repetition", 'a "*", "+" or "?" has nothing before it to repeat'),
    ("bad repetition", 'two of "*", "+" and "?" follow each other'),
    ("invalid repetition size", "a part is repeated too often (1000 times at most)"),
    ("invalid character class range", 'a range in "[…]" runs backwards'),
    ("invalid character class", 'what stands in "[…]" is not a set of characters'),
    ("trailing \\", 'it ends with a single "\\"'),
    ("invalid named capture", 'a named group is not written as "(?P<name>…)"'),
    ("too large", "it is too large"),
)


class TextSyntax:
    """`"x"` (contains), `{contains, starts_with, equals, matches}`, or a list of these, of which any will do.

    A key may have one text or a list, of which any will do; of several keys in one block all must hold.
    Letters are case-blind throughout.
    """

    form = (
        '`"x"` (contains), or `{contains, starts_with, equals, matches}`, each with one text or a list of '
        "which any will do; of several keys all must hold. Or a list of all these, of which any will do. "
        "Letters are case-blind; `matches` takes an [RE2 pattern](https://github.com/google/re2/wiki/Syntax)."
    )

    def shape(self) -> Shape:
        """Return a text, a block of operators, or a list of both."""
        operators = {**dict.fromkeys(OPERATORS, one_or_more(TEXT)), "matches": one_or_more(_PATTERN)}
        return one_or_more({"anyOf": [TEXT, block(operators, least=1)]})

    def read(self, node: Node, reader: Reader, name: str) -> Expectation[Texts] | None:
        """Return what is expected of the texts, at least one of which must meet it."""
        if not isinstance(node, Listing):
            return _block(node, reader, name)
        items = reader.items(node, name) or ()
        words = tuple(item for item in items if not isinstance(item, Mapping))
        read = [_operator("contains", words, reader, name)] if words else []
        read += [_block(item, reader, name) for item in items if isinstance(item, Mapping)]
        alternatives = [one for one in read if one is not None]
        if not alternatives or len(alternatives) < len(read):
            return None
        if len(alternatives) == 1:
            return alternatives[0]
        tests = [one.met for one in alternatives]
        return Expectation(
            " or ".join(one.text for one in alternatives),
            lambda value: any(test(value) for test in tests),
            AnyOf(frozenset().union(*map(_ways, alternatives))),
        )

    def show(self, value: Texts) -> str:
        """Return the texts in quotes."""
        return ", ".join(f'"{shown(text)}"' for text in value.raw) or "none"


def _block(node: Node, reader: Reader, name: str) -> Expectation[Texts] | None:
    if not isinstance(node, Mapping):
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


def _operator(operator: str, nodes: Sequence[Node], reader: Reader, what: str) -> Expectation[Texts] | None:
    read = [reader.literal(item, what) for item in nodes]
    words = [word for word in read if word is not None]
    if not words or len(words) < len(nodes):
        return None
    quoted = [f'"{shown(word)}"' for word in words]
    told = f"{operator.replace('_', ' ')} {' or '.join(quoted)}"
    if operator != "matches":
        folded = [fold(word) for word in words]
        extent = AnyOf(frozenset((operator, word) for word in folded))
        return Expectation(told, OPERATORS[operator](folded), extent)
    searches = [_search_for(word, item, reader, what) for item, word in zip(nodes, words, strict=True)]
    found = [search for search in searches if search is not None]
    extent = AnyOf(frozenset((operator, word) for word in words))
    return Expectation(told, _matches(found), extent) if len(found) == len(words) else None


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


def _search_for(pattern: str, node: Node, reader: Reader, what: str) -> Callable[[bytes], Any] | None:
    if len(pattern) > MAX_PATTERN:
        reader.problem(node, f"{what}: the pattern is longer than {MAX_PATTERN:,} characters")
        return None
    patterns = reader.reading.patterns
    if not patterns.spend(_EACH + len(pattern) + _CLASS * pattern.lower().count("\\p")):
        reader.problem(node, f"{what}: the patterns of all rules are too large together; {_SHORTER}")
        raise ReadingEnds
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MAX_PATTERN_MEMORY
    try:
        compiled = re2.compile(composed(pattern), options)
    except re2.error as refused:
        patterns.spend(_TOO_LARGE)
        reader.problem(node, f'{what}: the pattern "{shown(pattern)}" can\'t be used: {_why(str(refused))}')
        return None
    patterns.spend(compiled.programsize)
    search: Callable[[bytes], Any] = compiled.search
    return search


def _why(refusal: str) -> str:
    return next((ours for theirs, ours in _REFUSED if theirs in refusal), "it is not an RE2 pattern")


#: How each operator compares; the words of all but `matches`, which are patterns, come folded.
OPERATORS: dict[str, Callable[[Sequence[Any]], _Test]] = {
    "contains": _contains,
    "starts_with": _starts_with,
    "equals": _equals,
    "matches": _matches,
}
