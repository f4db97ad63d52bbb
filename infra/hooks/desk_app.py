"""The app registration of the desk: for commands that read calendars from a machine of an admin. It never writes.

certificate: application permissions, for every command. device-code: delegated permissions, for the calendars that
the person who signs in may open.
"""

import json
from typing import Any

from azure_cli import az, secret_file, with_retries
from graph_permissions import APP_ROLES, GRAPH_APP_ID
from steps import Stop, done, note

GRAPH = "https://graph.microsoft.com/v1.0"
NAME = "Joinlink desk"
KINDS = ("certificate", "device-code")
#: delegated permissions that differ from the application permission: they also open calendars shared with the person
_DELEGATED = {"Calendars.Read": "Calendars.Read.Shared"}


class DeskApp:
    """The app registration of one kind, for these application permissions; `command` creates it."""

    def __init__(self, kind: str, permissions: list[str], command: str) -> None:
        self._kind = kind
        self._permissions = permissions
        self._command = command

    def ensure(self, *, is_check: bool) -> tuple[str, str]:
        """Create or complete it; return object id of its service principal, and client id.

        Raises:
            Stop: the account may not, or, with `is_check`, something is missing.
        """
        app = self._find()
        if is_check and (app is None or not self._principal(app["appId"])):
            raise Stop(f"There is no app registration {NAME}. Run this script without --check to create it.")
        app = app or self._create()
        identity = self._principal(app["appId"]) or self._send(
            "POST", "servicePrincipals", {"appId": app["appId"]}
        )
        graph = self._principal(GRAPH_APP_ID)
        if self._kind == "device-code":
            self._consent(identity["id"], graph["id"], is_check=is_check)
        if not is_check:
            self._configure(app, graph)
            if self._kind == "certificate":
                self._ensure_certificate(app)
        return str(identity["id"]), str(app["appId"])

    def _find(self) -> Any:
        found = self._read(f"applications?$filter=displayName eq '{NAME}'")["value"]
        if len(found) > 1:
            ids = ", ".join(each["appId"] for each in found)
            raise Stop(f"There are {len(found)} app registrations {NAME} ({ids}). Delete all but one.")
        return found[0] if found else None

    def _create(self) -> Any:
        app = self._send("POST", "applications", {"displayName": NAME, "signInAudience": "AzureADMyOrg"})
        done(f"app registration {NAME} created: {app['appId']}")
        return app

    def _principal(self, client: str) -> Any:
        """Return the service principal of a client id; None if there is none."""
        found = self._read(f"servicePrincipals?$filter=appId eq '{client}'")["value"]
        return found[0] if found else None

    def _configure(self, app: Any, graph: Any) -> None:
        """Set what the registration asks for, so that the portal shows it, and whether it is a public client."""
        if self._kind == "device-code":
            ids = {each["value"]: each["id"] for each in graph["oauth2PermissionScopes"]}
            access = [{"id": ids[name], "type": "Scope"} for name in self._delegated]
        else:
            access = [{"id": APP_ROLES[name], "type": "Role"} for name in self._permissions]
        body = {
            "isFallbackPublicClient": self._kind == "device-code",
            "requiredResourceAccess": [{"resourceAppId": GRAPH_APP_ID, "resourceAccess": access}],
        }
        self._send("PATCH", f"applications/{app['id']}", body)
        done(f"app registration {NAME} asks for what the rules need")

    def _consent(self, identity: str, graph: str, *, is_check: bool) -> None:
        """Consent to the delegated permissions for everyone in the tenant."""
        grants = self._read(f"servicePrincipals/{identity}/oauth2PermissionGrants")["value"]
        found = next((each for each in grants if each["resourceId"] == graph), None)
        scopes = found["scope"].split() if found else []
        missing = [name for name in self._delegated if name not in scopes]
        if is_check and missing:
            raise Stop(f"Not granted: {', '.join(missing)}. Run this script without --check to grant them.")
        scope = " ".join([*scopes, *missing])
        if found and missing:
            self._send("PATCH", f"oauth2PermissionGrants/{found['id']}", {"scope": scope})
        elif missing:
            body = {"clientId": identity, "consentType": "AllPrincipals", "resourceId": graph, "scope": scope}
            self._send("POST", "oauth2PermissionGrants", body)
        for name in self._delegated:
            done(f"{name} (delegated) {'granted' if name in missing else 'is granted'}")

    @property
    def _delegated(self) -> list[str]:
        return [_DELEGATED.get(name, name) for name in self._permissions]

    def _ensure_certificate(self, app: Any) -> None:
        if app.get("keyCredentials"):
            done("the registration has a certificate")
            return
        words = ("ad", "app", "credential", "reset", "--id", app["appId"], "--create-cert", "--append")
        made = self._retried(*words, what="Creating the certificate")
        done(f"certificate and private key, for a year: {made['fileWithCertAndPrivateKey']}")
        note("Only you can read this file. Move it to a safe place, and delete it where it is not needed.")

    def _read(self, path: str) -> Any:
        return self._retried("rest", "--method", "GET", "--url", f"{GRAPH}/{path}", what=f"Reading {NAME}")

    def _send(self, method: str, path: str, body: dict[str, Any]) -> Any:
        with secret_file(json.dumps(body)) as file:
            headers = ("--headers", "Content-Type=application/json", "--body", f"@{file}")
            words = ("rest", "--method", method, "--url", f"{GRAPH}/{path}", *headers)
            return self._retried(*words, what=f"Changing {NAME}")

    def _retried(self, *words: str, what: str) -> Any:
        """Ask Azure, again while a new registration is not known everywhere yet."""
        return with_retries(
            lambda: az(*words),
            what=what,
            forbidden=f"Your account may not do this: {what}. A Privileged Role Administrator of the tenant must run:"
            f" {self._command}.",
            is_role_late=False,
        )


def show_settings(client: str, kind: str) -> None:
    """Print the settings of the desk commands."""
    note("Set this for the desk commands, in the environment or with azd env set NAME VALUE:")
    print(f"    JOINLINK_DESK_CLIENT_ID={client}", flush=True)
    if kind == "certificate":
        print("    JOINLINK_DESK_CERTIFICATE=<path of the PEM file>", flush=True)
