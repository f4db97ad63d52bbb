"""Parses a YAML file into a tree of nodes.

The tree is built from PyYAML's events, not its objects: every value keeps its position, and a repeated key
is a mistake. Anchors, aliases, merge keys and tags are refused and never expanded. Size, depth, number of
values and number of mistakes are bounded; beyond a bound, the parser stops.
"""

import re
from typing import Any

import yaml
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
from shared.rule_files.yaml_tree.common_mistakes import NO_TEMPLATES
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, ScalarNode, SequenceNode, shorten
from shared.rule_files.yaml_tree.parser_errors import at_mark, explain
from shared.rule_files.yaml_tree.text import FORBIDDEN, Mistake, UnreadableFile, decode

MAX_DEPTH = 50
MAX_NODES = 50_000
_MAX_MISTAKES = 100

_BLOCK_STYLES = ("|", ">")
_COMMENT_WITHOUT_SPACE = re.compile(r"\s+(#\S+)")
_TEXT_CUT_BY_COMMENT = re.compile(r"\S\s+#[^\s#!]")


def read_yaml(content: bytes) -> tuple[Node | None, tuple[Mistake, ...]]:
    """Return the tree of a file (None where it can't be read at all) and its mistakes.

    Never raises: any bytes are accepted.
    """
    mistakes: list[Mistake] = []
    try:
        text = decode(content)
        return _parse(text, mistakes), tuple(mistakes)
    except UnreadableFile as error:
        return None, (*mistakes, error.mistake)


def _parse(text: str, mistakes: list[Mistake]) -> Node:
    builder = _TreeBuilder(text, mistakes)
    try:
        return builder.document()
    except yaml.MarkedYAMLError as error:
        raise UnreadableFile(explain(error, text)) from error
    except UnreadableFile:
        raise
    except Exception as error:  # libyaml fails in other ways on some nonsense
        nonsense = "this can't be read as YAML; look for a missing quote or a wrong escape"
        raise UnreadableFile(at_mark(builder.last_block, nonsense)) from error


