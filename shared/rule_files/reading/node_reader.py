"""Reading a tree with all that is wrong with it noted on the way."""

import re
from collections.abc import Collection, Sequence
from itertools import islice
from typing import Self

from shared.domain.position import Positioned
from shared.rule_files.problems import Problem, Severity, Spot
from shared.rule_files.reading.named_lists import Lists
from shared.rule_files.reading.session import Reading
from shared.rule_files.reading.suggestions import advice
from shared.rule_files.yaml_tree.mistakes import FALSE_SPACE, FILLED_IN, NOT_FILLED_IN
from shared.rule_files.yaml_tree.nodes import Listing, Mapping, Node, Scalar, has_false_space, shown

#: what YAML 1.1 and other tools take for true and false
_MEANT_FLAGS = {
    **dict.fromkeys(("yes", "on", "y", "1"), "true"),
    **dict.fromkeys(("no", "off", "n", "0"), "false"),
}
_TYPOGRAPHIC = frozenset("\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb\u2039\u203a")
_LEADING_ZERO = re.compile(r"0+[1-9][0-9]{0,17}")
_GROUPED = re.compile(r"[0-9]{1,3}([_,.' ][0-9]{3})+")


class Reader:
    """Reads nodes of one file, and of one rule in it; what is wrong lands in `reading`.

    Every method that finds something else than it was asked for notes a problem and returns None.
    """

    def __init__(self, file: str, reading: Reading, *, rule: str | None = None) -> None:
        self.file = file
        self.reading = reading
        self.rule = rule

    def for_rule(self, rule: str) -> Self:
        """Return a reader whose problems name the rule."""
        return type(self)(self.file, self.reading, rule=rule)

    @property
    def lists(self) -> Lists:
        """The named lists of all files."""
        return self.reading.lists

    def problem(
        self, at: Positioned, text: str, *, suggestion: str | None = None, other: Spot | None = None
    ) -> None:
        """Note an error; `other` is another place, of which the text speaks as `{other}`."""
        self._note(at, text, suggestion, other, Severity.ERROR)

    def warning(self, at: Positioned, text: str, *, other: Spot | None = None) -> None:
        """Note something that is allowed and probably not meant."""
        self._note(at, text, None, other, Severity.WARNING)

    def _note(
        self, at: Positioned, text: str, suggestion: str | None, other: Spot | None, severity: Severity
    ) -> None:
        self.reading.note(
            Problem(
                file=self.file,
                line=at.line,
                column=at.column,
                rule=self.rule,
                text=text,
                suggestion=suggestion,
                severity=severity,
                other=other,
            )
        )

    def unknown(
        self, at: Positioned, what: str, word: str, known: Collection[str], *, has_home: bool = True
    ) -> None:
        """Note a word that is not among the known ones, with what was probably meant or where it belongs."""
        name, colon, _ = word.partition(":")
        said = advice(word, known, self.reading.homes if has_home else {})
        if word[:1].isspace() or has_false_space(word):
            said = FALSE_SPACE
        elif colon and name in known:
            said = 'a space is missing after the ":"'
        near = None if said else self.reading.suggest(word, known)
        hint = said or ("" if near else f"known are {some(known)}")
        self.problem(at, f'unknown {what} "{shown(word)}"{"; " * bool(hint)}{hint}', suggestion=near)

    def keys(
        self, node: Node, what: str, known: Collection[str], *, kind: str = "key"
    ) -> dict[str, Node] | None:
        """Return the nodes of a mapping by key; keys that are not `known` are noted and left out."""
        if not isinstance(node, Mapping):
            self.problem(
                node,
                f"{what} needs {kind}s such as {', '.join(islice(known, 3))}, but this is {described(node)}",
            )
            return None
        unknown = [key for key in node.keys if key.text not in known]
        for key in unknown:
            self.unknown(key, kind, key.text, known, has_home=what != "event")
        return (
            {name: value for name, value in node.values.items() if name in known} if unknown else node.values
        )

    def knows_all(self, node: Mapping, known: Collection[str]) -> bool:
        """Return whether no key is unknown: what seems to be missing else may be a key that is misspelt."""
        return all(key.text in known for key in node.keys)

    def items(self, node: Node, what: str) -> tuple[Node, ...] | None:
        """Return the nodes of a list, which must not be empty."""
        if not isinstance(node, Listing):
            self.problem(node, f"{what} needs a list, but this is {described(node)}")
            return None
        if not node.items:
            self.problem(node, f"{what} is an empty list")
            return None
        return node.items

    def one_or_more(self, node: Node, what: str) -> tuple[Node, ...] | None:
        """Return the nodes of a list, or the single value that stands in its place."""
        return self.items(node, what) if isinstance(node, Listing) else (node,)

    def text(self, node: Node, what: str, *, quotes_help: bool = True) -> str | None:
        """Return text that is not empty; a number or `true` without quotes is not text."""
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, str) and value.strip():
            return value
        hint = "; put quotes around text in brackets" if isinstance(node, Listing) else ""
        if isinstance(node, Scalar) and node.plain and node.text and quotes_help:
            hint = "; put it in quotes"
        self.problem(node, f"{what} needs text, but this is {described(node)}{hint}")
        return None

    def literal(self, node: Node, what: str) -> str | None:
        """Return text that events are compared with, with a warning where it is hardly what was meant."""
        value = node.value if isinstance(node, Scalar) else None
        if not isinstance(value, str) or not value.strip():
            return self.text(node, what)
        if isinstance(node, Scalar) and node.comment is not None:
            self.warning(
                node.comment, 'from "#" on this is a comment; put quotes around the text if it is meant'
            )
        if value[0] in _TYPOGRAPHIC and isinstance(node, Scalar) and node.plain:
            self.warning(node, f"the quotes of {shown(value)} are part of the text; YAML's own are \" and '")
        return value.rstrip("\n")  # a text block ends in a line break that nobody means

    def choice(self, node: Node, what: str, choices: Collection[str]) -> str | None:
        """Return one of the choices."""
        word = node.text if isinstance(node, Scalar) else ""
        if word in choices:
            return word
        said = advice(word, choices, {})
        near = None if said else self.reading.suggest(word, choices)
        known = f"one of {', '.join(choices)}" if len(choices) > 1 else f"{next(iter(choices))} or left out"
        hint = f"; {said}" if said else ""
        self.problem(node, f"{what} is {known}, but this is {described(node)}{hint}", suggestion=near)
        return None

    def flag(self, node: Node, what: str) -> bool | None:
        """Return true or false."""
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool):
            return value
        meant = _MEANT_FLAGS.get(node.text.casefold()) if isinstance(node, Scalar) else None
        self.problem(node, f"{what} is true or false, but this is {described(node)}", suggestion=meant)
        return None

    def whole_number(self, node: Node, what: str, *, least: int = 0) -> int | None:
        """Return a whole number of at least `least`."""
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(node, Scalar) and node.plain and _LEADING_ZERO.fullmatch(node.text):
            meant = node.text.lstrip("0")
            self.problem(node, f"{what}: some programs take {node.text} for another number; write {meant}")
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        quoted = isinstance(node, Scalar) and not node.plain and node.text.isdecimal()
        hint = "; remove the quotes" if quoted else ""
        if isinstance(value, float) and value > least and isinstance(node, Scalar) and node.text.isdecimal():
            hint = "; so large a number is none"
        if isinstance(node, Scalar) and _GROUPED.fullmatch(node.text):
            hint = f"; write {re.sub('[^0-9]', '', node.text)}"
        self.problem(
            node, f"{what} needs a whole number from {least} up, but this is {described(node)}{hint}"
        )
        return None


