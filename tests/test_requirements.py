"""The cloud installs exact versions of all packages, and the tests run with the same versions."""

import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
CLOUD = ("requirements.txt",)
COMMAND = (*CLOUD, "requirements-cli.txt")
DESK = (*COMMAND, "requirements-dev.txt")


def _lines(*names: str) -> Iterator[Requirement]:
    for name in names:
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-r ")):
                yield Requirement(line)


def _pins(*names: str) -> dict[str, str]:
    """Return the version of each package that these files install on this Python, by name."""
    here = [line for line in _lines(*names) if line.marker is None or line.marker.evaluate()]
    return {canonicalize_name(line.name): str(line.specifier).removeprefix("==") for line in here}


def _reachable(names: set[str]) -> set[str]:
    """Return these packages and all that they require on this machine, with extras."""
    found: set[tuple[str, str]] = set()
    waiting = [(name, "") for name in names]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in found:
            continue
        found.add((name, extra))
        for text in metadata.requires(name) or []:
            needs = Requirement(text)
            if needs.marker is None or needs.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(needs.name), wanted) for wanted in ("", *needs.extras)]
    return {name for name, _ in found}


@pytest.mark.parametrize(
    "files",
    [pytest.param(CLOUD, id="cloud"), pytest.param(COMMAND, id="command"), pytest.param(DESK, id="desk")],
)
def test_the_requirements_of_a_pinned_package_are_pinned_too(files: tuple[str, ...]) -> None:
    """A build months from now installs the tested versions."""
    pins = _pins(*files)

    assert _reachable(set(pins)) - set(pins) == set()


def test_the_installed_versions_are_the_pinned_ones() -> None:
    """So the tests cover the versions in the files."""
    pins = _pins(*DESK)

    assert {name: metadata.version(name) for name in pins} == pins


def test_every_line_is_an_exact_pin() -> None:
    """Not a range, and not a name without a version."""
    assert [str(line) for line in _lines(*DESK) if not re.fullmatch(r"==[\w.]+", str(line.specifier))] == []
