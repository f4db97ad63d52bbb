import io
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox import node, setup, step_run
from sandbox.step_run import StepLine


class WrittenTerminal(io.StringIO):
    """A terminal that keeps what is written."""

    def isatty(self) -> bool:
        return True


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


def test_npm_keeps_its_cache_in_the_folder(machine: Path) -> None:
    """The home folder may be read-only, as in many pipelines."""
    for name, output in {"node": "v20.1.0", "npm": "10"}.items():
        _program(machine, name, output)
    command = setup.npm_install(setup.AZURITE)

    assert Path(command[command.index("--cache") + 1]).is_relative_to(setup.ROOT)


def _step(stamp: Path, *command: str, progress: Any = None) -> setup.Step:
    return setup.Step("a step", 3, stamp, "inputs", lambda: [*command], "Do this instead.", progress)


def test_each_step_is_shown_with_its_size_and_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a pipe it is a line at its begin and one at its end; what is done already has none."""
    (tmp_path / "b").write_text("inputs")
    setup.install([_step(tmp_path / "a", "true"), _step(tmp_path / "b", "false")])
    shown = re.sub(r"in \d+ s", "in 0 s", capsys.readouterr().out)
    setup.install([_step(tmp_path / "a", "false")])

    assert shown.splitlines() == [
        "set-up: 1 step, about 3 MB in this folder",
        "set-up: [1/1] a step, 3 MB …",
        "set-up: [1/1] a step, 3 MB: done in 0 s",
    ]
    assert capsys.readouterr().out == ""


def test_a_terminal_shows_progress_on_one_line(tmp_path: Path) -> None:
    """Pip's own lines are not shown; they are counted."""
    terminal = WrittenTerminal()
    line = StepLine("packages", terminal)
    output = (
        "Collecting httpx\n  Downloading httpx\nCollecting rich\nInstalling collected packages: httpx, rich\n"
    )
    (tmp_path / "output").write_text(output)
    command = ["cat", str(tmp_path / "output")]

    assert not step_run.run(command, cwd=str(tmp_path), line=line, progress=setup.PackageCount(2))
    shown = [re.sub(r"\d+ s", "0 s", each) for each in terminal.getvalue().split("\r")[1:]]
    assert list(dict.fromkeys(shown)) == [
        f"packages … {progress}\033[K" for progress in ("1 of 2 packages", "2 of 2 packages", "installing")
    ]


def test_a_step_that_fails_shows_its_output_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not done, so the next set-up repeats it."""
    with pytest.raises(SystemExit, match=r"no space left\n\nDo this instead\."):
        setup.install([_step(tmp_path / "a", "sh", "-c", "echo no space left; exit 1")])

    assert "a step, 3 MB: failed in" in capsys.readouterr().out
    assert not (tmp_path / "a").exists()


def test_a_new_virtual_environment_undoes_what_was_in_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its packages are gone; Azurite is not."""
    monkeypatch.setattr(setup, "VENV", tmp_path)
    monkeypatch.setattr(setup, "VENV_STAMP", tmp_path / ".python")
    (tmp_path / ".packages").write_text("inputs")
    (tmp_path.parent / ".locked").write_text("inputs")
    all_steps = [
        _step(tmp_path / ".python"),
        _step(tmp_path / ".packages"),
        _step(tmp_path.parent / ".locked"),
    ]

    assert setup.due_steps(all_steps) == all_steps[:2]


def test_ctrl_c_ends_set_up_without_a_traceback(tmp_path: Path) -> None:
    """It ends the command of the step, too."""
    code = f"""
from pathlib import Path
from sandbox import setup
setup.BUILD = Path({str(tmp_path)!r})
step = setup.Step("a step", 3, Path({str(tmp_path / "stamp")!r}), "x", lambda: ["sleep", "600"], "")
setup.steps = lambda: [step]
setup.main()
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(  # noqa: S603 -- ours
        command, cwd=setup.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        while "[1/1]" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()

    assert (process.returncode, errors) == (130, "\nset-up: stopped. The same command continues.\n")
    assert not (tmp_path / "stamp").exists()
