import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PIPELINES = ROOT / "infra" / "pipelines"
TENANTS = PIPELINES / "tenants-github.yml"
RULES = (PIPELINES / "rules-github.yml", PIPELINES / "rules-azure-pipelines.yml", TENANTS)
DEPLOY = (ROOT / ".github" / "workflows" / "deploy.yml", PIPELINES / "azure-pipelines.yml", TENANTS)
ALL = tuple(dict.fromkeys((*DEPLOY, *RULES)))


def scripts(path: Path) -> Iterator[str]:
    """Yield every script of a pipeline."""

    def walk(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            for key, value in part.items():
                if key in {"run", "script", "inlineScript"}:
                    yield str(value)
                else:
                    yield from walk(value)
        elif isinstance(part, list):
            for each in part:
                yield from walk(each)

    yield from walk(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in ALL])
def test_a_script_ends_at_its_first_error(path: Path) -> None:
    """Azure Pipelines goes on after a failed line, and would upload rules that have errors."""
    found = list(scripts(path))

    assert found
    assert [
        text
        for text in found
        if len(text.strip().splitlines()) > 1 and not text.startswith("set -euo pipefail")
    ] == []


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in DEPLOY])
def test_a_deployment_is_checked_first_and_watched_afterwards(path: Path) -> None:
    """Both twins run the same commands, in this order."""
    text = "\n".join(scripts(path))
    commands = [
        "make check",
        "make package ARGS=--source",
        "config-zip --build-remote true",
        "infra/hooks/postdeploy.py",
    ]

    assert [text.index(command) for command in commands] == sorted(
        text.index(command) for command in commands
    )


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in DEPLOY])
def test_a_deployment_has_the_settings_of_the_hook(path: Path) -> None:
    """What azd would give it."""
    read = set(
        re.findall(r'setting\("(AZURE_\w+)"', (ROOT / "infra" / "hooks" / "postdeploy.py").read_text())
    )

    assert read
    assert read <= set(re.findall(r"AZURE_\w+(?=:)", path.read_text()))


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in ALL])
def test_a_pipeline_holds_no_secret(path: Path) -> None:
    """It signs in with OpenID Connect."""
    assert not re.search(r"secrets\.|password|clientSecret|publish-profile", path.read_text())


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in RULES])
def test_rules_are_validated_and_tested_before_they_are_uploaded(path: Path) -> None:
    """In this order."""
    text = "\n".join(scripts(path))
    places = [
        text.index(each) for each in ("joinlink validate --strict", "joinlink test", "blob upload-batch")
    ]

    assert places == sorted(places)


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in RULES])
def test_an_upload_removes_what_is_gone(path: Path, tmp_path: Path) -> None:
    """Other files of the container stay."""
    [upload] = [text for text in scripts(path) if "upload-batch" in text]
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "sales.yaml").write_text("version: 1")
    (tmp_path / "az").write_text(
        '#!/bin/sh\necho "$*" >> calls\n[ "$3" = list ] && printf "sales.yaml\\nold.yaml\\nolder.yaml\\n"\nexit 0\n'
    )
    (tmp_path / "az").chmod(0o755)
    environ = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "ACCOUNT": "stx", "CONTAINER": "rules"}
    subprocess.run(  # noqa: S603 -- the pipeline's own script
        ["/bin/bash", "-c", upload.replace("$(AZURE_STORAGE_ACCOUNT)", "stx")],
        cwd=tmp_path,
        env=environ,
        check=True,
    )
    calls = (tmp_path / "calls").read_text().splitlines()

    assert [call.rpartition("--name ")[2] for call in calls if " delete " in call] == [
        "old.yaml",
        "older.yaml",
    ]
    assert calls[0].startswith("storage blob upload-batch --account-name stx --destination rules")


def run_step(script: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 -- the pipeline's own script
        ["/bin/bash", "-c", script],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tenants(tmp_path: Path) -> Path:
    """A repository with common rules and two tenants, of which one replaces a common file."""
    files = {
        "common/rules.yaml": "common",
        "common/limits.yaml": "common",
        "tenants/contoso/mailboxes.yaml": "contoso",
        "tenants/fabrikam/mailboxes.yaml": "fabrikam",
        "tenants/fabrikam/limits.yaml": "fabrikam",
        "tenants/README.md": "text",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        pytest.param("", 'names=["contoso", "fabrikam"]\n', id="all"),
        pytest.param("fabrikam", 'names=["fabrikam"]\n', id="one"),
        pytest.param("README.md", "", id="a file"),
        pytest.param("adatum", "", id="a tenant that does not exist"),
    ],
)
def test_the_tenants_are_the_folders_of_the_repository(tenants: Path, one: str, expected: str) -> None:
    """A tenant that does not exist ends the run."""
    [script] = [text for text in scripts(TENANTS) if "GITHUB_OUTPUT" in text]
    done = run_step(script, tenants, ONE=one, GITHUB_OUTPUT=str(tenants / "output"))

    assert (tenants / "output").read_text() == expected
    assert (done.returncode == 0) is bool(expected)


def test_a_tenant_has_the_common_rules_and_its_own(tenants: Path) -> None:
    """Its own file replaces a common one; other tenants' files are left out. It is checked as it is uploaded."""
    checked, uploaded = (text for text in scripts(TENANTS) if "mkdir rules" in text)
    run_step(checked, tenants, TENANT="fabrikam").check_returncode()

    assert checked == uploaded
    assert {one.name: one.read_text() for one in (tenants / "rules").iterdir()} == {
        "rules.yaml": "common",
        "limits.yaml": "fabrikam",
        "mailboxes.yaml": "fabrikam",
    }


def test_each_tenant_is_an_environment_with_its_own_identity() -> None:
    """Nothing of one tenant reaches another: all names come from the environment."""
    jobs = yaml.safe_load(TENANTS.read_text())["jobs"]

    for name in ("upload", "deploy"):
        assert jobs[name]["environment"] == "${{ matrix.tenant }}"
        [login] = [step for step in jobs[name]["steps"] if "azure/login" in step.get("uses", "")]
        assert all(value.startswith("${{ vars.") for value in login["with"].values())


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in RULES[:2]])
def test_a_pull_request_gets_totals_only(path: Path) -> None:
    """`--markdown` has no mailbox and no meeting; nothing else of the preview leaves the machine."""
    [preview] = [text for text in scripts(path) if "joinlink preview" in text]
    [command] = re.findall(r"joinlink preview (.*) \|\|", preview)

    assert command == (
        "--all --sample 200 --rules before/rules --against rules --markdown --output preview.md"
    )
    assert "test -s preview.md" in preview


def test_a_preview_on_github_needs_a_reviewer_and_writes_no_code() -> None:
    """Anyone who opens a pull request could otherwise ask calendars questions by rules."""
    jobs = yaml.safe_load(RULES[0].read_text())["jobs"]

    assert jobs["preview"]["environment"] == "preview"
    assert jobs["preview"]["permissions"] == {
        "contents": "read",
        "id-token": "write",
        "pull-requests": "write",
    }
    assert "pull_request_target" not in RULES[0].read_text()
