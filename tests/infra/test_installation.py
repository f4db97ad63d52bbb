"""What the templates create is what the code, azd and the docs expect."""

import json
import re
from pathlib import Path

import pytest
import yaml

from functions import notifications
from shared import settings
from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from shared.storage.queues import POISON_SUFFIX
from tests.infra.bicep_tree import BicepFile, body, properties

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
FILES = sorted(INFRA.glob("*.bicep"))


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
    ours = {"name", "tags", "seedA", "seedB", "seedC", "seedD", "budgetStart"}

    assert set(app) - ours == set(main) - {"environmentName", "resourceGroupName"}


def test_the_notification_url_does_not_reveal_the_client_state_key() -> None:
    """Its function key is in requests and logs of the platform, so no secret shares a seed with another."""
    site = (INFRA / "site.bicep").read_text()
    secrets = [set(re.findall(r"seed[A-Z]", value)) for value in re.findall(r"value: '(.*seed.*)'", site)]

    assert len(secrets) == 2
    assert all(len(one) == 2 for one in secrets), secrets
    assert not set.intersection(*secrets)


PREFIXES = {
    "actionGroups": "ag-",
    "components": "appi-",
    "privateEndpoints": "pe-",
    "scheduledQueryRules": "alert-",
    "serverfarms": "plan-",
    "sites": "func-",
    "userAssignedIdentities": "id-",
    "virtualNetworks": "vnet-",
    "workspaces": "log-",
}


def test_names_follow_the_conventions_of_azure() -> None:
    """An abbreviation of the type first, then the installation; a token makes them unique."""
    kind = re.compile(
        r"^resource \w+ '[\w.]+/(\w+)@[\w-]+' = ?(?:\[\n +for .*|.*)\n +(?:parent: .*\n +)?name: '([\w-]+)",
        re.MULTILINE,
    )
    named = {found[1]: found[2] for path in FILES for found in kind.finditer(path.read_text())}

    assert {name: named[name] for name in PREFIXES} == PREFIXES


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in FILES])
def test_everything_with_a_place_has_the_tags(path: Path) -> None:
    """So that azd finds its resources, and a bill can be split."""
    file = BicepFile(path)
    bodies = {name: body(node) for name, node in file.declared.resources.items()}
    keys = {name: set(properties(node)) for name, node in bodies.items() if node is not None}

    assert [
        name for name, has in keys.items() if "location" in has and "parent" not in has and "tags" not in has
    ] == []


def test_the_docs_name_every_option() -> None:
    """A parameter that nobody knows of is of no use."""
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"].values()
    page = (ROOT / "docs" / "deploy.md").read_text()

    names = {re.findall(r"\w+", each["value"])[0] for each in given}
    assert [name for name in names if name.startswith("JOINLINK") and name not in page] == []


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
