"""Before provisioning: is the Azure CLI ready, and can the region take Joinlink? Changes nothing.

Run by azd, or by hand: `python infra/hooks/preprovision.py --location westeurope --name joinlink`.
"""

import argparse
import os
import re
from typing import Any

from azure_cli import AzureError, Stop, az, done, note, run_hook

PYTHON_VERSION = "3.12"
_NAME = re.compile(r"[a-z][a-z0-9]{2,11}")
_PROVIDERS = (
    "Microsoft.Web",
    "Microsoft.Storage",
    "Microsoft.KeyVault",
    "Microsoft.Insights",
    "Microsoft.OperationalInsights",
    "Microsoft.ManagedIdentity",
)
_PRIVATE_PROVIDERS = ("Microsoft.App", "Microsoft.Network")
#: roles that may assign the roles of the template
_MAY_ASSIGN = {"Owner", "User Access Administrator", "Role Based Access Control Administrator"}


def main() -> None:
    """Check everything; stop at the first thing that provisioning would fail at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--location", default=os.environ.get("AZURE_LOCATION", ""))
    parser.add_argument("--name", default=os.environ.get("AZURE_ENV_NAME", ""))
    options = parser.parse_args()
    check_name(options.name)
    account = check_account(os.environ.get("AZURE_SUBSCRIPTION_ID", ""))
    check_region(options.location, os.environ.get("JOINLINK_PYTHON_VERSION") or PYTHON_VERSION)
    is_private = os.environ.get("JOINLINK_PRIVATE_STORAGE", "").lower() == "true"
    check_providers(_PROVIDERS + (_PRIVATE_PROVIDERS if is_private else ()))
    check_vaults(os.environ.get("AZURE_RESOURCE_GROUP") or f"rg-{options.name}")
    check_roles(account)


def check_name(name: str) -> None:
    """Check that the name can be part of every resource name.

    Raises:
        Stop: it can't.
    """
    if not _NAME.fullmatch(name):
        raise Stop(
            f'The environment name "{name}" is not usable: it is part of the names of storage account and vault.'
            " Use 3 to 12 small letters and digits, a letter first: azd env new joinlink."
        )
    done(f"name {name}")


def check_account(subscription: str) -> dict[str, Any]:
    """Return the account that is signed in, and select the subscription that azd uses.

    Raises:
        Stop: no one is signed in, or the account does not see the subscription.
    """
    version = az("version").get("azure-cli", "?")
    account: dict[str, Any] = az("account", "show")
    if subscription and account["id"] != subscription:
        try:
            az("account", "set", "--subscription", subscription)
        except AzureError:
            raise Stop(
                f"{account['user']['name']} does not see the subscription {subscription}, which azd uses."
                " Run az login with the account that you gave to azd auth login."
            ) from None
        account = az("account", "show")
    done(f"Azure CLI {version}, signed in as {account['user']['name']}, subscription {account['name']}")
    return account


def check_region(location: str, python: str) -> None:
    """Check that the region offers Flex Consumption with this Python.

    Raises:
        Stop: it does not.
    """
    offered = sorted(
        each["name"].lower().replace(" ", "") for each in az("functionapp", "list-flexconsumption-locations")
    )
    if location.lower().replace(" ", "") not in offered:
        raise Stop(
            f'The region "{location}" does not offer Flex Consumption. Choose another one with azd env set'
            f" AZURE_LOCATION <region>: {', '.join(offered)}."
        )
    runtimes = az(
        "functionapp", "list-flexconsumption-runtimes", "--location", location, "--runtime", "python"
    )
    versions = sorted({str(each["version"]) for each in runtimes})
    if python not in versions:
        raise Stop(
            f"{location} does not offer Python {python} on Flex Consumption, but {', '.join(versions)}."
            " Choose one with azd env set JOINLINK_PYTHON_VERSION <version>."
        )
    done(f"{location} offers Flex Consumption with Python {python}")


def check_providers(namespaces: tuple[str, ...]) -> None:
    """Register the resource providers that are not registered yet."""
    for namespace in namespaces:
        state = az("provider", "show", "--namespace", namespace).get("registrationState")
        if state != "Registered":
            az("provider", "register", "--namespace", namespace)
            note(
                f"{namespace} is being registered in the subscription; the first deployment may wait for it."
            )
    done("resource providers")


def check_vaults(group: str) -> None:
    """Check that no deleted vault of the same resource group holds the name.

    Raises:
        Stop: there is one.
    """
    deleted = az("keyvault", "list-deleted", "--resource-type", "vault") or []
    ours = f"/resourcegroups/{group}/".lower()
    for vault in deleted:
        if ours in str(vault.get("properties", {}).get("vaultId", "")).lower():
            name = vault["name"]
            raise Stop(
                f"The vault {name} of {group} was deleted and still holds its name. Bring it back with its secrets:"
                f" az keyvault recover --name {name}. Or give the name up, if it has no purge protection:"
                f" az keyvault purge --name {name}."
            )
    done("no deleted vault holds the name")


def check_roles(account: dict[str, Any]) -> None:
    """Note where the account may not assign roles; not every right can be seen, so this stops nothing."""
    scope = f"/subscriptions/{account['id']}"
    try:
        assigned = az(
            "role", "assignment", "list", "--assignee", account["user"]["name"], "--scope", scope,
            "--include-inherited", "--include-groups",
        )  # fmt: skip
    except AzureError:
        assigned = []
    roles = {each.get("roleDefinitionName") for each in assigned or []}
    if roles & _MAY_ASSIGN:
        done("you may assign roles")
    else:
        note(
            "Your account shows no role that may assign roles. If provisioning fails with AuthorizationFailed, ask an"
            " Owner for Contributor and Role Based Access Control Administrator on the subscription or resource group."
        )


if __name__ == "__main__":
    run_hook("Joinlink: checks before provisioning", main)
