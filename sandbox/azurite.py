"""Starts Azurite, Microsoft's emulator of Azure Storage: queues, tables and blobs on free ports.

Its clock can be moved, so that a test need not wait until a delayed message becomes visible.
"""

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from sandbox import node

HOME = Path(__file__).resolve().parent / "azurite"
MAIN = HOME / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
CLOCK = HOME / "clock.js"
START_SECONDS = 60
STOP_SECONDS = 25

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The first account of every Azurite and its key, as Microsoft publishes them; they are not secret."""

#: further accounts, for one stage each; their key is short, for an environment variable has 128 KiB
MOST_ACCOUNTS = 3_000
_SHORT_KEY = KEY[:8]

SERVICES = ("Blob", "Queue", "Table")
READY = re.compile(r"Azurite (?P<service>\w+) service is successfully listening at (?P<url>http://\S+)")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AzuriteUnavailable(Exception):
    """Azurite is not installed, or did not start."""


class Azurite:
    """A running Azurite.

    Attributes:
        connection_string: the value for `AzureWebJobsStorage`, with all three services of the account in use.
    """

    def __init__(self, process: subprocess.Popen[str], urls: dict[str, str]) -> None:
        self._process = process
        self._moving = threading.Lock()
        self._urls = urls
        self._left = 0
        self._is_taken = False
        self.connection_string = self._connect(ACCOUNT, KEY)

    def take_account(self) -> None:
        """Take the account in use; another one if it is taken already. Raises AzuriteUnavailable."""
        if self._is_taken:
            self.leave_account()
        self._is_taken = True

    def leave_account(self) -> None:
        """Use another account, which is empty, from now on.

        Raises:
            AzuriteUnavailable: there is no other one.
        """
        self._is_taken = False
        self._left += 1
        if self._left > MOST_ACCOUNTS:
            raise AzuriteUnavailable(f"{MOST_ACCOUNTS:,} accounts were used: start another Azurite.")
        self.connection_string = self._connect(_account(self._left), _SHORT_KEY)

    def advance(self, by: timedelta) -> None:
        """Move Azurite's clock ahead: messages become visible, leases and lifetimes expire."""
        self._command(f"{by // timedelta(milliseconds=1)}")

    def set_clock(self, now: datetime) -> None:
        """Set Azurite's clock, which runs on from there; leave the account before you set it back."""
        self._command(f"={(now - _EPOCH) // timedelta(milliseconds=1)}")

    def save(self) -> None:
        """Cut all connections and save what was acknowledged (only with faults.js); only `kill` is left."""
        self._command("save")

    def stop(self) -> None:
        """Stop it; with data on disk, all of it is written."""
        _stop(self._process)

    def kill(self) -> None:
        """Kill the process (SIGKILL)."""
        os.killpg(self._process.pid, signal.SIGKILL)
        with self._process:
            pass

    def _connect(self, account: str, key: str) -> str:
        endpoints = "".join(f"{service}Endpoint={self._urls[service]}/{account};" for service in SERVICES)
        return f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={key};{endpoints}"

    def _command(self, command: str) -> None:
        with self._moving:
            _write(self._process, f"{command}\n")
            answer = _output(self._process).readline()
        if not answer:
            raise AzuriteUnavailable("Azurite has stopped; it can't take commands.")


@contextlib.contextmanager
def azurite(folder: Path | None = None) -> Iterator[Azurite]:
    """Start Azurite and stop it at the end of the block; it also stops if this process is killed.

    Its data is in memory, or in `folder`, where all of it is written before Azurite stops.

    Raises:
        AzuriteUnavailable: Azurite is not installed or does not start; the text says what to do.
    """
    started = start_azurite(folder)
    try:
        yield started
    finally:
        started.stop()


def start_azurite(
    folder: Path | None,
    *,
    preload: Sequence[Path] = (),
    environ: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> Azurite:
    """Start Azurite, which runs until `stop` or `kill`, or until this process ends.

    `preload` are further scripts to load first, `environ` further environment variables, and `pass_fds`
    file descriptors that it inherits.

    Raises:
        AzuriteUnavailable: Azurite is not installed or does not start; the text says what to do.
    """
    process = _start(folder, [CLOCK, *preload], environ or {}, pass_fds)
    try:
        return Azurite(process, _await_urls(process))
    except BaseException:
        _stop(process)
        raise


def _start(
    folder: Path | None, scripts: Sequence[Path], environ: Mapping[str, str], pass_fds: Sequence[int]
) -> subprocess.Popen[str]:
    tools = node.find()
    if tools is None or not MAIN.is_file():
        raise AzuriteUnavailable("Azurite or Node is not installed here: run `make setup`.")
    hosts = [word for name in SERVICES for word in (f"--{name.lower()}Host", "127.0.0.1")]
    ports = [word for name in SERVICES for word in (f"--{name.lower()}Port", "0")]
    # The SDK uses a newer API version than Azurite supports, hence --skipApiVersionCheck.
    place = ["--location", str(folder)] if folder else ["--inMemoryPersistence"]
    options = [*place, "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    return subprocess.Popen(  # noqa: S603 -- fixed arguments
        [tools.node, *(f"--require={script}" for script in scripts), str(MAIN), *hosts, *ports, *options],
        env={**os.environ, "AZURITE_ACCOUNTS": _accounts(), **environ},
        pass_fds=pass_fds,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that Ctrl-C does not reach Azurite; we stop it
    )


def _account(number: int) -> str:
    return f"account{number}"


def _accounts() -> str:
    """Return all accounts with their keys, as Azurite reads them."""
    further = (f"{_account(number)}:{_SHORT_KEY}" for number in range(1, MOST_ACCOUNTS + 1))
    return ";".join([f"{ACCOUNT}:{KEY}", *further])


def _await_urls(process: subprocess.Popen[str]) -> dict[str, str]:
    deadline = threading.Timer(START_SECONDS, process.kill)
    deadline.start()
    urls: dict[str, str] = {}
    output: list[str] = []
    try:
        for line in _output(process):
            output.append(line)
            if ready := READY.search(line):
                urls[ready["service"]] = ready["url"]
            if len(urls) == len(SERVICES):
                return urls
    finally:
        deadline.cancel()
        deadline.join()
    raise AzuriteUnavailable(f"Azurite did not start. Its output:\n{''.join(output) or '(none)'}")


def _stop(process: subprocess.Popen[str]) -> None:
    with process:  # closes the other pipe and waits
        try:
            process.communicate(timeout=STOP_SECONDS)  # closes its input, which stops Azurite: see clock.js
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _write(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # the missing answer is reported instead
        process.stdin.write(text)
        process.stdin.flush()


def _output(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout
