"""The settings of a rule file, which hold for the whole policy."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

from shared.domain.ids import GUID
from shared.domain.mail_domains import PATTERN, is_address
from shared.rule_files.reading.node_reader import Reader, described
from shared.rule_files.vocabulary.addresses import meant_by, read_domains
from shared.rule_files.vocabulary.durations import read_duration
from shared.rule_files.vocabulary.people import read_guid
from shared.rule_files.yaml_tree.nodes import Mapping, Node, Scalar
from shared.rules.mailboxes import ALL, Everybody, Group, Mailboxes, Selector, User
from shared.rules.policy import AUTO, InternalDomains, OtherJoinLinks, Sweep


def _internal_domains(node: Node, reader: Reader) -> tuple[str, ...] | InternalDomains:
    if isinstance(node, Scalar) and node.text == "auto":
        return AUTO
    words = read_domains(node, reader, "internal_domains") or {}
    listed = [(word,) if named is None else named.domains for word, named in words.items()]
    domains = tuple(dict.fromkeys(domain for group in listed for domain in group))
    for domain in domains:
        if domain.startswith("*.") and domain[2:] not in domains:
            alone = f"{domain} stands for subdomains only; {domain[2:]} itself is not among them"
            reader.warning(node, f"internal_domains: {alone}")
    return domains


def _mailboxes(node: Node, reader: Reader) -> Mailboxes:
    if isinstance(node, Scalar) and node.text == "all":
        reader.problem(node, "mailboxes needs a key: write {include: all}")
        return Mailboxes()
    keys = reader.keys(node, "mailboxes", ("include", "exclude"))
    if isinstance(node, Mapping) and not node.keys:
        reader.problem(node, "mailboxes needs include, exclude or both")
    keys = keys or {}
    include = _include(keys["include"], reader) if "include" in keys else ALL
    exclude = _selectors(keys["exclude"], reader, "mailboxes: exclude") if "exclude" in keys else ()
    for both in () if include is ALL else sorted(set(include) & set(exclude), key=str):
        name = both.id if isinstance(both, Group) else both.name
        reader.warning(node, f"mailboxes: {name} is included and excluded; exclude wins")
    return Mailboxes(include=include, exclude=exclude)


def _include(node: Node, reader: Reader) -> tuple[Selector, ...] | Literal[Everybody.ALL]:
    if isinstance(node, Scalar) and node.text == "all":
        return ALL
    return _selectors(node, reader, "mailboxes: include")


def _selectors(node: Node, reader: Reader, what: str) -> tuple[Selector, ...]:
    read = [_selector(item, reader, what) for item in reader.items(node, what) or ()]
    return tuple(selector for selector in read if selector is not None)


def _selector(node: Node, reader: Reader, what: str) -> Selector | None:
    if isinstance(node, Scalar) and node.text.strip():
        kind = "group" if GUID.fullmatch(node.text.strip()) else "user"
        hint = "; all stands alone, without a list" if node.text == "all" else ""
        hint = hint or f"; write {{{kind}: {node.text}}}"
        reader.problem(
            node, f"{what} needs items such as {{user: ceo@contoso.com}}, but this is {described(node)}{hint}"
        )
        return None
    keys = reader.keys(node, f"an item of {what}", ("group", "user"))
    if keys is None or (not keys and isinstance(node, Mapping) and node.keys):
        return None
    if len(keys) != 1:
        reader.problem(node, f"an item of {what} is one group or one user; give each an item of its own")
        return None
    if "group" in keys:
        guid = read_guid(keys["group"], reader, f"{what}: group", "group")
        return None if guid is None else Group(guid)
    return _user(keys["user"], reader, f"{what}: user")


def _user(node: Node, reader: Reader, what: str) -> User | None:
    name = node.text.strip().lower() if isinstance(node, Scalar) else ""
    if GUID.fullmatch(name) or is_address(name):
        return User(name)
    reader.problem(
        node, f"{what} needs an address or an object id, but this is {described(node)}{meant_by(name)}"
    )
    return None


def _other_join_links(node: Node, reader: Reader) -> OtherJoinLinks:
    if not isinstance(node, Mapping):
        action = reader.choice(node, "other_join_links", _SKIP_OR_IGNORE)
        return OtherJoinLinks(skip=action != "ignore")
    keys = reader.keys(node, "other_join_links", ("action", "look_in", "hosts")) or {}
    if not node.keys:
        reader.problem(node, "other_join_links needs action: skip or ignore")
    action = (
        reader.choice(keys["action"], "other_join_links: action", _SKIP_OR_IGNORE)
        if "action" in keys
        else None
    )
    look_in = (
        reader.choice(keys["look_in"], "other_join_links: look_in", ("body",)) if "look_in" in keys else None
    )
    if action == "ignore" and look_in is not None:
        reader.problem(node, "other_join_links: look_in means nothing where the action is ignore")
    hosts = _hosts(keys["hosts"], reader) if "hosts" in keys else ()
    return OtherJoinLinks(skip=action != "ignore", look_in_body=look_in is not None, hosts=hosts)


def _hosts(node: Node, reader: Reader) -> tuple[str, ...]:
    read = (_host(item, reader) for item in reader.one_or_more(node, _HOSTS) or ())
    return tuple(dict.fromkeys(host for host in read if host is not None))


def _host(node: Node, reader: Reader) -> str | None:
    name = node.text.strip().lower() if isinstance(node, Scalar) else ""
    if PATTERN.fullmatch(name):
        return name
    named = _HOST_IN_LINK.match(name)
    meant = meant_by(name) or (f"; write {named[1]}, without port and path" if named else "")
    example = 'meet.contoso.com or "*.video.contoso.com"'
    reader.problem(node, f"{_HOSTS} needs hosts such as {example}, but this is {described(node)}{meant}")
    return None


def _drafts(node: Node, reader: Reader) -> bool:
    return reader.choice(node, "drafts", _SKIP_OR_IGNORE) != "ignore"


def _sweep(node: Node, reader: Reader) -> Sweep:
    keys = reader.keys(node, "sweep", ("every", "window")) or {}
    if isinstance(node, Mapping) and not node.keys:
        reader.problem(node, "sweep needs every, window or both")
    times = {key: read_duration(value, reader, f"sweep: {key}") for key, value in keys.items()}
    for key, value in times.items():
        if value is not None and not _SHORTEST <= value <= _LONGEST:
            reader.problem(keys[key], f"sweep: {key} is 1h at least, and {_LONGEST.days}d at most")
    sweep = Sweep(**{key: value for key, value in times.items() if value is not None})
    if None not in times.values() and sweep.every > sweep.window:
        holes = "every is longer than window (60d where none is said), so some days are never looked at"
        reader.problem(node, f"sweep: {holes}")
    return sweep


_SHORTEST = timedelta(hours=1)
#: Graph's calendarView spans no more days (microsoft-graph-docs-contrib#6321)
_LONGEST = timedelta(days=1825)
_SKIP_OR_IGNORE = ("skip", "ignore")
_HOSTS = "other_join_links: hosts"
_HOST_IN_LINK = re.compile(r"((?:[a-z0-9-]{1,63}\.){1,8}[a-z0-9-]{2,63})[:/]", re.IGNORECASE | re.ASCII)

#: Keys that hold for the whole policy, so that one file at most may say them. `lists` is read before all.
SETTINGS: dict[str, Callable[[Node, Reader], Any]] = {
    "internal_domains": _internal_domains,
    "mailboxes": _mailboxes,
    "other_join_links": _other_join_links,
    "drafts": _drafts,
    "sweep": _sweep,
    "lists": lambda _node, reader: {name: named.words for name, named in reader.lists.named.items()},
}
