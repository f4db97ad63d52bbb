from collections.abc import Mapping
from datetime import timedelta

import pytest

from shared.errors import SettingsError
from shared.settings import Settings, read_settings

GUID = "5f0c9a4e-0000-4000-8000-000000000000"
GOOD = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "JOINLINK_TENANT_ID": GUID,
    "JOINLINK_CLIENT_STATE_KEY": "k" * 32,
}


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in GOOD.items() if key != name}


def test_three_settings_are_enough() -> None:
    """All others have a default."""
    settings = read_settings(GOOD)

    assert settings.settle == timedelta(seconds=20)
    assert settings.graph_url == "https://graph.microsoft.com"
    assert settings.rules == "rules"
    assert not settings.report_only


@pytest.mark.parametrize(
    ("setting", "field", "expected"),
    [
        pytest.param({"JOINLINK_SETTLE": "2m"}, "settle", timedelta(minutes=2), id="minutes"),
        pytest.param({"JOINLINK_SETTLE": "0s"}, "settle", timedelta(0), id="no delay"),
        pytest.param({"JOINLINK_CLOUD": "USGov"}, "graph_url", "https://graph.microsoft.us", id="cloud, any case"),
        pytest.param({"JOINLINK_GRAPH_URL": "http://127.0.0.1:8080/"}, "graph_url", "http://127.0.0.1:8080", id="a Graph on this machine"),
        pytest.param({"JOINLINK_MODE": "report"}, "report_only", True, id="report-only"),
        pytest.param({"JOINLINK_LOG_LEVEL": "debug"}, "log_level", "DEBUG", id="log level"),
        pytest.param({"JOINLINK_CLIENT_STATE_KEY_PREVIOUS": "p" * 32}, "client_state_keys", ("k" * 32, "p" * 32), id="keys rotate"),
        pytest.param({"JOINLINK_CLIENT_ID": GUID}, "client_id", GUID, id="a user-assigned identity"),
    ],
)  # fmt: skip
def test_a_setting_is_read(setting: Mapping[str, str], field: str, expected: object) -> None:
    """Each setting becomes its field, with the field's type."""
    assert expected == getattr(read_settings({**GOOD, **setting}), field)


def test_the_account_name_is_enough_for_storage() -> None:
    """With an identity, the addresses of the services follow from the name."""
    storage = read_settings(
        {**without("AzureWebJobsStorage"), "AzureWebJobsStorage__accountName": "acme"}
    ).storage

    assert storage.queue_url == "https://acme.queue.core.windows.net"
    assert storage.table_url == "https://acme.table.core.windows.net"
    assert storage.blob_url == "https://acme.blob.core.windows.net"


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        pytest.param(without("JOINLINK_TENANT_ID"), "JOINLINK_TENANT_ID is missing", id="no tenant"),
        pytest.param({**GOOD, "JOINLINK_TENANT_ID": "contoso.com"}, "JOINLINK_TENANT_ID is not a GUID", id="a tenant name instead of an id"),
        pytest.param(without("JOINLINK_CLIENT_STATE_KEY"), "JOINLINK_CLIENT_STATE_KEY is missing", id="no key"),
        pytest.param({**GOOD, "JOINLINK_CLIENT_STATE_KEY": "short"}, "has 5 characters: use at least 32", id="a short key"),
        pytest.param(without("AzureWebJobsStorage"), "AzureWebJobsStorage is missing", id="no storage"),
        pytest.param({**GOOD, "AzureWebJobsStorage": "my storage"}, "AzureWebJobsStorage is not a connection string", id="not a connection string"),
        pytest.param({**GOOD, "JOINLINK_CLIENT_STATE_KEY": "@Microsoft.KeyVault(SecretUri=https://v)"}, "was not resolved", id="an unresolved Key Vault reference"),
        pytest.param({**GOOD, "JOINLINK_CLIENT_SECRET": "s"}, "JOINLINK_CLIENT_ID is missing", id="a secret without client id"),
        pytest.param({**GOOD, "JOINLINK_CLIENT_ID": GUID, "JOINLINK_CLIENT_SECRET": "s", "JOINLINK_CLIENT_CERTIFICATE": "c"}, "remove one", id="secret and certificate"),
        pytest.param({**GOOD, "JOINLINK_SETTLE": "20"}, "use a number with a unit", id="no unit"),
        pytest.param({**GOOD, "JOINLINK_SETTLE": "9999h"}, "up to 1h", id="too long"),
        pytest.param({**GOOD, "JOINLINK_CLOUD": "moon"}, "use global or usgov or dod or china", id="an unknown cloud"),
        pytest.param({**GOOD, "JOINLINK_RULES": "http://acme.blob.core.windows.net/rules"}, "JOINLINK_RULES is not an https address", id="rules over plain http"),
        pytest.param({**GOOD, "JOINLINK_MODE": "enforce"}, "JOINLINK_MODE is 'enforce': use report", id="a mode that would write more"),
        pytest.param({**GOOD, "JOINLINK_GRAPH_URL": "http://graph.microsoft.com"}, "JOINLINK_GRAPH_URL is not an https address", id="plain http"),
        pytest.param({**GOOD, "JOINLINK_NOTIFICATION_URL": "https://["}, "JOINLINK_NOTIFICATION_URL is not an https", id="an invalid address"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(environ: Mapping[str, str], problem: str) -> None:
    """The error names the setting, and what to set it to."""
    with pytest.raises(SettingsError) as refused:
        read_settings(environ)

    assert problem in str(refused.value)


def test_all_mistakes_are_named_at_once() -> None:
    """An admin fixes five mistakes with one restart."""
    with pytest.raises(SettingsError) as refused:
        read_settings({"JOINLINK_SETTLE": "soon", "JOINLINK_CLOUD": "moon"})

    assert [problem.setting for problem in refused.value.problems] == [
        "AzureWebJobsStorage",
        "JOINLINK_TENANT_ID",
        "JOINLINK_CLOUD",
        "JOINLINK_CLIENT_STATE_KEY",
        "JOINLINK_SETTLE",
    ]


def test_secrets_are_not_shown() -> None:
    """A log or a traceback may show a `Settings`."""
    settings: Settings = read_settings(
        {
            **GOOD,
            "AzureWebJobsStorage": "AccountName=a;AccountKey=hidden-1",
            "JOINLINK_CLIENT_ID": GUID,
            "JOINLINK_CLIENT_SECRET": "hidden-2",
            "JOINLINK_CLIENT_STATE_KEY": "hidden-3" * 8,
            "JOINLINK_NOTIFICATION_URL": "https://app.example/api/notifications?code=hidden-4",
        }
    )

    assert "hidden" not in repr(settings)
