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
            {"AZURE_LOCATION": "eastus", "JOINLINK_ZONE_REDUNDANT": "true"},
            'The region "eastus" does not offer Flex Consumption over zones',
            id="a region without zones",
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
            "az group create --name rg-joinlink --location westeurope, then az keyvault recover --name kv-joinlink-x",
            id="a deleted vault",
        ),
        pytest.param(
            {"version": "2.9.1"},
            {},
            "The Azure CLI is version 2.9.1. Flex Consumption needs 2.60 or newer: run az upgrade.",
            id="an old Azure CLI",
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


def test_every_call_is_for_the_subscription_of_azd(azure: Azure, hook: Run) -> None:
    """Azd and az have a login of their own each; the default of az stays as it is."""
    checked = hook("preprovision.py", **READY, AZURE_SUBSCRIPTION_ID="other")

    assert "subscription Fabrikam" in checked.stdout
    assert azure.called("account", "set") == []
    assert all(call[-2:] == ["--subscription", "other"] for call in azure.called("provider"))


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
    assert "must sign in again. Run az login, and try again." in checked.stderr


def test_a_deleted_vault_of_another_installation_is_no_obstacle(azure: Azure, hook: Run) -> None:
    """Only a vault with the name that provisioning would use."""
    where = {"vaultId": "/subscriptions/s/resourceGroups/rg-joinlink/providers/x"}
    azure.change(deleted_vaults=[{"name": "kv-payroll", "properties": where}])

    assert hook("preprovision.py", **READY).returncode == 0


def test_the_regions_are_listed_where_none_is_chosen_yet(hook: Run) -> None:
    """The first `azd up` asks for a region after this hook."""
    checked = hook("preprovision.py", AZURE_ENV_NAME="joinlink")

    assert checked.returncode == 0
    assert "azd asks for one. Choose one that offers Flex Consumption: eastus, westeurope." in checked.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(
            "provider register", "Your account may not register Microsoft.Operational", id="providers"
        ),
        pytest.param("keyvault list-deleted", "Your account can't see deleted vaults", id="deleted vaults"),
        pytest.param("role assignment list", "Your account shows no role that may assign", id="roles"),
    ],
)
def test_rights_on_one_resource_group_are_enough(words: str, says: str, azure: Azure, hook: Run) -> None:
    """What an account can't see in the subscription is noted, and stops nothing."""
    azure.fails(words, "(AuthorizationFailed) The client does not have authorization", times=9)
    checked = hook("preprovision.py", **READY)

    assert checked.returncode == 0
    assert says in checked.stdout


def test_a_notice_before_the_answer_does_no_harm(azure: Azure, hook: Run) -> None:
    """Extensions of the Azure CLI print such."""
    azure.change(notice="[Warning] This extension is experimental.\n{not json}\n")

    assert hook("preprovision.py", **READY).returncode == 0


@pytest.mark.parametrize(
    ("prints", "says"),
    [
        pytest.param(
            "<html>", "az version failed. Fix what Azure names, and run this hook again.", id="no JSON"
        ),
        pytest.param("[]", "Azure answered in a form that this hook does not know", id="another form"),
    ],
)
def test_an_answer_that_cannot_be_read_ends_in_a_sentence(
    prints: str, says: str, azure: Azure, hook: Run
) -> None:
    """Never in a traceback."""
    azure.prints("version", prints)
    checked = hook("preprovision.py", **READY)

    assert checked.returncode == 1
    assert says in checked.stderr
    assert "az upgrade" in checked.stderr
