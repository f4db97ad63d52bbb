import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cli import editor, reference, rule_schema
from cli.formats.schema_text import SUBJECTS
from shared.domain.position import Position
from shared.rule_files.files.conditions import CONDITION_KEYS
from shared.rule_files.files.event_sketch import EVENT
from shared.rule_files.files.file import FILE
from shared.rule_files.files.rule import RULE
from shared.rule_files.files.rule_tests import TEST
from shared.rule_files.loader import RuleFile, load_policy
from shared.rule_files.vocabulary.catalogue import CATALOGUE
from shared.rule_files.vocabulary.keys import Key
from shared.rule_files.yaml_tree.parser import read_yaml
from shared.rules.conditions import all_of

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "rule_files" / "data"
FILES = [file for kind in ("good", "questionable", "bad") for file in sorted(DATA.glob(f"{kind}/*.yaml"))]
VALIDATOR = Draft202012Validator(rule_schema.document())
#: reasons why only the loader finds a mistake, with the bad files that show it
ONLY_THE_LOADER_KNOWS = {
    "a schema compares no values": {
        "active-crossed", "contradiction-all-day", "contradiction-durations", "contradiction-numbers",
        "contradiction-unless-list", "contradiction-unless-two-keys", "contradiction-unless-wider", "sweep-endless",
        "sweep-with-holes", "contradiction-externals", "contradiction-inside", "contradiction-location",
        "contradiction-nobody", "contradiction-not", "contradiction-not-in-unless", "contradiction-series",
        "contradiction-single", "contradiction-two-flags", "contradiction-two-values", "contradiction-unless",
        "contradiction-unless-any", "duration-crossed", "hours-same", "id-repeated", "number-bounds-crossed",
        "event-duration-long", "event-start-far", "sweep-short", "test-name-twice",
    },
    "a schema does not resolve names of lists": {
        "address-in-list-of-domains", "domain-in-list-far", "domain-in-list-of-addresses", "domain-in-list-unknown",
        "domain-in-no-lists", "domains-list-unknown",
    },
    "a schema has no calendar and no time zones": {
        "active-no-such-day", "event-start-no-day", "event-zone", "hours-zone-unknown", "dates-zone",
        "hours-zone-offset", "hours-zone-continent", "hours-zone-of-the-machine",
    },
    "a schema does not know which characters are visible": {"text-invisible"},
    "a schema has the number, not how it is written": {"number-exponent", "number-huge", "number-octal"},
    "a schema does not compile RE2 patterns": {
        "pattern-backreference", "pattern-bad-escape", "pattern-class", "pattern-huge", "pattern-lookahead",
        "pattern-open-class", "pattern-reasons", "pattern-open-group", "pattern-repeat", "pattern-star",
    },
}  # fmt: skip


def test_the_gaps_of_the_schema_are_existing_files() -> None:
    """A gap that is closed, or a file that is renamed, must leave the list."""
    known = {file.stem for file in FILES if file.parent.name == "bad"}

    assert set().union(*ONLY_THE_LOADER_KNOWS.values()) <= known


def test_the_schema_is_valid() -> None:
    """It follows the draft that it names."""
    Draft202012Validator.check_schema(rule_schema.document())


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in reference.generated()])
def test_generated_files_are_up_to_date(path: Path) -> None:
    """After a change of the rule language, run `python -m cli.reference`."""
    assert path.read_text(encoding="utf-8") == reference.generated()[path]


@pytest.mark.parametrize("file", [pytest.param(file, id=f"{file.parent.name}-{file.stem}") for file in FILES])
def test_schema_and_loader_agree(file: Path) -> None:
    """An editor underlines a file if and only if the loader refuses it, except for the known gaps."""
    root, mistakes = read_yaml(file.read_bytes())
    if root is None or mistakes:
        pytest.skip("refused before it is compared with a schema")
    known_gap = any(file.stem in stems for stems in ONLY_THE_LOADER_KNOWS.values())
    refused = [
        f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(editor.json_value(root))
    ]

    assert bool(refused) is (file.parent.name == "bad" and not known_gap), refused


def blocks(part: Any) -> Iterator[dict[str, Any]]:
    """Yield the part of a schema and all parts inside it."""
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from blocks(inner)
    if isinstance(part, dict):
        yield part


KEYS = (*FILE.keys, *RULE.keys, *CONDITION_KEYS, *TEST.keys)


@pytest.mark.parametrize("key", [pytest.param(key, id=key.name) for key in KEYS])
def test_every_key_inside_a_value_is_described(key: Key) -> None:
    """`joinlink schema per_hour` and an editor's hover text show what it means."""
    names = {name for block in blocks(key.shape) for name in block.get("properties", ())}

    assert {inner.name for inner in key.inner} == names


