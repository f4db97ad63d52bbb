"""Conditions on people: by address, by domain, by their groups; on the organizer, by department, too."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from shared.domain.address import untagged
from shared.domain.ids import GUID
from shared.domain.mail_domains import Domains
from shared.rule_files.reading.named_lists import ListUse
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe, list_words
from shared.rule_files.vocabulary.addresses import (
    ADDRESSES,
    DOMAIN_PATTERN,
    DOMAINS,
    is_address,
    read_addresses,
    read_domains,
)
from shared.rule_files.vocabulary.json_schema import TEXT, Shape, matching, one_or_more
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.vocabulary.syntaxes import Expectation
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, ScalarNode, shorten
from shared.rules.event.event_facts import People
from shared.rules.event.invitees import Person
from shared.rules.event.texts import fold
from shared.rules.truth import Truth, all_hold, any_holds
from shared.rules.value_sets import Alternatives

GROUP_ID: Shape = matching(GUID, message="Needs an object id such as 5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e.")
_MAX_SHOWN = 5
_ID_DIGITS = 32
_PART_OF_ID = re.compile(r"[0-9a-fA-F-]{8,40}")


_KEYS = (
    Key(
        "address_in",
        "Mail addresses, and names of `lists`.",
        ADDRESSES,
        "[bo@fabrikam.com]",
        synonyms="email address mail addresses user upn",
    ),
    Key(
        "domain_in",
        "Mail domains, and names of `lists`; `*.contoso.com` means subdomains only.",
        DOMAINS,
        "[fabrikam.com]",
        synonyms="domain domains",
    ),
    Key(
        "member_of",
        "Groups, by their object ids; members of nested groups count, too.",
        one_or_more(GROUP_ID),
        "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e",
        synonyms="group groups memberof",
    ),
)
_BLOCK = Block(place="under a condition on people, such as attendee", keys=_KEYS, least=1)
_ORGANIZER_BLOCK = Block(
    place="under organizer",
    keys=(
        *_KEYS,
        Key(
            "department_in",
            "Departments, as the directory has them; case and spaces around them do not matter.",
            one_or_more(TEXT),
            "[Legal, Works council]",
            synonyms="department departments",
        ),
    ),
    least=1,
)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one key expects of a person: in words, as a test, and the groups that it needs to know."""

    text: str
    is_met: Callable[[Person, People], Truth]
    words: tuple[str, ...]
    groups: frozenset[str] = frozenset()
    needs_department: bool = False


_DEPARTMENTS = (
    " `department_in` compares the organizer's `department` in the directory, without regard to case. "
    "Joinlink reads it only if the decision depends on it, and keeps it for an hour."
)


@dataclass(frozen=True, slots=True)
class PeopleSyntax:
    """`{address_in, domain_in, member_of}`, each one text or a list, of which any is enough.

    One and the same person must meet all keys. The first two take names of lists. `are_guests` is for people
    who are invited: a list that is used for them should not hold the company's own domains by mistake.
    Without it, the syntax is that of the organizer, with `department_in`: to read the departments of all who
    are invited would take a call for each.
    """

    are_guests: bool = False

    @property
    def form(self) -> str:
        """A block of these keys."""
        names = ", ".join(self.block.by_name)
        return (
            f"`{{{names}}}`, each with one text or a list of which any is enough. "
            "One and the same person must meet all keys. `address_in` and `domain_in` also take the names of "
            "`lists`. `member_of` takes object ids of groups; it knows members by all their addresses and by "
            "the group's own." + ("" if self.are_guests else _DEPARTMENTS)
        )

    @property
    def block(self) -> Block:
        """The keys."""
        return _BLOCK if self.are_guests else _ORGANIZER_BLOCK

    def shape(self) -> Shape:
        """Return a block of these keys."""
        return self.block.shape

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[People] | None:
        """Return what is expected of at least one of the people."""
        if isinstance(node, ScalarNode) and (key := _missing_key(node.text)):
            reader.problem(node, f"{name} needs a key: write {{{key}: {node.text}}}")
            return None
        known = self.block.by_name
        keys = reader.keys(node, name, known, hint=f"for example {self.block.example}") or {}
        if isinstance(node, MappingNode) and not node.keys:
            *first, last = known
            reader.problem(node, f"{name} needs {', '.join(first)} or {last}")
        read = {key: self._read_key(key, value, reader, f"{name}: {key}") for key, value in keys.items()}
        parts = {key: part for key, part in read.items() if part is not None}
        if not parts or not isinstance(node, MappingNode) or len(parts) < len(node.keys):
            return None
        tests = [part.is_met for part in parts.values()]
        return Expectation(
            " and ".join(part.text for part in parts.values()),
            lambda people: any_holds(_is_met_by(person, people, tests) for person in people.persons),
            _accepts(parts),
            groups=frozenset().union(*(part.groups for part in parts.values())),
            needs_department="department_in" in parts,
            show=self._show_with_department if "department_in" in parts else None,
        )

    def _read_key(self, key: str, node: Node, reader: NodeReader, what: str) -> _Part | None:
        use = ListUse.GUESTS if self.are_guests else ListUse.PEOPLE
        match key:
            case "address_in":
                return _address_in(node, reader, what, use)
            case "domain_in":
                return _domain_in(node, reader, what, use)
            case "department_in":
                return _department_in(node, reader, what)
            case _:
                return _member_of(node, reader, what)

    def show(self, value: People) -> str:
        """Return the first addresses, and how many more there are."""
        first = ", ".join(
            shorten(person.address) or "a person without address" for person in value.persons[:_MAX_SHOWN]
        )
        more = len(value.persons) - _MAX_SHOWN
        return f"{first} and {more} more" if more > 0 else first or "no one"

    def _show_with_department(self, value: People) -> str:
        """Return the same for the organizer, with the department."""
        unknown = "department not known" if value.department is None else "no department"
        return f"{self.show(value)}, {shorten(value.department) if value.department else unknown}"


