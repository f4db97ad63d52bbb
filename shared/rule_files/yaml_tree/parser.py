"""Reads YAML into a tree.

Made of libyaml's events (by PyYAML), not its objects: every value keeps its place, keys that repeat stay
visible, and anchors, aliases, merge keys and tags, which rules don't need, never expand into anything.
Size, depth, number of values and number of mistakes are bounded; past a bound nothing more is read.
"""

import re
from typing import Any

from yaml import MarkedYAMLError
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from shared.domain.position import Position
from shared.rule_files.yaml_tree.mistakes import NOT_FILLED_IN, VAGUE, began_earlier, explain, likely_cause
from shared.rule_files.yaml_tree.nodes import Listing, Mapping, Node, Scalar, shown
from shared.rule_files.yaml_tree.text import FORBIDDEN, Mistake, Unreadable, text_of

MAX_DEPTH = 50
MAX_NODES = 50_000
_MAX_MISTAKES = 100

_BLOCKS = ("|", ">")
_HASHED = re.compile(r"\s+(#\S+)")
_CUT = re.compile(r"\S\s+#[^\s#!]")


def read_yaml(content: bytes) -> tuple[Node | None, tuple[Mistake, ...]]:
    """Return the tree of a file (None where it can't be read at all) and what is wrong with it.

    Any bytes will do: nothing is raised.
    """
    mistakes: list[Mistake] = []
    try:
        text = text_of(content)
        return _document(text, mistakes), tuple(mistakes)
    except Unreadable as stop:
        return None, (*mistakes, stop.mistake)


def _at(mark: Any, text: str) -> Mistake:
    return Mistake(mark.line + 1, mark.column + 1, text) if mark else Mistake(1, 1, text)


def _document(text: str, mistakes: list[Mistake]) -> Node:
    composer = _Composer(text, mistakes)
    try:
        return composer.document()
    except MarkedYAMLError as error:
        raise Unreadable(_explained(error, text)) from error
    except Unreadable:
        raise
    except Exception as error:  # the parser slips on some nonsense
        nonsense = "this can't be read as YAML; look for a missing quote or a wrong escape"
        raise Unreadable(_at(composer.reached, nonsense)) from error


