"""Domains and addresses as rule files say them: one by one, or by the names of lists that hold them."""

from collections.abc import Callable

from shared.rules.domains import PATTERN, domain_of
from shared.rules.lists import NAME
from shared.rules.problems import suggest
from shared.rules.reader import Reader, described
from shared.rules.shapes import Shape, matching, one_or_more
from shared.rules.yaml_nodes import Node, Scalar, shown

DOMAIN: Shape = matching(PATTERN)
ADDRESS: Shape = matching(r"[^\s@/]+@[^\s@/\\]+")
_NAME: Shape = matching(NAME)
#: one domain, address or name of a list, or several
DOMAINS: Shape = one_or_more({"anyOf": [DOMAIN, {**_NAME, "not": {"const": "auto"}}]})
ADDRESSES: Shape = one_or_more({"anyOf": [ADDRESS, _NAME]})


def read_domains(node: Node, reader: Reader, what: str) -> tuple[str, ...] | None:
    """Return the domains that one word or a list of words stands for; names of lists are followed."""
    return _words(node, reader, what, lambda item, word: _domains(item, word, reader, what))


def read_addresses(node: Node, reader: Reader, what: str) -> tuple[str, ...] | None:
    """Return the addresses that one word or a list of words stands for; names of lists are followed."""
    return _words(node, reader, what, lambda item, word: _addresses(item, word, reader, what))


def _words(
    node: Node, reader: Reader, what: str, read: Callable[[Node, str], tuple[str, ...] | None]
) -> tuple[str, ...] | None:
    nodes = reader.one_or_more(node, what) or ()
    found = [
        None if (word := reader.text(item, what)) is None else read(item, word.strip().lower())
        for item in nodes
    ]
    read_well = [words for words in found if words is not None]
    if not read_well or len(read_well) < len(found):
        return None
    return tuple(word for words in read_well for word in words)


def _domains(node: Node, word: str, reader: Reader, what: str) -> tuple[str, ...] | None:
    if PATTERN.fullmatch(word):
        return (word,)
    if NAME.fullmatch(word) and word != "auto":
        inside = _inside(node, reader, what)
        return inside and _some(
            node, reader, what, "domains", tuple(entry for entry in inside if "@" not in entry)
        )
    hint = "; auto stands alone, without a list" if word == "auto" else ""
    hint = "; addresses go with address_in" if domain_of(word) and what.endswith("domain_in") else hint
    reader.problem(
        node,
        f'{what} needs domains such as contoso.com or "*.contoso.com", but this is {described(node)}{hint}',
    )
    return None


def _addresses(node: Node, word: str, reader: Reader, what: str) -> tuple[str, ...] | None:
    if domain_of(word):
        return (word,)
    if NAME.fullmatch(word):
        inside = _inside(node, reader, what)
        return inside and _some(
            node, reader, what, "addresses", tuple(entry for entry in inside if "@" in entry)
        )
    hint = "; domains go with domain_in" if PATTERN.fullmatch(word) else ""
    reader.problem(
        node, f"{what} needs addresses such as bo@contoso.com, but this is {described(node)}{hint}"
    )
    return None


def _inside(node: Node, reader: Reader, what: str) -> tuple[str, ...] | None:
    name = node.text.strip() if isinstance(node, Scalar) else ""
    if name in reader.lists.words:
        reader.lists.used.add(name)
        return reader.lists.words[name]
    near = suggest(name, reader.lists.words)
    known = f"; the lists are {', '.join(reader.lists.words)}" if reader.lists.words and near is None else ""
    reader.problem(node, f'{what}: "{shown(name)}" is no {_kind(what)} and no list{known}', suggestion=near)
    return None


def _kind(what: str) -> str:
    return "address" if what.endswith("address_in") else "domain"


def _some(
    node: Node, reader: Reader, what: str, kind: str, entries: tuple[str, ...]
) -> tuple[str, ...] | None:
    if entries:
        return entries
    reader.problem(node, f"{what}: the list {described(node).removeprefix('the text ')} has no {kind}")
    return None
