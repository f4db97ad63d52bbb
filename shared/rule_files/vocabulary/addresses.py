"""Domains and addresses as rule files say them: one by one, or by the names of lists that hold them."""

import re
from collections.abc import Callable

from shared.domain.address import ascii_domain, read_address
from shared.domain.mail_domains import PATTERN, is_address
from shared.rule_files.reading.named_lists import NAME, NamedList
from shared.rule_files.reading.node_reader import NodeReader, describe, list_words
from shared.rule_files.vocabulary.json_schema import Shape, matching, one_or_more
from shared.rule_files.yaml_tree.nodes import Node, shorten

DOMAIN: Shape = matching(PATTERN, 'Needs a domain such as contoso.com or "*.contoso.com".')
ADDRESS: Shape = matching(
    r"[^\s@/:*<>\"(),;\[\]]+@[^\s@/\\:*<>\"(),;\[\]]+", "Needs an address such as bo@contoso.com."
)
LIST_NAME: Shape = matching(NAME, "Needs the name of a list: letters, digits, - and _.")
#: one domain, address or name of a list, or several
DOMAINS: Shape = one_or_more({"anyOf": [DOMAIN, {**LIST_NAME, "not": {"const": "auto"}}]})
ADDRESSES: Shape = one_or_more({"anyOf": [ADDRESS, LIST_NAME]})


def read_domains(node: Node, reader: NodeReader, what: str) -> dict[str, NamedList | None] | None:
    """Return the domains that one word or a list of words says; a name of a list comes with that list."""
    return _words(node, reader, what, _domain)


def read_addresses(node: Node, reader: NodeReader, what: str) -> dict[str, NamedList | None] | None:
    """Return the addresses that one word or a list of words says; a name of a list comes with that list."""
    return _words(node, reader, what, _address)


def _words(
    node: Node, reader: NodeReader, what: str, check: Callable[[str, Node, NodeReader, str], bool]
) -> dict[str, NamedList | None] | None:
    nodes = reader.one_or_more(node, what) or ()
    words: dict[str, NamedList | None] = {}
    well = bool(nodes)
    for item in nodes:
        said = reader.text(item, what)
        word = (said or "").strip()
        if said is None or not check(word, item, reader, what):
            well = False
        elif NAME.fullmatch(word):
            words[word] = reader.lists.named[word]
        else:
            words[word.lower()] = None
    return words if well else None


def _domain(word: str, node: Node, reader: NodeReader, what: str) -> bool:
    if PATTERN.fullmatch(word):
        return True
    if NAME.fullmatch(word) and word != "auto":
        return _list(word, node, reader, what, "domain", lambda named: named.domains)
    hint = "; auto stands alone, without a list" if word == "auto" else meant_by(word)
    hint = "; addresses go with address_in" if is_address(word) and what.endswith("domain_in") else hint
    reader.problem(
        node,
        f'{what} needs domains such as contoso.com or "*.contoso.com", but this is {describe(node)}{hint}',
    )
    return False


def _address(word: str, node: Node, reader: NodeReader, what: str) -> bool:
    if is_address(word):
        return True
    if NAME.fullmatch(word):
        return _list(word, node, reader, what, "address", lambda named: named.addresses)
    hint = meant_by(word) or ("; domains go with domain_in" if PATTERN.fullmatch(word) else "")
    reader.problem(node, f"{what} needs addresses such as bo@contoso.com, but this is {describe(node)}{hint}")
    return False


def meant_by(word: str) -> str:
    """Return what to say of a word that is meant for a domain or an address, but written otherwise."""
    if len(word) > _LONGEST:
        return ""
    if not word.isascii() and (plain := ascii_domain(word)):
        return f"; write {plain}, as mail servers do"
    if (clean := read_address(word)) and clean != word.lower():
        return f"; write {clean}"
    for mark, said in _FORMS:
        found = mark.fullmatch(word)
        if found:
            return "; " + said.format(*found.groups())
    return ""


#: what is longer is no address with something around it
_LONGEST = 254

#: how domains and addresses are not written, and what to say then
_FORMS = tuple(
    (re.compile(form, re.IGNORECASE | re.ASCII), said)
    for form, said in (
        (r"sip:(.+@.+)", "write {0}"),
        (r"https?://(?:www\.)?([^/]+).*", "write {0}"),
        (r"\*@(.+)", '"*" stands for no name here; domain_in takes everybody of {0}'),
        (r"@(.+\..+)", "write {0}"),
        (r"(.+?)[,;] *(.+)", "write several as a list, [{0}, {1}]"),
        (r"lists\.(.+)", "a list stands by its name alone, {0}"),
    )
)


def _list(  # noqa: PLR0917 -- what both callers know
    name: str, node: Node, reader: NodeReader, what: str, kind: str, entries: Callable[[NamedList], object]
) -> bool:
    named = reader.lists.named.get(name)
    if named is None and not reader.session.has_all_lists:
        return False
    if named is None:
        near = reader.session.suggest(name, reader.lists.named)
        known = list_words([shorten(each) for each in reader.lists.named])
        hint = f"; the lists are {known}" if known and near is None else ""
        reader.problem(node, f'{what}: "{shorten(name)}" is no {kind} and no list{hint}', suggestion=near)
        return False
    reader.lists.used.add((name, what.partition(":")[0]))
    if not entries(named) and named.entries:
        reader.problem(node, f'{what}: the list "{shorten(name)}" has no {kind} in it')
    return True
