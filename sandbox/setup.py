"""Installs what the Makefile's targets need, unless it is installed already.

Runs on the machine's own Python before anything is installed, so it uses only the standard library. A stamp
file has the digest of a step's inputs; the step runs again only if they change.
"""

from __future__ import annotations  # so that an old Python gets to the check of its version

import fcntl
import hashlib
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox import node, step_run
from sandbox.step_run import StepLine

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_STAMP = VENV / ".python"
BUILD = ROOT / "build"
#: npm's own cache is in the home folder, which may be read-only
NPM_CACHE = BUILD / "npm-cache"
PIP = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
REQUIREMENTS = ("requirements.txt", "requirements-cli.txt", "requirements-dev.txt")
AZURITE = ROOT / "sandbox" / "azurite"
KUSTO = ROOT / "tests" / "infra" / "kusto"
OLDEST_PYTHON = (3, 11)
_STOPPED = 130


@dataclass(frozen=True)
class Step:
    """A step of set-up: done if the stamp file has its inputs.

    Attributes:
        size: megabytes on disk, as measured on Linux.
        problem: what to do if a command of it fails.
    """

    name: str
    size: int
    stamp: Path
    inputs: str
    command: Callable[[], list[str]]
    problem: str
    progress: Callable[[str], str] | None = None

    @property
    def is_done(self) -> bool:
        """Whether it was done with the same inputs."""
        return is_current(self.stamp, self.inputs)


def main() -> None:
    """Install what is missing or out of date; exit with a message if that fails."""
    refuse_old_python()
    try:
        BUILD.mkdir(exist_ok=True)
        with (BUILD / ".setup.lock").open("w") as lock:
            wait_for(lock.fileno())
            install(steps())
    except OSError as error:
        sys.exit(
            f"set-up: {error.filename or ROOT} can't be written: {error.strerror}. Use a folder of your own."
        )
    except KeyboardInterrupt:
        print("\nset-up: stopped. The same command continues.", file=sys.stderr)
        sys.exit(_STOPPED)


def refuse_old_python() -> None:
    """Exit if this Python is too old, and name a newer one if the machine has it."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    newer = [name for minor in range(20, 10, -1) if shutil.which(name := f"python3.{minor}")]
    advice = f"run make PYTHON={newer[0]}" if newer else "install it, or name it: make PYTHON=…"
    sys.exit(f"Joinlink needs Python 3.11 or newer. {sys.executable} is {version()}: {advice}.")


def wait_for(lock: int) -> None:
    """Wait for another set-up in this folder to end."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        report("waiting for another set-up in this folder")
        fcntl.flock(lock, fcntl.LOCK_EX)


def install(all_steps: list[Step]) -> None:
    """Do the steps that are not done yet."""
    due = due_steps(all_steps)
    if not due:
        return
    report(f"{counted(len(due))}, about {sum(step.size for step in due)} MB in this folder")
    for number, step in enumerate(due, start=1):
        line = StepLine(f"set-up: [{number}/{len(due)}] {step.name}, {step.size} MB", sys.stdout)
        line.begin()
        line.show()
        if output := step_run.run(step.command(), cwd=str(ROOT), line=line, progress=step.progress):
            line.end("failed")
            sys.exit(f"{output}\n\n{step.problem}")
        step.stamp.write_text(step.inputs)
        line.end()
    shutil.rmtree(NPM_CACHE, ignore_errors=True)  # it is as large as what was installed from it


def due_steps(all_steps: list[Step]) -> list[Step]:
    """Return the steps that are not done, or that a new virtual environment undoes."""
    is_new = any(step.stamp == VENV_STAMP and not step.is_done for step in all_steps)
    return [step for step in all_steps if not step.is_done or (is_new and VENV in step.stamp.parents)]


