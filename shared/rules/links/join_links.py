"""Finds join links of meeting services in the texts of an event.

`join_services` lists the services; `wrapped_links` removes what wraps a link.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import re2

from shared.domain.event import Event
from shared.domain.mail_domains import NO_DOMAINS, Domains
from shared.rules.links.join_services import OTHER_HOSTS, PROGRAMS, SERVERS, SERVICES, Service
from shared.rules.links.link_scanners import PROXIES, SCANNERS
from shared.rules.links.wrapped_links import TooManyLayers, layers

#: the service of a link to one of the hosts in `other_join_links`
OWN = "one of your own hosts"
#: the service of an online meeting URL that matches no row of the table
OTHER = "another service"


class JoinLink(NamedTuple):
    """A join link and its service. `is_certain` is False if a link scanner hides the target of the link."""

    service: str
    is_certain: bool = True


#: a compiled pattern; RE2 does not export its class
_Regexp: TypeAlias = Any


class _ServicePattern(NamedTuple):
    service: str
    path: _Regexp
    excluded: _Regexp | None


def _compiled(pattern: str) -> _Regexp:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(pattern.encode(), options)


def _pattern(service: Service) -> _ServicePattern:
    excluded = _compiled(f"/*(?:{service.excluded})") if service.excluded else None
    return _ServicePattern(service.name, _compiled(f"/*(?:{service.path})"), excluded)


def _by_host(services: tuple[Service, ...]) -> dict[bytes, tuple[_ServicePattern, ...]]:
    patterns: dict[bytes, tuple[_ServicePattern, ...]] = defaultdict(tuple)
    for service in services:
        for host in service.hosts.split():
            patterns[host.encode()] += (_pattern(service),)
    return dict(patterns)


#: A host is not part of a longer host or of an address. A path, query or fragment follows it.
_HOST = r"(?:[a-zA-Z0-9-]++\.)++[a-zA-Z0-9-]*+"
_LINK = re.compile(rf"(?<![a-zA-Z0-9.@-])({_HOST})(?::[0-9]{{1,5}})?(?=[/?#])".encode())
#: A text without any of these contains no link, wrapped or not.
_MARKS = re.compile(r"[/?#%&=\\]|\S{16}|[^\x00-\x7f]")
_PROGRAM = _compiled("|".join(f"({program.path})" for program in PROGRAMS))
_SERVICES_BY_HOST = _by_host(SERVICES)
_SERVER = _compiled(
    r"(?:^|[^a-z0-9.@-])((?:[a-z0-9-]+\.)+[a-z0-9-]+)(?::[0-9]{1,5})?/*(?:"
    + "|".join(f"({server.path})" for server in SERVERS)
    + ")"
)
_SCANNERS_BY_HOST = _by_host(SCANNERS)
_TARGET_HOST = _compiled(r"[^\s\"'<>]{0,200}?[?&](?:domain|d)=((?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*)")
#: the maximum length of a host name in DNS
_MAX_HOST_LENGTH = 253
_NOT_A_MEETING = _compiled(r"/*(?:static/|[^\w%/?#]|$)")


def find_join_link(*texts: str, hosts: Domains = NO_DOMAINS) -> JoinLink | None:
    """Return the first join link in the texts; None if there is none.

    A join link is a link of a service in the table, or any link to one of the `hosts`. A link that can't be
    unwrapped is returned, as uncertain, only if there is no certain one. Time is linear in the length of the
    texts.
    """
    text = "\n".join(texts)
    if not _MARKS.search(text):
        return None
    uncertain: JoinLink | None = None
    try:
        for layer in layers(text):
            for found in _links(layer, hosts):
                if found.is_certain:
                    return found
                uncertain = uncertain or found
    except TooManyLayers:
        return uncertain or JoinLink("too many wrappers", is_certain=False)
    return uncertain


def _links(text: str, hosts: Domains) -> Iterator[JoinLink]:
    """Yield the join links in one layer of the text."""
    encoded = text.encode("utf-8", "replace")
    for link in _LINK.finditer(encoded):
        found = _join_link(link[1].lower().rstrip(b"."), encoded, link.end(), hosts)
        if found is not None:
            yield found
    for server in _SERVER.finditer(encoded):
        if server[1].lower().partition(b".")[0] not in OTHER_HOSTS:
            yield JoinLink(SERVERS[server.lastindex - 2].name)
    for program in _PROGRAM.finditer(encoded):
        yield JoinLink(PROGRAMS[program.lastindex - 1].name)


def _join_link(host: bytes, text: bytes, start: int, hosts: Domains) -> JoinLink | None:
    """Return the join link to this host whose path begins at `start`; None if it is not a join link."""
    host = _without_proxy(host)
    if host.decode() in hosts:
        return None if _NOT_A_MEETING.match(text, start) else JoinLink(OWN)
    services, scanners = _patterns_of(host)
    for service in services:
        if service.path.match(text, start) and not (service.excluded and service.excluded.match(text, start)):
            return JoinLink(service.service)
    for scanner in scanners:
        if scanner.path.match(text, start):
            target = _TARGET_HOST.match(text, start)
            if target is None or target[1].lower().decode() in hosts or _patterns_of(target[1].lower())[0]:
                return JoinLink(scanner.service, is_certain=False)
    return None


def _patterns_of(host: bytes) -> tuple[tuple[_ServicePattern, ...], tuple[_ServicePattern, ...]]:
    """Return the patterns of services and of scanners for a host and its parent domains, in this order."""
    return _patterns_of_name(host[-_MAX_HOST_LENGTH:])


@lru_cache(maxsize=1024)  # a body names few hosts, many times
def _patterns_of_name(host: bytes) -> tuple[tuple[_ServicePattern, ...], tuple[_ServicePattern, ...]]:
    labels = host.split(b".")
    names = [b".".join(labels[start:]) for start in range(len(labels) - 1)]
    services = (
        ()
        if labels[0] in OTHER_HOSTS
        else (pattern for name in names for pattern in _SERVICES_BY_HOST.get(name, ()))
    )
    return tuple(services), tuple(pattern for name in names for pattern in _SCANNERS_BY_HOST.get(name, ()))


def _without_proxy(host: bytes) -> bytes:
    """Return the host without the domain of a sign-in proxy, if it ends with one."""
    if not host.endswith(PROXIES):
        return host
    return next(host[: -len(proxy)] for proxy in PROXIES if host.endswith(proxy))


def other_join_link(
    event: Event, *, look_in_body: bool = False, hosts: Domains = NO_DOMAINS
) -> JoinLink | None:
    """Return a join link that the event has already; None if it has none.

    Searches subject, places, online meeting URL and body preview, and optionally the body.
    """
    found = find_join_link(*_texts(event, look_in_body=look_in_body), hosts=hosts)
    if "://" in event.online_meeting_url and not (found and found.is_certain):
        return JoinLink(OTHER)
    return found


def _texts(event: Event, *, look_in_body: bool) -> Iterator[str]:
    yield event.subject
    for location in event.locations:
        yield location.display_name
        yield location.uri
    yield event.online_meeting_url
    yield event.body_preview
    if look_in_body and event.body is not None:
        yield event.body
