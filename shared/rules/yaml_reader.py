"""Reads YAML into a tree.

Made of libyaml's events (by PyYAML), not its objects: every value keeps its place, keys that repeat stay
visible, and anchors, aliases, merge keys and tags, which rules don't need, never expand into anything.
Size, depth, number of values and number of mistakes are bounded; past a bound nothing more is read.
"""

import re
from typing import Any, NamedTuple

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

from shared.rules.yaml_mistakes import began_earlier, explain
from shared.rules.yaml_nodes import Listing, Mapping, Node, Scalar, shown

MAX_BYTES = 256 * 1024
MAX_DEPTH = 50
MAX_NODES = 50_000
_MAX_MISTAKES = 100

_HASHED = re.compile(r"\s+(#\S+)")
_NO_SPACE = re.compile(r"\s*(?:- +)*[a-z_]+:(?=[^\s/])")
#: what YAML does not allow: control characters and the like
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


class Mistake(NamedTuple):
    """What is wrong with the text as YAML, in plain words."""

    line: int
    column: int
    text: str


class _Stop(Exception):
    """Nothing behind this mistake can be read."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(mistake.text)


def read_yaml(content: bytes) -> tuple[Node | None, tuple[Mistake, ...]]:
    """Return the tree of a file (None where it can't be read at all) and what is wrong with it.

    Any bytes will do: nothing is raised.
    """
    mistakes: list[Mistake] = []
    try:
        text = _decode(content)
        return _document(text, mistakes), tuple(mistakes)
    except _Stop as stop:
        return None, (*mistakes, stop.mistake)


def _decode(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise _Stop(Mistake(1, 1, f"the file is larger than {MAX_BYTES // 1024} KiB; split it into several"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        raise _Stop(_at_end_of(before, "the file is not UTF-8 text; save it as UTF-8")) from error
    found = _FORBIDDEN.search(text)
    if found:
        what = "a NUL byte" if found[0] == "\0" else "an invisible control character"
        raise _Stop(_at_end_of(text[: found.start()], f"{what} stands here; remove it"))
    return text


def _at_end_of(text: str, what: str) -> Mistake:
    return Mistake(text.count("\n") + 1, len(text) - text.rfind("\n"), what)


def _at(mark: Any, text: str) -> Mistake:
    return Mistake(mark.line + 1, mark.column + 1, text) if mark else Mistake(1, 1, text)


def _document(text: str, mistakes: list[Mistake]) -> Node:
    composer = _Composer(text, mistakes)
    try:
        return composer.document()
    except MarkedYAMLError as error:
        raise _Stop(_explained(error, text)) from error
    except _Stop:
        raise
    except Exception as error:  # the parser slips on some nonsense
        nonsense = "this can't be read as YAML; look for a missing quote or a wrong escape"
        raise _Stop(_at(composer.reached, nonsense)) from error


class _Composer:
    """Builds the tree from the parser's events, one by one."""

    def __init__(self, text: str, mistakes: list[Mistake]) -> None:
        self._lines = text.splitlines()
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
            raise _Stop(Mistake(1, 1, 'the file is empty; a rule file begins with "version: 1"'))
        if first.version or first.tags:
            self._note(first, 'lines that begin with "%" are not supported; remove them')
        root = self._node(self._next(), 1)
        self._next()  # the end of the document
        after = self._next()
        if isinstance(after, DocumentStartEvent):
            more = 'the file holds a second document (after "---"); put it into a file of its own'
            raise _Stop(_at(after.start_mark, more))
        return root

    def _node(self, event: Any, depth: int) -> Node:
        self._nodes += 1
        mark = event.start_mark
        if self._nodes > MAX_NODES:
            many = f"the file has more than {MAX_NODES:,} values; split it into several"
            raise _Stop(_at(mark, many))
        if isinstance(event, ScalarEvent) and event.anchor is None and event.tag is None:
            return Scalar(mark.line + 1, mark.column + 1, event.value, not event.style)  # nearly all are such
        if depth > MAX_DEPTH:
            raise _Stop(_at(mark, f"this is nested more than {MAX_DEPTH} levels deep"))
        self.reached = mark
        refused = self._refuse(event)
        if isinstance(event, SequenceStartEvent):
            return Listing(mark.line + 1, mark.column + 1, self._items(depth + 1))
        if isinstance(event, MappingStartEvent):
            return Mapping(mark.line + 1, mark.column + 1, *self._entries(depth + 1))
        # What is refused is taken for the text that was probably meant: one mistake makes one problem.
        text = f"*{event.anchor}" if isinstance(event, AliasEvent) else event.value or "!" * refused
        return Scalar(mark.line + 1, mark.column + 1, text, not refused and not event.style)

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
            raise _Stop(mistake)
        self._mistakes.append(mistake)

    def _items(self, depth: int) -> tuple[Node, ...]:
        items: list[Node] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            items.append(self._node(event, depth))
        return tuple(items)

    def _entries(self, depth: int) -> tuple[tuple[Scalar, ...], dict[str, Node]]:
        keys: dict[str, Scalar] = {}
        values: dict[str, Node] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._node(event, depth)
            value = self._node(begin := self._next(), depth)
            if not isinstance(key, Scalar):
                self._note(event, "a key is a single word; put text in brackets in quotes")
                continue
            if isinstance(value, Scalar) and value.plain and not value.text:
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
    earlier = error.context_mark is not None and began_earlier(error.context, error.problem)
    mark = error.context_mark if earlier else error.problem_mark or error.context_mark
    lines = text.splitlines()
    if mark is not None and mark.line and "mapping values" in (error.problem or ""):
        above = _NO_SPACE.match(lines[mark.line - 1])
        if above:
            return Mistake(mark.line, above.end() + 1, 'a space is missing after the ":"')
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    column = mark.column if mark is not None else 0
    return _at(mark, explain(error.context, error.problem, before=line[:column], after=line[column:]))
