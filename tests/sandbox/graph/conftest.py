from collections.abc import Iterator

import pytest

from tests.sandbox.graph.world import GraphWorld


@pytest.fixture
def world() -> Iterator[GraphWorld]:
    """A new tenant."""
    fresh = GraphWorld()
    with fresh.app:
        yield fresh