def steps() -> list[Step]:
    """Return all steps, in order."""
    packages = VENV / ".packages"
    needs_node = node.find() is None or (VENV / "bin" / "node").exists()
    return [
        *([] if Path(sys.prefix) == VENV else [venv_step()]),
        Step(
            "the pinned packages",
            290,
            packages,
            digest(*(ROOT / name for name in REQUIREMENTS)),
            # `--no-deps`: all packages are pinned, transitive ones too, so there is nothing to resolve.
            # `--ignore-requires-python`: Microsoft's runtime library, which a test uses, requires 3.13 but
            # works on 3.11.
            lambda: [*PIP, "install", "--no-deps", "--ignore-requires-python", "-r", REQUIREMENTS[-1]],
            "The packages could not be installed; see pip's output above.",
            PackageCount(pinned_packages()),
        ),
        Step(
            "the command joinlink, which runs from this folder",
            1,
            VENV / ".command",
            digest(ROOT / "pyproject.toml"),
            # Everything it needs is installed, setuptools too, so pip downloads nothing.
            lambda: [*PIP, "install", "--no-deps", "--no-build-isolation", "--editable", "."],
            "joinlink could not be installed; see pip's output above.",
        ),
        *([node_step()] if needs_node else []),
        npm_step("Azurite, which emulates Azure Storage", 190, AZURITE),
        npm_step("the checker of Kusto queries", 30, KUSTO),
    ]


def venv_step() -> Step:
    """Create `.venv`, again if it belongs to another Python."""
    return Step(
        f"a virtual environment with Python {version()}",
        15,
        VENV_STAMP,
        f"{version()} {sys.base_prefix}",
        lambda: [sys.executable, "-m", "venv", "--clear", str(VENV)],
        "This Python can't create a virtual environment; on Debian and Ubuntu install python3-venv.",
    )


def node_step() -> Step:
    """Install Node from PyPI: the machine has none, or one that is too old."""
    return Step(
        "Node, from PyPI",
        110,
        VENV / ".node",
        node.WHEEL,
        lambda: [*PIP, "install", node.WHEEL],
        "Node could not be installed; install Node 20 or newer.",
    )


def npm_step(name: str, size: int, folder: Path) -> Step:
    """Install the packages of a lock file."""
    return Step(
        name,
        size,
        folder / "node_modules" / ".locked",
        digest(folder / "package-lock.json"),
        lambda: npm_install(folder),
        f"The packages in {folder.relative_to(ROOT)} could not be installed; see npm's output above.",
    )


def npm_install(folder: Path) -> list[str]:
    """Return the command that installs from the lock file; exit if there is no Node to run it."""
    tools = node.find()
    if not tools:
        sys.exit("The Node that PyPI offers does not run on this machine; install Node 20 or newer.")
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    return [tools.npm, "ci", *options, "--cache", str(NPM_CACHE), "--prefix", str(folder)]


class PackageCount:
    """Counts the packages that pip collects."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0

    def __call__(self, line: str) -> str:
        """Return the progress after a line of pip's output; empty if it does not change."""
        if not line.startswith("Collecting "):
            return "installing" if line.startswith("Installing collected") else ""
        self._done += 1
        return f"{self._done} of {self._total} packages"


def pinned_packages() -> int:
    """Return the number of packages in the requirement files."""
    return sum((ROOT / name).read_text().count("==") for name in REQUIREMENTS)


def counted(number: int) -> str:
    """Return `1 step`, `2 steps`."""
    return f"{number} step{'' if number == 1 else 's'}"


def version() -> str:
    """Return the version of this Python."""
    return ".".join(str(part) for part in sys.version_info[:3])


def digest(*files: Path) -> str:
    """Return a digest of the files' contents."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def is_current(stamp: Path, inputs: str) -> bool:
    """Return whether a step was done with the same inputs."""
    return stamp.is_file() and stamp.read_text() == inputs


def report(text: str) -> None:
    """Print a line of set-up."""
    print(f"set-up: {text}", flush=True)


if __name__ == "__main__":
    main()