def loaded(setting: str = "", rule: str = "", event: str = "") -> tuple[Any, Any, Any]:
    """Return a policy with these keys, its rule and the event of its test."""
    test = f"{{name: t, event: {{{event}}}, expect: enable}}"
    text = f"version: 1\n{setting}\nrules:\n  - id: a\n    when: {{}}\n    tests: [{test}]\n    {rule}\n"
    policy = load_policy([RuleFile("a.yaml", text.encode())]).policy
    assert policy is not None
    [only] = policy.rules
    return replace(policy, rules=(), hash=""), replace(only, when=WHEN, tests=()), only.tests[0].event


WHEN = all_of((), Position(1, 1))
DEFAULTS = [
    pytest.param({place: f"{key.name}: {key.default}"}, id=key.name)
    for place, block in (("setting", FILE), ("rule", RULE), ("event", EVENT))
    for key in block.keys if key.default and key.name not in {"duration", "timezone"}
]  # fmt: skip


@pytest.mark.parametrize("written", DEFAULTS)
def test_a_default_is_the_value_without_the_key(written: dict[str, str]) -> None:
    """Docs and editors show the defaults that the loader uses."""
    assert loaded(**written) == loaded()


def test_every_pattern_has_a_message() -> None:
    """Otherwise an editor would show the pattern."""
    patterns = [part for part in blocks(rule_schema.document()) if isinstance(part.get("pattern"), str)]

    assert [part for part in patterns if "errorMessage" not in part] == []


def test_an_editors_offers_are_valid() -> None:
    """A snippet has the quotes that it needs; the texts of an example need none."""
    for part in blocks(rule_schema.document()):
        for item in part.get("examples", ()):
            for text in item if isinstance(item, list) else ():
                assert isinstance(text, dict) or editor.from_yaml(f"- {text}") == [text]
        for snippet in part.get("defaultSnippets", ()):
            root, mistakes = read_yaml(f"{part['title']}: {snippet['body']}\n".encode())

            assert not mistakes
            assert root is not None


@pytest.mark.parametrize("key", [pytest.param(key, id=key.name) for key in CONDITION_KEYS])
def test_the_example_of_a_condition_works(key: Key) -> None:
    """Examples in the docs can be copied into a rule."""
    text = f"version: 1\nrules:\n  - id: a\n    when:\n      {key.name}: {key.example}\n"
    root, _ = read_yaml(text.encode())
    assert root is not None

    assert load_policy([RuleFile("a.yaml", text.encode())]).policy is not None
    assert VALIDATOR.is_valid(editor.json_value(root))


def test_the_command_prints_the_committed_schema(joinlink: Any) -> None:
    """An admin can save it next to their rules."""
    result = joinlink("schema")

    assert json.loads(result.out) == json.loads((ROOT / "docs/rules.schema.json").read_text())


def test_one_condition_is_explained_with_an_example(joinlink: Any) -> None:
    """The text names the keys inside, too."""
    assert joinlink("schema", "starts_in").out == (
        "starts_in, a condition, in when and unless\n\n"
        "Time from now to the start; of a series, of its first occurrence. Unknown if the event's time zone is unknown.\n"
        "{at_least: 15m, at_most: 24h} with one bound or both, which are included. "
        "A duration is a number with a unit: s, m, h or d.\n"
        "  at_least: The shortest duration that matches: a number with s, m, h or d.\n"
        "  at_most: The longest duration that matches: a number with s, m, h or d.\n\n"
        "    starts_in: {at_least: 15m}\n"
    )


@pytest.mark.parametrize(
    ("word", "heads"),
    [
        pytest.param("per_hour", ["per_hour, inside limits"], id="a key inside"),
        pytest.param("limits.per_hour", ["per_hour, inside limits"], id="a path of keys"),
        pytest.param("at_least", ["at_least, inside attendees, external_attendees", "at_least, inside duration, starts_in"], id="a key with two meanings"),
        pytest.param("from", ["from, inside starts_between", "from, inside active"], id="a key of two blocks"),
    ],
)  # fmt: skip
def test_keys_inside_values_are_explained(word: str, heads: list[str], joinlink: Any) -> None:
    """Each meaning is there once."""
    assert [line for line in joinlink("schema", word).out.splitlines() if ", inside " in line] == heads


def test_an_unknown_key_gets_a_suggestion(joinlink: Any) -> None:
    """The suggestions are those of rule files."""
    result = joinlink("schema", "durration")

    assert (result.exit, result.out) == (2, "")
    assert result.err == 'joinlink: there is no key "durration" in rule files; did you mean "duration"?\n'


def test_a_terminal_shows_the_keys_by_subject(joinlink: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key of a block; each condition under one subject, and one line for each."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    listed = joinlink("schema").out
    about = [name for names in SUBJECTS.values() for name in names]

    assert sorted(about) == sorted(CATALOGUE)
    for name in (*CATALOGUE, "all", "limits", "internal_domains", "expect", "attendees"):
        assert re.search(rf"^  {name} +[A-Z`]", listed, re.MULTILINE), name
    assert "Conditions: time\n  duration " in listed
