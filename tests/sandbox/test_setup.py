import sys
from pathlib import Path

import pytest

from sandbox import node, setup


def _program(folder: Path, name: str, output: str) -> None:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {output}\n")
    program.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without Node; return the folder of its programs."""
    monkeypatch.setenv("PATH", str(tmp_path / "machine"))
    monkeypatch.setattr(node, "BIN", tmp_path / "venv")
    return tmp_path / "machine"


@pytest.mark.parametrize(
    ("programs", "found"),
    [
        pytest.param({"node": "v20.1.0", "npm": "10"}, True, id="new enough"),
        pytest.param({"node": "v18.20.0", "npm": "10"}, False, id="too old for Azurite's packages"),
        pytest.param({"node": "v20.1.0"}, False, id="without npm"),
        pytest.param({"node": "what?", "npm": "10"}, False, id="another program with this name"),
        pytest.param({}, False, id="none"),
    ],
)
def test_node_is_found_only_if_azurite_can_run_on_it(
    machine: Path, programs: dict[str, str], found: bool
) -> None:
    """Otherwise set-up installs one."""
    for name, output in programs.items():
        _program(machine, name, output)

    assert (node.find() is not None) == found


def test_the_node_that_set_up_installed_is_preferred(machine: Path) -> None:
    """The machine's own may be too old."""
    for name, old, new in (("node", "v12.0.0", "v24.0.0"), ("npm", "6", "11")):
        _program(machine, name, old)
        _program(node.BIN, name, new)

    assert node.find() == node.Node(str(node.BIN / "node"), str(node.BIN / "npm"))


def test_an_old_python_is_refused_with_the_name_of_a_newer_one(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a Mac it may be 3.9; the message shows the command to run instead."""
    monkeypatch.setattr(sys, "version_info", (3, 9, 6))
    _program(machine, "python3.12", "Python 3.12")

    with pytest.raises(SystemExit, match=r"needs Python 3\.11 .* is 3\.9\.6: run make PYTHON=python3\.12"):
        setup.refuse_old_python()


def test_a_step_runs_again_only_if_its_inputs_change(tmp_path: Path) -> None:
    """A digest of their contents decides, not file dates."""
    pins, stamp = tmp_path / "requirements.txt", tmp_path / ".stamp"
    pins.write_text("httpx==0.28.1")
    stamp.write_text(setup.digest(pins))
    same = setup.is_current(stamp, setup.digest(pins))
    pins.write_text("httpx==0.28.2")

    assert same
    assert not setup.is_current(stamp, setup.digest(pins))