def _missing_key(text: str) -> str:
    """Return the key that a text without one belongs to; empty if it is none's."""
    if is_address(text):
        return "address_in"
    return "member_of" if GUID.fullmatch(text) else "domain_in" if DOMAIN_PATTERN.fullmatch(text) else ""


def _accepts(parts: dict[str, _Part]) -> Alternatives:
    """Return the ways to meet the keys: of one key each word is a way, several keys are one way together."""
    ways = [frozenset((key, word) for word in part.words) for key, part in parts.items()]
    return Alternatives(ways[0] if len(ways) == 1 else frozenset((frozenset(ways),)))


def _is_met_by(person: Person, people: People, tests: list[Callable[[Person, People], Truth]]) -> Truth:
    truth = all_hold(test(person, people) for test in tests)
    return None if truth and not person.is_certain else truth


def _address_in(node: Node, reader: NodeReader, what: str, use: ListUse) -> _Part | None:
    words = read_addresses(node, reader, what, use=use)
    if words is None:
        return None
    expected = [named.addresses for named in words.values() if named is not None]
    expected.append(frozenset(word for word, named in words.items() if named is None))
    # Mail to a plus address and mail to the address without its tag reach the same person.
    expected_untagged = [frozenset(map(untagged, addresses)) for addresses in expected]

    def is_met(person: Person, _people: People) -> Truth:
        if _is_any_in(person.names, expected):
            return True
        if person.domain is None or _is_any_in(person.names | person.untagged, expected_untagged):
            return None
        return False

    return _Part(f"address in {list_words(tuple(words))}", is_met, tuple(words))


def _is_any_in(names: frozenset[str], sets: list[frozenset[str]]) -> bool:
    return any(not names.isdisjoint(each) for each in sets)


def _domain_in(node: Node, reader: NodeReader, what: str, use: ListUse) -> _Part | None:
    words = read_domains(node, reader, what, use=use)
    if words is None:
        return None
    expected = [named.any_domain for named in words.values() if named is not None]
    expected.append(Domains([word for word, named in words.items() if named is None]))

    def is_met(person: Person, _people: People) -> Truth:
        if person.domain is None:
            return None
        return any(person.domain in domains for domains in expected)

    return _Part(f"domain in {list_words(tuple(words))}", is_met, tuple(words))


def _member_of(node: Node, reader: NodeReader, what: str) -> _Part | None:
    nodes = reader.one_or_more(node, what) or ()
    read = [read_guid(item, reader, what, "group") for item in nodes]
    groups = tuple(guid for guid in read if guid is not None)
    if not groups or len(groups) < len(read):
        return None

    def is_met(person: Person, people: People) -> Truth:
        known = [people.members[group] for group in groups if group in people.members]
        if _is_any_in(person.names, known):
            return True
        if len(known) < len(groups) or person.domain is None or _is_any_in(person.untagged, known):
            return None
        # The address of another group: its members may be in this group, too, and are not known.
        return False if person.names.isdisjoint(people.lists) else None

    return _Part(f"member of {list_words(groups)}", is_met, groups, frozenset(groups))


def _department_in(node: Node, reader: NodeReader, what: str) -> _Part | None:
    nodes = reader.one_or_more(node, what) or ()
    read = [reader.literal(item, what) for item in nodes]
    departments = tuple(text.strip() for text in read if text is not None)
    if not departments or len(departments) < len(read):
        return None
    folded = frozenset(map(fold, departments))

    def is_met(_person: Person, people: People) -> Truth:
        return None if people.department is None else fold(people.department.strip()) in folded

    return _Part(f"department in {list_words(departments)}", is_met, tuple(folded), needs_department=True)


def read_guid(node: Node, reader: NodeReader, what: str, kind: str) -> str | None:
    """Return a directory object's id in lower case; None after a problem was noted."""
    text = node.text.strip() if isinstance(node, ScalarNode) else ""
    if GUID.fullmatch(text):
        return text.lower()
    if text and kind == "group":
        reader.session.group_names.setdefault(text)
    reader.problem(
        node,
        f"{what} needs the object id of a {kind}, such as 5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e, "
        f"but this is {describe(node)}{how_to_find_id(text)}",
    )
    return None


def how_to_find_id(text: str) -> str:
    """Return the end of a message: the id that is in a text, or where an admin finds the id of a group."""
    if within := GUID.search(text):
        return f"; write {within[0].lower()}"
    if digits := _PART_OF_ID.fullmatch(text):
        is_whole = len(bare := digits[0].replace("-", "").lower()) == _ID_DIGITS
        return f"; write {UUID(bare)}" if is_whole else "; copy the whole id"
    if not text:
        return ""
    return (
        "; names are not unique, so copy the Object ID from the group's page at entra.microsoft.com, or run "
        'az ad group list --display-name NAME --query "[].id"'
    )