class _Composer:
    """Builds the tree from the parser's events, one by one."""

    def __init__(self, text: str, mistakes: list[Mistake]) -> None:
        self._lines = text.splitlines()
        #: lines in which a "#" may cut text short: behind a space, with something right behind it
        self._hashed = {
            number for number, line in enumerate(self._lines if "#" in text else ()) if _CUT.search(line)
        }
        parser: Any = CParser(text)
        self._next = parser.get_event
        self._mistakes = mistakes
        self._nodes = 0
        #: where the last block began
        self.reached: Any = None

    def document(self) -> Node:
        first = self._next()
        while not isinstance(first, (DocumentStartEvent, StreamEndEvent)):
            first = self._next()
        if isinstance(first, StreamEndEvent):
            raise Unreadable(Mistake(1, 1, 'the file is empty; a rule file begins with "version: 1"'))
        if first.version or first.tags:
            self._note(first, 'lines that begin with "%" are not supported; remove them')
        root = self._node(self._next(), 1)
        self._next()  # the end of the document
        after = self._next()
        if isinstance(after, DocumentStartEvent) and not self._is_nothing(self._next()):
            self._note(after, 'the file holds a second document (after "---"); put it into a file of its own')
        return root

    @staticmethod
    def _is_nothing(event: Any) -> bool:
        """Whether a document is empty, as after a "---" at the end of a file."""
        return isinstance(event, ScalarEvent) and not event.value and not event.style

    def _node(self, event: Any, depth: int) -> Node:
        self._nodes += 1
        mark = event.start_mark
        if self._nodes > MAX_NODES:
            many = f"the file has more than {MAX_NODES:,} values; split it into several"
            raise Unreadable(_at(mark, many))
        if isinstance(event, ScalarEvent) and event.anchor is None and event.tag is None:
            text, style = event.value, event.style  # nearly all are such
            if style:
                text = self._quoted(text, style, event)
            elif text and mark.line in self._hashed:
                return Scalar(mark.line + 1, mark.column + 1, text, plain=True, comment=self._behind(event))
            return Scalar(mark.line + 1, mark.column + 1, text, not style)
        if depth > MAX_DEPTH:
            raise Unreadable(_at(mark, f"this is nested more than {MAX_DEPTH} levels deep"))
        self.reached = mark
        refused = self._refuse(event)
        if isinstance(event, SequenceStartEvent):
            return Listing(mark.line + 1, mark.column + 1, self._items(depth + 1))
        if isinstance(event, MappingStartEvent):
            return Mapping(mark.line + 1, mark.column + 1, *self._entries(depth + 1))
        # What is refused is taken for the text that was probably meant: one mistake makes one problem.
        text = f"*{event.anchor}" if isinstance(event, AliasEvent) else event.value or "!" * refused
        return Scalar(mark.line + 1, mark.column + 1, text, not refused and not event.style)

    def _quoted(self, text: str, style: str, event: Any) -> str:
        """Return text that does not stand plainly, as it was meant."""
        mark = event.start_mark
        if style in _BLOCKS and not text:  # ">1" opens a block of text, and nothing is in it
            return str(self._lines[mark.line][mark.column :])
        if style == '"' and FORBIDDEN.search(text):
            invisible = 'an escape in double quotes makes an invisible character of this ("\\b", say)'
            self._note(event, f"{invisible}; use single quotes")
        return text

    def _refuse(self, event: Any) -> bool:
        """Note what rules don't need of YAML, and whether the event has it."""
        if isinstance(event, AliasEvent):
            text = "*" + shown(event.anchor or "")
            refers = f'"{text}" without quotes refers to another place in the file, which is not supported'
            self._note(event, f"{refers}; if it is text, put it in quotes")
        elif event.anchor:
            name = f'"&{shown(event.anchor or "")}"'
            self._note(event, f"{name} names a place in the file, which is not supported; put text in quotes")
        elif event.tag and event.tag != "!":
            self._note(event, 'a value can\'t begin with "!" (a YAML tag); put text in quotes')
        else:
            return False
        return True

    def _note(self, event: Any, text: str) -> None:
        self._take(_at(event.start_mark, text))

    def _take(self, mistake: Mistake) -> None:
        if len(self._mistakes) == _MAX_MISTAKES:
            raise Unreadable(mistake)
        self._mistakes.append(mistake)

    def _behind(self, event: Any) -> Position | None:
        """Return where a comment stands behind plain text that may be meant as part of it."""
        end = event.end_mark
        found = _HASHED.match(self._lines[end.line], end.column)
        return None if found is None else Position(end.line + 1, found.start(1) + 1)

    def _items(self, depth: int) -> tuple[Node, ...]:
        items: list[Node] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            item = self._node(event, depth)
            if isinstance(item, Scalar) and not item.text and item.plain:
                item = self._comment(event.start_mark) or item
            items.append(item)
        return tuple(items)

    def _entries(self, depth: int) -> tuple[tuple[Scalar, ...], dict[str, Node]]:
        keys: dict[str, Scalar] = {}
        values: dict[str, Node] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._node(event, depth)
            value = self._node(begin := self._next(), depth)
            if not isinstance(key, Scalar):
                in_brackets = "a key is a single word; put text in brackets in quotes"
                self._note(event, NOT_FILLED_IN if isinstance(key, Mapping) else in_brackets)
                continue
            if isinstance(value, Scalar) and not value.text and value.plain:
                value = self._comment(begin.start_mark) or Scalar(key.line, key.column, "", plain=True)
            if key.text == "<<" and key.plain:
                self._note(event, '"<<" (a YAML merge key) is not supported; write the keys out')
            elif key.text in values:
                line = keys[key.text].line
                self._note(event, f'"{shown(key.text)}" stands here twice, first in line {line}; keep one')
            else:
                keys[key.text] = key
                values[key.text] = value
        return tuple(keys.values()), values

    def _comment(self, mark: Any) -> Scalar | None:
        """Return what stands as a comment where nothing else does, `#urgent`, as the text that was meant."""
        line, column = mark.line, mark.column
        found = _HASHED.match(self._lines[line] if line < len(self._lines) else "", column)
        if found is None:
            return None
        line, column = line + 1, found.start(1) + 1
        self._take(Mistake(line, column, 'text that begins with "#" is a comment; put it in quotes'))
        return Scalar(line, column, found[1], plain=False)


def _explained(error: MarkedYAMLError, text: str) -> Mistake:
    context, problem = error.context or "", error.problem or ""
    earlier = error.context_mark is not None and began_earlier(context, problem)
    mark = error.context_mark if earlier else error.problem_mark or error.context_mark
    if mark is None:
        return _at(None, explain(context, problem, before="", after=""))
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    said = explain(context, problem, before=line[: mark.column], after=line[mark.column :])
    cause = likely_cause(lines[: mark.line + 1]) if said in VAGUE else None
    if cause is not None:
        return cause
    begun: Any = error.context_mark
    if "while parsing a flow" in context and begun is not None and begun.line < mark.line:
        return _at(begun, said)
    return _at(mark, said)
