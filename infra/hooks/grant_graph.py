"""Grant the Graph permissions that the rules need to the app's identity, and no more. Can run any number of times.

A Privileged Role Administrator runs it before the app is deployed: a token that was issued before a grant may be used
for a day. `--check` only shows the difference. `--mode` says who grants access to mailboxes: `entra` for all mailboxes,
`exchange` for some of them, `mixed` to read all and write to some. `--desk` creates an app registration for the desk
commands, which can only read.
"""

import argparse
import json
import os
import shlex
from dataclasses import dataclass, replace
from typing import Any

from azure_cli import AzureError, az, secret_file, with_retries
from desk_app import KINDS, DeskApp, show_settings
from graph_permissions import APP_ROLES, GRAPH_APP_ID, MAILBOX_PERMISSIONS
from steps import Stop, done, joinlink, note, run_hook, setting

GRAPH = "https://graph.microsoft.com/v1.0"
MODES = ("entra", "exchange", "mixed")
_EXCHANGE = """\
  In Exchange Online PowerShell, with the role group Organization Management (Connect-ExchangeOnline first):
    New-ServicePrincipal -AppId {client} -ObjectId {identity} -DisplayName 'Joinlink'
    New-ManagementScope -Name 'Joinlink' -RecipientRestrictionFilter "MemberOfGroup -eq '<distinguished name of a group>'"
{roles}
    Test-ServicePrincipalAuthorization -Identity {identity} -Resource <a mailbox in scope> | Format-Table
  It takes 30 minutes to 2 hours until Exchange uses them. docs/permissions.md has the details."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """The permissions to grant, the identity that gets them, and the account that grants them."""

    #: object id and client id of the managed identity
    identity: str
    client: str
    #: entra, exchange or mixed
    mode: str = "entra"
    is_report_only: bool = False
    rules: str = "rules"
    #: certificate or device-code, where the identity is the app registration of the desk
    desk: str = ""

    @property
    def command(self) -> str:
        """The command that grants exactly this, for the administrator who may."""
        words = ["python3", "infra/hooks/grant_graph.py"]
        if self.desk:
            words += ["--desk", self.desk]
        else:
            words += ["--identity", self.identity, "--client-id", self.client]
        words += ["--mode", self.mode] if self.mode != "entra" else []
        words += ["--report-only"] if self.is_report_only and not self.desk else []
        words += ["--rules", self.rules] if self.rules != "rules" else []
        return shlex.join(words)


def main() -> None:
    """Grant what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--identity", default="", help="object id of the managed identity")
    parser.add_argument(
        "--client-id", default="", help="client id of the managed identity, for the Exchange commands"
    )
    parser.add_argument("--mode", choices=MODES, default="entra")
    parser.add_argument(
        "--report-only", action="store_true", help="leave Calendars.ReadWrite out: nothing will be written"
    )
    parser.add_argument(
        "--check", action="store_true", help="show the difference, grant nothing; exit with 1 if there is one"
    )
    parser.add_argument("--rules", default="rules", help="folder of the rule files")
    parser.add_argument(
        "--desk",
        choices=KINDS,
        help="create the app registration of the desk: certificate (application permissions, every command), or"
        " device-code (delegated permissions, calendars that you may open)",
    )
    options = parser.parse_args()
    if options.desk:
        desk = Grants(
            identity="",
            client="",
            mode=options.mode,
            is_report_only=True,
            rules=options.rules,
            desk=options.desk,
        )
        grant_desk(desk, is_check=options.check)
        return
    grants = Grants(
        identity=setting("JOINLINK_IDENTITY_OBJECT_ID", option=options.identity),
        client=options.client_id
        or os.environ.get("JOINLINK_IDENTITY_CLIENT_ID", "<client id of the identity>"),
        mode=options.mode,
        is_report_only=options.report_only,
        rules=options.rules,
    )
    grant(grants, is_check=options.check)


def grant_desk(grants: Grants, *, is_check: bool) -> None:
    """Create the app registration of the desk, and grant it what the rules need to be read.

    Raises:
        Stop: the account may not, or, with `is_check`, something is missing.
    """
    permissions = _needed(grants)
    _check_tenant()
    identity, client = DeskApp(grants.desk, permissions, grants.command).ensure(is_check=is_check)
    if grants.desk == "certificate":
        grant(replace(grants, identity=identity, client=client), is_check=is_check)
    show_settings(client, grants.desk)


