"""Grant the Graph permissions that the rules need to the app's identity, and no more. Can run any number of times.

A Privileged Role Administrator runs it before the app is deployed: a token that was issued before a grant may be used
for a day. `--check` only shows the difference. `--mode` says who grants access to mailboxes: `entra` for all mailboxes,
`exchange` for some of them, `mixed` to read all and write to some. `--desk` creates an app registration for the desk
commands, which can only read.
"""

import argparse
import json
import os

from azure_cli import AzureError, Stop, az, done, joinlink, note, run_hook, secret_file, setting, with_retries
from desk_app import KINDS, command as desk_command, ensure_desk_app, show_settings
from graph_permissions import APP_ROLES, GRAPH_APP_ID, MAILBOX_PERMISSIONS

GRAPH = "https://graph.microsoft.com/v1.0"
_EXCHANGE = """\
  In Exchange Online PowerShell, with the role group Organization Management (Connect-ExchangeOnline first):
    New-ServicePrincipal -AppId {client} -ObjectId {identity} -DisplayName 'Joinlink'
    New-ManagementScope -Name 'Joinlink' -RecipientRestrictionFilter "MemberOfGroup -eq '<distinguished name of a group>'"
{roles}
    Test-ServicePrincipalAuthorization -Identity {identity} -Resource <a mailbox in scope> | Format-Table
  It takes 30 minutes to 2 hours until Exchange uses them. docs/permissions.md has the details."""


def main() -> None:
    """Grant what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--identity", default="", help="object id of the managed identity")
    parser.add_argument(
        "--client-id", default="", help="client id of the managed identity, for the Exchange commands"
    )
    parser.add_argument("--mode", choices=("entra", "exchange", "mixed"), default="entra")
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
        grant_desk(
            options.desk, needed(options.rules, report_only=True), options.mode, check_only=options.check
        )
        return
    identity = setting("JOINLINK_IDENTITY_OBJECT_ID", option=options.identity)
    client = options.client_id or os.environ.get("JOINLINK_IDENTITY_CLIENT_ID", "<client id of the identity>")
    grant(
        identity,
        client,
        needed(options.rules, report_only=options.report_only),
        mode=options.mode,
        check_only=options.check,
    )


def grant_desk(kind: str, permissions: list[str], mode: str, *, check_only: bool) -> None:
    """Create the app registration of the desk, and grant it what the rules need to be read.

    Raises:
        Stop: the account may not, or, with `check_only`, something is missing.
    """
    identity, client = ensure_desk_app(kind, permissions, check_only=check_only)
    if kind == "certificate":
        grant(identity, client, permissions, mode=mode, check_only=check_only, command=desk_command())
    show_settings(client, kind)


def needed(rules: str, *, report_only: bool) -> list[str]:
    """Return the names of the permissions that the rules need.

    Raises:
        Stop: the command is not installed, or the rules have errors.
    """
    arguments = ["permissions", rules, "--json", *(["--report-only"] if report_only else [])]
    run = joinlink(*arguments)
    if run.returncode != 0:
        raise Stop(f"The rules in {rules} can't be read: {run.stderr.strip() or run.stdout.strip()}")
    return [each["name"] for each in json.loads(run.stdout)["permissions"]]


def grant(
    identity: str, client: str, permissions: list[str], *, mode: str, check_only: bool, command: str = ""
) -> None:
    """Grant these permissions to the identity, as the mode says, and show what Exchange must grant.

    `command` is what an administrator must run if the account may not grant.

    Raises:
        Stop: the account may not grant, or, with `check_only`, permissions are missing.
    """
    in_exchange = _left_to_exchange(permissions, mode)
    in_entra = [name for name in permissions if name not in in_exchange]
    graph = az(
        "rest", "--method", "GET", "--url", f"{GRAPH}/servicePrincipals(appId='{GRAPH_APP_ID}')?$select=id"
    )["id"]
    granted = with_retries(lambda: _granted(identity), what="Reading the grants of the identity")
    missing = [name for name in in_entra if APP_ROLES[name] not in granted]
    for name in in_entra:
        if name not in missing:
            done(f"{name} is granted")
    _note_surplus(granted, in_entra, mode)
    if check_only and missing:
        raise Stop(f"Not granted: {', '.join(missing)}. Run this script without --check to grant them.")
    for name in missing:
        _grant(identity, graph, name, command or f"python3 infra/hooks/grant_graph.py --identity {identity}")
        done(f"{name} granted")
    if in_exchange:
        note(f"{', '.join(in_exchange)}: Exchange grants these for some mailboxes.")
        roles = "\n".join(
            f"    New-ManagementRoleAssignment -App {identity} -Role 'Application {name}' -CustomResourceScope 'Joinlink'"
            for name in in_exchange
        )
        print(_EXCHANGE.format(client=client, identity=identity, roles=roles), flush=True)


def _left_to_exchange(permissions: list[str], mode: str) -> list[str]:
    if mode == "exchange":
        return [name for name in permissions if name in MAILBOX_PERMISSIONS]
    return [name for name in permissions if name == "Calendars.ReadWrite"] if mode == "mixed" else []


def _granted(identity: str) -> set[str]:
    answer = az(
        "rest",
        "--method",
        "GET",
        "--url",
        f"{GRAPH}/servicePrincipals/{identity}/appRoleAssignments?$top=999",
    )
    return {each["appRoleId"] for each in answer["value"]}


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


def _grant(identity: str, graph: str, name: str, command: str) -> None:
    body = {"principalId": identity, "resourceId": graph, "appRoleId": APP_ROLES[name]}
    url = f"{GRAPH}/servicePrincipals/{identity}/appRoleAssignments"
    try:
        with secret_file(json.dumps(body)) as path:
            az(
                "rest",
                "--method",
                "POST",
                "--url",
                url,
                "--headers",
                "Content-Type=application/json",
                "--body",
                f"@{path}",
            )
    except AzureError as error:
        if "already exists" in str(error):
            return
        if error.is_forbidden:
            raise Stop(
                f"Your account may not grant {name}. A Privileged Role Administrator of the tenant must run: {command}"
            ) from None
        raise


if __name__ == "__main__":
    run_hook("Joinlink: permissions in Microsoft Graph", main)
