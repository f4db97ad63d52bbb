from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sandbox.serve import serve
from shared.desk.sign_in.desk_sign_in import DeskSignIn
from shared.errors import SettingsError, SignInFailed
from shared.settings import Settings, read_settings
from tests.desk.sign_in.entra import Entra, session_for
from tests.infra.hooks.conftest import Azure

TENANT = "c0ffee00-0000-4000-8000-000000000001"
CLIENT = "c0ffee00-0000-4000-8000-00000000000d"
VAULT = "@Microsoft.KeyVault(SecretUri=https://kv-joinlink.vault.azure.net/secrets/{})"
DEPLOYED = {
    "AzureWebJobsStorage__accountName": "stjoinlink",
    "JOINLINK_TENANT_ID": TENANT,
    "JOINLINK_CLIENT_STATE_KEY": VAULT.format("client-state-key"),
    "JOINLINK_NOTIFICATION_URL": VAULT.format("notification-url"),
}
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Laptop:
    """A sign-in, and what it showed."""

    def __init__(self, **settings: str) -> None:
        self.said: list[str] = []
        self.environ = {**DEPLOYED, **settings}
        self.sign_in = DeskSignIn(
            self.environ,
            now=lambda: NOW,
            say=self.said.append,
            ask_to_sign_in=pytest.fail,
            folder=Path("/nowhere"),
        )

    def settings(self) -> Settings:
        """Return the settings with a key in the place of its reference."""
        plain = {name: value for name, value in self.environ.items() if "KeyVault" not in value}
        return read_settings({**plain, "JOINLINK_CLIENT_STATE_KEY": "k" * 32})


@pytest.fixture(autouse=True)
def laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    """No managed identity answers here."""
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)


def test_storage_opens_with_the_account_of_the_azure_cli(cli: Azure) -> None:
    """The token is valid as long as the CLI says; the identity is shown once there is a token."""
    desk = Laptop()
    token = desk.sign_in.storage_credential().get_token("https://storage.azure.com/.default")

    assert token.token == "token for https://storage.azure.com/.default"
    assert token.expires_on == pytest.approx(4_000_000_000, abs=60)
    assert desk.said == ["storage as ada@contoso.com (Azure CLI)"]
    assert len(cli.called("account", "get-access-token")) == 1


def test_a_token_that_ends_is_renewed(cli: Azure) -> None:
    """A backfill may take longer than a token is valid."""
    desk, now = Laptop(), NOW
    desk.sign_in._now = lambda: now
    cli.change(token_expires=int((NOW + timedelta(hours=1)).timestamp()))
    credential = desk.sign_in.storage_credential()
    credential.get_token("https://storage.azure.com/.default")
    now += timedelta(hours=1)
    later = int((now + timedelta(hours=1)).timestamp())
    cli.change(token_expires=later)

    assert credential.get_token("https://storage.azure.com/.default").expires_on == later
    assert len(cli.called("account", "get-access-token")) == 2


def test_the_log_is_read_with_the_account_of_the_azure_cli(cli: Azure) -> None:
    """The token is for the log's service and its address."""
    desk = Laptop()
    tokens = desk.sign_in.log_tokens("https://api.loganalytics.io")

    assert (
        tokens.token("https://api.loganalytics.io").value == "token for https://api.loganalytics.io/.default"
    )
    assert desk.said == ["the log as ada@contoso.com (Azure CLI)"]
    assert cli.called("account", "get-access-token")


def test_secrets_are_read_from_key_vault_and_not_shown(cli: Azure) -> None:
    """Only their names are."""
    cli.change(secrets={"client-state-key": "k" * 40, "notification-url": "https://a.example/?code=hidden"})
    desk = Laptop()
    settings = read_settings(desk.sign_in.with_secrets(desk.environ))

    assert settings.client_state_keys == ("k" * 40,)
    assert settings.notification_url == "https://a.example/?code=hidden"
    assert desk.said == [
        "Key Vault secret client-state-key as ada@contoso.com (Azure CLI)",
        "Key Vault secret notification-url as ada@contoso.com (Azure CLI)",
    ]


def test_a_person_at_the_azure_cli_has_no_calendar_rights(cli: Azure) -> None:
    """So Graph needs an app registration; the command that creates it is named, and who runs it."""
    desk = Laptop()
    with pytest.raises(SignInFailed) as refused:
        desk.sign_in.graph_tokens(desk.settings())

    assert "A Privileged Role Administrator" not in desk.said
    assert (
        "a Privileged Role Administrator runs python3 infra/hooks/grant_graph.py --desk certificate"
        in str(refused.value)
    )
    assert cli.called("account", "get-access-token") == []


