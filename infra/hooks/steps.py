"""What a hook prints, and how it ends: a line for each step, and a sentence that says what to do.

Standard library only: azd runs the hooks with any Python, before anything is installed.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 -- azd runs the hooks with the Python that it finds
    sys.exit("The hooks need Python 3.11 or newer. Install it, put it first on PATH, and try again.")

ROOT = Path(__file__).resolve().parents[2]
#: seconds that one run of the joinlink command may take
_COMMAND_SECONDS = 180


class Stop(Exception):
    """The hook can't continue; the text says why and what to do."""


def setting(name: str, *, option: str = "") -> str:
    """Return an option's value, else the value of the azd environment.

    Raises:
        Stop: neither is given.
    """
    value = option or os.environ.get(name, "")
    if not value:
        raise Stop(
            f"{name} is not set. Run azd provision first, or give the value as an option (see --help)."
        )
    return value


def joinlink(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the project's own `joinlink` command; its output is in the result.

    Raises:
        Stop: the project is not set up on this machine, or the command did not end.
    """
    program = shutil.which(str(ROOT / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "joinlink"))
    if program is None:
        raise Stop(
            f"The joinlink command is not installed in {ROOT / '.venv'}. Run make setup, and run this hook again."
        )
    try:
        return subprocess.run(
            [program, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_COMMAND_SECONDS,
            check=False,
            cwd=ROOT,
        )
    except subprocess.TimeoutExpired:
        raise Stop(
            f"joinlink {arguments[0]} did not end within {_COMMAND_SECONDS} s. Run it by hand to see why."
        ) from None


def done(text: str) -> None:
    """Print a step that is done."""
    print(f"  done  {text}", flush=True)


def wait(text: str) -> None:
    """Print what is being waited for."""
    print(f"  wait  {text}", flush=True)


def note(text: str) -> None:
    """Print what a person must do or know."""
    print(f"  note  {text}", flush=True)


def run_hook(title: str, main: Callable[[], None]) -> None:
    """Run a hook under its title; if it can't continue, print a sentence and exit with 1."""
    print(title, flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that files with secrets are removed
    try:
        main()
    except Stop as stop:
        _stop(str(stop))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 -- an admin gets a sentence; the text could hold what Azure answered
        at = error.__traceback__
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        place = f"{Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}" if at is not None else "?"
        _stop(
            f"Azure answered in a form that this hook does not know ({type(error).__name__} in {place})."
            " Run az upgrade, and run this hook again. If it stays, report the place that is named here."
        )


def _stop(text: str) -> None:
    print(f"  STOP  {text}", file=sys.stderr, flush=True)
    sys.exit(1)