class _TreeBuilder:
    """Builds the tree from the parser's events."""

    def __init__(self, text: str, mistakes: list[Mistake]) -> None:
        self._lines = text.splitlines()
        #: numbers of the lines in which a comment may cut text short: "#" after a space, with text after it
        self._cut_lines = {
            number for number, line in enumerate(self._lines) if _TEXT_CUT_BY_COMMENT.search(line)
        }
        self._events = yaml.parse(text, Loader=yaml.CSafeLoader)
        self._mistakes = mistakes
        self._nodes = 0
        #: mark of the last block that began
        self.last_block: Any = None

    def document(self) -> Node:
        first = self._next()
        while not isinstance(first, (DocumentStartEvent, StreamEndEvent)):
            first = self._next()
        if isinstance(first, StreamEndEvent):
            raise UnreadableFile(Mistake(1, 1, 'the file is empty; a rule file begins with "version: 1"'))
        if first.version or first.tags:
            self._note(first, 'lines that begin with "%" are not supported; remove them')
        root = self._node(self._next(), 1)
        self._next()  # the end of the document
        after = self._next()
        if isinstance(after, DocumentStartEvent) and not self._is_empty(self._next()):
            second = 'this begins a second document (after "---"); put it into another file'
            self._note(after, second)
        return root

    def _next(self) -> Any:
        return next(self._events)

    @staticmethod
    def _is_empty(event: Any) -> bool:
        """Return whether a document is empty, as after a "---" at the end of a file."""
        return isinstance(event, ScalarEvent) and not event.value and not event.style

    def _node(self, event: Any, depth: int) -> Node:
        self._nodes += 1
        mark = event.start_mark
        if self._nodes > MAX_NODES:
            too_many = f"the file has more than {MAX_NODES:,} values; split it into several"
            raise UnreadableFile(at_mark(mark, too_many))
        if isinstance(event, ScalarEvent) and event.anchor is None and event.tag is None:
            return self._scalar(event)
        if depth > MAX_DEPTH:
            raise UnreadableFile(at_mark(mark, f"this is nested more than {MAX_DEPTH} levels deep"))
        self.last_block = mark
        is_refused = self._refuse(event)
        if isinstance(event, SequenceStartEvent):
            return SequenceNode(mark.line + 1, mark.column + 1, self._items(depth + 1))
        if isinstance(event, MappingStartEvent):
            return MappingNode(mark.line + 1, mark.column + 1, *self._entries(depth + 1))
        # A refused value becomes the text that was probably meant, so that one mistake is one problem.
        text = f"*{event.anchor}" if isinstance(event, AliasEvent) else event.value or "!" * is_refused
        return ScalarNode(mark.line + 1, mark.column + 1, text, not is_refused and not event.style)

    def _scalar(self, event: Any) -> ScalarNode:
        mark = event.start_mark
        text, is_plain = event.value, not event.style
        comment = None
        if not is_plain:
            text = self._quoted_text(event)
        elif text and mark.line in self._cut_lines:
            comment = self._comment_after(event)
        return ScalarNode(mark.line + 1, mark.column + 1, text, is_plain, comment)

    def _quoted_text(self, event: Any) -> str:
        """Return the text of a value with quotes or in a text block, as it was probably meant."""
        mark = event.start_mark
        if event.style in _BLOCK_STYLES and not event.value:  # ">1" opens a text block, and it is empty
            return str(self._lines[mark.line][mark.column :])
        if event.style == '"' and FORBIDDEN.search(event.value):
            invisible = 'an escape in double quotes (such as "\\b") is an invisible character here'
            self._note(event, f"{invisible}; use single quotes")
        return str(event.value)

    def _refuse(self, event: Any) -> bool:
        """Return whether the event uses a feature of YAML that rule files don't support, and note it."""
        if isinstance(event, AliasEvent):
            alias = f'"*{shorten(event.anchor or "")}" without quotes is a YAML alias'
            self._note(event, f"{alias}, which is not supported; if it is text, put it in quotes")
        elif event.anchor:
            anchor = f'"&{shorten(event.anchor or "")}" is a YAML anchor'
            self._note(event, f"{anchor}, which is not supported; if it is text, put it in quotes")
        elif event.tag and event.tag != "!":
            self._note(event, 'a value can\'t begin with "!" (a YAML tag); put text in quotes')
        else:
            return False
        return True

    def _note(self, event: Any, text: str) -> None:
        self._add(at_mark(event.start_mark, text))

    def _add(self, mistake: Mistake) -> None:
        if len(self._mistakes) == _MAX_MISTAKES:
            raise UnreadableFile(mistake)
        self._mistakes.append(mistake)

    def _comment_after(self, event: Any) -> Position | None:
        """Return the position of a comment after plain text that may be meant as part of it."""
        end = event.end_mark
        found = _COMMENT_WITHOUT_SPACE.match(self._lines[end.line], end.column)
        return None if found is None else Position(end.line + 1, found.start(1) + 1)

    def _items(self, depth: int) -> tuple[Node, ...]:
        items: list[Node] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            item = self._node(event, depth)
            if isinstance(item, ScalarNode) and not item.text and item.plain:
                item = self._comment_as_text(event.start_mark) or item
            items.append(item)
        return tuple(items)

    def _entries(self, depth: int) -> tuple[tuple[ScalarNode, ...], dict[str, Node]]:
        keys: dict[str, ScalarNode] = {}
        values: dict[str, Node] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._node(event, depth)
            value = self._node(begin := self._next(), depth)
            if not isinstance(key, ScalarNode):
                in_brackets = "a key is a single word; put text in brackets in quotes"
                self._note(event, NO_TEMPLATES if isinstance(key, MappingNode) else in_brackets)
                continue
            if isinstance(value, ScalarNode) and not value.text and value.plain:
                empty = ScalarNode(key.line, key.column, "", plain=True)
                value = self._comment_as_text(begin.start_mark) or empty
            if key.text == "<<" and key.plain:
                self._note(event, '"<<" (a YAML merge key) is not supported; write the keys out')
            elif key.text in values:
                line = keys[key.text].line
                self._note(event, f'the key "{shorten(key.text)}" is already in line {line}; remove one')
            else:
                keys[key.text] = key
                values[key.text] = value
        return tuple(keys.values()), values

    def _comment_as_text(self, mark: Any) -> ScalarNode | None:
        """Return a comment in place of a value, such as `#urgent`, as the text that was probably meant."""
        line, column = mark.line, mark.column
        found = _COMMENT_WITHOUT_SPACE.match(self._lines[line] if line < len(self._lines) else "", column)
        if found is None:
            return None
        line, column = line + 1, found.start(1) + 1
        self._add(Mistake(line, column, 'text that begins with "#" is a comment; put it in quotes'))
        return ScalarNode(line, column, found[1], plain=False)
