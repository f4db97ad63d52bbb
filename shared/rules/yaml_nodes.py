"""YAML text as a small tree with positions.

Made of libyaml's events (by PyYAML), not its objects: every value keeps its place, keys that repeat stay
visible, a plain scalar is read by YAML 1.2's core schema and nothing else (a date is text, `off` is text),
and anchors, aliases, merge keys and tags, which rules don't need, never expand into anything. Events come
one by one, so that no depth of nesting fills a stack, neither Python's nor C's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
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

from shared.rules.yaml_mistakes import began_earlier, explain

MAX_BYTES = 256 * 1024
MAX_DEPTH = 50
MAX_NODES = 50_000

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_BASED = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_HASHED = re.compile(r"\s+(#\S+)")
_NO_SPACE = re.compile(r"\s*(?:- +)*[a-z_]+:(?=[^\s/])")
#: what YAML does not allow: control characters and the like
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A position in a file; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar(Place):
    """One value. `plain` tells that it stood without quotes, so that `3` is a number and `"3"` is not."""

    text: str
    plain: bool

    @property
    def value(self) -> bool | int | float | str | None:
        """The value by YAML 1.2's core schema."""
        if not self.plain:
            return self.text
        if self.text in _WORDS:
            return _WORDS[self.text]
        if _INTEGER.fullmatch(self.text):
            return int(self.text)
        if _BASED.fullmatch(self.text):
            return int(self.text, 0)
        return float(self.text) if _NUMBER.fullmatch(self.text) else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Place):
    """A list of nodes."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping(Place):
    """Keys with their nodes, in order; a key stands once (a repeated one is a mistake and left out)."""

    entries: tuple[tuple[Scalar, "Node"], ...]


Node = Scalar | Listing | Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake(Place):
    """What is wrong with the text as YAML, in plain words."""

    text: str


class _Stop(Exception):
    """Nothing behind this mistake can be read."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(mistake.text)


def read_yaml(content: bytes) -> tuple[Node | None, tuple[Mistake, ...]]:
    """Return the tree of a file (None where it can't be read at all) and what is wrong with it.

    Any bytes will do: size, depth and number of nodes are bounded, and nothing is raised.
    """
    composer = _Composer()
    try:
        return composer.document(_decode(content)), tuple(composer.mistakes)
    except _Stop as stop:
        return None, (*composer.mistakes, stop.mistake)


