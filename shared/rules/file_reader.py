"""One rule file: its tree becomes rules and settings, or problems."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shared.rules.domains import PATTERN, domain_of
from shared.rules.policy import AUTO, InternalDomains, Rule
from shared.rules.reader import Reader, described
from shared.rules.rule_reader import read_rule
from shared.rules.yaml_nodes import Listing, Mapping, Node, Place, Scalar, shown

_KEYS = ("version", "internal_domains", "other_join_links", "drafts", "lists", "rules")


@dataclass(frozen=True, slots=True)
class Setting:
    """A file's value for the whole policy, and where its key stands."""

    value: Any
    place: Place


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What one file says, as far as it could be read. `places` tells where each rule's id stands."""

    rules: list[Rule] = field(default_factory=list)
    places: list[tuple[str, Place]] = field(default_factory=list)
    settings: dict[str, Setting] = field(default_factory=dict)


def read_file(root: Node, reader: Reader) -> ReadFile:
    """Return what the file says; what is wrong with it, the reader has noted."""
    read = ReadFile()
    if not isinstance(root, Mapping):
        reader.problem(root, f'a rule file begins with "version: 1", but this is {described(root)}')
        return read
    keys = reader.keys(root, "a rule file", _KEYS) or {}
    _check_version(root, keys.get("version"), reader)
    places = {key.text: key for key, _ in root.entries}
    for name, read_setting in _SETTINGS.items():
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
    for item in reader.items(node, "rules") or ():
        if isinstance(item, Mapping):
            for key, value in item.entries:
                if key.text == "id" and isinstance(value, Scalar):
                    read.places.append((value.text, value))
        rule = read_rule(item, reader)
        if rule is not None:
            read.rules.append(rule)


def _internal_domains(node: Node, reader: Reader) -> tuple[str, ...] | InternalDomains:
    if isinstance(node, Scalar) and node.text == "auto":
        return AUTO
    nodes = reader.one_or_more(node, "internal_domains") or ()
    return tuple(pattern for item in nodes if (pattern := _domain(item, reader)) is not None)


def _domain(node: Node, reader: Reader) -> str | None:
    pattern = reader.text(node, "internal_domains")
    if pattern is None or PATTERN.fullmatch(pattern):
        return pattern and pattern.lower()
    alone = "; auto stands alone, without a list" if pattern == "auto" else ""
    reader.problem(
        node,
        'internal_domains needs domains such as contoso.com or "*.contoso.com", '
        f"but this is {described(node)}{alone}",
    )
    return None


def _skip_or_ignore(name: str) -> Callable[[Node, Reader], bool]:
    return lambda node, reader: reader.choice(node, name, ("skip", "ignore")) != "ignore"


def _lists(node: Node, reader: Reader) -> dict[str, tuple[str, ...]]:
    if not isinstance(node, Mapping):
        reader.problem(node, f"lists needs a name for each list, but this is {described(node)}")
        return {}
    return {key.text: _list(key.text, items, reader) for key, items in node.entries}


def _list(name: str, node: Node, reader: Reader) -> tuple[str, ...]:
    what = f'the list "{shown(name)}"'
    words = []
    for item in reader.items(node, what) or ():
        word = reader.text(item, what)
        if word is not None and not PATTERN.fullmatch(word) and domain_of(word) is None:
            reader.problem(item, f"{what} needs domains or addresses, but this is {described(item)}")
        elif word is not None:
            words.append(word.lower())
    return tuple(words)


#: Keys that hold for the whole policy, so that one file at most may say them.
_SETTINGS: dict[str, Callable[[Node, Reader], Any]] = {
    "internal_domains": _internal_domains,
    "other_join_links": _skip_or_ignore("other_join_links"),
    "drafts": _skip_or_ignore("drafts"),
    "lists": _lists,
}
