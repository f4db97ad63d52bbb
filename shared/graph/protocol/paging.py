"""Following `@odata.nextLink` from page to page (https://learn.microsoft.com/graph/paging).

Only path and query of a link are used, so that our token is sent to no other host.
"""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from shared.errors import GraphUnavailable
from shared.graph.protocol.call import API_VERSION, GraphCall

NEXT_LINK = "@odata.nextLink"
#: Graph's links have a few hundred characters; a longer query does not fit into a queue message.
_MAX_CURSOR_LENGTH = 8_000


def next_page(call: GraphCall, answer: Mapping[str, Any]) -> GraphCall | None:
    """Return the call for the page that follows `answer`, None after the last page.

    Raises:
        GraphUnavailable: the link can't be read, so the list is incomplete.
    """
    link = answer.get(NEXT_LINK)
    return None if link is None else page_at_link(call, link)


def page_at_link(call: GraphCall, link: object) -> GraphCall:
    """Return the call for the page at a link; raises GraphUnavailable where the link can't be read."""
    try:
        parts = urlsplit(link if isinstance(link, str) else "")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        path = parts.path.removeprefix(API_VERSION)
    except ValueError:
        path = ""
    if not path.startswith("/"):
        raise GraphUnavailable(call.name, detail="the link to the next page can't be read")
    return replace(call, path=path, params=query)


def cursor_of(answer: Mapping[str, Any], call: str) -> str:
    """Return the query of the link to the next page, empty on the last page.

    Raises:
        GraphUnavailable: the link can't be followed.
    """
    link = answer.get(NEXT_LINK) or ""
    try:
        cursor = urlsplit(link).query if isinstance(link, str) else None
    except ValueError:
        cursor = None
    if cursor is None or bool(link) != bool(cursor) or len(cursor) > _MAX_CURSOR_LENGTH:
        raise GraphUnavailable(
            call, status=HTTPStatus.OK, detail="the link to the next page can't be followed"
        )
    return cursor


def page_at_cursor(call: GraphCall, cursor: str, size: int) -> GraphCall:
    """Return the call for the page at a cursor, empty for the first page; `size` limits its items."""
    query = dict(parse_qsl(cursor, keep_blank_values=True)) if cursor else call.params
    return replace(call, params={**query, "$top": str(size)})
