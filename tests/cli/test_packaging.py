import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
IN_GIT = (ROOT / "docs/rules-in-git.md").read_text()


def test_the_command_is_where_the_package_says() -> None:
    """`joinlink` after `pip install .`, `pipx install .` and `make setup`."""
    module, name = PROJECT["project"]["scripts"]["joinlink"].split(":")

    assert callable(getattr(import_module(module), name))


def test_what_the_command_needs_is_said_once() -> None:
    """In the requirement files; the package takes it from there, and every file exists."""
    files = PROJECT["tool"]["setuptools"]["dynamic"]["dependencies"]["file"]

    assert PROJECT["project"]["dynamic"] == ["dependencies"]
    assert files == ["requirements.txt", "requirements-cli.txt"]
    # setuptools takes plain requirements and comments, no options of pip.
    assert [
        line for file in files for line in (ROOT / file).read_text().splitlines() if line.startswith("-")
    ] == []


def test_the_build_uses_the_setuptools_that_set_up_installs() -> None:
    """So that `make setup` can install without fetching anything for the build."""
    assert PROJECT["build-system"]["requires"][0] in (ROOT / "requirements-dev.txt").read_text().splitlines()


@pytest.mark.parametrize("hook", [pytest.param(hook, id=hook["id"]) for hook in HOOKS])
def test_a_hook_runs_a_command_that_there_is(
    hook: dict[str, object], joinlink: object, write: object
) -> None:
    """On a folder whose rules are right, it ends well."""
    assert callable(joinlink)
    assert callable(write)
    assert joinlink("init", "--yes").exit == 0
    words = f"{hook['entry']} rules".split()

    assert words[0] == "joinlink"
    assert joinlink(*words[1:]).exit == 0


@pytest.mark.parametrize("hook", [pytest.param(hook, id=hook["id"]) for hook in HOOKS])
def test_a_hook_runs_whatever_is_committed(hook: dict[str, object]) -> None:
    """A rule file that is deleted, or named x.yml, would be no file to check, and the hook be passed over."""
    assert hook["always_run"] is True
    assert "files" not in hook


def test_the_snippets_for_pipelines_are_yaml_and_name_the_hooks() -> None:
    """They can be copied."""
    snippets = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", IN_GIT, re.DOTALL)]
    hooks = snippets[0]["repos"][0]["hooks"]

    assert hooks == [{"id": hook["id"]} for hook in HOOKS]


def test_code_scanning_gets_what_fails_the_check() -> None:
    """`validate` ends with 1 where it finds something, and that is what is to be uploaded."""
    [job] = [text for text in re.findall(r"```yaml\n(.*?)```", IN_GIT, re.DOTALL) if "sarif" in text]
    rules = yaml.safe_load(job)["jobs"]["rules"]
    [upload] = [step for step in rules["steps"] if "upload-sarif" in step.get("uses", "")]

    assert upload["if"] == "always()"
    assert rules["permissions"]["security-events"] == "write"
