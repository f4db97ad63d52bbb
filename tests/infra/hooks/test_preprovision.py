import pytest

from tests.infra.hooks.conftest import Azure, Run

READY = {"AZURE_ENV_NAME": "joinlink", "AZURE_LOCATION": "westeurope"}


def test_a_subscription_that_is_ready_passes(hook: Run) -> None:
    """A line for each check, and nothing is changed but providers."""
    checked = hook("preprovision.py", **READY)

    assert (checked.returncode, checked.stderr) == (0, "")
    assert "westeurope offers Flex Consumption with Python 3.12" in checked.stdout
    assert "signed in as ada@contoso.com, subscription Contoso" in checked.stdout


@pytest.mark.parametrize(
    ("change", "environ", "says"),
    [
        pytest.param(
            {},
            {"AZURE_ENV_NAME": "My-App"},
            'The environment name "My-App" is not usable',
            id="a name with a hyphen",
        ),
        pytest.param({}, {"AZURE_ENV_NAME": ""}, 'The environment name "" is not usable', id="no name"),
        pytest.param(
            {},
            {"AZURE_LOCATION": "moonbase"},
            'The region "moonbase" does not offer Flex Consumption. Choose another one',
            id="a region without Flex",
        ),
        pytest.param(
            {},
            {"JOINLINK_PYTHON_VERSION": "3.13"},
            "does not offer Python 3.13 on Flex Consumption, but 3.11, 3.12",
            id="a Python that is not offered",
        ),
        pytest.param(
            {},
            {"AZURE_SUBSCRIPTION_ID": "secret"},
            "does not see the subscription secret",
            id="another subscription",
        ),
        pytest.param(
            {
                "deleted_vaults": [
                    {
                        "name": "kv-joinlink-x",
                        "properties": {"vaultId": "/subscriptions/s/resourceGroups/RG-Joinlink/providers/x"},
                    }
                ]
            },
            {},
            "az keyvault recover --name kv-joinlink-x",
            id="a deleted vault",
        ),
    ],
)
def test_what_provisioning_would_fail_at_is_named(
    change: dict[str, object], environ: dict[str, str], says: str, azure: Azure, hook: Run
) -> None:
    """One sentence, with what to do."""
    azure.change(**change)
    checked = hook("preprovision.py", **{**READY, **environ})

    assert checked.returncode == 1
    assert says in checked.stderr


def test_the_subscription_of_azd_is_selected(azure: Azure, hook: Run) -> None:
    """Azd and az have a login of their own each."""
    hook("preprovision.py", **READY, AZURE_SUBSCRIPTION_ID="other")

    assert azure["subscription"] == "other"


def test_missing_providers_are_registered(azure: Azure, hook: Run) -> None:
    """Private storage needs two more."""
    checked = hook("preprovision.py", **READY, JOINLINK_PRIVATE_STORAGE="true")

    assert {"Microsoft.App", "Microsoft.Network", "Microsoft.OperationalInsights"} <= set(azure["providers"])
    assert "Microsoft.App is being registered" in checked.stdout


def test_a_missing_right_to_assign_roles_is_noted(azure: Azure, hook: Run) -> None:
    """It may come from a group that the account can't see, so it stops nothing."""
    azure.change(roles=["Contributor"])
    checked = hook("preprovision.py", **READY)

    assert checked.returncode == 0
    assert "ask an Owner for Contributor and Role Based Access Control Administrator" in checked.stdout


def test_a_machine_without_az_is_told_to_install_it(
    hook: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """And where."""
    empty = tmp_path_factory.mktemp("path")
    checked = hook("preprovision.py", **READY, PATH=str(empty))

    assert checked.returncode == 1
    assert "The Azure CLI is not installed" in checked.stderr


def test_a_login_that_ended_is_named(azure: Azure, hook: Run) -> None:
    """Az says so in its own words."""
    azure.fails("account show", "Please run 'az login' to setup account.")
    checked = hook("preprovision.py", **READY)

    assert checked.returncode == 1
    assert "No one is signed in to the Azure CLI. Run az login, and try again." in checked.stderr
