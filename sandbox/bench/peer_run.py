"""Runs the ordinary implementation (`sandbox.bench.peer`) in an environment of its own."""

import subprocess
import sys
from pathlib import Path

from sandbox.bench.worker_process import WorkerResult, run_module

ROOT = Path(__file__).resolve().parents[2]
_ENVIRONMENT = ROOT / "build" / "peer"
_PYTHON = _ENVIRONMENT / "bin" / "python"
_STAMP = _ENVIRONMENT / "installed"
_PINS = ROOT / "requirements-peer.txt"


def install_peer() -> None:
    """Install the pinned packages under `build/peer`, unless they are installed."""
    if is_installed():
        return
    subprocess.run([sys.executable, "-m", "venv", str(_ENVIRONMENT)], check=True)  # noqa: S603 -- our own paths
    install = [str(_PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-deps"]
    subprocess.run([*install, "-r", str(_PINS)], check=True)  # noqa: S603 -- our own paths
    _STAMP.write_text(_PINS.read_text())


def is_installed() -> bool:
    """Return whether the pinned packages are installed."""
    return _STAMP.exists() and _STAMP.read_text() == _PINS.read_text()


def run_peer(url: str, kind: str, *, tasks: int = 1, seconds: float = 0.0) -> WorkerResult | None:
    """Return what messages of a kind need; None if it is not installed."""
    if not is_installed():
        return None
    job = {"url": url, "kind": kind, "tasks": tasks, "seconds": seconds}
    return WorkerResult(**run_module("sandbox.bench.peer", job, {}, str(_PYTHON)))
