"""Conditions on people: their address, their domain, the groups that they are in."""

from collections.abc import Callable
from typing import NamedTuple

from shared.domain.address import untagged
from shared.domain.ids import GUID
from shared.domain.mail_domains import PATTERN, Domains, is_address
from shared.rule_files.reading.node_reader import NodeReader, describe, list_words
from shared.rule_files.vocabulary.addresses import ADDRESSES, DOMAINS, read_addresses, read_domains
from shared.rule_files.vocabulary.json_schema import Shape, matching, one_or_more
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.vocabulary.syntaxes import Expectation
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, ScalarNode, shorten
from shared.rules.event.event_facts import People, Truth
from shared.rules.event.invitees import Person
from shared.rules.extents import AnyOf

GROUP_ID: Shape = matching(GUID, "Needs an object id such as 5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e.")
_Test = Callable[[Person, People], Truth]
_SHOWN = 5


class PeopleSyntax:
    """`{address_in, domain_in, member_of}`, each one word or a list, of which any will do.

    All keys must hold for one and the same person. Lists may stand by their names in the first two.
    """

    form = (
        "`{address_in, domain_in, member_of}`, each with one word or a list of which any will do; of several "
        "keys all must hold for one and the same person. `address_in` and `domain_in` take the names of "
        "`lists`, too; `member_of` takes object ids of groups, and knows members by all their addresses and "
        "by the group's own."
    )

    @property
    def block(self) -> Block:
        """The three keys."""
        return _BLOCK

    def shape(self) -> Shape:
        """Return a block of the three keys."""
        return _BLOCK.shape

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[People] | None:
        """Return what is expected of at least one of the people."""
        if isinstance(node, ScalarNode) and (key := _key_of(node.text)):
            reader.problem(node, f"{name} needs a key: write {{{key}: {node.text}}}")
            return None
        keys = reader.keys(node, name, _BLOCK.by_name)
        if isinstance(node, MappingNode) and not node.keys:
            reader.problem(node, f"{name} needs address_in, domain_in or member_of")
        read = [_READERS[key](value, reader, f"{name}: {key}") for key, value in (keys or {}).items()]
        parts = [part for part in read if part is not None]
        if not parts or not isinstance(node, MappingNode) or len(parts) < len(node.keys):
            return None
        tests = tuple(part.test for part in parts)
        words = [
            frozenset((key, word) for word in part.words) for key, part in zip(keys or {}, parts, strict=True)
        ]
        return Expectation(
            " and ".join(part.text for part in parts),
            lambda people: _any_person(people, tests),
            AnyOf(words[0] if len(words) == 1 else frozenset((frozenset(words),))),
            groups=frozenset().union(*(part.groups for part in parts)),
        )

    def show(self, value: People) -> str:
        """Return the first addresses, and how many more there are."""
        first = ", ".join(
            shorten(one.address) or "somebody without address" for one in value.persons[:_SHOWN]
        )
        more = len(value.persons) - _SHOWN
        return f"{first} and {more} more" if more > 0 else first or "nobody"


def _key_of(word: str) -> str:
    """Return the key that goes with a word that stands without one; empty where none does."""
    if is_address(word):
        return "address_in"
    return "member_of" if GUID.fullmatch(word) else "domain_in" if PATTERN.fullmatch(word) else ""


class _Part(NamedTuple):
    """What one key expects, in words and by its test; what stands behind it, and the groups it asks for."""

    text: str
    test: _Test
    words: tuple[str, ...]
    groups: frozenset[str] = frozenset()


def _any_person(people: People, tests: tuple[_Test, ...]) -> Truth:
    whole: Truth = False
    for one in people.persons:
        truths = [test(one, people) for test in tests]
        if False in truths:
            continue
        if None not in truths and one.is_certain:
            return True
        whole = None
    return whole


def _address_in(node: Node, reader: NodeReader, what: str) -> _Part | None:
    words = read_addresses(node, reader, what)
    if words is None:
        return None
    wanted = [named.addresses for named in words.values() if named is not None]
    wanted.append(frozenset(word for word, named in words.items() if named is None))
    # Sent to a plus address or to the one without its tag, mail reaches the same person.
    near = [frozenset(map(untagged, addresses)) for addresses in wanted]

    def test(one: Person, _people: People) -> Truth:
        if any(not one.names.isdisjoint(addresses) for addresses in wanted):
            return True
        if one.domain is None:
            return None
        may_be = one.names | one.untagged
        return None if any(not may_be.isdisjoint(addresses) for addresses in near) else False

    return _Part(f"address in {list_words(tuple(words))}", test, tuple(words))


def _domain_in(node: Node, reader: NodeReader, what: str) -> _Part | None:
    words = read_domains(node, reader, what)
    if words is None:
        return None
    wanted = [named.any_domain for named in words.values() if named is not None]
    alone = [word for word, named in words.items() if named is None]
    wanted += [Domains(alone)] if alone else []

    def test(one: Person, _people: People) -> Truth:
        if one.domain is None:
            return None
        for domains in wanted:  # noqa: SIM110 -- any() takes twice the time
            if one.domain in domains:
                return True
        return False

    return _Part(f"domain in {list_words(tuple(words))}", test, tuple(words))


def _member_of(node: Node, reader: NodeReader, what: str) -> _Part | None:
    nodes = reader.one_or_more(node, what) or ()
    read = [read_guid(item, reader, what, "group") for item in nodes]
    groups = tuple(guid for guid in read if guid is not None)
    if not groups or len(groups) < len(read):
        return None

    def test(one: Person, people: People) -> Truth:
        known = [people.members[group] for group in groups if group in people.members]
        if any(not one.names.isdisjoint(group) for group in known):
            return True
        if len(known) < len(groups) or one.domain is None:
            return None
        if one.untagged and any(not one.untagged.isdisjoint(group) for group in known):
            return None
        # Another group's members may be in this one, too; nobody but that group knows them.
        return False if one.names.isdisjoint(people.lists) else None

    return _Part(f"member of {list_words(groups)}", test, groups, frozenset(groups))


def read_guid(node: Node, reader: NodeReader, what: str, kind: str) -> str | None:
    """Return a directory object's id in lower case."""
    text = node.text.strip() if isinstance(node, ScalarNode) else ""
    if GUID.fullmatch(text):
        return text.lower()
    within = GUID.search(text)
    hint = f"; write {within[0].lower()}" if within else ""
    reader.problem(
        node,
        f"{what} needs the object id of a {kind}, such as 5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e, "
        f"but this is {describe(node)}{hint}",
    )
    return None


_BLOCK = Block(
    place="under attendee or organizer",
    keys=(
        Key(
            "address_in", "Mail addresses, and names of `lists`.", ADDRESSES, "[bo@fabrikam.com]", _address_in
        ),
        Key(
            "domain_in",
            "Mail domains, and names of `lists`; `*.contoso.com` means subdomains only.",
            DOMAINS,
            "[fabrikam.com]",
            _domain_in,
        ),
        Key(
            "member_of",
            "Groups, by their object ids; members of nested groups count, too.",
            one_or_more(GROUP_ID),
            "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e",
            _member_of,
        ),
    ),
    least=1,
)
_READERS = {key.name: key.read for key in _BLOCK.keys if key.read is not None}