def described(node: Node) -> str:
    """Return what a node is, for a message."""
    if isinstance(node, Mapping):
        return "a block of keys"
    if isinstance(node, Listing):
        return "a list"
    value = node.value
    if value is None:
        return f"{shown(node.text)}, which stands for nothing" if node.text else "empty"
    if isinstance(value, str):
        typographic = "; YAML's own quotes are \" and '" if node.plain and value[:1] in _TYPOGRAPHIC else ""
        return f'the text "{shown(value)}"{typographic}{_cause(value)}' if value.strip() else "empty text"
    return shown(node.text) if isinstance(value, bool) else f"the number {shown(node.text)}"


def _cause(text: str) -> str:
    """Return why a text may not be what was meant; empty where nothing is to be seen."""
    if FILLED_IN.match(text):
        return f"; {NOT_FILLED_IN}"
    return "; type an ordinary space" if has_false_space(text) else ""


def told(words: Sequence[str], joint: str = ", ", most: int = 10) -> str:
    """Return the first of a rule's words, and how many more there are, to tell what it expects."""
    first = joint.join(words[:most])
    return first if len(words) <= most else f"{first} and {len(words) - most} more"


def some(known: Collection[str], most: int = 40) -> str:
    """Return the first of the words, for a message."""
    return ", ".join([shown(word) for word in islice(known, most)] + ["…"] * (len(known) > most))
