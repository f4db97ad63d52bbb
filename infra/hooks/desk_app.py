"""The app registration of the desk: for commands that read calendars from a machine of an admin. It never writes.

certificate: application permissions, for every command. device-code: delegated permissions, for the calendars that
the person who signs in may open.
"""

import json
import sys
from typing import Any

from azure_cli import AzureError, Stop, az, done, note, secret_file, with_retries
from graph_permissions import APP_ROLES, GRAPH_APP_ID

GRAPH = "https://graph.microsoft.com/v1.0"
NAME = "Joinlink desk"
KINDS = ("certificate", "device-code")
#: delegated permissions that differ from the application permission: they also open calendars shared with the person
_DELEGATED = {"Calendars.Read": "Calendars.Read.Shared"}


def ensure_desk_app(kind: str, permissions: list[str], *, check_only: bool) -> tuple[str, str]:
    """Create or complete the app registration; return object id of its service principal and client id.

    Raises:
        Stop: the account may not, or, with `check_only`, it does not exist.
    """
    graph = az("rest", "--method", "GET", "--url", f"{GRAPH}/servicePrincipals(appId='{GRAPH_APP_ID}')")
    app = _find()
    if check_only and (app is None or not _identity_of(app["appId"])):
        raise Stop(f"There is no app registration {NAME}. Run this script without --check to create it.")
    app = app or _create()
    identity = with_retries(lambda: _ensure_identity(app["appId"]), what="Creating the service principal")
    if kind == "device-code":
        _consent(identity, permissions, graph["id"], check_only=check_only)
    if not check_only:
        _configure(app, kind, permissions, graph)
        if kind == "certificate":
            _ensure_certificate(app)
    return identity, str(app["appId"])


def show_settings(client: str, kind: str) -> None:
    """Print the settings of the desk commands."""
    note("Set this for the desk commands, in the environment or with azd env set NAME VALUE:")
    print(f"    JOINLINK_DESK_CLIENT_ID={client}", flush=True)
    if kind == "certificate":
        print("    JOINLINK_DESK_CERTIFICATE=<path of the PEM file>", flush=True)


def delegated(permissions: list[str]) -> list[str]:
    """Return the delegated permissions for these application permissions."""
    return [_DELEGATED.get(name, name) for name in permissions]


def _find() -> Any:
    url = f"{GRAPH}/applications?$filter=displayName eq '{NAME}'"
    found = az("rest", "--method", "GET", "--url", url)["value"]
    if len(found) > 1:
        ids = ", ".join(each["appId"] for each in found)
        raise Stop(f"There are {len(found)} app registrations {NAME} ({ids}). Delete all but one.")
    return found[0] if found else None


def _create() -> Any:
    app = _send("POST", "applications", {"displayName": NAME, "signInAudience": "AzureADMyOrg"})
    done(f"app registration {NAME} created: {app['appId']}")
    return app


def _identity_of(client: str) -> str:
    """Return the object id of the service principal; empty if there is none."""
    try:
        return str(
            az("rest", "--method", "GET", "--url", f"{GRAPH}/servicePrincipals(appId='{client}')")["id"]
        )
    except AzureError as error:
        if error.is_missing:
            return ""
        raise


def _ensure_identity(client: str) -> str:
    return _identity_of(client) or str(_send("POST", "servicePrincipals", {"appId": client})["id"])


def _configure(app: Any, kind: str, permissions: list[str], graph: Any) -> None:
    """Set what the registration asks for, so that the portal shows it, and whether it is a public client."""
    if kind == "device-code":
        ids = {each["value"]: each["id"] for each in graph["oauth2PermissionScopes"]}
        access = [{"id": ids[name], "type": "Scope"} for name in delegated(permissions)]
    else:
        access = [{"id": APP_ROLES[name], "type": "Role"} for name in permissions]
    body = {
        "isFallbackPublicClient": kind == "device-code",
        "requiredResourceAccess": [{"resourceAppId": GRAPH_APP_ID, "resourceAccess": access}],
    }
    with_retries(
        lambda: _send("PATCH", f"applications/{app['id']}", body), what="Configuring the registration"
    )
    done(f"app registration {NAME} asks for what the rules need")


def _consent(identity: str, permissions: list[str], graph: str, *, check_only: bool) -> None:
    """Consent to the delegated permissions for everyone in the tenant."""
    wanted = delegated(permissions)
    grants = az(
        "rest", "--method", "GET", "--url", f"{GRAPH}/servicePrincipals/{identity}/oauth2PermissionGrants"
    )
    found = next((each for each in grants["value"] if each["resourceId"] == graph), None)
    scopes = found["scope"].split() if found else []
    missing = [name for name in wanted if name not in scopes]
    if check_only and missing:
        raise Stop(f"Not granted: {', '.join(missing)}. Run this script without --check to grant them.")
    scope = " ".join([*scopes, *missing])
    if found and missing:
        _send("PATCH", f"oauth2PermissionGrants/{found['id']}", {"scope": scope})
    elif missing:
        body = {"clientId": identity, "consentType": "AllPrincipals", "resourceId": graph, "scope": scope}
        _send("POST", "oauth2PermissionGrants", body)
    for name in wanted:
        done(f"{name} (delegated) {'granted' if name in missing else 'is granted'}")


def _ensure_certificate(app: Any) -> None:
    if app.get("keyCredentials"):
        done("the registration has a certificate")
        return
    made = az("ad", "app", "credential", "reset", "--id", app["appId"], "--create-cert", "--append")
    done(f"certificate and private key, for a year: {made['fileWithCertAndPrivateKey']}")
    note("Only you can read this file. Move it to a safe place, and delete it where it is not needed.")


def _send(method: str, path: str, body: dict[str, Any]) -> Any:
    headers = ("--headers", "Content-Type=application/json")
    try:
        with secret_file(json.dumps(body)) as file:
            return az("rest", "--method", method, "--url", f"{GRAPH}/{path}", *headers, "--body", f"@{file}")
    except AzureError as error:
        if error.is_forbidden:
            raise Stop(
                f"Your account may not create, change or consent to {NAME}. A Privileged Role Administrator of the"
                f" tenant must run: {command()}"
            ) from None
        raise


def command() -> str:
    """Return the command that is running, for the person who must run it."""
    return " ".join(["python3 infra/hooks/grant_graph.py", *sys.argv[1:]])
