"""`joinlink doctor` names what is wrong and what to do, and changes nothing."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from sandbox.azurite import Azurite
from sandbox.graph import Fault
from shared.auth.token_source import Token
from tests.stories.conftest import RULES, AtTheDesk, Ran, Story

Named = Callable[[str, str], Ran]


@pytest.fixture
def named(at_the_desk: AtTheDesk, monkeypatch: pytest.MonkeyPatch) -> Named:
    """Return a function that runs the doctor with one setting changed."""

    def run(setting: str, value: str) -> Ran:
        monkeypatch.setenv(setting, value)
        return at_the_desk("doctor")

    return run


def line(ran: Ran, what: str) -> str:
    """Return the line of one check."""
    [found] = [line for line in ran.out.splitlines() if line[2:].startswith(f"{what} ")]
    return found[0] + found[2 + len(what) :].strip()


def test_a_correct_setup_passes_every_check(story: Story, at_the_desk: AtTheDesk) -> None:
    """With the settings of a story, and a watched mailbox."""
    story.person("Ada")
    ran = at_the_desk("doctor", "--mailbox", "ada@contoso.com")

    assert ran.exit == 0, ran.out
    assert "✗" not in ran.out
    assert ran.out.endswith("Nothing is wrong.\n")
    assert line(ran, "AzureWebJobsStorage") == "✓set"
    assert line(ran, "storage table") == "✓created, written, read and deleted"
    assert line(ran, "permissions") == "·not in the token; the checks below show them"
    assert line(ran, "subscriptions") == "✓1 of the app's, 1 of them to this address"
    assert line(ran, "mailbox") == "✓by default teamsForBusiness; allows teamsForBusiness"
    assert (
        line(ran, "notification URL") == "✓https://joinlink.example/api/notifications answers the handshake"
    )


def test_it_leaves_nothing_behind(story: Story, at_the_desk: AtTheDesk) -> None:
    """It only reads from Graph, and deletes what it creates in the storage account."""
    at_the_desk("doctor")
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


def test_no_secret_is_shown(story: Story, at_the_desk: AtTheDesk) -> None:
    """Neither a key, nor the function key in the URL."""
    ran = at_the_desk("doctor")

    assert story.stage.host.function_key not in ran.out
    assert story.stage.settings["JOINLINK_CLIENT_STATE_KEY"] not in ran.out
    assert "AccountKey" not in ran.out


@pytest.mark.parametrize(
    ("setting", "value", "what", "said"),
    [
        pytest.param("JOINLINK_TENANT_ID", "contoso", "JOINLINK_TENANT_ID", "✗is not a GUID", id="a malformed setting"),
        pytest.param("JOINLINK_CLIENT_STATE_KEY", "@Microsoft.KeyVault(x)", "JOINLINK_CLIENT_STATE_KEY", "✗is not a Key Vault reference that can be read here", id="an unresolved secret"),
        pytest.param("AzureWebJobsStorage", "nonsense", "AzureWebJobsStorage", "✗is not a connection string", id="storage"),
        pytest.param("JOINLINK_RULES", "nowhere", "rules", "✗they can't be read: nowhere: No such file or directory: check JOINLINK_RULES", id="no rules"),
        pytest.param("JOINLINK_NOTIFICATION_URL", "", "notification URL", "✗JOINLINK_NOTIFICATION_URL is missing", id="no address"),
        pytest.param("JOINLINK_NOTIFICATION_URL", "https://joinlink.example/api/notifications", "notification URL", "✗https://joinlink.example/api/notifications: it answers 401: Graph must reach it", id="an address without its key"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named(setting: str, value: str, what: str, said: str, named: Named) -> None:
    """With what to do about it."""
    ran = named(setting, value)

    assert ran.exit == 1
    assert line(ran, what).startswith(said)


def test_the_error_in_the_rules_is_named(story: Story, at_the_desk: AtTheDesk) -> None:
    """Not the warnings that come before it."""
    (story.rules / "rules.yaml").write_text(f"{RULES}nonsense: 1\n")
    ran = at_the_desk("doctor")

    assert ran.exit == 1
    assert 'rules.yaml:17:1: unknown key "nonsense"' in line(ran, "rules")


@pytest.mark.parametrize(
    ("fault", "what", "said"),
    [
        pytest.param(Fault(path="subscriptions", status=403), "subscriptions", "✗list the subscriptions: status 403", id="no right to list"),
        pytest.param(Fault(path="calendar", status=403), "mailbox", "✗read the mailbox's calendar: status 403", id="a mailbox that is closed"),
        pytest.param(Fault(path="calendar", status=404, code="MailboxNotEnabledForRESTAPI"), "mailbox", "✗read the mailbox's calendar: status 404", id="no mailbox"),
    ],
)  # fmt: skip
def test_a_refusal_of_graph_is_named(
    fault: Fault, what: str, said: str, story: Story, at_the_desk: AtTheDesk
) -> None:
    """With Graph's codes, and what to do."""
    story.person("Ada")
    story.stage.graph.faults.add(fault)
    ran = at_the_desk("doctor", "--mailbox", "ada@contoso.com")

    assert ran.exit == 1
    assert line(ran, what).startswith(said)


def test_a_missing_permission_is_named(
    story: Story, at_the_desk: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it is not in the token's roles. Exchange may grant one for calendars; reading a mailbox proves that."""
    claims = base64.urlsafe_b64encode(json.dumps({"roles": ["Calendars.Read"]}).encode()).decode()
    monkeypatch.setattr(
        "shared.wiring.graph_parts.GraphParts.tokens", _Tokens(Token(f"e30.{claims}.x", timedelta(hours=1)))
    )
    story.person("Ada")
    ran = at_the_desk("doctor")

    assert ran.exit == 1
    assert line(ran, "permission Calendars.Read") == "✓granted"
    assert line(ran, "permission Calendars.ReadWrite").startswith(
        "✗missing; Joinlink needs it to add join links to events"
    )


def test_a_managed_identity_has_no_token_outside_azure(
    at_the_desk: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doctor says so, and still checks what needs no token."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
    ran = at_the_desk("doctor")

    assert ran.exit == 1
    assert "a managed identity gets tokens only in Azure" in line(ran, "token")
    assert line(ran, "notification URL").startswith("✓")


def test_a_wrong_clock_is_reported(at_the_desk: AtTheDesk, azurite: Azurite) -> None:
    """The clocks of Graph and of storage are separate checks."""
    azurite.advance(timedelta(minutes=2))
    ran = at_the_desk("doctor")

    assert line(ran, "clock of Graph") == "✓0 s ahead of ours"
    assert line(ran, "clock of storage").startswith("✗")


class _Tokens:
    """A token source whose tokens can be read."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def token(self, _resource: str, *, refused: str = "") -> Token:
        del refused
        return self._token
