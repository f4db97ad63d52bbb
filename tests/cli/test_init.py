import io
import itertools
import sys
from pathlib import Path
from typing import Any

import pytest

from cli import rule_schema, starter

OPTIONS = list(itertools.product(
    ([], ["--domain", "Contoso.com", "--domain", "fabrikam.com"], ["--domain", "fabrikam.com", "--domain", "northwindtraders.com"],
     ["--domain", "fabrikam.com", "--domain", "northwindtraders.com", "--domain", "guest1.example"]),
    ("--external-only", "--all-meetings"),
    ("--rooms", "--no-rooms"),
    ("--opt-out", "--no-opt-out"),
))  # fmt: skip


class Terminal(io.StringIO):
    """An admin's input."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("domains", "external", "rooms", "opt_out"), OPTIONS)
def test_the_file_has_no_problems_and_passes_its_tests(
    domains: list[str], external: str, rooms: str, opt_out: str, joinlink: Any
) -> None:
    """With any options there is no warning, and a test decides every condition."""
    assert joinlink("init", "--yes", *domains, external, rooms, opt_out).exit == 0
    validated, tested = joinlink("validate", "--strict"), joinlink("test", "--require-tests")

    assert validated.exit == 0, validated.out
    assert "These rules write nothing" in validated.out
    assert tested.exit == 0, tested.out
    assert "no test" not in tested.out


def test_the_file_has_the_domains_with_their_subdomains(joinlink: Any, folder: Path) -> None:
    """Otherwise al@mail.contoso.com would be a guest."""
    result = joinlink("init", "--yes", "--domain", "Contoso.com")

    assert (
        'internal_domains: [contoso.com, "*.contoso.com"]\n' in (folder / "rules/joinlink.yaml").read_text()
    )
    assert result.out == (
        "✓ wrote rules/joinlink.yaml, in report mode\n"
        "✓ wrote rules/rules.schema.json, for editors\n"
        "Next, read the file and run:\n"
        "    joinlink validate rules\n"
        "    joinlink test rules\n"
    )


def test_the_schema_is_next_to_the_file(joinlink: Any, folder: Path) -> None:
    """Editors find it there."""
    joinlink("init", "--yes", "my rules/first.yaml")
    first = (folder / "my rules/first.yaml").read_text().splitlines()[0]

    assert first == "# yaml-language-server: $schema=rules.schema.json"
    assert (folder / "my rules/rules.schema.json").read_text() == rule_schema.text()


def test_an_existing_schema_is_not_overwritten(joinlink: Any, write: Any, folder: Path) -> None:
    """It may belong to another version."""
    write(**{"rules/rules.schema.json": "mine"})
    result = joinlink("init", "--yes")

    assert (folder / "rules/rules.schema.json").read_text() == "mine"
    assert "schema" not in result.out


def test_the_next_commands_can_be_copied(joinlink: Any) -> None:
    """The name of the folder is quoted."""
    result = joinlink("init", "--yes", "../my rules/first.yaml")

    assert result.out.endswith("    joinlink validate '../my rules'\n    joinlink test '../my rules'\n")


def test_with_all_options_there_are_no_questions(joinlink: Any) -> None:
    """Then the command works without a terminal."""
    assert joinlink("init", "--domain", "contoso.com", "--all-meetings", "--rooms", "--no-opt-out").exit == 0
    assert joinlink("init", "--force", "--domain", "contoso.com", "--all-meetings", "--rooms").exit == 2


def test_a_mistyped_domain_is_asked_for_again(
    joinlink: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answers before it are kept."""
    monkeypatch.setattr(sys, "stdin", Terminal("contoso\ncontoso.com\n\n\n\n"))
    result = joinlink("init")

    assert '"contoso" is not a mail domain such as contoso.com; try again\n' in result.err
    assert "internal_domains: [contoso.com," in (folder / "rules/joinlink.yaml").read_text()


def test_it_asks_for_options_that_are_not_given(
    joinlink: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new admin does not need to know the options."""
    monkeypatch.setattr(sys, "stdin", Terminal("contoso.com, contoso.de\nn\n\n"))
    result = joinlink("init", "first.yaml", "--opt-out")
    text = (folder / "first.yaml").read_text()

    assert "Only meetings with people from outside the company? [Y/n]:" in result.err
    assert "opt out" not in result.err
    assert 'internal_domains: [contoso.com, "*.contoso.com", contoso.de, "*.contoso.de"]' in text
    assert "attendees: {at_least: 1}" in text
    assert "has_room: true" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--yes", "taken.yaml"], "taken.yaml already exists; use --force to overwrite it, or name another file", id="existing file"),
        pytest.param(["--yes", "rules/first.yml"], "Joinlink would not read rules/first.yml; a rule file is named *.yaml", id="wrong suffix"),
        pytest.param([], "there is no terminal for questions; use --yes to take options and defaults", id="no terminal"),
        pytest.param(["--yes", "--domain", "al@contoso.com"], '"al@contoso.com" is not a mail domain such as contoso.com', id="an address instead of a domain"),
        pytest.param(["--yes", "taken.yaml/x.yaml"], "taken.yaml/x.yaml can't be written: File exists", id="a file instead of a folder"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused(
    arguments: list[str], message: str, joinlink: Any, write: Any, folder: Path
) -> None:
    """Existing files stay as they are."""
    write(**{"taken.yaml": "mine"})
    result = joinlink("init", *arguments)

    assert (result.exit, result.out, result.err) == (2, "", f"joinlink: {message}\n")
    assert (folder / "taken.yaml").read_text() == "mine"


def test_force_overwrites(joinlink: Any, write: Any, folder: Path) -> None:
    """The option is explicit."""
    write(**{"taken.yaml": "mine"})

    assert joinlink("init", "--yes", "--force", "taken.yaml").exit == 0
    assert (folder / "taken.yaml").read_text().startswith("# yaml-language-server: ")


def test_the_packaged_rules_are_what_it_writes_by_default() -> None:
    """Both are the same starting point."""
    packaged = Path(__file__).parents[2] / "rules" / "joinlink.yaml"

    assert packaged.read_text() == starter.text(starter.StarterOptions(), "../docs/rules.schema.json")