def grant(grants: Grants, *, is_check: bool = False) -> None:
    """Grant what the rules need, as the mode says, and show what Exchange must grant.

    Raises:
        Stop: the account may not grant, or, with `is_check`, permissions are missing.
    """
    permissions = _needed(grants)
    _check_tenant()
    in_exchange = _left_to_exchange(permissions, grants.mode)
    in_entra = [name for name in permissions if name not in in_exchange]
    granted = _granted(grants)
    missing = [name for name in in_entra if APP_ROLES[name] not in granted]
    for name in in_entra:
        if name not in missing:
            done(f"{name} is granted")
    _note_surplus(granted, in_entra, grants.mode)
    if is_check and missing:
        raise Stop(f"Not granted: {', '.join(missing)}. Run this script without --check to grant them.")
    if missing:
        graph = _graph_principal(grants)
        for name in missing:
            _grant(grants, graph, name)
            done(f"{name} granted")
    if in_exchange:
        note(f"{', '.join(in_exchange)}: Exchange grants these for some mailboxes.")
        roles = "\n".join(
            f"    New-ManagementRoleAssignment -App {grants.identity} -Role 'Application {name}' -CustomResourceScope 'Joinlink'"
            for name in in_exchange
        )
        print(_EXCHANGE.format(client=grants.client, identity=grants.identity, roles=roles), flush=True)


def _needed(grants: Grants) -> list[str]:
    """Return the names of the permissions that the rules need."""
    run = joinlink(
        "permissions", grants.rules, "--json", *(["--report-only"] if grants.is_report_only else [])
    )
    if run.returncode != 0:
        raise Stop(
            f"The rules in {grants.rules} have errors: {run.stderr.strip() or run.stdout.strip()}"
            f" Fix them, then run: {grants.command}"
        )
    return [each["name"] for each in json.loads(run.stdout)["permissions"]]


def _check_tenant() -> None:
    """Stop where the Azure CLI would ask the Graph of another tenant: it asks that of its default subscription."""
    wanted = os.environ.get("JOINLINK_TENANT_ID", "")
    if wanted and (found := az("account", "show")["tenantId"]) != wanted:
        raise Stop(
            f"The Azure CLI's default subscription is in the tenant {found}, but Joinlink is in {wanted}."
            f" Run az login --tenant {wanted}, and run this hook again."
        )


def _left_to_exchange(permissions: list[str], mode: str) -> list[str]:
    if mode == "exchange":
        return [name for name in permissions if name in MAILBOX_PERMISSIONS]
    return [name for name in permissions if name == "Calendars.ReadWrite"] if mode == "mixed" else []


def _granted(grants: Grants) -> set[str]:
    url = f"{GRAPH}/servicePrincipals/{grants.identity}/appRoleAssignments?$top=999"
    answer = _ask(grants, "GET", url, what="Reading the grants of the identity")
    return {each["appRoleId"] for each in answer["value"]}


def _graph_principal(grants: Grants) -> str:
    """Return the object id of Microsoft Graph in this tenant."""
    url = f"{GRAPH}/servicePrincipals?$filter=appId eq '{GRAPH_APP_ID}'&$select=id"
    [found] = _ask(grants, "GET", url, what="Finding Microsoft Graph in the tenant")["value"]
    return str(found["id"])


def _note_surplus(granted: set[str], wanted: list[str], mode: str) -> None:
    for name, role in APP_ROLES.items():
        if role not in granted or name in wanted:
            continue
        defeats = mode != "entra" and name in MAILBOX_PERMISSIONS
        why = (
            "it covers all mailboxes and so defeats the scope in Exchange"
            if defeats
            else "the rules don't need it"
        )
        note(f"{name} is granted in Entra, but {why}. Remove it under Enterprise applications, Permissions.")


def _grant(grants: Grants, graph: str, name: str) -> None:
    body = {"principalId": grants.identity, "resourceId": graph, "appRoleId": APP_ROLES[name]}
    url = f"{GRAPH}/servicePrincipals/{grants.identity}/appRoleAssignments"
    with secret_file(json.dumps(body)) as path:
        _ask(
            grants,
            "POST",
            url,
            "--headers",
            "Content-Type=application/json",
            "--body",
            f"@{path}",
            what=f"Granting {name}",
        )


def _ask(grants: Grants, method: str, url: str, *more: str, what: str) -> Any:
    """Ask Graph, again while a new identity is not known everywhere yet; None for a grant that exists."""

    def ask() -> Any:
        try:
            return az("rest", "--method", method, "--url", url, *more)
        except AzureError as error:
            if "already exists" in error.says:
                return None
            raise

    return with_retries(
        ask,
        what=what,
        forbidden=f"Your account may not do this: {what}. A Privileged Role Administrator of the tenant must run: {grants.command}.",
        is_role_late=False,
    )


if __name__ == "__main__":
    run_hook("Joinlink: permissions in Microsoft Graph", main)
