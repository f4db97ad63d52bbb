"""Before provisioning: is the Azure CLI ready, and can the region take Joinlink? Changes nothing.

Run by azd, or by hand: `python infra/hooks/preprovision.py --location westeurope --name joinlink`.
"""

import argparse
import os
import re
from typing import Any

from azure_cli import AzureError, az
from options import check_options
from steps import Stop, done, note, run_hook

PYTHON_VERSION = "3.12"
#: the first version that knows Flex Consumption
OLDEST_CLI = (2, 60)
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
    parser.add_argument("--resource-group", default=os.environ.get("AZURE_RESOURCE_GROUP", ""))
    options = parser.parse_args()
    check_name(options.name)
    check_options()
    account = check_account(os.environ.get("AZURE_SUBSCRIPTION_ID", ""))
    is_private = os.environ.get("JOINLINK_PRIVATE_STORAGE", "").lower() == "true"
    check_providers(_PROVIDERS + (_PRIVATE_PROVIDERS if is_private else ()))
    check_region(options.location, os.environ.get("JOINLINK_PYTHON_VERSION") or PYTHON_VERSION)
    check_vaults(options.resource_group or f"rg-{options.name}", options.name, options.location)
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
    """Return the account that is signed in, in the subscription that azd uses, else in the CLI's default.

    Raises:
        Stop: no one is signed in, the account does not see the subscription, or the Azure CLI is too old.
    """
    version = str(az("version")["azure-cli"])
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST_CLI:
        raise Stop(
            f"The Azure CLI is version {version}. Flex Consumption needs {'.'.join(map(str, OLDEST_CLI))} or newer:"
            " run az upgrade."
        )
    account: dict[str, Any] = az("account", "show")
    if subscription and account["id"] != subscription:
        try:
            account = az("account", "show", "--subscription", subscription)
        except AzureError:
            raise Stop(
                f"{account['user']['name']} does not see the subscription {subscription}, which azd uses."
                " Run az login with the account that you gave to azd auth login."
            ) from None
    done(f"Azure CLI {version}, signed in as {account['user']['name']}, subscription {account['name']}")
    return account


def check_region(location: str, python: str) -> None:
    """Check that the region offers Flex Consumption with this Python.

    Raises:
        Stop: it does not.
    """
    is_redundant = os.environ.get("JOINLINK_ZONE_REDUNDANT", "").lower() == "true"
    zones = ["--zone-redundant"] if is_redundant else []
    regions = az("functionapp", "list-flexconsumption-locations", *zones)
    offered = sorted(each["name"].lower().replace(" ", "") for each in regions)
    if not location:
        note(
            f"No region is chosen yet, so azd asks for one. Choose one that offers Flex Consumption: {', '.join(offered)}."
        )
        return
    if location.lower().replace(" ", "") not in offered:
        raise Stop(
            f'The region "{location}" does not offer Flex Consumption{" over zones" if is_redundant else ""}. Choose another one with azd env set'
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
    refused = []
    for namespace in namespaces:
        try:
            state = az("provider", "show", "--namespace", namespace).get("registrationState")
            if state != "Registered":
                az("provider", "register", "--namespace", namespace)
                note(
                    f"{namespace} is being registered in the subscription; the first deployment may wait for it."
                )
        except AzureError as error:
            if not error.is_forbidden:
                raise
            refused.append(namespace)
    if refused:
        note(
            f"Your account may not register {', '.join(refused)}. If provisioning fails with"
            " MissingSubscriptionRegistration, ask an Owner of the subscription to register them."
        )
    else:
        done("resource providers")


def check_vaults(group: str, name: str, location: str) -> None:
    """Check that no deleted vault of this installation holds its name.

    Raises:
        Stop: there is one.
    """
    try:
        deleted = az("keyvault", "list-deleted", "--resource-type", "vault") or []
    except AzureError as error:
        if not error.is_forbidden:
            raise
        note(
            "Your account can't see deleted vaults. If provisioning fails because a vault is deleted, ask an Owner."
        )
        return
    ours = f"/resourcegroups/{group}/".lower()
    for vault in deleted:
        where = str(vault.get("properties", {}).get("vaultId", "")).lower()
        if ours in where and vault["name"].startswith(f"kv-{name}-"):
            raise Stop(
                f"The vault {vault['name']} of {group} was deleted and still holds its name. Bring it back with its"
                f" secrets: az group create --name {group} --location {location or '<region>'}, then"
                f" az keyvault recover --name {vault['name']}. Or give the name up, if it has no purge protection:"
                f" az keyvault purge --name {vault['name']}."
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
