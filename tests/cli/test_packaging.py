import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from shared.version import VERSION

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
IN_GIT = (ROOT / "docs/rules-in-git.md").read_text()


def test_the_entry_point_of_the_command_exists() -> None:
    """`pip install .`, `pipx install .` and `make setup` install it as `joinlink`."""
    module, name = PROJECT["project"]["scripts"]["joinlink"].split(":")

    assert callable(getattr(import_module(module), name))


def test_the_package_has_the_dependencies_of_the_requirement_files() -> None:
    """Dependencies are listed once."""
    files = PROJECT["tool"]["setuptools"]["dynamic"]["dependencies"]["file"]

    assert files == ["requirements.txt", "requirements-cli.txt"]
    # setuptools accepts requirements and comments, but no options of pip.
    assert [
        line for file in files for line in (ROOT / file).read_text().splitlines() if line.startswith("-")
    ] == []


def test_the_version_is_in_one_place() -> None:
    """`shared/version.py` names it; the package and the release read it there."""
    assert PROJECT["project"]["dynamic"] == ["dependencies", "version"]
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "shared.version.VERSION"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)


def test_the_build_uses_the_installed_setuptools() -> None:
    """Then `make setup` downloads nothing more for the build."""
    assert PROJECT["build-system"]["requires"][0] in (ROOT / "requirements-dev.txt").read_text().splitlines()


def test_the_package_has_the_files_that_are_no_code() -> None:
    """The page of a preview is one."""
    named = PROJECT["tool"]["setuptools"]["package-data"]
    listed = {f"{package.replace('.', '/')}/{name}" for package, names in named.items() for name in names}

    assert listed == {
        path.relative_to(ROOT).as_posix()
        for folder in ("cli", "shared")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    }


@pytest.mark.parametrize("hook", [pytest.param(hook, id=hook["id"]) for hook in HOOKS])
def test_a_hook_runs_an_existing_command(hook: dict[str, object], joinlink: object, write: object) -> None:
    """It succeeds for a folder without mistakes."""
    assert callable(joinlink)
    assert callable(write)
    assert joinlink("init", "--yes").exit == 0
    arguments = f"{hook['entry']} rules".split()

    assert arguments[0] == "joinlink"
    assert joinlink(*arguments[1:]).exit == 0


@pytest.mark.parametrize("hook", [pytest.param(hook, id=hook["id"]) for hook in HOOKS])
def test_a_hook_runs_at_every_commit(hook: dict[str, object]) -> None:
    """Otherwise pre-commit would skip it for a deleted file, or for a file named x.yml."""
    assert hook["always_run"] is True
    assert "files" not in hook


def test_the_snippets_for_pipelines_are_yaml_and_name_the_hooks() -> None:
    """They can be copied as they are."""
    snippets = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", IN_GIT, re.DOTALL)]
    hooks = snippets[0]["repos"][0]["hooks"]

    assert hooks == [{"id": hook["id"]} for hook in HOOKS]


def test_code_scanning_gets_the_results_of_a_failed_check() -> None:
    """`validate` exits with 1 if it finds mistakes, and these must be uploaded."""
    [job] = [text for text in re.findall(r"```yaml\n(.*?)```", IN_GIT, re.DOTALL) if "sarif" in text]
    rules = yaml.safe_load(job)["jobs"]["rules"]
    [upload] = [step for step in rules["steps"] if "upload-sarif" in step.get("uses", "")]

    assert upload["if"] == "always()"
    assert rules["permissions"]["security-events"] == "write"
