import io
import itertools
import sys
from pathlib import Path
from typing import Any

import pytest

from cli import rule_schema, starter

WISHES = list(itertools.product(
    ([], ["--domain", "Contoso.com", "--domain", "fabrikam.com"], ["--domain", "fabrikam.com", "--domain", "northwindtraders.com"],
     ["--domain", "fabrikam.com", "--domain", "northwindtraders.com", "--domain", "guest1.example"]),
    ("--external-only", "--all-meetings"),
    ("--rooms", "--no-rooms"),
    ("--opt-out", "--no-opt-out"),
))  # fmt: skip


class Terminal(io.StringIO):
    """What an admin types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("domains", "external", "rooms", "opt_out"), WISHES)
def test_what_it_writes_is_right_and_tested(
    domains: list[str], external: str, rooms: str, opt_out: str, joinlink: Any
) -> None:
    """Whatever is wished: no warning, all tests pass, and every condition is decided by one of them."""
    assert joinlink("init", "--yes", *domains, external, rooms, opt_out).exit == 0
    validated, tested = joinlink("validate", "--strict"), joinlink("test", "--require-tests")

    assert validated.exit == 0, validated.out
    assert "These rules write nothing" in validated.out
    assert tested.exit == 0, tested.out
    assert "no test" not in tested.out


def test_the_domains_stand_in_the_file_with_their_subdomains(joinlink: Any, folder: Path) -> None:
    """So that al@mail.contoso.com is no guest."""
    ran = joinlink("init", "--yes", "--domain", "Contoso.com")

    assert (
        'internal_domains: [contoso.com, "*.contoso.com"]\n' in (folder / "rules/joinlink.yaml").read_text()
    )
    assert ran.out == (
        "✓ wrote rules/joinlink.yaml, in report mode\n"
        "✓ wrote rules/rules.schema.json, for editors\n"
        "Next, read the file and run:\n"
        "    joinlink validate rules\n"
        "    joinlink test rules\n"
    )


def test_editors_find_the_schema_beside_the_file(joinlink: Any, folder: Path) -> None:
    """In the admin's own repository there is no other."""
    joinlink("init", "--yes", "my rules/first.yaml")
    first = (folder / "my rules/first.yaml").read_text().splitlines()[0]

    assert first == "# yaml-language-server: $schema=rules.schema.json"
    assert (folder / "my rules/rules.schema.json").read_text() == rule_schema.text()


def test_a_schema_that_is_there_is_left_as_it_is(joinlink: Any, write: Any, folder: Path) -> None:
    """Whoever put it there may have had a reason."""
    write(**{"rules/rules.schema.json": "mine"})
    ran = joinlink("init", "--yes")

    assert (folder / "rules/rules.schema.json").read_text() == "mine"
    assert "schema" not in ran.out


def test_what_comes_next_can_be_copied(joinlink: Any) -> None:
    """Line by line, whatever the folder is called."""
    ran = joinlink("init", "--yes", "../my rules/first.yaml")

    assert ran.out.endswith("    joinlink validate '../my rules'\n    joinlink test '../my rules'\n")


def test_where_flags_answer_everything_nobody_need_be_there(joinlink: Any) -> None:
    """There is nothing left to ask."""
    assert joinlink("init", "--domain", "contoso.com", "--all-meetings", "--rooms", "--no-opt-out").exit == 0
    assert joinlink("init", "--force", "--domain", "contoso.com", "--all-meetings", "--rooms").exit == 2


def test_a_mistyped_domain_is_asked_for_again(
    joinlink: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was answered before is not lost."""
    monkeypatch.setattr(sys, "stdin", Terminal("contoso\ncontoso.com\n\n\n\n"))
    ran = joinlink("init")

    assert '"contoso" is not a mail domain such as contoso.com; try again\n' in ran.out
    assert "internal_domains: [contoso.com," in (folder / "rules/joinlink.yaml").read_text()


def test_it_asks_what_no_flag_has_answered(
    joinlink: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newcomer needs to know no flags."""
    monkeypatch.setattr(sys, "stdin", Terminal("contoso.com, contoso.de\nn\n\n"))
    ran = joinlink("init", "first.yaml", "--opt-out")
    text = (folder / "first.yaml").read_text()

    assert "Only meetings with people from outside the company? [Y/n]: " in ran.out
    assert "opt out" not in ran.out
    assert 'internal_domains: [contoso.com, "*.contoso.com", contoso.de, "*.contoso.de"]' in text
    assert "attendees: {at_least: 1}" in text
    assert "has_room: true" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--yes", "taken.yaml"], "taken.yaml already exists; use --force to overwrite it, or name another file", id="a file in the way"),
        pytest.param(["--yes", "rules/first.yml"], "Joinlink would not read rules/first.yml; a rule file is named *.yaml", id="a name that is not read"),
        pytest.param([], "there is no terminal for questions; use --yes to take options and defaults", id="no terminal"),
        pytest.param(["--yes", "--domain", "al@contoso.com"], '"al@contoso.com" is not a mail domain such as contoso.com', id="an address for a domain"),
        pytest.param(["--yes", "taken.yaml/x.yaml"], "taken.yaml/x.yaml can't be written: File exists", id="no folder"),
    ],
)  # fmt: skip
def test_it_refuses_in_a_sentence(
    words: list[str], said: str, joinlink: Any, write: Any, folder: Path
) -> None:
    """And leaves what is there as it is."""
    write(**{"taken.yaml": "mine"})
    ran = joinlink("init", *words)

    assert (ran.exit, ran.out, ran.err) == (2, "", f"joinlink: {said}\n")
    assert (folder / "taken.yaml").read_text() == "mine"


def test_force_overwrites(joinlink: Any, write: Any, folder: Path) -> None:
    """Where the admin says so."""
    write(**{"taken.yaml": "mine"})

    assert joinlink("init", "--yes", "--force", "taken.yaml").exit == 0
    assert (folder / "taken.yaml").read_text().startswith("# yaml-language-server: ")


def test_the_packaged_rules_are_what_it_writes_by_default() -> None:
    """One starting point, whichever way it is reached."""
    packaged = Path(__file__).parents[2] / "rules" / "joinlink.yaml"

    assert packaged.read_text() == starter.text(starter.StarterOptions(), "../docs/rules.schema.json")
