from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from typing import TYPE_CHECKING, Any, cast

import pytest

from shared.errors import GraphUnavailable, NotConnected, UnexpectedAnswer
from shared.graph.protocol.calendar_json import CalendarPage
from shared.rules.policy import Policy
from shared.worker.events.calendar_pages import CalendarSearch, read_next_page

if TYPE_CHECKING:
    from shared.graph.client import Graph

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
TOO_LARGE = GraphUnavailable("read the calendar view", status=504)


class PagedGraph:
    """A calendar whose pages are links; `fail` may raise an error for a page size."""

    def __init__(self, links: Iterator[str], fail: Callable[[int], None] = lambda _size: None) -> None:
        self.links = links
        self.fail = fail
        self.sizes: list[int] = []

    def calendar_page(self, *_: object, size: int, **__: object) -> CalendarPage:
        self.sizes.append(size)
        self.fail(size)
        return CalendarPage(events=(), unreadable=(), cursor=next(self.links))


def search(**values: Any) -> CalendarSearch:
    policy = Policy(rules=(), hash="0")
    return CalendarSearch(mailbox="m", start=NOW, until=NOW + timedelta(days=30), policy=policy, **values)


def read(searched: CalendarSearch, graph: PagedGraph) -> CalendarPage:
    return read_next_page(searched, cast("Graph", graph))


def read_all(searched: CalendarSearch, graph: PagedGraph, most: int = 10_000) -> None:
    for searched.pages in range(most):
        read(searched, graph)


@pytest.mark.parametrize("length", [1, 2, 3, 7, 100])
def test_pages_that_form_a_circle_end_the_search(length: int) -> None:
    """After at most four rounds, and with one remembered link only."""
    graph, searched = PagedGraph(cycle(f"page-{n}" for n in range(length))), search()

    with pytest.raises(UnexpectedAnswer, match="do not end"):
        read_all(searched, graph)
    assert len(graph.sizes) <= 4 * length + 1


def test_a_long_calendar_is_not_a_circle() -> None:
    """A thousand pages with different links are all read."""
    graph, searched = PagedGraph(f"page-{n}" for n in count()), search()
    read_all(searched, graph, 1_000)

    assert len(graph.sizes) == 1_000


def test_a_page_that_is_too_large_is_halved_for_the_rest_of_the_search() -> None:
    """One page of one event shows first that the mailbox can be read at all."""

    def fail(size: int) -> None:
        if size > 13:
            raise TOO_LARGE

    graph, searched = PagedGraph((f"page-{n}" for n in count()), fail), search(page_size=50)
    read(searched, graph)
    read(searched, graph)

    assert graph.sizes == [50, 1, 50, 25, 12, 12]
    assert searched.page_size == 12


@pytest.mark.parametrize(
    ("error", "values"),
    [
        pytest.param(TOO_LARGE, {"may_halve": False}, id="a first failure, which may be an outage"),
        pytest.param(TOO_LARGE, {"page_size": 1}, id="a page of one event"),
        pytest.param(NotConnected("c"), {}, id="Graph is not reached"),
        pytest.param(GraphUnavailable("c", status=429), {}, id="an error that does not depend on the size"),
    ],
)
def test_only_a_page_that_may_be_too_large_is_halved(error: GraphUnavailable, values: dict[str, Any]) -> None:
    """Any other error ends the search at once, with the same page size."""

    def fail(_size: int) -> None:
        raise error

    graph, searched = PagedGraph(iter(()), fail), search(**values)
    before = searched.page_size

    with pytest.raises(GraphUnavailable):
        read(searched, graph)
    assert (len(graph.sizes), searched.page_size) == (1, before)


def test_an_outage_does_not_change_the_page_size() -> None:
    """Then a page of one event fails, too."""

    def fail(_size: int) -> None:
        raise TOO_LARGE

    graph, searched = PagedGraph(iter(()), fail), search(page_size=50)
    with pytest.raises(GraphUnavailable):
        read(searched, graph)

    assert (graph.sizes, searched.page_size) == ([50, 1], 50)
