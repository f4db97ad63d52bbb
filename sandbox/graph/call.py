"""A call as the routes see it: path, query and preferences read, and the answer they give."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlencode

from werkzeug import Request

from sandbox.graph import zones
from sandbox.graph.errors import bad_body, bad_query

T = TypeVar("T")
_PREFERENCE = re.compile(r'([\w.\-]+)\s*=\s*(?:"([^"]*)"|([^",;\s]+))')


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the `Prefer` header asks for; `applied` are the preferences that were understood."""

    immutable_ids: bool = False
    zone: str = "UTC"
    text_body: bool = False
    page_size: int | None = None
    applied: tuple[str, ...] = ()

    @classmethod
    def read(cls, header: str) -> "Preferences":
        """Read the header; what is not understood is passed over.

        Raises:
            Refusal: 400, the time zone is unknown.
        """
        wanted = {name.lower(): quoted or bare for name, quoted, bare in _PREFERENCE.findall(header)}
        applied: list[str] = []
        immutable = wanted.get("idtype", "").lower() == "immutableid"
        if immutable:
            applied.append('IdType="ImmutableId"')
        zone = wanted.get("outlook.timezone")
        if zone:
            zones.zone(zone)
            applied.append(f'outlook.timezone="{zone}"')
        body = wanted.get("outlook.body-content-type", "").lower()
        if body in {"text", "html"}:
            applied.append(f'outlook.body-content-type="{body}"')
        size = wanted.get("odata.maxpagesize", "")
        if size.isdecimal():
            applied.append(f"odata.maxpagesize={size}")
        return cls(
            immutable, zone or "UTC", body == "text", int(size) if size.isdecimal() else None, tuple(applied)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingCall:
    """One call: `root` is the address of `/v1.0`, `path` what follows it, `args` what the route found."""

    root: str
    path: str
    args: Mapping[str, str]
    query: Mapping[str, str]
    raw_body: bytes
    prefer: Preferences
    if_match: str | None
    #: whether the `ConsistencyLevel` header allows what the directory answers from its index
    eventual: bool
    #: whether a person's own client makes it, which reads its own writes
    is_own: bool = False

    @classmethod
    def read(
        cls, request: Request, path: str, args: Mapping[str, str], *, is_own: bool = False
    ) -> "IncomingCall":
        """Read a request.

        Raises:
            Refusal: 400, a preference makes no sense.
        """
        return cls(
            root=f"{request.host_url}v1.0",
            path=path,
            args=args,
            query=request.args.to_dict(),
            raw_body=request.get_data(),
            prefer=Preferences.read(", ".join(request.headers.getlist("Prefer"))),
            if_match=request.headers.get("If-Match"),
            eventual=request.headers.get("ConsistencyLevel", "").lower() == "eventual",
            is_own=is_own,
        )

    @property
    def applied(self) -> str:
        """The `Preference-Applied` header, empty where no preference was understood."""
        return ", ".join(self.prefer.applied)

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            Refusal: 400, it is none.
        """
        try:
            return json.loads(self.raw_body)
        except ValueError as error:
            raise bad_body("Unable to read JSON request payload.") from error

    def only_options(self, *known: str) -> None:
        """Refuse query options that this call of the stand-in does not honour, instead of passing them over.

        Raises:
            Refusal: 400.
        """
        for name in self.query:
            if name not in known:
                raise bad_query(f"The query option '{name}' is not supported here.")

    def select(self) -> tuple[str, ...]:
        """Return the properties that `$select` names."""
        return tuple(name.strip() for name in self.query.get("$select", "").split(",") if name.strip())

    def number(self, option: str) -> int | None:
        """Return a number from 0 up from the query, None where it is not asked for.

        Raises:
            Refusal: 400, it is none.
        """
        text = self.query.get(option)
        if text is not None and not text.isdecimal():
            raise bad_query(f"Invalid value '{text}' for {option} query option found.")
        return int(text) if text else None


@dataclass(frozen=True, slots=True)
class GraphAnswer:
    """What a route answers; `body` None for an answer without one."""

    status: int = 200
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def entity(call: IncomingCall, context: str, shown: Mapping[str, Any], status: int = 200) -> GraphAnswer:
    """Answer with one object; `context` is the part of `@odata.context` behind the metadata's address."""
    columns = f"({','.join(call.select())})" if call.select() else ""
    mark = f"{call.root}/$metadata#{context}{columns}/$entity"
    return GraphAnswer(status, {"@odata.context": mark, **shown})


def page(
    call: IncomingCall,
    context: str,
    items: Sequence[T],
    show: Callable[[T], Mapping[str, Any]],
    *,
    size: int,
    most: int,
) -> GraphAnswer:
    """Answer with one page of a collection, paged by `$skip`, and with the address of the next.

    `show` gives an item's JSON; `size` is the page size unless `$top` or a preference says otherwise, `most`
    the largest that may be.

    Raises:
        Refusal: 400, `$top` is out of range.
    """
    wanted, skip = _page_size(call, size, most), call.number("$skip") or 0
    following = {"$skip": skip + wanted} if skip + wanted < len(items) else None
    return _page(call, context, [show(item) for item in items[skip : skip + wanted]], following)


def walked(
    call: IncomingCall,
    context: str,
    rows: Callable[[int], Iterator[tuple[int, T]]],
    show: Callable[[T], Mapping[str, Any]],
    *,
    size: int,
    most: int,
) -> GraphAnswer:
    """Answer as `page` does, but paged by `$skiptoken`: `rows` yields rows and items from a row on.

    Raises:
        Refusal: 400, `$top` is out of range.
    """
    wanted = _page_size(call, size, most)
    found = list(islice(rows(call.number("$skiptoken") or 0), wanted + 1))
    following = {"$skiptoken": found[wanted][0]} if len(found) > wanted else None
    return _page(call, context, [show(item) for _, item in found[:wanted]], following)


def _page_size(call: IncomingCall, size: int, most: int) -> int:
    wanted = call.number("$top") or call.prefer.page_size or size
    if wanted > most:
        raise bad_query(f"Invalid page size specified: '{wanted}'. Must be between 1 and {most} inclusive.")
    return wanted


def _page(
    call: IncomingCall, context: str, shown: list[Mapping[str, Any]], following: dict[str, int] | None
) -> GraphAnswer:
    body: dict[str, Any] = {"@odata.context": f"{call.root}/$metadata#{context}"}
    if following:
        query = urlencode({**call.query, **following}, safe="$,:")
        body["@odata.nextLink"] = f"{call.root}{call.path}?{query}"
    return GraphAnswer(200, {**body, "value": shown})
