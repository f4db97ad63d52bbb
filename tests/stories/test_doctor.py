"""`joinlink doctor` names what is wrong and what to do, and changes nothing."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from sandbox.azurite import Azurite
from sandbox.graph import Fault
from shared.auth.token_source import Token
from shared.storage.row_client import RowClient
from tests.cli.conftest import CommandResult
from tests.stories.conftest import RULES, RunJoinlink, Story

Named = Callable[[str, str], CommandResult]


@pytest.fixture
def named(run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch) -> Named:
    """Return a function that runs the doctor with one setting changed."""

    def run(setting: str, value: str) -> CommandResult:
        monkeypatch.setenv(setting, value)
        return run_joinlink("doctor")

    return run


def line(result: CommandResult, what: str) -> str:
    """Return the line of one check."""
    [found] = [line for line in result.out.splitlines() if line[2:].startswith(f"{what} ")]
    return found[0] + found[2 + len(what) :].strip()


def test_a_correct_setup_passes_every_check(story: Story, run_joinlink: RunJoinlink) -> None:
    """With the settings of a story, and a watched mailbox."""
    story.add_person("Ada")
    result = run_joinlink("doctor", "--mailbox", "ada@contoso.com")

    assert result.exit == 0, result.out
    assert "✗" not in result.out
    assert result.out.endswith("Nothing is wrong.\n")
    assert line(result, "AzureWebJobsStorage") == "✓set"
    assert line(result, "storage table") == "✓created, written, read and deleted"
    assert line(result, "permissions") == "·not in the token; the checks below show them"
    assert line(result, "subscriptions") == "✓1 of the app's, 1 of them to this address"
    assert line(result, "mailbox") == "✓by default teamsForBusiness; allows teamsForBusiness"
    assert (
        line(result, "notification URL")
        == "✓https://joinlink.example/api/notifications answers the handshake"
    )


def test_it_leaves_nothing_behind(story: Story, run_joinlink: RunJoinlink) -> None:
    """It only reads from Graph, and deletes what it creates in the storage account."""
    run_joinlink("doctor")
    storage = story.stage.settings["AzureWebJobsStorage"]
    with (
        QueueServiceClient.from_connection_string(storage) as queues,
        TableServiceClient.from_connection_string(storage) as tables,
        BlobServiceClient.from_connection_string(storage) as blobs,
    ):
        names = [
            one.name
            for part in (queues.list_queues(), tables.list_tables(), blobs.list_containers())
            for one in part
        ]

    assert [name for name in names if "doctor" in name] == []
    assert {call.method for call in story.stage.graph.calls} == {"GET"}


def test_no_secret_is_shown(story: Story, run_joinlink: RunJoinlink) -> None:
    """Neither a key, nor the function key in the URL."""
    result = run_joinlink("doctor")

    assert story.stage.host.function_key not in result.out
    assert story.stage.settings["JOINLINK_CLIENT_STATE_KEY"] not in result.out
    assert "AccountKey" not in result.out


@pytest.mark.parametrize(
    ("setting", "value", "what", "message"),
    [
        pytest.param("JOINLINK_TENANT_ID", "contoso", "JOINLINK_TENANT_ID", "✗is not a GUID", id="a malformed setting"),
        pytest.param("JOINLINK_CLIENT_STATE_KEY", "@Microsoft.KeyVault(x)", "JOINLINK_CLIENT_STATE_KEY", "✗is not a Key Vault reference that can be read here", id="an unresolved secret"),
        pytest.param("AzureWebJobsStorage", "nonsense", "AzureWebJobsStorage", "✗is not a connection string", id="storage"),
        pytest.param("JOINLINK_RULES", "nowhere", "rules", "✗they can't be read: nowhere: No such file or directory: check JOINLINK_RULES", id="no rules"),
        pytest.param("JOINLINK_NOTIFICATION_URL", "", "notification URL", "✗JOINLINK_NOTIFICATION_URL is missing", id="no address"),
        pytest.param("JOINLINK_NOTIFICATION_URL", "https://joinlink.example/api/notifications", "notification URL", "✗https://joinlink.example/api/notifications: it answers 401: Graph must reach it", id="an address without its key"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named(setting: str, value: str, what: str, message: str, named: Named) -> None:
    """With what to do about it."""
    result = named(setting, value)

    assert result.exit == 1
    assert line(result, what).startswith(message)


@pytest.mark.parametrize("request_name", ["get_entity", "update_entity", "submit_transaction"])
def test_a_request_that_the_tables_refuse_is_named(
    request_name: str, story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message needs each of them. The table of the trial does not stay behind."""

    def refused(*_arguments: object, **_options: object) -> None:
        raise HttpResponseError("refused")

    monkeypatch.setattr(RowClient, request_name, refused)
    result = run_joinlink("doctor")

    assert result.exit == 1
    assert line(result, "storage table").startswith("✗")
    with TableServiceClient.from_connection_string(story.stage.settings["AzureWebJobsStorage"]) as tables:
        assert not [table.name for table in tables.list_tables() if table.name.startswith("joinlinkdoctor")]


