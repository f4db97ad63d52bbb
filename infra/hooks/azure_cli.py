"""The Azure CLI as the hooks call it: answers as JSON, errors as sentences, and retries while Azure is late."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from steps import Stop, wait

#: seconds that one call of the Azure CLI may take
CALL_SECONDS = 180
_FORBIDDEN = (
    "AuthorizationFailed",
    "Authorization_RequestDenied",
    "AuthorizationPermissionMismatch",
    "Forbidden",
    "Insufficient privileges",
    "does not have authorization",
    "do not have the required permissions",
)
_BLOCKED = (
    "Public network access is disabled",
    "Client address is not authorized",
    "blocked by network rules",
)
_MISSING = ("NotFound", "was not found", "does not exist", "(404)")
#: commands that take no --subscription, or find it in their URL
_WITHOUT_SUBSCRIPTION = ("version", "rest", "bicep", "account")


class AzureError(Stop):
    """The Azure CLI failed; `says` is what it printed, shortened."""

    def __init__(self, command: str, says: str) -> None:
        """Take the command's first words, and what it printed."""
        super().__init__(
            f"{command} failed. Fix what Azure names, and run this hook again. Azure says: {says}"
        )
        self.says = says

    @property
    def is_blocked(self) -> bool:
        """Whether this machine is outside the network that may reach the resource."""
        return any(words in self.says for words in _BLOCKED)

    @property
    def is_forbidden(self) -> bool:
        """Whether the account lacks a role or permission."""
        return not self.is_blocked and any(words in self.says for words in _FORBIDDEN)

    @property
    def is_missing(self) -> bool:
        """Whether what was asked for does not exist (yet)."""
        return any(words in self.says for words in _MISSING)


def az(*arguments: str, secret: str = "") -> Any:
    """Run the Azure CLI and return what it prints as JSON, None where it prints nothing.

    The subscription is the one of the azd environment, else the default of the Azure CLI. `secret` is left out of errors.

    Raises:
        Stop: the Azure CLI is not installed, or not signed in.
        AzureError: the command failed.
    """
    program = shutil.which("az")
    if program is None:
        raise Stop(
            "The Azure CLI is not installed. Install it (https://aka.ms/azure-cli), run az login, and try again."
        )
    name = "az " + " ".join(word for word in arguments[:3] if word[:1].isalpha())
    command = [program, *arguments, *_subscription(arguments), "--output", "json", "--only-show-errors"]
    try:
        run = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=CALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AzureError(name, f"no answer within {CALL_SECONDS} s.") from None
    except OSError as error:
        raise Stop(
            f"The Azure CLI at {program} does not run ({error.strerror}). Install it again: https://aka.ms/azure-cli."
        ) from None
    if run.returncode == 0:
        return _answer(name, run.stdout)
    says = " ".join(run.stderr.split())
    says = (says.replace(secret, "…") if secret else says)[:600] or f"exit code {run.returncode}."
    if "az login" in says:
        raise Stop(
            f"The Azure CLI is not signed in, or must sign in again. Run az login, and try again. Azure says: {says}"
        )
    raise AzureError(name, says)


def _subscription(arguments: tuple[str, ...]) -> list[str]:
    chosen = os.environ.get("AZURE_SUBSCRIPTION_ID", "")
    return ["--subscription", chosen] if chosen and arguments[0] not in _WITHOUT_SUBSCRIPTION else []


def _answer(name: str, output: str) -> Any:
    """Read the JSON that a command printed; extensions print notices around it."""
    if not output.strip():
        return None
    try:
        return json.loads(output)
    except ValueError:
        pass
    at = 0
    for line in output.splitlines(keepends=True):
        if line.startswith(("{", "[")):
            try:
                return json.JSONDecoder().raw_decode(output, at)[0]
            except ValueError:
                pass
        at += len(line)
    raise AzureError(name, "its output is not JSON. Run az upgrade.")


def with_retries(
    work: Callable[[], Any],
    *,
    what: str,
    tries: int = 18,
    pause_seconds: float = 10,
    forbidden: str = "",
    is_role_late: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> Any:
    """Do the work, again while Azure is late with what it needs; return its result.

    `forbidden` is the sentence for an account without the right. A role that was just given (`is_role_late`) may take
    minutes, so a refusal is retried, too.

    Raises:
        Stop: it still fails at the last try, or no retry can help.
    """
    for left in range(tries - 1, -1, -1):
        try:
            return work()
        except AzureError as error:
            if error.is_blocked:
                raise Stop(
                    f"{what} failed: this machine is outside the private network. Run this hook on a machine inside it."
                ) from None
            if error.is_forbidden and forbidden and not (is_role_late and left):
                raise Stop(f"{forbidden} Azure says: {error.says}") from None
            if left == 0:
                raise Stop(
                    f"{what} failed {tries} times. Run this hook again in a few minutes. Azure says: {error.says}"
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
