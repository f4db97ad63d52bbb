"""Starts the lean stand-in, and controls it."""

import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from sandbox.azurite import ACCOUNT, KEY


class LeanStandIn:
    """A running stand-in; `url` has no slash at the end."""

    def __init__(self, url: str, verify: Any) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, verify=verify, trust_env=False)

    @property
    def environ(self) -> dict[str, str]:
        """The settings of an app that uses it; without rules."""
        return {
            "AzureWebJobsStorage": (
                f"DefaultEndpointsProtocol={self.url.partition(':')[0]};AccountName={ACCOUNT};AccountKey={KEY};"
                f"TableEndpoint={self.url}/{ACCOUNT};QueueEndpoint={self.url}/queue;BlobEndpoint={self.url}/blob;"
            ),
            "JOINLINK_TENANT_ID": "c0ffee00-0000-4000-8000-000000000001",
            "JOINLINK_GRAPH_URL": self.url,
            "JOINLINK_CLIENT_STATE_KEY": "the-client-state-key-of-the-sandbox",
            "IDENTITY_ENDPOINT": f"{self.url}/msi/token",
            "IDENTITY_HEADER": "sandbox",
        }

    def behave(
        self,
        seconds: Mapping[str, float] | None = None,
        faults: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Set how long answers of a kind (`read`, `write`, `token`, `table`) take, and their faults.

        The number of calls starts at zero again.
        """
        self._http.put("/control", json={"seconds": seconds or {}, "faults": faults or {}}).raise_for_status()

    def calls(self) -> dict[str, int]:
        """Return the number of calls of each kind."""
        counted: dict[str, int] = self._http.get("/control").json()
        return counted

    def close(self) -> None:
        """Close the connection for control."""
        self._http.close()


@contextmanager
def lean_stand_in(certificate: Path | None = None) -> Iterator[LeanStandIn]:
    """Run a stand-in until the block ends; over TLS with the certificate and key of a PEM file."""
    command = [sys.executable, "-m", "sandbox.bench.lean", *([str(certificate)] if certificate else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own module
        assert process.stdin is not None
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        url = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
        lean = LeanStandIn(url, ssl.create_default_context(cafile=certificate) if certificate else True)
        try:
            yield lean
        finally:
            lean.close()
            process.stdin.close()
            process.wait()