def test_a_service_principal_at_the_azure_cli_uses_its_own_rights(cli: Azure) -> None:
    """A pipeline signs in as one."""
    cli.change(user_type="servicePrincipal")
    desk = Laptop()
    tokens = desk.sign_in.graph_tokens(desk.settings())

    assert (
        tokens.token("https://graph.microsoft.com").value == "token for https://graph.microsoft.com/.default"
    )
    assert desk.said == ["Graph as ada@contoso.com (Azure CLI)"]


def pem() -> str:
    """Return a new key with its certificate, as the Azure CLI writes them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Joinlink desk")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + timedelta(days=365))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (private + builder.sign(key, SHA256()).public_bytes(Encoding.PEM)).decode()


def test_a_certificate_opens_graph_for_the_desks_own_registration(
    cli: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be in Key Vault. Rights that its token lacks are named, with who grants them."""
    cli.change(secrets={"desk-certificate": pem()})
    desk = Laptop(JOINLINK_DESK_CLIENT_ID=CLIENT, JOINLINK_DESK_CERTIFICATE=VAULT.format("desk-certificate"))
    entra = Entra()
    with serve(entra) as url:
        monkeypatch.setattr("shared.auth.token_source.TokenSession", session_for(url))
        token = desk.sign_in.graph_tokens(desk.settings()).token("https://graph.microsoft.com")

    assert token.value
    assert entra.calls[-1] == "oauth2/v2.0/token client_credentials"
    assert desk.said == [
        f"Graph as the app registration {CLIENT}, with its certificate",
        "Key Vault secret desk-certificate as ada@contoso.com (Azure CLI)",
        (
            "Graph: this identity lacks MailboxSettings.Read. A Privileged Role Administrator grants what is"
            " missing: python3 infra/hooks/grant_graph.py --desk certificate"
        ),
    ]


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        pytest.param({"JOINLINK_DESK_CLIENT_ID": "joinlink-desk"}, "JOINLINK_DESK_CLIENT_ID is not a GUID", id="client id"),
        pytest.param({"JOINLINK_DESK_CLIENT_ID": CLIENT, "JOINLINK_DESK_CERTIFICATE": "/nowhere/desk.pem"}, "JOINLINK_DESK_CERTIFICATE is not valid", id="no file"),
        pytest.param({"JOINLINK_DESK_CLIENT_ID": CLIENT, "JOINLINK_DESK_CERTIFICATE": VAULT.format("missing")}, "JOINLINK_DESK_CERTIFICATE names a secret or a Key Vault that does not exist", id="no secret"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("cli")
def test_a_wrong_setting_of_the_desk_is_named(settings: dict[str, str], name: str) -> None:
    """By the name that the admin knows."""
    desk = Laptop(**settings)
    with pytest.raises(SettingsError, match=name):
        desk.sign_in.graph_tokens(desk.settings())


@pytest.mark.parametrize(
    ("settings", "is_the_app"),
    [
        pytest.param({}, False, id="the Azure CLI"),
        pytest.param({"JOINLINK_CLIENT_ID": CLIENT, "JOINLINK_CLIENT_SECRET": "x"}, True, id="the app's secret"),
        pytest.param({"JOINLINK_CLIENT_ID": CLIENT, "JOINLINK_CLIENT_SECRET": "x", "JOINLINK_DESK_CLIENT_ID": CLIENT}, False, id="the desk's own registration"),
    ],
)  # fmt: skip
def test_graph_sees_the_app_only_with_its_own_credential(settings: dict[str, str], is_the_app: bool) -> None:
    """The desk's own registration comes first."""
    assert Laptop(**settings).sign_in.is_the_app is is_the_app


@pytest.mark.usefixtures("cli")
def test_the_apps_certificate_is_not_read_where_the_desk_has_its_own(cli: Azure) -> None:
    """The desk has no use for it."""
    cli.change(secrets={"client-state-key": "k" * 40, "notification-url": "https://a.example/"})
    desk = Laptop(JOINLINK_CLIENT_CERTIFICATE=VAULT.format("app-certificate"), JOINLINK_DESK_CLIENT_ID=CLIENT)

    assert "JOINLINK_CLIENT_CERTIFICATE" not in desk.sign_in.with_secrets(desk.environ)
