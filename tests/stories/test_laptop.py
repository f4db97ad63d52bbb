"""The commands from a laptop: settings in a file, secrets in Key Vault, and the identity of the Azure CLI."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from shared.wiring import joinlink
from shared.wiring.maintenance import build_maintenance
from tests.cli.conftest import CommandResult
from tests.infra.hooks.conftest import Azure, azure
from tests.stories.conftest import RunJoinlink, StartStory, Story

__all__ = ["azure"]

GUEST = "bo@fabrikam.com"
VAULT = "@Microsoft.KeyVault(SecretUri=https://kv-joinlink.vault.azure.net/secrets/{})"
SECRETS = {"JOINLINK_CLIENT_STATE_KEY": "client-state-key", "JOINLINK_NOTIFICATION_URL": "notification-url"}
Laptop = Callable[..., CommandResult]


@pytest.fixture
def laptop(
    story: Story, azure: Azure, run_joinlink: RunJoinlink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Laptop:
    """Return what runs a command with --settings: nothing is in the environment, and no managed identity answers.

    Azurite takes no tokens without TLS, so the storage account is opened with its connection string.
    """
    settings, vault = dict(story.stage.settings), {}
    token = httpx.get(
        os.environ["IDENTITY_ENDPOINT"],
        params={"api-version": "2019-08-01", "resource": "https://graph.microsoft.com"},
        headers={"X-IDENTITY-HEADER": "sandbox"},
    ).json()["access_token"]
    for name, secret in SECRETS.items():
        vault[secret], settings[name] = settings[name], VAULT.format(secret)
    azure.change(
        tenant=settings["JOINLINK_TENANT_ID"], secrets=vault, token=token, user_type="servicePrincipal"
    )
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    file = tmp_path / "settings.json"

    def run(*words: str, **changed: str) -> CommandResult:
        file.write_text(json.dumps({"IsEncrypted": False, "Values": {**settings, **changed}}))
        with pytest.MonkeyPatch.context() as here:
            for name in (*settings, "IDENTITY_ENDPOINT"):
                here.delenv(name, raising=False)
            return run_joinlink(*words, "--settings", str(file))

    return run


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["status"], id="status"),
        pytest.param(["replay", "--dry-run"], id="replay"),
        pytest.param(["held"], id="held"),
        pytest.param(["memory"], id="memory"),
    ],
)
def test_what_needs_the_storage_account_alone_reads_no_secret(
    words: list[str], story: Story, azure: Azure, laptop: Laptop
) -> None:
    """And works without the Azure CLI where there is a connection string."""
    story.stage.host.run_timer("maintenance")
    ran = laptop(*words)

    assert ran.exit == 0, ran.out + ran.err
    assert "storage with its connection string" in ran.err
    assert azure["calls"] == []


def test_the_doctor_passes_with_secrets_from_key_vault_and_the_identity_of_the_azure_cli(
    story: Story, azure: Azure, laptop: Laptop
) -> None:
    """It shows no secret. The app's subscriptions are not seen by another identity."""
    story.add_person("Ada")
    ran = laptop("doctor", "--mailbox", "ada@contoso.com")

    assert ran.exit == 0, ran.out
    assert "only the app can list its own" in ran.out
    assert "joinlink: Graph as ada@contoso.com (Azure CLI)" in ran.err
    assert "joinlink: Key Vault secret client-state-key as ada@contoso.com (Azure CLI)" in ran.err
    assert [text for text in (*azure["secrets"].values(), azure["token"]) if text in ran.out + ran.err] == []


def test_a_backfill_reads_with_the_identity_of_the_desk(story: Story, laptop: Laptop) -> None:
    """Its JSON is as ever: identities are shown on stderr."""
    story.create_meeting(story.add_person("Ada"), GUEST)
    ran = laptop("backfill", "--all", "--dry-run", "--json")

    assert ran.exit == 0, ran.err
    assert json.loads(ran.out)["links"] == 1


def test_maintenance_from_a_laptop_requests_tasks_and_leaves_subscriptions_alone(
    story: Story, laptop: Laptop
) -> None:
    """Graph lists subscriptions to the app only: an empty list would say that nothing was ever done."""
    story.add_person("Ada")
    story.stage.host.run_timer("maintenance")
    story.add_person("Bo", watched=False)
    before = len(story.stage.graph.calls)
    ran = laptop("maintain")

    assert ran.exit == 0, ran.out + ran.err
    assert "Tasks for the app: " in ran.out
    assert not [call for call in story.stage.graph.calls[before:] if "subscriptions" in call.path]
    assert joinlink().parts.memory.state() == "whole"


def test_a_laptop_does_not_start_the_memory_of_writes(
    start_story: StartStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account that was emptied looks new; the app's subscriptions, which no one else sees, show that it is not."""
    story = start_story(with_memory=False)
    app = joinlink()
    run = build_maintenance(app.parts, app.policies, None)
    monkeypatch.setattr(app.parts.storage.mailbox_tasks, "send", pytest.fail)

    assert run.run().problems == ("only the app starts the memory of writes: wait for its next maintenance",)
    assert app.parts.memory.state() == "not_started"
    assert story.stage.graph.calls == []


@pytest.mark.parametrize(
    ("failing", "printed", "said"),
    [
        pytest.param("keyvault secret show", "(Forbidden) ForbiddenByRbac", "JOINLINK_NOTIFICATION_URL can't be read from Key Vault by ada@contoso.com: an Owner or User Access Administrator of the vault gives the role Key Vault Secrets User", id="no role in the vault"),
        pytest.param("account show", "Please run 'az login' to setup account.", "the Azure CLI is not signed in, or no longer: run az login", id="not signed in"),
    ],
)  # fmt: skip
def test_a_missing_right_is_named_with_who_gives_it(
    failing: str, printed: str, said: str, azure: Azure, laptop: Laptop
) -> None:
    """The doctor shows the same as a finding."""
    azure.fails(failing, printed, times=4)
    ran = laptop("backfill", "--all", "--dry-run")
    doctor = laptop("doctor")

    assert ran.exit == 2
    assert said in ran.err
    assert doctor.exit == 1
    assert said.removeprefix("JOINLINK_NOTIFICATION_URL ") in doctor.out


def test_a_person_is_told_which_identity_reads_calendars(azure: Azure, laptop: Laptop) -> None:
    """The doctor checks all that needs no calendar."""
    azure.change(user_type="user")
    ran = laptop("backfill", "--all", "--dry-run")
    doctor = laptop("doctor")

    assert ran.exit == 2
    assert "this command needs an app registration of its own" in ran.err
    assert "✗ token" in doctor.out
    assert "✓ notification URL" in doctor.out


def test_rights_thrun_joinlinks_token_lacks_are_shown(story: Story, azure: Azure, laptop: Laptop) -> None:
    """With who grants them."""
    story.add_person("Ada")
    claims = "eyJyb2xlcyI6IFsiVXNlci5SZWFkLkFsbCJdfQ"  # {"roles": ["User.Read.All"]}
    azure.change(token=f"e30.{claims}.x")
    ran = laptop("backfill", "--all", "--dry-run")

    assert (
        "this identity lacks Calendars.Read, MailboxSettings.Read. A Privileged Role Administrator" in ran.err
    )
