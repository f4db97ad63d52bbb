"""Domains and addresses as rule files write them: one by one, or by the name of a list that holds them."""

import re
from collections.abc import Callable

from shared.domain.address import ascii_domain, read_address
from shared.rule_files.reading.named_lists import NAME, ListUse, NamedList
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe, list_words
from shared.rule_files.vocabulary.json_schema import Shape, matching, one_or_more
from shared.rule_files.yaml_tree.nodes import Node, shorten

#: a text of a rule file; with it comes the list of that name, or None for one domain or address
Words = dict[str, NamedList | None]

#: `contoso.com`, or `*.contoso.com` for its subdomains only
DOMAIN_PATTERN = re.compile(
    r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]",
    re.IGNORECASE | re.ASCII,
)
_ADDRESS_PATTERN = re.compile(r"[^\s@/:*<>\"(),;\[\]]+@[^\s@/\\:*<>\"(),;\[\]]+")

DOMAIN: Shape = matching(DOMAIN_PATTERN, message='Needs a domain such as contoso.com or "*.contoso.com".')
ADDRESS: Shape = matching(_ADDRESS_PATTERN.pattern, message="Needs an address such as bo@contoso.com.")
LIST_NAME: Shape = matching(NAME, message="Needs the name of a list: letters, digits, - and _.")
DOMAINS: Shape = one_or_more({"anyOf": [DOMAIN, {**LIST_NAME, "not": {"const": "auto"}}]})
ADDRESSES: Shape = one_or_more({"anyOf": [ADDRESS, LIST_NAME]})

#: longer text is not an address with something around it
_MAX_LENGTH = 254
#: other ways in which people write domains and addresses, and what to write instead
_OTHER_FORMS = tuple(
    (re.compile(form, re.IGNORECASE | re.ASCII), advice)
    for form, advice in (
        (r"sip:(.+@.+)", "write {0}"),
        (r"https?://(?:www\.)?([^/]+).*", "write {0}"),
        (r"\*@(.+)", '"*" does not match any name here; for everyone at {0}, use domain_in'),
        (r"@(.+\..+)", "write {0}"),
        (r"(.+?)[,;] *(.+)", "write several as a list, [{0}, {1}]"),
        (r"lists\.(.+)", "write only the name of the list, {0}"),
    )
)


def is_address(text: str) -> bool:
    """Return whether the text is a plain mail address, without a display name, a prefix or a wildcard."""
    plain = text.strip()
    return _ADDRESS_PATTERN.fullmatch(plain) is not None and read_address(plain) == plain.lower()


def read_domains(node: Node, reader: NodeReader, what: str, *, use: ListUse) -> Words | None:
    """Return the domains that a text or a list of texts names; None after a problem was noted."""
    return _read_words(node, reader, what, lambda word, item: _is_domain(word, item, reader, what, use))


def read_addresses(node: Node, reader: NodeReader, what: str, *, use: ListUse) -> Words | None:
    """Return the addresses that a text or a list of texts names; None after a problem was noted."""
    return _read_words(node, reader, what, lambda word, item: _is_address(word, item, reader, what, use))


def _read_words(
    node: Node, reader: NodeReader, what: str, is_valid: Callable[[str, Node], bool]
) -> Words | None:
    nodes = reader.one_or_more(node, what) or ()
    words: Words = {}
    is_complete = bool(nodes)
    for item in nodes:
        text = reader.text(item, what)
        word = (text or "").strip()
        if text is None or not is_valid(word, item):
            is_complete = False
        elif NAME.fullmatch(word):
            words[word] = reader.lists.named[word]
        else:
            words[word.lower()] = None
    return words if is_complete else None


def _is_domain(word: str, node: Node, reader: NodeReader, what: str, use: ListUse) -> bool:
    if DOMAIN_PATTERN.fullmatch(word):
        return True
    if NAME.fullmatch(word) and word != "auto":
        named = _find_list(word, node, reader, what, use, kind="domain")
        if named is not None and not named.domains and named.entries:
            reader.problem(node, f'{what}: the list "{shorten(word)}" has no domain in it')
        return named is not None
    hint = "; write auto alone, not in a list" if word == "auto" else meant_by(word)
    if is_address(word) and use is not ListUse.OWN_DOMAINS:
        hint = "; for addresses, use address_in"
    reader.problem(
        node,
        f'{what} needs domains such as contoso.com or "*.contoso.com", but this is {describe(node)}{hint}',
    )
    return False


def _is_address(word: str, node: Node, reader: NodeReader, what: str, use: ListUse) -> bool:
    if is_address(word):
        return True
    if NAME.fullmatch(word):
        named = _find_list(word, node, reader, what, use, kind="address")
        if named is not None and not named.addresses and named.entries:
            reader.problem(node, f'{what}: the list "{shorten(word)}" has no address in it')
        return named is not None
    hint = meant_by(word) or ("; for domains, use domain_in" if DOMAIN_PATTERN.fullmatch(word) else "")
    reader.problem(node, f"{what} needs addresses such as bo@contoso.com, but this is {describe(node)}{hint}")
    return False


def _find_list(
    name: str, node: Node, reader: NodeReader, what: str, use: ListUse, *, kind: str
) -> NamedList | None:
    named = reader.lists.named.get(name)
    if named is not None:
        reader.lists.used.add((name, use))
    elif reader.session.has_all_lists:
        near = reader.session.suggest(name, reader.lists.named)
        known = list_words([shorten(each) for each in reader.lists.named])
        hint = f"; the lists are {known}" if known and near is None else ""
        if not known:
            example = "contoso.com" if kind == "domain" else "bo@contoso.com"
            hint = f"; write a {kind} such as {example}, or define the list under lists"
        reader.problem(
            node, f'{what}: "{shorten(name)}" is neither a {kind} nor a list{hint}', suggestion=near
        )
    return named


def meant_by(word: str) -> str:
    """Return how to write a domain or an address that is written in another way; empty if that is unknown."""
    if len(word) > _MAX_LENGTH:
        return ""
    if not word.isascii() and (plain := ascii_domain(word)):
        return f"; write {plain}, as mail servers do"
    if (clean := read_address(word)) and clean != word.lower():
        return f"; write {clean}"
    for form, advice in _OTHER_FORMS:
        if found := form.fullmatch(word):
            return "; " + advice.format(*found.groups())
    return ""
