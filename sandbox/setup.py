"""Installs what the Makefile's targets need, unless it is installed already.

Runs on the machine's own Python before anything is installed, so it uses only the standard library. A stamp
file has the digest of a step's inputs; the step runs again only if they change.
"""

from __future__ import annotations  # so that an old Python gets to the check of its version

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
    """Install what is missing or out of date; exit with a message if that fails."""
    refuse_old_python()
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second `make` in this folder waits for the first
        ensure_venv()
        ensure_packages()
        ensure_command()
        ensure_node_packages()


def refuse_old_python() -> None:
    """Exit if this Python is too old, and name a newer one if the machine has it."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    newer = [name for minor in range(20, 10, -1) if shutil.which(name := f"python3.{minor}")]
    advice = f"run make PYTHON={newer[0]}" if newer else "install it, or name it: make PYTHON=…"
    sys.exit(f"Joinlink needs Python 3.11 or newer. {sys.executable} is {version()}: {advice}.")


def ensure_venv() -> None:
    """Create `.venv`, again if it belongs to another Python."""
    stamp = VENV / ".python"
    inputs = f"{version()} {sys.base_prefix}"
    if Path(sys.prefix) == VENV or is_current(stamp, inputs):
        return
    report(f"creating .venv with Python {version()}")
    run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        problem="This Python can't create a virtual environment; on Debian and Ubuntu install python3-venv.",
    )
    stamp.write_text(inputs)


def ensure_packages() -> None:
    """Install exactly what the requirement files pin.

    `--no-deps`: all packages are pinned, transitive ones too, so there is nothing to resolve.
    `--ignore-requires-python`: Microsoft's runtime library, which a test uses, requires 3.13 but works on
    3.11.
    """
    names = ("requirements.txt", "requirements-cli.txt", "requirements-dev.txt")
    stamp = VENV / ".packages"
    inputs = digest(*(ROOT / name for name in names))
    if is_current(stamp, inputs):
        return
    report("installing the pinned packages")
    run(
        [*PIP, "install", "--no-deps", "--ignore-requires-python", "-r", names[-1]],
        problem="The packages could not be installed; see pip's output above.",
    )
    stamp.write_text(inputs)


def ensure_command() -> None:
    """Install the command `joinlink` in the venv; it runs from this folder.

    Everything it needs is installed, setuptools too, so pip downloads nothing.
    """
    stamp = VENV / ".command"
    inputs = digest(ROOT / "pyproject.toml")
    if is_current(stamp, inputs):
        return
    report("installing joinlink")
    run(
        [*PIP, "install", "--no-deps", "--no-build-isolation", "--editable", "."],
        problem="joinlink could not be installed; see pip's output above.",
    )
    stamp.write_text(inputs)


def ensure_node_packages() -> None:
    """Install Azurite and the Kusto checker from their lock files, with Node from PyPI if there is none."""
    tools = node.find()
    if not tools:
        report(f"installing Node {node.WHEEL} from PyPI")
        run([*PIP, "install", node.WHEEL], problem="Node could not be installed; install Node 20 or newer.")
        tools = node.find()
    if not tools:
        sys.exit("The Node that PyPI offers does not run on this machine; install Node 20 or newer.")
    for name, folder in NODE_PACKAGES.items():
        stamp = folder / "node_modules" / ".locked"
        inputs = digest(folder / "package-lock.json")
        if is_current(stamp, inputs):
            continue
        report(f"installing {name}")
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder)]
        run([tools.npm, "ci", *options], problem=f"{name} could not be installed; see npm's output above.")
        stamp.write_text(inputs)


def version() -> str:
    """Return the version of this Python."""
    return ".".join(str(part) for part in sys.version_info[:3])


def digest(*files: Path) -> str:
    """Return a digest of the files' contents."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def is_current(stamp: Path, inputs: str) -> bool:
    """Return whether a step was done with the same inputs."""
    return stamp.is_file() and stamp.read_text() == inputs


def run(command: list[str], *, problem: str) -> None:
    """Run a command and show its output; exit with `problem` if it fails."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:  # noqa: S603 -- fixed arguments
        sys.exit(problem)


def report(text: str) -> None:
    """Print a step that takes time."""
    print(f"set-up: {text}", flush=True)


if __name__ == "__main__":
    main()
