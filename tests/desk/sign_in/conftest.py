"""A stand-in for the Azure CLI on the PATH."""

import os
from pathlib import Path

import pytest

from tests.infra.hooks.conftest import Azure, azure

__all__ = ["azure"]


@pytest.fixture
def cli(azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Azure:
    """Return the subscription behind the `az` that is found first."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    azure.change(tenant="c0ffee00-0000-4000-8000-000000000001")
    return azure
