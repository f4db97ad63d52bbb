import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.infra.bicep_tree import BicepFile

ROOT = Path(__file__).parents[3]


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the module, imported from the hooks' folder."""
    monkeypatch.syspath_prepend(str(ROOT / "infra" / "hooks"))
    import options  # noqa: PLC0415 -- found by the line above

    return options


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        pytest.param("JOINLINK_MODE", "enforce", 'JOINLINK_MODE is "enforce". Set it to report or rules', id="mode"),
        pytest.param("JOINLINK_LOCK_STATE", "yes", "Set it to true or false", id="a switch"),
        pytest.param("JOINLINK_RETENTION_DAYS", "7", "Set it to a whole number from 30 to 730", id="too small"),
        pytest.param("JOINLINK_MAXIMUM_INSTANCES", "many", "a whole number from 1 to 1000", id="no number"),
        pytest.param("JOINLINK_ALERT_EMAILS", "you@contoso.com", "Set it as JSON: azd env set JOINLINK_ALERT_EMAILS", id="no JSON"),
        pytest.param("JOINLINK_ALERT_EMAILS", '["you"]', "Set it as JSON", id="no address"),
        pytest.param("JOINLINK_DISABLED_ALERTS", '["throtled"]', 'the alert "throtled", which does not exist', id="no such alert"),
        pytest.param("JOINLINK_ALERT_THRESHOLDS", '{"throttled": "10"}', "Set it as JSON", id="a text for a number"),
        pytest.param("JOINLINK_ALERT_THRESHOLDS", '{"x": 1}', 'the alert "x", which does not exist', id="a threshold of no alert"),
        pytest.param("JOINLINK_SETTINGS", '["JOINLINK_SETTLE"]', "Set it as JSON", id="a list of settings"),
        pytest.param("JOINLINK_SETTINGS", '{"JOINLINK_SETTLE": 20}', "Set it as JSON", id="a number as setting"),
        pytest.param("JOINLINK_SETTINGS", '{"JOINLINK_MODE": ""}', "which has no effect", id="the brake as a setting"),
        pytest.param("JOINLINK_SETTINGS", '{"JOINLINK_CLIENT_SECRET": "hush"}', "JOINLINK_CLIENT_SECRET in plain text", id="a secret"),
    ],
)  # fmt: skip
def test_an_option_that_is_wrong_is_named(
    name: str, value: str, says: str, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is created; a value that may be a secret is not shown."""
    monkeypatch.setenv(name, value)
    with pytest.raises(options.Stop) as stopped:
        options.check_options()

    assert says in str(stopped.value)
    assert "hush" not in str(stopped.value)


def test_options_that_are_right_pass(options: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a secret by reference, and empty values, which azd leaves out."""
    monkeypatch.setenv("JOINLINK_MODE", "rules")
    monkeypatch.setenv("JOINLINK_BUDGET", "")
    monkeypatch.setenv("JOINLINK_ALERT_THRESHOLDS", '{"throttled": 1000}')
    reference = "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/app)"
    monkeypatch.setenv(
        "JOINLINK_SETTINGS", json.dumps({"JOINLINK_CLIENT_SECRET": reference, "JOINLINK_SETTLE": "1m"})
    )

    options.check_options()


def test_the_checks_allow_what_the_template_allows(options: Any) -> None:
    """The same values, and the same least and most."""
    parameters = json.loads((ROOT / "infra" / "main.parameters.json").read_text())["parameters"]
    names = {re.findall(r"\w+", each["value"])[0]: name for name, each in parameters.items()}
    lines = "\n".join(BicepFile(ROOT / "infra" / "main.bicep").lines)

    for option, allowed in options.CHOICES.items():
        [above, kind] = re.findall(rf"((?:@.*\n)*)param {names[option]} (\w+)", lines)[0]
        declared = re.findall(r"@allowed\(\[(.*)\]\)", above)
        values = tuple(declared[0].replace("'", "").split(", ")) if declared else ("true", "false")
        assert (values, bool(declared) or kind == "bool") == (allowed, True)
    for option, (least, most) in options.NUMBERS.items():
        above = re.findall(rf"((?:@.*\n)*)param {names[option]} int", lines)[0]
        assert f"@minValue({least})" in above
        assert f"@maxValue({most})" in above or "@maxValue" not in above
