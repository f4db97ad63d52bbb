import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from infra.checkov import SKIPPED, judge
from infra.older_bicep import older
from tests.infra.bicep_check import check
from tests.infra.bicep_tree import BicepFile, literal, text, walk

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
DATA = Path(__file__).parent / "data"
FILES = sorted(INFRA.glob("*.bicep"))
COMPILED = sorted((DATA / "compiled").glob("*.bicep"))
VERDICTS = json.loads((DATA / "bicep_verdicts.json").read_text())["changes"]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in FILES])
def test_a_template_has_no_problem(path: Path) -> None:
    """Syntax, Azure's types, references between files, what Flex Consumption refuses, secrets, roles."""
    assert check(path) == []


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=path.name) for path in (*FILES, INFRA / "graph" / "main.bicep")]
)
def test_a_template_has_the_layout_of_the_formatter(path: Path) -> None:
    """Two spaces a level, at most 120 characters, no two blank lines, one new line at the end."""
    content = path.read_text()
    lines = content.splitlines()

    assert [row for row in lines if len(row) > 120 or (len(row) - len(row.lstrip())) % 2] == []
    assert content.endswith("\n")
    assert not re.search(r"\n\n\n|\n\n\Z|\t|[ ]\n|\{\n\n|\n\n *\}", content)


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in COMPILED])
def test_what_the_compiler_accepts_is_accepted(path: Path) -> None:
    """The checks raise no false alarm."""
    assert check(path) == []


def _changed(verdict: dict[str, Any]) -> bytes:
    lines = (DATA / "compiled" / verdict["file"]).read_text().split("\n")
    at = verdict["line"] - 1
    old, after = lines[at], verdict["after"]
    indent = old[: len(old) - len(old.lstrip())]
    lines[at : at + 1] = [] if after is None else [indent + after.lstrip()]
    return "\n".join(lines).encode()


def test_what_the_compiler_refuses_is_refused() -> None:
    """All of 270 changed lines, whether a name, a type, a value or a whole line is wrong."""
    refused = [verdict for verdict in VERDICTS if verdict["says"]]
    missed = [each for each in refused if not check(DATA / "compiled" / each["file"], _changed(each))]

    assert len(refused) == 270
    assert missed == []


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        pytest.param("site.bicep", "http20Enabled: true", "alwaysOn: false", "siteConfig.alwaysOn", id="51021"),
        pytest.param("site.bicep", "http20Enabled: true", "ftpsState: 'Disabled'", "siteConfig.ftpsState", id="ftpsState"),
        pytest.param("site.bicep", "PYTHON_THREADPOOL_THREAD_COUNT: '64'", "FUNCTIONS_WORKER_RUNTIME: 'python'", "FUNCTIONS_WORKER_RUNTIME", id="a deprecated setting"),
        pytest.param("app.bicep", "output hostName string = site.outputs.hostName", "output hostName string = seedA", "holds a secret", id="a secret in an output"),
        pytest.param("app.bicep", "site.outputs.hostName", "site.outputs.host", "no output 'host'", id="an output that does not exist"),
        pytest.param("app.bicep", "    settings: settings\n", "", "is not used", id="a parameter that is not passed on"),
        pytest.param("app.bicep", "'site.bicep'", "'sites.bicep'", "no file sites.bicep", id="a module that does not exist"),
        pytest.param("monitoring.bicep", "monitoring/alerts.json", "alerts.json", "alerts.json does not exist", id="a file that does not exist"),
        pytest.param("storage.bicep", "b7e6dc6d", "b7e6dc6e", "not a known role", id="a wrong role"),
        pytest.param("storage.bicep", "'StorageV2'", "'StorageV3'", "is not one of", id="a value that Azure does not know"),
        pytest.param("vault.bicep", "@2024-11-01", "@2023-01-01", "not a known type", id="another API version"),
        pytest.param("main.bicep", "mode: mode", "moods: mode", "no parameter 'moods'", id="a parameter that does not exist"),
    ],
)  # fmt: skip
def test_a_planted_mistake_is_found(file: str, old: str, new: str, problem: str) -> None:
    """So the checks can fail."""
    content = (INFRA / file).read_text()
    assert old in content
    found = check(INFRA / file, content.replace(old, new, 1).encode())

    assert problem in str(found)


def test_the_compilers_rules_are_errors() -> None:
    """A warning would be overlooked."""
    rules = json.loads((INFRA / "bicepconfig.json").read_text())["analyzers"]["core"]["rules"]

    assert rules
    assert {rule["level"] for rule in rules.values()} == {"error"}


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        pytest.param("infra/monitoring/workbook.json", "workbook.json", id="workbook"),
        pytest.param("infra/monitoring/tenants-workbook.json", "workbook.json", id="workbook of all tenants"),
        pytest.param("azure.yaml", "azure.yaml.json", id="azd"),
    ],
)
def test_a_file_keeps_to_its_schema(file: str, schema: str) -> None:
    """Microsoft's own."""
    content = yaml.safe_load((ROOT / file).read_text())
    rules = json.loads((DATA / "schemas" / schema).read_text())

    jsonschema.validators.validator_for(rules)(rules).validate(content)


def test_every_alert_is_complete_and_named_once() -> None:
    """With a window that Azure takes, and a description that says what to do."""
    alerts = json.loads((INFRA / "monitoring/alerts.json").read_text())
    declared = (INFRA / "monitoring.bicep").read_text()
    keys = set(
        re.findall(r"^  (\w+): ", declared.partition("type alert = {")[2].partition("}")[0], re.MULTILINE)
    )

    assert len({alert["id"] for alert in alerts}) == len(alerts)
    assert all(set(alert) == keys for alert in alerts)
    assert all(alert["every"] in {"PT5M", "PT15M", "PT30M", "PT1H"} for alert in alerts)
    assert all(alert["description"].endswith(".") for alert in alerts)


def test_no_template_has_a_lifecycle_rule() -> None:
    """The app reads its package at every cold start, so nothing may age out."""
    assert all("managementPolicies" not in path.read_text() for path in FILES)


def test_strings_with_interpolation_are_no_literals() -> None:
    """The checks judge only what is certain."""
    file = BicepFile(INFRA / "app.bicep")
    strings = [node for node in walk(file.root) if node.type == "string"]

    assert {literal(node) for node in strings if "${" in text(node)} == {None}


def test_the_skips_of_checkov_have_reasons() -> None:
    """And a report that proves nothing is a problem."""
    assert all(len(reason) > 10 for reason in SKIPPED.values())
    assert judge({"summary": {"parsing_errors": 1, "passed": 9}}) == [
        "1 files could not be parsed, so nothing was checked in them"
    ]
    assert judge({"summary": {"parsing_errors": 0, "passed": 0}}) == ["no rule was checked"]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in FILES])
def test_checkov_reads_the_same_resources(path: Path, tmp_path: Path) -> None:
    """The older form loses types and conditions, no resource and no property."""
    copy = tmp_path / path.name
    copy.write_text(older(path.read_text()))
    old, new = BicepFile(copy), BicepFile(path)

    assert set(old.declared.resources) == set(new.declared.resources)
    assert not old.root.has_error


def test_the_template_of_the_grants_keeps_to_graphs_types() -> None:
    """Its first line needs a registry, and no parser knows it: the rest is checked."""
    path = INFRA / "graph" / "main.bicep"
    content = re.sub(r"^extension .*$", "// extension", path.read_text(), flags=re.MULTILINE)

    assert check(path, content.encode()) == []