def test_the_error_in_the_rules_is_named(story: Story, run_joinlink: RunJoinlink) -> None:
    """Not the warnings that come before it."""
    (story.rules / "rules.yaml").write_text(f"{RULES}nonsense: 1\n")
    result = run_joinlink("doctor")

    assert result.exit == 1
    assert 'rules.yaml:17:1: unknown key "nonsense"' in line(result, "rules")


@pytest.mark.parametrize(
    ("fault", "what", "message"),
    [
        pytest.param(Fault(path="subscriptions", status=403), "subscriptions", "✗list the subscriptions: status 403", id="no right to list"),
        pytest.param(Fault(path="calendar", status=403), "mailbox", "✗read the mailbox's calendar: status 403", id="a mailbox that is closed"),
        pytest.param(Fault(path="calendar", status=404, code="MailboxNotEnabledForRESTAPI"), "mailbox", "✗read the mailbox's calendar: status 404", id="no mailbox"),
    ],
)  # fmt: skip
def test_a_refusal_of_graph_is_named(
    fault: Fault, what: str, message: str, story: Story, run_joinlink: RunJoinlink
) -> None:
    """With Graph's codes, and what to do."""
    story.add_person("Ada")
    story.stage.graph.faults.add(fault)
    result = run_joinlink("doctor", "--mailbox", "ada@contoso.com")

    assert result.exit == 1
    assert line(result, what).startswith(message)


def test_a_missing_permission_is_named(
    story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it is not in the token's roles. Exchange may grant one for calendars; reading a mailbox proves that."""
    claims = base64.urlsafe_b64encode(json.dumps({"roles": ["Calendars.Read"]}).encode()).decode()
    monkeypatch.setattr(
        "shared.wiring.graph_parts.GraphParts.tokens",
        _ReadableTokens(Token(f"e30.{claims}.x", timedelta(hours=1))),
    )
    story.add_person("Ada")
    result = run_joinlink("doctor")

    assert result.exit == 1
    assert line(result, "permission Calendars.Read") == "✓granted"
    assert line(result, "permission Calendars.ReadWrite").startswith(
        "✗missing; Joinlink needs it to add join links to events"
    )


def test_a_managed_identity_has_no_token_outside_azure(
    run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doctor says so, and still checks what needs no token."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
    result = run_joinlink("doctor")

    assert result.exit == 1
    assert "a managed identity gets tokens only in Azure" in line(result, "token")
    assert line(result, "notification URL").startswith("✓")


def test_a_wrong_clock_is_reported(run_joinlink: RunJoinlink, azurite: Azurite) -> None:
    """The clocks of Graph and of storage are separate checks."""
    azurite.advance(timedelta(minutes=2))
    result = run_joinlink("doctor")

    assert line(result, "clock of Graph") == "✓0 s ahead of ours"
    assert line(result, "clock of storage").startswith("✗")


class _ReadableTokens:
    """A token source whose tokens can be read."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def token(self, _resource: str, *, refused: str = "") -> Token:
        del refused
        return self._token
