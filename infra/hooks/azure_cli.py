"""What the hooks share: the Azure CLI, a line for each step, and errors that say what to do.

Standard library only: azd runs the hooks with any Python, before anything is installed.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
#: seconds that one call of the Azure CLI may take
CALL_SECONDS = 180


class Stop(Exception):
    """The hook can't continue; the text says why and what to do."""


class AzureError(Exception):
    """The Azure CLI failed; the text is what it printed, shortened."""

    @property
    def is_forbidden(self) -> bool:
        """Whether a role or permission is missing."""
        return any(
            word in str(self) for word in ("AuthorizationFailed", "Authorization_RequestDenied", "Forbidden")
        )

    @property
    def is_missing(self) -> bool:
        """Whether what was asked for does not exist (yet)."""
        return any(word in str(self) for word in ("NotFound", "was not found", "does not exist", "(404)"))


def az(*arguments: str) -> Any:
    """Run the Azure CLI and return what it prints as JSON, None where it prints nothing.

    Raises:
        Stop: the Azure CLI is not installed, or no one is signed in.
        AzureError: the command failed.
    """
    program = shutil.which("az")
    if program is None:
        raise Stop(
            "The Azure CLI is not installed. Install it (https://aka.ms/azure-cli), run az login, and try again."
        )
    command = [program, *arguments, "--output", "json", "--only-show-errors"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=CALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise AzureError(f"az {arguments[0]} did not answer within {CALL_SECONDS} s") from None
    if run.returncode == 0:
        return json.loads(run.stdout) if run.stdout.strip() else None
    if "az login" in run.stderr:
        raise Stop("No one is signed in to the Azure CLI. Run az login, and try again.")
    raise AzureError(" ".join(run.stderr.split())[:600] or f"az {arguments[0]} ended with {run.returncode}")


def with_retries(
    work: Callable[[], Any],
    *,
    what: str,
    tries: int = 18,
    pause_seconds: float = 10,
    sleep: Callable[[float], None] = time.sleep,
) -> Any:
    """Do the work, again while Azure is late with what it needs; return its result.

    Raises:
        Stop: it still fails at the last try.
    """
    for left in range(tries - 1, -1, -1):
        try:
            return work()
        except AzureError as error:
            if left == 0:
                raise Stop(
                    f"{what} failed {tries} times. Run this hook again in a few minutes. Azure says: {error}"
                ) from None
            wait(f"{what}: Azure is not ready yet")
            sleep(pause_seconds)
    return None


@contextmanager
def secret_file(text: str) -> Iterator[str]:
    """Yield the path of a file with the text that only this user can read; a command line would show it to others."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "value"
        with os.fdopen(
            os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
        yield str(path)


def joinlink(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the project's own `joinlink` command; its output is in the result.

    Raises:
        Stop: the project is not set up on this machine.
    """
    folder = "Scripts" if os.name == "nt" else "bin"
    program = ROOT / ".venv" / folder / "joinlink"
    if shutil.which(str(program)) is None:
        raise Stop(
            f"The joinlink command is not installed in {ROOT / '.venv'}. Run make setup, and run this hook again."
        )
    return subprocess.run(
        [str(program), *arguments],
        capture_output=True,
        text=True,
        timeout=CALL_SECONDS,
        check=False,
        cwd=ROOT,
    )


def setting(name: str, *, option: str = "") -> str:
    """Return a value of the azd environment, or of an option's value that comes first.

    Raises:
        Stop: neither is given.
    """
    value = option or os.environ.get(name, "")
    if not value:
        raise Stop(
            f"{name} is not set. Run azd provision first, or give the value as an option (see --help)."
        )
    return value


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
    """Run a hook under its title; exit with a sentence if it can't continue."""
    print(title, flush=True)
    try:
        main()
    except (Stop, AzureError) as error:
        print(f"  STOP  {error}", file=sys.stderr, flush=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
