import sys
from pathlib import Path

import pytest

from sandbox import node, setup


def _program(folder: Path, name: str, says: str) -> None:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {says}\n")
    program.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without Node, whose programs would lie in the folder returned."""
    monkeypatch.setenv("PATH", str(tmp_path / "machine"))
    monkeypatch.setattr(node, "BIN", tmp_path / "venv")
    return tmp_path / "machine"


@pytest.mark.parametrize(
    ("programs", "found"),
    [
        pytest.param({"node": "v20.1.0", "npm": "10"}, True, id="new enough"),
        pytest.param({"node": "v18.20.0", "npm": "10"}, False, id="too old for Azurite's packages"),
        pytest.param({"node": "v20.1.0"}, False, id="without npm, as some distributions have it"),
        pytest.param({"node": "what?", "npm": "10"}, False, id="something else called node"),
        pytest.param({}, False, id="none"),
    ],
)
def test_a_machine_has_node_only_if_it_is_fit_for_azurite(
    machine: Path, programs: dict[str, str], found: bool
) -> None:
    """Otherwise set-up brings its own."""
    for name, says in programs.items():
        _program(machine, name, says)

    assert (node.find() is not None) == found


def test_the_node_that_set_up_brought_goes_first(machine: Path) -> None:
    """Once installed into `.venv`, it beats the machine's unfit one."""
    for name, old, new in (("node", "v12.0.0", "v24.0.0"), ("npm", "6", "11")):
        _program(machine, name, old)
        _program(node.BIN, name, new)

    assert node.find() == node.Node(str(node.BIN / "node"), str(node.BIN / "npm"))


def test_an_old_python_is_told_which_newer_one_the_machine_has(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Mac still brings 3.9: the sentence says what to type instead."""
    monkeypatch.setattr(sys, "version_info", (3, 9, 6))
    _program(machine, "python3.12", "Python 3.12")

    with pytest.raises(SystemExit, match=r"needs Python 3\.11 .* is 3\.9\.6: say PYTHON=python3\.12 behind"):
        setup.refuse_old_python()


def test_work_is_done_again_only_when_what_it_was_done_from_has_changed(tmp_path: Path) -> None:
    """A digest of contents decides, so a fresh clone or a touched file changes nothing."""
    pins, stamp = tmp_path / "requirements.txt", tmp_path / ".stamp"
    pins.write_text("httpx==0.28.1")
    stamp.write_text(setup.digest(pins))
    same = setup.is_current(stamp, setup.digest(pins))
    pins.write_text("httpx==0.28.2")

    assert same
    assert not setup.is_current(stamp, setup.digest(pins))
