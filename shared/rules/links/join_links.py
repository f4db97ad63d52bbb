"""Join links of meeting services, found in what people paste into an event.

Which links these are says `join_services`, what may be around them `wrapped_links`.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import re2

from shared.domain.event import Event
from shared.domain.mail_domains import NO_DOMAINS, Domains
from shared.rules.links.join_services import OTHER_HOSTS, PROGRAMS, SERVERS, SERVICES, Service
from shared.rules.links.link_scanners import PROXIES, SCANNERS
from shared.rules.links.wrapped_links import TooManyLayers, layers

#: the service of a link to one of the rule file's own hosts
OWN = "one of your own hosts"
#: the service of an online meeting URL that no row of the table knows
OTHER = "another service"


class JoinLink(NamedTuple):
    """A join link: its service; `is_certain` is False where a link scanner hides where it leads."""

    service: str
    is_certain: bool = True


class _Row(NamedTuple):
    service: str
    links: re2._Regexp
    but: re2._Regexp | None


def _compiled(pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(pattern.encode(), options)


def _row(service: Service) -> _Row:
    but = _compiled(f"/*(?:{service.but})") if service.but else None
    return _Row(service.name, _compiled(f"/*(?:{service.links})"), but)


def _by_host(services: tuple[Service, ...]) -> dict[bytes, tuple[_Row, ...]]:
    rows: dict[bytes, tuple[_Row, ...]] = defaultdict(tuple)
    for service in services:
        for host in service.hosts.split():
            rows[host.encode()] += (_row(service),)
    return dict(rows)


#: A host begins where no other host, and no address, goes on; a path, query or fragment follows it.
_HOST = r"(?:[a-zA-Z0-9-]++\.)++[a-zA-Z0-9-]*+"
_LINK = re.compile(rf"(?<![a-zA-Z0-9.@-])({_HOST})(?::[0-9]{{1,5}})?(?=[/?#])".encode())
#: Without any of these, nothing in a text is a link, wrapped or not.
_MARKS = re.compile(r"[/?#%&=\\]|\S{16}|[^\x00-\x7f]")
_PROGRAM = _compiled("|".join(f"({program.links})" for program in PROGRAMS))
_ROWS = _by_host(SERVICES)
_SERVER = _compiled(
    r"(?:^|[^a-z0-9.@-])((?:[a-z0-9-]+\.)+[a-z0-9-]+)(?::[0-9]{1,5})?/*(?:"
    + "|".join(f"({server.links})" for server in SERVERS)
    + ")"
)
_SCANNERS = _by_host(SCANNERS)
_HINT = _compiled(r"[^\s\"'<>]{0,200}?[?&](?:domain|d)=((?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*)")
#: no host of the table is longer, and none that a name service knows
_MOST_CHARACTERS = 253
_OWN_PAGES = _compiled(r"/*(?:static/|[^\w%/?#]|$)")


def find_join_link(*texts: str, hosts: Domains = NO_DOMAINS) -> JoinLink | None:
    """Return the join link that is first in the texts, None if there is none.

    Links of the services in the table count, and all links to `hosts`. Time is linear in the length of the
    texts. A link that could not be unwrapped is returned only where no other is found, as uncertain.
    """
    text = "\n".join(texts)
    if not _MARKS.search(text):
        return None
    hidden: JoinLink | None = None
    try:
        for layer in layers(text):
            for found in _links(layer, hosts):
                if found.is_certain:
                    return found
                hidden = hidden or found
    except TooManyLayers:
        return hidden or JoinLink("too many wrappers", is_certain=False)
    return hidden


def _links(text: str, hosts: Domains) -> Iterator[JoinLink]:
    """Yield the join links in one layer of the text."""
    encoded = text.encode("utf-8", "replace")
    for link in _LINK.finditer(encoded):
        found = _judged(link[1].lower().rstrip(b"."), encoded, link.end(), hosts)
        if found is not None:
            yield found
    for server in _SERVER.finditer(encoded):
        if server[1].lower().partition(b".")[0] not in OTHER_HOSTS:
            yield JoinLink(SERVERS[server.lastindex - 2].name)
    for program in _PROGRAM.finditer(encoded):
        yield JoinLink(PROGRAMS[program.lastindex - 1].name)


def _judged(host: bytes, text: bytes, start: int, hosts: Domains) -> JoinLink | None:
    """Return what the link is, whose path begins at `start`; None if its host does not tell a join link."""
    host = _without_proxy(host)
    if host.decode() in hosts:
        return None if _OWN_PAGES.match(text, start) else JoinLink(OWN)
    services, scanners = _rows_of(host)
    for row in services:
        if row.links.match(text, start) and not (row.but and row.but.match(text, start)):
            return JoinLink(row.service)
    for row in scanners:
        if row.links.match(text, start):
            hint = _HINT.match(text, start)
            if hint is None or hint[1].lower().decode() in hosts or _rows_of(hint[1].lower())[0]:
                return JoinLink(row.service, is_certain=False)
    return None


def _rows_of(host: bytes) -> tuple[tuple[_Row, ...], tuple[_Row, ...]]:
    """Return the rows of services and of scanners for a host: those of its own name, then of its parents."""
    labels = host[-_MOST_CHARACTERS:].split(b".")
    names = [b".".join(labels[place:]) for place in range(len(labels) - 1)]
    services = () if labels[0] in OTHER_HOSTS else (row for name in names for row in _ROWS.get(name, ()))
    return tuple(services), tuple(row for name in names for row in _SCANNERS.get(name, ()))


def _without_proxy(host: bytes) -> bytes:
    """Return the host in front of the name of a proxy that signs people in."""
    if not host.endswith(PROXIES):
        return host
    return next(host[: -len(proxy)] for proxy in PROXIES if host.endswith(proxy))


def other_join_link(
    event: Event, *, look_in_body: bool = False, hosts: Domains = NO_DOMAINS
) -> JoinLink | None:
    """Return the join link that the event carries already, None if it carries none.

    It is searched for in subject, places, online meeting URL and body preview, and in the body where asked.
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
