import json
import os
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import azure_functions_runtime
import azurefunctions.extensions.base
import httpx
import pytest

from infra import package
from sandbox.azurite import Azurite
from sandbox.stage import stage
from tests.notifications import notification

ROOT = Path(__file__).parents[2]
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
RULES = "version: 1\nrules: [{id: all, mode: enforce, when: {attendees: {at_least: 1}}}]"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the package for this Python, packed and unpacked again."""
    folder = tmp_path_factory.mktemp("package")
    package.assemble(folder / "app", python=HERE)
    with zipfile.ZipFile(package.pack(folder / "app", folder / "app.zip")) as archive:
        archive.extractall(folder / "unpacked")
    shutil.rmtree(folder / "app")
    return folder / "unpacked"


def test_the_package_is_small(unpacked: Path) -> None:
    """Flex Consumption fetches and unpacks it at every cold start."""
    size = sum(path.stat().st_size for path in unpacked.rglob("*") if path.is_file())

    assert 10_000_000 < size < package.LIMIT_BYTES


def test_the_package_holds_the_app_and_nothing_of_the_desk(unpacked: Path) -> None:
    """What `.funcignore` names stays out."""
    top = {path.name for path in unpacked.iterdir()}

    assert top == {
        ".python_packages",
        "function_app.py",
        "functions",
        "host.json",
        "requirements.txt",
        "rules",
        "shared",
    }
    assert not (unpacked / "shared" / "desk").exists()


def test_the_same_files_make_the_same_package(tmp_path: Path) -> None:
    """So a rebuild of a commit can be compared."""
    package.assemble(tmp_path / "app", python=None)
    one = package.pack(tmp_path / "app", tmp_path / "one.zip").read_bytes()
    for path in (tmp_path / "app").rglob("*"):
        path.touch()
    other = package.pack(tmp_path / "app", tmp_path / "other.zip").read_bytes()

    assert one == other


def test_the_package_alone_does_the_main_job(unpacked: Path, azurite: Azurite, tmp_path: Path) -> None:
    """Under Microsoft's runtime library, with no other package in reach."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES)
    library = tmp_path / "library"
    for module in (azure_functions_runtime, azurefunctions.extensions.base):
        source = Path(str(module.__file__)).parent
        target = library / Path(*module.__name__.split("."))
        shutil.copytree(source, target)
    for name in ("packaged_app.py", "../functions/microsoft_runtime.py"):
        shutil.copy(Path(__file__).parent / name, library)
    with stage(azurite, tmp_path / "rules") as contoso:
        ada = contoso.graph.add_user("Ada", "ada@contoso.com")
        start = datetime.now(UTC) + timedelta(days=2)
        event = contoso.graph.people.create(
            ada.id,
            subject="Review",
            start={"dateTime": f"{start:%Y-%m-%dT%H}:00:00", "timeZone": "UTC"},
            end={"dateTime": f"{start + timedelta(hours=1):%Y-%m-%dT%H}:00:00", "timeZone": "UTC"},
            attendees=[{"type": "required", "emailAddress": {"address": "bo@fabrikam.com"}}],
        )
        item = notification(ada.id, event, changeType="created")
        given = {
            "app": str(unpacked),
            "storage": contoso.settings["AzureWebJobsStorage"],
            "notification": {"value": [item]},
        }
        run = subprocess.run(  # noqa: S603 -- our own script
            [sys.executable, "-S", str(library / "packaged_app.py")],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
            cwd=unpacked,
            env={
                **contoso.settings,
                **{name: os.environ[name] for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")},
                "JOINLINK_SETTLE": "0s",
                "JOINLINK_RULES": str(tmp_path / "rules"),
                "PYTHONPATH": f"{library}:{unpacked / package.PACKAGES}:{unpacked}",
            },
        )
        read = httpx.get(
            f"{contoso.graph_url}/v1.0/users/{ada.id}/events/{event}", headers=contoso.graph.as_user(ada)
        ).json()

    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout.splitlines()[-1])
    assert answer["status"] == "202"
    assert all(place.startswith(str(unpacked)) for place in answer["places"].values())
    assert read["onlineMeeting"]["joinUrl"]
