"""Reads values from nodes, and notes a problem where a node is something else."""

import re
from collections.abc import Collection
from itertools import islice
from typing import Self

from shared.domain.position import Positioned
from shared.rule_files.problems import FileLine, Problem, Severity
from shared.rule_files.reading.named_lists import Lists
from shared.rule_files.reading.session import Session
from shared.rule_files.reading.suggestions import advice
from shared.rule_files.reading.wording import TYPOGRAPHIC_QUOTES, describe, list_words
from shared.rule_files.yaml_tree.common_mistakes import (
    COMMENT_IN_TEXT,
    NO_SPACE,
    UNUSUAL_SPACE,
)
from shared.rule_files.yaml_tree.nodes import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    has_unusual_space,
    shorten,
)

#: what YAML 1.1 and other tools read as true and false
_FLAG_SYNONYMS = {
    **dict.fromkeys(("yes", "on", "y", "1"), "true"),
    **dict.fromkeys(("no", "off", "n", "0"), "false"),
}
_LEADING_ZERO = re.compile(r"0+[1-9][0-9]{0,17}")
_WITH_SEPARATORS = re.compile(r"[0-9]{1,3}([_,.' ][0-9]{3})+")


class NodeReader:
    """Reads nodes of one file, and of one rule in it; problems go to the session.

    A method that finds something else than expected notes a problem and returns None.
    """

    def __init__(self, file: str, session: Session, *, rule: str | None = None) -> None:
        self.file = file
        self.session = session
        self.rule = rule

    def for_rule(self, rule: str) -> Self:
        """Return a reader whose problems name the rule."""
        return type(self)(self.file, self.session, rule=rule)

    @property
    def lists(self) -> Lists:
        """The named lists of all files."""
        return self.session.lists

    def problem(
        self, at: Positioned, text: str, *, suggestion: str | None = None, other: FileLine | None = None
    ) -> None:
        """Note an error; `other` is another place, which the text contains as `{other}`."""
        self._note(at, text, suggestion, other, Severity.ERROR)

    def warning(self, at: Positioned, text: str, *, other: FileLine | None = None) -> None:
        """Note something that is allowed and probably not intended."""
        self._note(at, text, None, other, Severity.WARNING)

    def _note(
        self, at: Positioned, text: str, suggestion: str | None, other: FileLine | None, severity: Severity
    ) -> None:
        self.session.note(
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

    def keys(
        self,
        node: Node,
        what: str,
        known: Collection[str],
        *,
        kind: str = "key",
        suggest_places: bool = True,
        hint: str = "",
    ) -> dict[str, Node] | None:
        """Return the values of a block by key, without the unknown keys, which are noted.

        `what` names the block in messages, `kind` its keys. `suggest_places` is False where the block shares
        names of keys with other blocks, so that a hint to another place would mislead. `hint` says what to
        write if this is something else.
        """
        if not isinstance(node, MappingNode):
            examples = ", ".join(islice(known, 3))
            end = f"; {hint}" if hint else ""
            self.problem(node, f"{what} needs {kind}s such as {examples}, but this is {describe(node)}{end}")
            return None
        for key in node.keys:
            if key.text not in known:
                self._unknown(key, kind, key.text, known, suggest_places=suggest_places)
        return {name: value for name, value in node.values.items() if name in known}

    def _unknown(
        self, at: Positioned, kind: str, word: str, known: Collection[str], *, suggest_places: bool
    ) -> None:
        name, colon, _ = word.partition(":")
        hint = advice(word, known, self.session.places if suggest_places else {}, self.session.synonyms)
        if word[:1].isspace() or has_unusual_space(word):
            hint = UNUSUAL_SPACE
        elif colon and name in known:
            hint = NO_SPACE
        suggestion = None if hint else self.session.suggest(word, known)
        if hint is None and suggestion is None:
            hint = (
                f"the {kind}s here are {list_words([shorten(each) for each in islice(known, 41)], most=40)}"
            )
        self.problem(
            at, f'unknown {kind} "{shorten(word)}"' + (f"; {hint}" if hint else ""), suggestion=suggestion
        )

    def items(self, node: Node, what: str) -> tuple[Node, ...] | None:
        """Return the nodes of a list, which must not be empty."""
        if not isinstance(node, SequenceNode):
            self.problem(node, f"{what} needs a list, but this is {describe(node)}")
            return None
        if not node.items:
            self.problem(node, f"{what} is an empty list")
            return None
        return node.items

    def one_or_more(self, node: Node, what: str) -> tuple[Node, ...] | None:
        """Return the nodes of a list, or a single value as a list of one."""
        return self.items(node, what) if isinstance(node, SequenceNode) else (node,)

    def text(self, node: Node, what: str, *, suggest_quotes: bool = True) -> str | None:
        """Return text that is not empty; a number or `true` without quotes is not text."""
        value = node.value if isinstance(node, ScalarNode) else None
        if isinstance(value, str) and value.strip():
            return value
        hint = "; put quotes around text in brackets" if isinstance(node, SequenceNode) else ""
        if isinstance(node, ScalarNode) and node.plain and node.text and suggest_quotes:
            hint = "; put it in quotes"
        self.problem(node, f"{what} needs text, but this is {describe(node)}{hint}")
        return None

    def free_text(self, node: Node, what: str) -> str | None:
        """Return text in anyone's own words, with a warning where a comment may cut it off."""
        if isinstance(node, ScalarNode) and node.comment is not None:
            self.warning(node.comment, COMMENT_IN_TEXT)
        return self.text(node, what)

    def literal(self, node: Node, what: str) -> str | None:
        """Return text that is compared with events, with a warning where it is probably not as intended."""
        value = self.free_text(node, what)
        if value is None or not isinstance(node, ScalarNode):
            return None
        if value[0] in TYPOGRAPHIC_QUOTES and node.plain:
            self.warning(
                node, f"the quotes of {shorten(value)} are part of the text; YAML's quotes are \" and '"
            )
        return value.rstrip("\n")  # a text block ends with a line break that is not meant

    def choice(self, node: Node, what: str, choices: Collection[str]) -> str | None:
        """Return one of the choices."""
        word = node.text if isinstance(node, ScalarNode) else ""
        if word in choices:
            return word
        hint = advice(word, choices, {}, self.session.synonyms)
        suggestion = None if hint else self.session.suggest(word, choices)
        allowed = f"one of {', '.join(choices)}" if len(choices) > 1 else f"{next(iter(choices))} or left out"
        self.problem(
            node,
            f"{what} is {allowed}, but this is {describe(node)}" + (f"; {hint}" if hint else ""),
            suggestion=suggestion,
        )
        return None

    def flag(self, node: Node, what: str) -> bool | None:
        """Return true or false."""
        value = node.value if isinstance(node, ScalarNode) else None
        if isinstance(value, bool):
            return value
        suggestion = _FLAG_SYNONYMS.get(node.text.casefold()) if isinstance(node, ScalarNode) else None
        self.problem(node, f"{what} is true or false, but this is {describe(node)}", suggestion=suggestion)
        return None

    def whole_number(self, node: Node, what: str, *, least: int = 0) -> int | None:
        """Return a whole number of at least `least`."""
        value = node.value if isinstance(node, ScalarNode) else None
        text = node.text if isinstance(node, ScalarNode) else ""
        is_plain = isinstance(node, ScalarNode) and node.plain
        if is_plain and _LEADING_ZERO.fullmatch(text):
            self.problem(
                node, f"{what}: some programs read {text} as another number; write {text.lstrip('0')}"
            )
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        hint = ""
        if text.isdecimal() and not is_plain:
            hint = "; remove the quotes"
        elif text.isdecimal() and isinstance(value, float) and value > least:
            hint = "; the number is too large"
        elif _WITH_SEPARATORS.fullmatch(text):
            hint = f"; write {re.sub('[^0-9]', '', text)}"
        self.problem(node, f"{what} needs a whole number from {least} up, but this is {describe(node)}{hint}")
        return None
