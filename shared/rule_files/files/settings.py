"""The settings of a rule file, which hold for all rules: domains, other join links, sweep."""

import re
from datetime import timedelta
from typing import Literal

from shared.rule_files.files.values import choice_reader
from shared.rule_files.reading.named_lists import ListUse
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe
from shared.rule_files.vocabulary.addresses import DOMAIN, DOMAIN_PATTERN, meant_by, read_domains
from shared.rule_files.vocabulary.durations import DURATION, read_duration
from shared.rule_files.vocabulary.json_schema import Shape, block, one_of, one_or_more
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, ScalarNode
from shared.rules.policy import AUTO, CalendarScope, InternalDomains, OtherJoinLinks, Sweep

_SHORTEST = timedelta(hours=1)
#: Graph's calendarView covers no more days (microsoft-graph-docs-contrib#6321)
_LONGEST = timedelta(days=1825)
_HOST_IN_LINK = re.compile(r"((?:[a-z0-9-]{1,63}\.){1,8}[a-z0-9-]{2,63})[:/]", re.IGNORECASE | re.ASCII)
_HOSTS: Shape = one_or_more(DOMAIN)
_LOOK_IN: Shape = one_of({"body": "the whole body", "preview": "only its first 255 characters"})
SKIP_OR_IGNORE: Shape = one_of({"skip": "these events stay as they are", "ignore": "rules decide as usual"})
CALENDARS: Shape = one_of(
    {
        CalendarScope.DEFAULT.value: "only the default calendar of each mailbox",
        CalendarScope.OWNED.value: "all calendars that the mailbox owns and can edit",
    }
)
#: returns a `CalendarScope`
read_calendars = choice_reader({scope.value: scope for scope in CalendarScope})
#: returns whether to skip
read_skip_or_ignore = choice_reader({"skip": True, "ignore": False})


def read_internal_domains(
    node: Node, reader: NodeReader, what: str
) -> tuple[str, ...] | Literal[InternalDomains.AUTO]:
    """Return the company's domains, or `AUTO`."""
    if isinstance(node, ScalarNode) and node.text == "auto":
        return AUTO
    words = read_domains(node, reader, what, use=ListUse.OWN_DOMAINS) or {}
    listed = [(word,) if named is None else named.domains for word, named in words.items()]
    domains = tuple(dict.fromkeys(domain for group in listed for domain in group))
    for domain in domains:
        if domain.startswith("*.") and domain[2:] not in domains:
            without = f"{domain} means subdomains only; {domain[2:]} itself is not among the domains"
            reader.warning(node, f"{what}: {without}")
    return domains


def read_other_join_links(node: Node, reader: NodeReader, what: str) -> OtherJoinLinks | None:
    """Return what happens to events with another service's join link."""
    if not isinstance(node, MappingNode):
        skip = read_skip_or_ignore(node, reader, what)
        return None if skip is None else OtherJoinLinks(skip=skip)
    values = OTHER_JOIN_LINKS.read(node, reader, what)
    if values is None:
        return None
    return OtherJoinLinks(**values)


def read_sweep(node: Node, reader: NodeReader, what: str) -> Sweep | None:
    """Return how often mailboxes are searched, and how far ahead."""
    values = SWEEP.read(node, reader, what)
    if values is None:
        return None
    sweep = Sweep(**values)
    if sweep.every > sweep.window:
        gaps = "every is longer than window (60d if left out), so some days are never searched"
        reader.problem(node, f"{what}: {gaps}")
    return sweep


def _read_hosts(node: Node, reader: NodeReader, what: str) -> tuple[str, ...]:
    hosts = [_read_host(item, reader, what) for item in reader.one_or_more(node, what) or ()]
    return tuple(dict.fromkeys(host for host in hosts if host is not None))


def _read_host(node: Node, reader: NodeReader, what: str) -> str | None:
    name = node.text.strip().lower() if isinstance(node, ScalarNode) else ""
    if DOMAIN_PATTERN.fullmatch(name):
        return name
    in_link = _HOST_IN_LINK.match(name)
    hint = meant_by(name) or (f"; write {in_link[1]}, without port and path" if in_link else "")
    example = 'meet.contoso.com or "*.video.contoso.com"'
    reader.problem(node, f"{what} needs hosts such as {example}, but this is {describe(node)}{hint}")
    return None


def _read_sweep_time(node: Node, reader: NodeReader, what: str) -> timedelta | None:
    time = read_duration(node, reader, what)
    if time is not None and not _SHORTEST <= time <= _LONGEST:
        reader.problem(node, f"{what} must be between 1h and {_LONGEST.days}d")
        return None
    return time


OTHER_JOIN_LINKS = Block(
    place="under other_join_links",
    least=1,
    keys=(
        Key(
            "action",
            "What happens to these events.",
            SKIP_OR_IGNORE,
            "skip",
            read_skip_or_ignore,
            default="skip",
            field="skip",
        ),
        Key(
            "look_in",
            "Where to search for links, in addition to subject and places. "
            "Joinlink reads the body only if the decision depends on it.",
            _LOOK_IN,
            "preview",
            choice_reader({"body": True, "preview": False}),
            default="body",
            field="look_in_body",
        ),
        Key(
            "hosts",
            "Your own meeting servers: every link to them is a join link. "
            '`"*.video.contoso.com"`, in quotes, means subdomains only.',
            _HOSTS,
            "[meet.contoso.com]",
            _read_hosts,
            if_left_out="only [known services](join-links.md)",
        ),
    ),
)
OTHER_JOIN_LINKS_SHAPE: Shape = {
    "anyOf": [
        SKIP_OR_IGNORE,
        block({"action": SKIP_OR_IGNORE, "look_in": _LOOK_IN, "hosts": _HOSTS}, least=1),
    ]
}
SWEEP = Block(
    place="under sweep",
    least=1,
    keys=(
        Key(
            "every",
            "How often a mailbox is searched: at least `1h`, and not longer than `window`.",
            DURATION,
            "6h",
            _read_sweep_time,
            default="6h",
        ),
        Key(
            "window",
            "How far ahead, from now: from `1h` to `1825d`.",
            DURATION,
            "60d",
            _read_sweep_time,
            default="60d",
        ),
    ),
)
