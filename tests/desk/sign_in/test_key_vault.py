import pytest

from shared.desk.sign_in.azure_cli import SecretUnreadable
from shared.desk.sign_in.key_vault import reference, resolve
from shared.errors import SettingsError

URI = "https://kv-joinlink.vault.azure.net/secrets/client-state-key"


def test_references_become_secrets_and_all_else_stays() -> None:
    """With or without a version at their end."""
    version = f"{URI}/0123456789abcdef0123456789abcdef"
    settings = {
        "KEY": reference("kv-joinlink", "client-state-key"),
        "OLD": f"@Microsoft.KeyVault(SecretUri={version})",
        "MODE": "report",
    }

    assert resolve(settings, lambda uri: f"secret of {uri}") == {
        "KEY": f"secret of {URI}",
        "OLD": f"secret of {version}",
        "MODE": "report",
    }


def test_every_reference_that_cannot_be_read_is_named() -> None:
    """Not only the first one."""

    def refuse(_uri: str) -> str:
        raise SecretUnreadable("can't be read")

    with pytest.raises(SettingsError) as refused:
        resolve({"A": reference("kv-a", "x"), "B": reference("kv-b", "y")}, refuse)

    assert [str(problem) for problem in refused.value.problems] == ["A can't be read", "B can't be read"]


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("http://kv-a.vault.azure.net/secrets/x", id="not https"),
        pytest.param("https://kv-a.vault.azure.net.example.com/secrets/x", id="another host"),
        pytest.param("https://kv-a.vault.azure.net@example.com/secrets/x", id="a host behind a name"),
        pytest.param("https://kv-a.vault.azure.net/keys/x", id="not a secret"),
        pytest.param("https://kv-a.vault.azure.net/secrets/x --debug", id="an option of the Azure CLI"),
        pytest.param("https://kv-a.vault.azure.net/secrets/x&calc", id="a command of Windows"),
    ],
)
def test_only_secrets_of_key_vault_are_read(uri: str) -> None:
    """The CLI gets no other address: it sends a token there."""
    with pytest.raises(SettingsError, match="is not a Key Vault reference that can be read here"):
        resolve({"A": f"@Microsoft.KeyVault(SecretUri={uri})"}, pytest.fail)
