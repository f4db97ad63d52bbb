from collections.abc import Iterator

import pytest

from tests.sandbox.graph.world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A new tenant."""
    fresh = World()
    with fresh.app:
        yield fresh
