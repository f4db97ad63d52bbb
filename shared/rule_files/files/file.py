"""One rule file: its tree becomes rules and settings, or problems."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shared.domain.mail_domains import PATTERN, is_address
from shared.domain.position import Positioned
from shared.rule_files.files.rule import read_rule
from shared.rule_files.files.settings import SETTINGS
from shared.rule_files.reading.named_lists import NAME, NamedList
from shared.rule_files.reading.node_reader import Reader, described
from shared.rule_files.vocabulary.addresses import meant_by
from shared.rule_files.yaml_tree.nodes import Listing, Mapping, Node, Scalar, shown, value_of
from shared.rules.policy import Rule

FILE_KEYS = (
    "version", "internal_domains", "mailboxes", "other_join_links", "drafts", "sweep", "lists", "rules",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """A file's value for the whole policy, and where its key stands."""

    value: Any
    place: Positioned


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What one file says, as far as it could be read.

    `rules` hold each rule with its node; `places` tells where each rule's id stands.
    """

    rules: list[tuple[Rule, Mapping]] = field(default_factory=list)
    places: list[tuple[str, Positioned]] = field(default_factory=list)
    settings: dict[str, Setting] = field(default_factory=dict)


def read_file(root: Node, reader: Reader) -> ReadFile:
    """Return what the file says; what is wrong with it, the reader has noted."""
    read = ReadFile()
    if not isinstance(root, Mapping):
        reader.problem(root, f'a rule file begins with "version: 1", but this is {described(root)}')
        return read
    keys = reader.keys(root, "a rule file", FILE_KEYS) or {}
    if "version" in keys or reader.knows_all(root, FILE_KEYS):
        _check_version(root, keys.get("version"), reader)
    places = {key.text: key for key, _ in root.entries}
    for name, read_setting in SETTINGS.items():
        if name in keys:
            read.settings[name] = Setting(read_setting(keys[name], reader), places[name])
    if "rules" in keys:
        _read_rules(keys["rules"], reader, read)
    return read


def _check_version(root: Mapping, version: Node | None, reader: Reader) -> None:
    if version is None:
        reader.problem(root, 'version is missing; the file begins with "version: 1"')
    elif not isinstance(version, Scalar) or version.value != 1 or isinstance(version.value, (bool, float)):
        quoted = isinstance(version, Scalar) and not version.plain and version.text == "1"
        hint = "; remove the quotes" if quoted else ""
        reader.problem(version, f"version is 1, but this is {described(version)}{hint}")


def _read_rules(node: Node, reader: Reader, read: ReadFile) -> None:
    if isinstance(node, Listing) and not node.items:
        return  # a file of settings only
    if isinstance(node, Mapping):
        reader.problem(node, 'rules needs a list; begin each rule with "- ", as in "- id: external-meetings"')
        return
    for item in reader.items(node, "rules") or ():
        if isinstance(item, Mapping):
            rule_id = item.values.get("id")
            if isinstance(rule_id, Scalar):
                read.places.append((rule_id.text, rule_id))
        rule = read_rule(item, reader)
        if rule is not None and isinstance(item, Mapping):
            read.rules.append((rule, item))


def knows_keys(root: Node | None) -> bool:
    """Return whether a file's keys are all known, so that none of them is a misspelt `lists`."""
    return isinstance(root, Mapping) and all(key.text in FILE_KEYS for key in root.keys)


def read_lists(root: Node | None, reader: Reader) -> dict[str, NamedList]:
    """Return the file's named lists, in lower case; they are read first, because any file may use them."""
    node = value_of(root, "lists")
    if node is None:
        return {}
    if not isinstance(node, Mapping):
        reader.problem(node, f"lists needs a name for each list, but this is {described(node)}")
        return {}
    return {key.text: NamedList(_list(key, items, reader)) for key, items in node.entries}


def list_entries(root: Node | None) -> dict[str, tuple[Scalar, tuple[Node, ...]]]:
    """Return the place of each list of the file, and those of its items."""
    node = value_of(root, "lists")
    return {
        key.text: (key, items.items if isinstance(items, Listing) else ()) for key, items in _entries(node)
    }


def _entries(node: Node | None) -> Iterable[tuple[Scalar, Node]]:
    return node.entries if isinstance(node, Mapping) else ()


def _list(key: Scalar, node: Node, reader: Reader) -> tuple[str, ...]:
    if not NAME.fullmatch(key.text):
        reader.problem(
            key, f'the name of a list has letters, digits, "-" and "_", but this is "{shown(key.text)}"'
        )
    what = f'the list "{shown(key.text)}"'
    words = []
    for item in reader.items(node, what) or ():
        word = reader.text(item, what)
        if word is not None and not PATTERN.fullmatch(word.strip()) and not is_address(word):
            needs = f"{what} needs domains or addresses, but this is {described(item)}"
            reader.problem(item, needs + meant_by(word))
        elif word is not None:
            words.append(word.strip().lower())
    return tuple(words)