def _decode(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise _Stop(_mistake(f"the file is larger than {MAX_BYTES // 1024} KiB; split it into several"))
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
    return Mistake(line=text.count("\n") + 1, column=len(text) - text.rfind("\n"), text=what)


def _mistake(text: str, event: Any = None) -> Mistake:
    return _at(event.start_mark if event is not None else None, text)


def _at(mark: Any, text: str) -> Mistake:
    return Mistake(line=mark.line + 1 if mark else 1, column=mark.column + 1 if mark else 1, text=text)


class _Composer:
    """Builds the tree from events, which come lazily: past a bound nothing more is read."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self._nodes = 0
        self._lines: list[str] = []

    def document(self, text: str) -> Node:
        self._lines = text.splitlines()
        events = _events(text)
        first = next(events)
        while not isinstance(first, (DocumentStartEvent, StreamEndEvent)):
            first = next(events)
        if isinstance(first, StreamEndEvent):
            raise _Stop(_mistake('the file is empty; a rule file begins with "version: 1"'))
        if first.version or first.tags:
            self._note(first, 'lines that begin with "%" are not supported; remove them')
        root = self._node(next(events), events, 1)
        next(events)  # the end of the document
        after = next(events)
        if isinstance(after, DocumentStartEvent):
            more = 'the file holds a second document (after "---"); put it into a file of its own'
            raise _Stop(_mistake(more, after))
        return root

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _Stop(
                _mistake(f"the file has more than {MAX_NODES:,} values; split it into several", event)
            )
        if depth > MAX_DEPTH:
            raise _Stop(_mistake(f"this is nested more than {MAX_DEPTH} levels deep", event))
        if isinstance(event, ScalarEvent) and event.anchor is None and event.tag is None:
            mark: Any = event.start_mark  # nearly all nodes are such
            return Scalar(line=mark.line + 1, column=mark.column + 1, text=event.value, plain=not event.style)
        refused = self._refuse(event)
        place = {"line": event.start_mark.line + 1, "column": event.start_mark.column + 1}
        if isinstance(event, SequenceStartEvent):
            return Listing(items=self._items(events, depth), **place)
        if isinstance(event, MappingStartEvent):
            return Mapping(entries=self._entries(events, depth), **place)
        if isinstance(event, AliasEvent):
            return Scalar(text=f"*{event.anchor}", plain=False, **place)
        if refused:  # taken for the text that was probably meant, so that one mistake makes one problem
            return Scalar(text=event.value or "!", plain=False, **place)
        return Scalar(text=event.value, plain=not event.style, **place)

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
        self.mistakes.append(_mistake(text, event))

    def _items(self, events: Iterator[Any], depth: int) -> tuple[Node, ...]:
        items: list[Node] = []
        while not isinstance(event := next(events), SequenceEndEvent):
            items.append(self._node(event, events, depth + 1))
        return tuple(items)

    def _entries(self, events: Iterator[Any], depth: int) -> tuple[tuple[Scalar, Node], ...]:
        entries: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(event := next(events), MappingEndEvent):
            key = self._node(event, events, depth + 1)
            value = self._node(begin := next(events), events, depth + 1)
            if isinstance(key, Scalar) and isinstance(value, Scalar) and value.plain and not value.text:
                value = self._comment(begin) or replace(value, line=key.line, column=key.column)
            if not isinstance(key, Scalar):
                self._note(event, "a key is a single word; put text in brackets in quotes")
            elif key.text == "<<" and key.plain:
                self._note(event, '"<<" (a YAML merge key) is not supported; write the keys out')
            elif key.text in entries:
                line = entries[key.text][0].line
                self._note(event, f'"{shown(key.text)}" stands here twice, first in line {line}; keep one')
            else:
                entries[key.text] = (key, value)
        return tuple(entries.values())

    def _comment(self, event: Any) -> Scalar | None:
        """Return what stands as a comment where nothing else does, `#urgent`, as the text that was meant."""
        line, column = event.start_mark.line, event.start_mark.column
        found = _HASHED.match(self._lines[line] if line < len(self._lines) else "", column)
        if found is None:
            return None
        place = {"line": line + 1, "column": found.start(1) + 1}
        self.mistakes.append(
            Mistake(text='text that begins with "#" is a comment; put it in quotes', **place)
        )
        return Scalar(text=found[1], plain=False, **place)


def _events(text: str) -> Iterator[Any]:
    event = None
    try:
        parser = CParser(text)
        while (event := parser.get_event()) is not None:
            yield event
    except MarkedYAMLError as error:
        raise _Stop(_explained(error, text)) from error
    except Exception as error:  # the parser slips on some nonsense
        last = event.end_mark if event is not None else None
        nonsense = "this can't be read as YAML; look for a missing quote or a wrong escape"
        raise _Stop(_at(last, nonsense)) from error


def _explained(error: MarkedYAMLError, text: str) -> Mistake:
    earlier = error.context_mark is not None and began_earlier(error.context, error.problem)
    mark = error.context_mark if earlier else error.problem_mark or error.context_mark
    lines = text.splitlines()
    if mark is not None and mark.line and "mapping values" in (error.problem or ""):
        above = _NO_SPACE.match(lines[mark.line - 1])
        if above:
            return Mistake(line=mark.line, column=above.end() + 1, text='a space is missing after the ":"')
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    column = mark.column if mark is not None else 0
    return _at(mark, explain(error.context, error.problem, before=line[:column], after=line[column:]))


def shown(text: str) -> str:
    """Return the text on one line, shortened, fit for a message."""
    flat = "".join(character if character.isprintable() else " " for character in text)
    return flat if len(flat) <= 60 else flat[:57] + "…"  # noqa: PLR2004 -- a line of a message
