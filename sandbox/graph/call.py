"""A parsed call with its path, query and preferences, and the answers that routes return."""

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
    """The `Prefer` header; `applied` are the preferences that are supported."""

    immutable_ids: bool = False
    zone: str = "UTC"
    text_body: bool = False
    page_size: int | None = None
    applied: tuple[str, ...] = ()

    @classmethod
    def read(cls, header: str) -> "Preferences":
        """Read the header; unsupported preferences are ignored.

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
    """One call: `root` is the URL of `/v1.0`, `path` is the path after it, `args` are the ids in the path."""

    root: str
    path: str
    args: Mapping[str, str]
    query: Mapping[str, str]
    raw_body: bytes
    prefer: Preferences
    if_match: str | None
    #: whether the `ConsistencyLevel` header is `eventual`, which advanced queries need
    eventual: bool
    #: whether it comes from a person's own client, which always reads the latest version
    is_own: bool = False

    @classmethod
    def read(
        cls, request: Request, path: str, args: Mapping[str, str], *, is_own: bool = False
    ) -> "IncomingCall":
        """Read a request.

        Raises:
            Refusal: 400, a preference is not valid.
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
        """The `Preference-Applied` header, empty if no preference is supported."""
        return ", ".join(self.prefer.applied)

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            Refusal: 400, it is not JSON.
        """
        try:
            return json.loads(self.raw_body)
        except ValueError as error:
            raise bad_body("Unable to read JSON request payload.") from error

    def allow_options(self, *known: str) -> None:
        """Refuse query options that the stand-in does not support for this call, instead of ignoring them.

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
        """Return a query option that is a number from 0, None if it is absent.

        Raises:
            Refusal: 400, it is not a number.
        """
        text = self.query.get(option)
        if text is not None and not text.isdecimal():
            raise bad_query(f"Invalid value '{text}' for {option} query option found.")
        return int(text) if text else None


@dataclass(frozen=True, slots=True)
class GraphAnswer:
    """The answer of a route; `body` is None for an answer without a body."""

    status: int = 200
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def entity(call: IncomingCall, context: str, shown: Mapping[str, Any], status: int = 200) -> GraphAnswer:
    """Answer with one object; `context` is the part of `@odata.context` after `$metadata#`."""
    columns = f"({','.join(call.select())})" if call.select() else ""
    mark = f"{call.root}/$metadata#{context}{columns}/$entity"
    return GraphAnswer(status, {"@odata.context": mark, **shown})


def page(
    call: IncomingCall,
    context: str,
    items: Sequence[T],
    show: Callable[[T], Mapping[str, Any]],
    *,
    size: int = 10,
    most: int = 1000,
) -> GraphAnswer:
    """Answer with one page of a collection, paged by `$skip`, and with the URL of the next page.

    `show` returns an item's JSON; `size` is the default page size, `most` the largest allowed.

    Raises:
        Refusal: 400, `$top` is out of range.
    """
    wanted, skip = _page_size(call, size, most), call.number("$skip") or 0
    following = {"$skip": skip + wanted} if skip + wanted < len(items) else None
    return _page(call, context, [show(item) for item in items[skip : skip + wanted]], following)


def page_by_token(
    call: IncomingCall,
    context: str,
    rows: Callable[[int], Iterator[tuple[int, T]]],
    show: Callable[[T], Mapping[str, Any]],
    *,
    size: int = 100,
    most: int = 999,
) -> GraphAnswer:
    """Answer like `page`, but paged by `$skiptoken`: `rows` yields row numbers and items from a row on.

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
