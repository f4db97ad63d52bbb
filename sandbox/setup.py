"""Brings this machine to the state that the targets of the Makefile need, and does nothing twice.

Runs on the machine's own Python, before anything is installed, so it uses the standard library alone. What
was done is remembered as a digest of what it was done from; clocks and file dates play no part.
"""

from __future__ import annotations  # so that a Python that is too old gets far enough to be told

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from sandbox import node

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PIP = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
NODE_PACKAGES = {
    "Azurite": ROOT / "sandbox" / "azurite",
    "the Kusto checker": ROOT / "tests" / "infra" / "kusto",
}
OLDEST_PYTHON = (3, 11)


def main() -> None:
    """Set up what is missing or out of date; exit with a sentence where that can't be done."""
    refuse_old_python()
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second `make` in this folder waits for the first
        ensure_venv()
        ensure_packages()
        ensure_command()
        ensure_node_packages()


def refuse_old_python() -> None:
    """Exit where this Python is too old, naming a newer one if the machine has it."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    newer = [name for minor in range(20, 10, -1) if shutil.which(name := f"python3.{minor}")]
    advice = f"say PYTHON={newer[0]} behind make" if newer else "install it, or name it: make PYTHON=…"
    sys.exit(f"Joinlink needs Python 3.11 or newer, and {sys.executable} is {version()}: {advice}.")


def ensure_venv() -> None:
    """Make `.venv`, anew if it belongs to another Python."""
    stamp = VENV / ".python"
    made_from = f"{version()} {sys.base_prefix}"
    runs_from_it = Path(sys.prefix) == VENV
    if runs_from_it or is_current(stamp, made_from):
        return
    say(f"making .venv with Python {version()}")
    run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        trouble="This Python can't make a virtual environment; Debian and Ubuntu need python3-venv.",
    )
    stamp.write_text(made_from)


def ensure_packages() -> None:
    """Install exactly what the requirement files pin.

    `--no-deps`: every package is pinned by name, the transitive ones too, so there is nothing to resolve.
    `--ignore-requires-python`: Microsoft's runtime library asks for 3.13 and works on 3.11, where one test
    runs the app under it.
    """
    names = ("requirements.txt", "requirements-cli.txt", "requirements-dev.txt")
    stamp = VENV / ".packages"
    made_from = digest(*(ROOT / name for name in names))
    if is_current(stamp, made_from):
        return
    say("installing the pinned packages")
    run(
        [*PIP, "install", "--no-deps", "--ignore-requires-python", "-r", names[-1]],
        trouble="The packages could not be installed; what pip says stands above.",
    )
    stamp.write_text(made_from)


def ensure_command() -> None:
    """Put `joinlink` into the venv, run from this folder.

    All that it needs is installed by now, setuptools too, so that nothing is resolved or fetched.
    """
    stamp = VENV / ".command"
    made_from = digest(ROOT / "pyproject.toml")
    if is_current(stamp, made_from):
        return
    say("installing joinlink")
    run(
        [*PIP, "install", "--no-deps", "--no-build-isolation", "--editable", "."],
        trouble="joinlink could not be installed; what pip says stands above.",
    )
    stamp.write_text(made_from)


def ensure_node_packages() -> None:
    """Install Azurite and the Kusto checker from their lock files, with Node from PyPI if there is none."""
    tools = node.find()
    if not tools:
        say(f"installing Node {node.WHEEL} from PyPI")
        run([*PIP, "install", node.WHEEL], trouble="Node could not be installed; install Node 20 or newer.")
        tools = node.find()
    if not tools:
        sys.exit("The Node that PyPI offers does not run on this machine; install Node 20 or newer.")
    for name, folder in NODE_PACKAGES.items():
        stamp = folder / "node_modules" / ".locked"
        made_from = digest(folder / "package-lock.json")
        if is_current(stamp, made_from):
            continue
        say(f"installing {name}")
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder)]
        run(
            [tools.npm, "ci", *options], trouble=f"{name} could not be installed; the output of npm is above."
        )
        stamp.write_text(made_from)


def version() -> str:
    """Return the version of this Python."""
    return ".".join(str(part) for part in sys.version_info[:3])


def digest(*files: Path) -> str:
    """Return a digest of the files' contents."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def is_current(stamp: Path, made_from: str) -> bool:
    """Tell whether the stamp says that this was done from the same things."""
    return stamp.is_file() and stamp.read_text() == made_from


def run(command: list[str], *, trouble: str) -> None:
    """Run a command with its output shown; exit with `trouble` where it fails."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:  # noqa: S603 -- our own words
        sys.exit(trouble)


def say(text: str) -> None:
    """Tell what takes its time."""
    print(f"set-up: {text}", flush=True)


if __name__ == "__main__":
    main()
