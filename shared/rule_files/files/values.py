"""Readers for values that several blocks have."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from shared.domain.decision import Action
from shared.domain.mail_domains import domain_of
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe
from shared.rule_files.vocabulary.json_schema import Shape, matching, one_of
from shared.rule_files.vocabulary.keys import Read
from shared.rule_files.yaml_tree.nodes import Node, ScalarNode, SequenceNode

ACTIONS: Shape = one_of(
    {Action.ENABLE.value: "the event gets a join link", Action.SKIP.value: "the event stays as it is"}
)
# `\w` is ASCII in editors, so the schema can't use the pattern of names below: it would refuse Jürgen.
PERSON: Shape = matching(
    r"/.+|[^\s@/]+|[^\s@/]+@[^\s@/\\]+", "Needs an address, or the name of a colleague in one word."
)
_NAME = re.compile(r"[\w.'-]+")
PEOPLE: Shape = {"anyOf": [PERSON, {"type": "array", "items": PERSON}]}


def read_text(node: Node, reader: NodeReader, what: str) -> str | None:
    """Return text that is not empty."""
    return reader.free_text(node, what)


def read_flag(node: Node, reader: NodeReader, what: str) -> bool | None:
    """Return true or false."""
    return reader.flag(node, what)


def choice_reader(choices: Mapping[str, Any]) -> Read:
    """Return a reader for one of these words, which returns the word's value."""

    def read(node: Node, reader: NodeReader, what: str) -> Any:
        word = reader.choice(node, what, choices)
        return None if word is None else choices[word]

    return read


#: returns an `Action`
read_action = choice_reader({action.value: action for action in Action})


def any_case_reader(choices: Collection[str]) -> Read:
    """Return a reader for one of these words in any case, which returns the word as it is spelled here."""
    by_folded = {choice.casefold(): choice for choice in choices}

    def read(node: Node, reader: NodeReader, what: str) -> str | None:
        folded = node.text.strip().casefold() if isinstance(node, ScalarNode) else ""
        return by_folded[folded] if folded in by_folded else reader.choice(node, what, choices)

    return read


def read_person(node: Node, reader: NodeReader, what: str) -> str | None:
    """Return an address, or the name of a colleague."""
    word = node.value if isinstance(node, ScalarNode) else None
    name = word.strip() if isinstance(word, str) else ""
    if domain_of(name) or name.startswith("/") or _NAME.fullmatch(name):
        return name
    needs = "addresses, or names of colleagues in one word"
    reader.problem(node, f"{what} needs {needs}, but this is {describe(node)}")
    return None


def read_people(node: Node, reader: NodeReader, what: str) -> tuple[str, ...] | None:
    """Return one person or several; the list may be empty."""
    if isinstance(node, SequenceNode) and not node.items:
        return ()
    return all_or_none(read_person(item, reader, what) for item in reader.one_or_more(node, what) or ())


def read_texts(node: Node, reader: NodeReader, what: str) -> tuple[str, ...] | None:
    """Return one text or several; the list may be empty."""
    if isinstance(node, SequenceNode) and not node.items:
        return ()
    return all_or_none(reader.literal(item, what) for item in reader.one_or_more(node, what) or ())


def all_or_none(values: Iterable[Any]) -> tuple[Any, ...] | None:
    """Return the values; None where one of them could not be read, or there is none."""
    found = tuple(values)
    return None if not found or None in found else found
