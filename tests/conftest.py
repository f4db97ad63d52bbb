"""Fixtures for all tests: a storage service, and unique names in it."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from sandbox.azurite import Azurite, azurite as start_azurite


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """One Azurite for all tests of this process; its clock never moves back."""
    with start_azurite() as running:
        yield running


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Return a function that adds a unique suffix to a name; the result is valid for queues and tables."""
    return lambda start: f"{start}{uuid.uuid4().hex[:12]}"
