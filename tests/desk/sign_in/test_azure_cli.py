from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.desk.sign_in.azure_cli import AzureCli, SecretUnreadable
from shared.errors import SignInFailed
from tests.infra.hooks.conftest import Azure

TENANT = "c0ffee00-0000-4000-8000-000000000001"
OTHER = "c0ffee00-0000-4000-8000-000000000002"
SCOPE = "https://storage.azure.com/.default"
SECRET = "https://kv-joinlink.vault.azure.net/secrets/notification-url"


def test_a_token_is_that_of_the_account_which_is_signed_in(cli: Azure) -> None:
    """With the time at which it expires."""
    signed_in = AzureCli(TENANT)
    token = signed_in.token(SCOPE)

    assert signed_in.account.name == "ada@contoso.com"
    assert (token.value, token.expires) == (f"token for {SCOPE}", datetime.fromtimestamp(4_000_000_000, UTC))
    assert SCOPE not in repr(token)
    assert cli.called("account", "get-access-token") == [["account", "get-access-token", "--scope", SCOPE]]


def test_a_secret_is_read_with_its_uri(cli: Azure) -> None:
    """As the reference in the settings has it."""
    assert AzureCli(TENANT).secret(SECRET) == cli["secrets"]["notification-url"]


def test_another_tenant_is_named_before_a_token_is_requested(cli: Azure) -> None:
    """With both tenants and the command that helps."""
    with pytest.raises(SignInFailed) as refused:
        AzureCli(OTHER).token(SCOPE)

    assert str(refused.value).startswith(
        f"the Azure CLI is signed in to tenant {TENANT}, and JOINLINK_TENANT_ID is {OTHER}:"
        f" run az login --tenant {OTHER}"
    )
    assert cli.called("account", "get-access-token") == []


def test_a_machine_without_the_cli_is_told_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one sentence, with the address."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        SignInFailed, match=r"^the Azure CLI is not installed: install it from https://aka\.ms"
    ):
        AzureCli(TENANT).token(SCOPE)


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        pytest.param("ERROR: Please run 'az login' to setup account.", f"the Azure CLI is not signed in, or no longer: run az login --tenant {TENANT}", id="not signed in"),
        pytest.param("AADSTS700082: The refresh token has expired.", f"the Azure CLI is not signed in, or no longer (AADSTS700082): run az login --tenant {TENANT}", id="expired"),
        pytest.param("ERROR: something\n  else", "az account get-access-token failed: ERROR: something else", id="another error"),
    ],
)  # fmt: skip
def test_a_failure_of_the_cli_says_what_to_do(printed: str, said: str, cli: Azure) -> None:
    """The account may be shown while its token is refused."""
    cli.fails("get-access-token", printed)
    with pytest.raises(SignInFailed) as refused:
        AzureCli(TENANT).token(SCOPE)

    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        pytest.param("(Forbidden) Caller is not authorized ... ForbiddenByRbac", "can't be read from Key Vault by ada@contoso.com: an Owner or User Access Administrator of the vault gives the role Key Vault Secrets User", id="no role"),
        pytest.param("(Forbidden) Public network access is disabled ... ForbiddenByConnection", "can't be read from here: the firewall of the Key Vault lets only its network in", id="firewall"),
        pytest.param("(SecretNotFound) A secret with (name/id) x was not found", "names a secret or a Key Vault that does not exist: check the reference, and deploy the app", id="no secret"),
        pytest.param("something else", "can't be read from Key Vault: something else", id="another error"),
    ],
)  # fmt: skip
def test_a_secret_that_cannot_be_read_says_what_to_do(printed: str, said: str, cli: Azure) -> None:
    """A missing role is named, and who gives it."""
    cli.fails("keyvault secret show", printed)
    with pytest.raises(SecretUnreadable) as refused:
        AzureCli(TENANT).secret(SECRET)

    assert str(refused.value) == said


Program = Callable[[str], AzureCli]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Return what puts a shell script in the place of `az`."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def use(script: str) -> AzureCli:
        (tmp_path / "az").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "az").chmod(0o755)
        return AzureCli("")

    return use


def test_a_cli_that_hangs_is_ended(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may wait for the network."""
    monkeypatch.setattr("shared.desk.sign_in.azure_cli._TIMEOUT_SECONDS", 0.2)
    with pytest.raises(SignInFailed, match="the Azure CLI did not answer within"):
        program("exec sleep 60").token(SCOPE)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param("echo not json", "is not JSON", id="no JSON"),
        pytest.param("echo null", "does not say who is signed in", id="nothing"),
        pytest.param("echo '{\"user\": {}}'", "does not say who is signed in", id="nobody"),
    ],
)
def test_an_answer_of_an_unknown_shape_is_refused(script: str, said: str, program: Program) -> None:
    """A later version may print something else."""
    with pytest.raises(SignInFailed, match=said):
        program(script).token(SCOPE)


def test_an_old_cli_shows_when_a_token_expires_in_local_time(program: Program) -> None:
    """Before version 2.54."""
    user = '"user": {"name": "ada", "type": "user"}, "tenantId": "t"'
    token = '"accessToken": "t", "expiresOn": "2030-01-02 03:04:05.000006"'
    local = datetime(2030, 1, 2, 3, 4, 5, 6).astimezone()

    assert program(f"echo '{{{user}, {token}}}'").token(SCOPE).expires == local
