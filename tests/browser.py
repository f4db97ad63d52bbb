"""A headless Chromium, driven through its DevTools protocol over two pipes: no driver and no port is needed.

https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
#: why a test is skipped, and what to do
NO_BROWSER = (
    f"no browser is installed: none of {', '.join(NAMES)} is on the path; install one, for example with"
    " apt-get install chromium"
)
#: connects the two pipes with the descriptors that Chromium expects, and becomes the browser
_LAUNCH = """
import fcntl, os, sys
reads, writes = (fcntl.fcntl(int(each), fcntl.F_DUPFD, 20) for each in sys.argv[1:3])
os.dup2(reads, 3)
os.dup2(writes, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def executable() -> str:
    """Return the path of the browser; empty if none is installed."""
    return next((found for name in NAMES if (found := shutil.which(name))), "")


@dataclass
class Browser:
    """One page of the browser.

    Attributes:
        requests: the URLs that the page requested.
        complaints: errors, warnings and everything else on the console.
    """

    _out: IO[bytes]
    _in: IO[bytes]
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _session: str = ""
    _last: int = 0

    def open(self, file: Path) -> None:
        """Open a file from disk, and wait until it is loaded."""
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._send(f"{domain}.enable")
        self._send("Page.navigate", url=file.as_uri())
        while self._receive().get("method") != "Page.loadEventFired":
            pass

    def evaluate(self, script: str) -> Any:
        """Return the value of a script in the page."""
        answer = self._send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def screenshot(self, file: Path, *, scheme: str, width: int, height: int) -> None:
        """Save a picture of the page from its top, in the colour scheme `light` or `dark`."""
        self._send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        shot = self._send("Page.captureScreenshot")
        file.write_bytes(base64.b64decode(shot["data"]))

    def print_to(self, file: Path) -> None:
        """Save what a printer gets, as PDF."""
        file.write_bytes(base64.b64decode(self._send("Page.printToPDF", printBackground=True)["data"]))

    def _send(self, method: str, **params: Any) -> dict[str, Any]:
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        while (answer := self._receive()).get("id") != self._last:
            pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _receive(self) -> dict[str, Any]:
        text = bytearray()
        while (byte := self._in.read(1)) != b"\0":
            assert byte, "the browser has ended"
            text += byte
        message: dict[str, Any] = json.loads(text)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params))


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the browser, and end it."""
    reads, out = os.pipe()
    into, writes = os.pipe()
    # A temporary folder that is still in use at the end must not fail a test.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        options += ["--remote-debugging-pipe", f"--user-data-dir={profile}", "--no-first-run"]
        process = subprocess.Popen(  # noqa: S603 -- fixed arguments
            [sys.executable, "-c", _LAUNCH, str(reads), str(writes), executable(), *options],
            pass_fds=(reads, writes),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(reads)
        os.close(writes)
        try:
            with os.fdopen(out, "wb", buffering=0) as sending, os.fdopen(into, "rb") as receiving:
                yield Browser(sending, receiving)
        finally:  # it ends by itself when the pipes are closed
            process.wait()
