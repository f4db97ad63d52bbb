"""Fixtures for all tests: a storage service, and unique names in it."""

import signal
import ssl
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings

from sandbox.azurite import Azurite, azurite as start_azurite
from shared import deadline
from tests.stepped_clock import SteppedClock

_TESTS = Path(__file__).parent

# No property depends on the speed of the machine.
settings.register_profile("joinlink", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("joinlink")

# A shell ignores Ctrl-C for what it starts in the background. The commands that tests start must not inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

#: what takes longest, longest first
_LONG = (
    "stories/test_sigkill.py",
    "sandbox/machine/test_stories.py",
    "stories/test_removal_hold.py",
    "stories/test_write_evidence.py",
    "cli/test_app.py",
    "stories",
    "sandbox",
    "infra",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: `make test` hands them out in this order, so that its workers end together."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    places = (n for n, name in enumerate(_LONG) if item.path.is_relative_to(_TESTS / name))
    return next(places, len(_LONG))


@pytest.fixture(scope="session", autouse=True)
def trust_store() -> Iterator[None]:
    """Load the certificate authorities once: it takes 20 ms, and the tests create thousands of HTTP clients."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """One Azurite for all tests of this process; its clock never moves back."""
    with start_azurite() as running:
        yield running


@pytest.fixture
def deadline_clock(monkeypatch: pytest.MonkeyPatch) -> SteppedClock:
    """Return the clock that deadlines go by; it moves only if the test moves it."""
    clock = SteppedClock()
    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=clock))
    return clock


@pytest.fixture
def counted_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the time that deadlines go by pass with each look at it, not with a machine that stands still."""
    looks = count()
    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: next(looks) / 100))


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Return a function that adds a unique suffix to a name; the result is valid for queues and tables."""
    return lambda start: f"{start}{uuid.uuid4().hex[:12]}"
