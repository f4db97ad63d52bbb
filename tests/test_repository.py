import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = [
    *sorted((ROOT / ".github" / "workflows").glob("*.yml")),
    ROOT / "infra" / "pipelines" / "rules-github.yml",
]
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-12-01\n\n- It works.\n\n## [1.1.0] - 2026-11-01\n\n- Old.\n"


@pytest.mark.parametrize("workflow", [pytest.param(path, id=path.stem) for path in WORKFLOWS])
def test_an_action_is_pinned_to_a_commit_and_names_its_version(workflow: Path) -> None:
    """A tag can be moved to other code; a commit can't."""
    uses = re.findall(r"uses: *(.*)", workflow.read_text())

    assert uses
    assert [line for line in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[0-9.]+", line)] == []


@pytest.mark.parametrize("workflow", [pytest.param(path, id=path.stem) for path in WORKFLOWS])
def test_a_workflow_may_only_read_and_has_a_time_limit(workflow: Path) -> None:
    """Each job has its own time limit."""
    content = yaml.safe_load(workflow.read_text())

    assert content["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in content["jobs"].values())


def test_a_change_is_checked_on_every_supported_python() -> None:
    """And on macOS."""
    jobs = yaml.safe_load((ROOT / ".github/workflows/check.yml").read_text())["jobs"]
    matrix = jobs["check"]["strategy"]["matrix"]
    named = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text())

    assert matrix["python"] == named
    assert [each["os"] for each in matrix["include"]] == ["macos-latest"]


def run(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 -- our own script
        [sys.executable, str(script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=script.parent,
    )


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Return the release script in a separate project with version 1.2.0."""
    script = tmp_path / ".ci" / "release.py"
    script.parent.mkdir()
    script.write_text((ROOT / ".ci/release.py").read_text())
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "version.py").write_text('VERSION = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return script


def test_a_release_publishes_its_section_of_the_changelog(release: Path) -> None:
    """Not the sections of other versions."""
    assert run(release, "v1.2.0").stdout == "- It works.\n"


def test_a_tag_of_another_version_is_refused(release: Path) -> None:
    """Tag and code must agree."""
    refused = run(release, "v1.3.0")

    assert refused.returncode == 1
    assert "shared/version.py has version 1.2.0" in refused.stderr


def test_a_version_without_a_section_in_the_changelog_is_refused(release: Path) -> None:
    """Users read there what changes."""
    (release.parent.parent / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n")
    refused = run(release, "v1.2.0")

    assert refused.returncode == 1
    assert 'no section "## [1.2.0] - <date>"' in refused.stderr


@pytest.mark.parametrize(
    ("subject", "status"),
    [
        pytest.param("x" * 72, 0, id="72 characters"),
        pytest.param("x" * 73, 1, id="73 characters"),
        pytest.param("Short\n\n" + "x" * 100, 0, id="a long line in the body"),
    ],
)
def test_a_commit_subject_has_at_most_72_characters(subject: str, status: int, tmp_path: Path) -> None:
    """Most tools truncate longer ones."""
    (tmp_path / "message").write_text(subject)

    assert run(ROOT / ".ci/commit_subjects.py", str(tmp_path / "message")).returncode == status


def test_the_hooks_run_tools_that_set_up_installs() -> None:
    """`make check` runs the same tools."""
    [repository] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    commands = [hook["entry"] for hook in repository["hooks"]]
    makefile = (ROOT / "Makefile").read_text().replace("$(BIN)", ".venv/bin")

    assert [
        each
        for each in commands
        if each.split(" --")[0].removesuffix(" rules") not in makefile and each != "make setup"
    ] == []
