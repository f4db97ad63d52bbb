"""The hooks, run as azd runs them, against a stand-in for the Azure CLI."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
HOOKS = ROOT / "infra" / "hooks"
URL = "https://func-joinlink.azurewebsites.net/api/notifications?code=a-long-key"
GRAPH = {
    "id": "graph-service-principal",
    "oauth2PermissionScopes": [
        {"value": name, "id": f"id of {name}"}
        for name in (
            "Calendars.Read.Shared",
            "User.Read.All",
            "MailboxSettings.Read",
            "Organization.Read.All",
        )
    ],
}

Run = Callable[..., subprocess.CompletedProcess[str]]


class Azure:
    """A subscription in a file, and the calls that were made."""

    def __init__(self, folder: Path) -> None:
        """Create it with everything in order."""
        self._file = folder / "azure.json"
        self.change(
            calls=[],
            failures=[],
            notice="",
            version="2.80.0",
            subscriptions={"s": "Contoso", "other": "Fabrikam"},
            providers=["Microsoft.Web", "Microsoft.Storage", "Microsoft.KeyVault", "Microsoft.Insights"],
            deleted_vaults=[],
            roles=["Owner"],
            secrets={"notification-url": URL},
            tags={},
            mode="report",
            host="func-joinlink.azurewebsites.net",
            grants=[],
            tenant="t",
            user_type="user",
            token="",
            token_expires=4_000_000_000,
            apps=[],
            service_principals={"00000003-0000-0000-c000-000000000000": GRAPH},
            consents=[],
            keys={},
            blobs={},
        )

    def change(self, **values: Any) -> None:
        """Set parts of the state."""
        state = json.loads(self._file.read_text()) if self._file.exists() else {}
        self._file.write_text(json.dumps({**state, **values}))

    def fails(self, words: str, error: str, times: int = 1) -> None:
        """Let the next calls that have these words fail."""
        self.change(failures=[*self["failures"], {"words": words, "error": error, "times": times}])

    def prints(self, words: str, text: str) -> None:
        """Let the next call that has these words print this text, and end well."""
        self.change(failures=[*self["failures"], {"words": words, "prints": text, "times": 1}])

    def ends(self, words: str, signal: int) -> None:
        """Let the next call that has these words send the hook this signal."""
        self.change(failures=[*self["failures"], {"words": words, "signal": signal, "times": 1}])

    def __getitem__(self, name: str) -> Any:
        return json.loads(self._file.read_text())[name]

    def called(self, *words: str) -> list[list[str]]:
        """Return the calls that begin with these words."""
        return [call for call in self["calls"] if call[: len(words)] == list(words)]


@pytest.fixture
def azure(tmp_path: Path) -> Azure:
    """Return an empty subscription with an `az` in front of it."""
    program = tmp_path / "az"
    fake = Path(__file__).with_name("fake_az.py").read_text()
    (tmp_path / "fake_az.py").write_text(fake)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{tmp_path / "fake_az.py"}" "$@"\n')
    program.chmod(0o755)
    return Azure(tmp_path)


@pytest.fixture
def hook(azure: Azure, tmp_path: Path) -> Run:
    """Return what runs a hook to its end: it leaves no file behind, and never ends in a traceback."""
    del azure

    def run(name: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        quick = (
            f"import sys, time, runpy; time.sleep = lambda seconds: None; sys.path.insert(0, {str(HOOKS)!r});"
        )
        path = str(HOOKS / name)
        start = f"{quick} sys.argv = [{path!r}, *sys.argv[1:]]; runpy.run_path({path!r}, run_name='__main__')"
        temporary = tmp_path / "temporary"
        temporary.mkdir(exist_ok=True)
        ended = subprocess.run(  # noqa: S603 -- our own script
            [sys.executable, "-I", "-S", "-c", start, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={"PATH": f"{tmp_path}{os.pathsep}/usr/bin:/bin", "TMPDIR": str(temporary), **environ},
        )
        assert list(temporary.iterdir()) == []
        assert "Traceback" not in ended.stderr
        return ended

    return run
