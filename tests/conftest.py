"""What tests of all parts share: a real storage service, and names that nobody else uses in it."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from sandbox.azurite import Azurite, azurite as start_azurite


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """One Azurite for all tests of this process; its clock only ever moves ahead."""
    with start_azurite() as running:
        yield running


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Return a maker of names, from a readable start, that no other test uses; fit for queues and tables."""
    return lambda start: f"{start}{uuid.uuid4().hex[:12]}"
