import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from functions import notifications
from infra.checkov import SKIPPED, judge
from infra.older_bicep import older
from shared import settings
from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from shared.storage.queues import POISON_SUFFIX
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


def test_the_queues_are_those_of_the_code() -> None:
    """And their poison queues."""
    queues = {EVENT_CHANGES, MAILBOX_TASKS}
    [declared] = re.findall(r"var queues = \[(.*)\]", (INFRA / "storage.bicep").read_text())

    assert set(re.findall(r"'([\w-]+)'", declared)) == queues | {name + POISON_SUFFIX for name in queues}


def _settings() -> dict[str, str]:
    """Return the app settings that the template writes: name to expression."""
    site = (INFRA / "site.bicep").read_text()
    return dict(re.findall(r"^ +([A-Z][A-Za-z_]+): (.+)$", site, re.MULTILINE))


def test_the_template_writes_settings_that_the_code_reads() -> None:
    """Each setting of Joinlink exists, and those that an app can't do without are there."""
    read = set(re.findall(r'"(JOINLINK_\w+)"', Path(settings.__file__).read_text()))
    written = {name for name in _settings() if name.startswith("JOINLINK_")}

    assert written <= read
    assert {
        "JOINLINK_TENANT_ID",
        "JOINLINK_CLIENT_ID",
        "JOINLINK_CLIENT_STATE_KEY",
        "JOINLINK_NOTIFICATION_URL",
        "JOINLINK_RULES",
        "JOINLINK_MODE",
    } <= written


def test_the_settings_of_the_template_are_those_of_the_sample() -> None:
    """A desk and the cloud run with the same numbers."""
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    same = ("PYTHON_THREADPOOL_THREAD_COUNT", "FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING")

    assert {name: _settings()[name] for name in same} == {name: f"'{sample[name]}'" for name in same}


def test_only_a_word_takes_the_brake_off() -> None:
    """`rules` does; the default, an empty value and every other setting leave nothing written."""
    site = (INFRA / "site.bicep").read_text()

    assert "JOINLINK_MODE: mode == 'report' ? 'report' : ''" in site
    assert re.search(r"union\(defaults, settings, \{\s+JOINLINK_MODE:", site)
    for name in ("app.bicep", "main.bicep"):
        assert "@allowed(['report', 'rules'])\nparam mode string = 'report'" in (INFRA / name).read_text()


def test_the_notification_url_is_the_path_of_the_function() -> None:
    """The route of the code, under the host's prefix."""
    prefix = json.loads((ROOT / "host.json").read_text())["extensions"]["http"]["routePrefix"]
    assert notifications.blueprint is not None

    assert f"/{prefix}/notifications?code=" in (INFRA / "site.bicep").read_text()


def test_the_parameters_file_names_parameters_of_the_template() -> None:
    """And each value comes from the azd environment."""
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    declared = BicepFile(INFRA / "main.bicep").declared.parameters

    assert set(given) <= set(declared)
    assert {"environmentName", "location"} <= set(given)
    assert all(str(each["value"]).startswith("${") for each in given.values())


def test_every_parameter_of_app_can_be_given_through_main() -> None:
    """Except for the seeds and the budget's start, which nobody should give."""
    main = BicepFile(INFRA / "main.bicep").declared.parameters
    app = BicepFile(INFRA / "app.bicep").declared.parameters
    ours = {"name", "tags", "seedA", "seedB", "budgetStart"}

    assert set(app) - ours == set(main) - {"environmentName", "resourceGroupName"}


def test_the_compilers_rules_are_errors() -> None:
    """A warning would be overlooked."""
    rules = json.loads((INFRA / "bicepconfig.json").read_text())["analyzers"]["core"]["rules"]

    assert rules
    assert {rule["level"] for rule in rules.values()} == {"error"}


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        pytest.param("infra/monitoring/workbook.json", "workbook.json", id="workbook"),
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


def test_the_files_that_azd_runs_exist() -> None:
    """Each hook, and the template."""
    content = yaml.safe_load((ROOT / "azure.yaml").read_text())
    hooks = [*content["hooks"].values(), *content["services"]["joinlink"]["hooks"].values()]

    assert [hook["run"] for hook in hooks if not (ROOT / hook["run"]).is_file()] == []
    assert (ROOT / content["infra"]["path"] / f"{content['infra']['module']}.bicep").is_file()


def test_the_service_of_azd_is_the_one_that_the_app_is_tagged_with() -> None:
    """Otherwise azd finds no app to deploy to."""
    [service] = yaml.safe_load((ROOT / "azure.yaml").read_text())["services"]

    assert f"'azd-service-name': '{service}'" in (INFRA / "site.bicep").read_text()


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
