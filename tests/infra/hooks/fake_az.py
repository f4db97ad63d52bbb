"""Stands in for the Azure CLI: keeps a small subscription in a file, records every call, and fails on demand."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SCOPES = (
    "Calendars.Read.Shared",
    "User.Read.All",
    "MailboxSettings.Read",
    "GroupMember.Read.All",
    "Organization.Read.All",
)
STATE = Path(__file__).with_name("azure.json")


def main(arguments: list[str]) -> int:
    """Answer one call; `failures` of the state are used up first, in their order."""
    state = json.loads(STATE.read_text())
    words = arguments[: arguments.index("--output")]
    state["calls"].append(words)
    try:
        failure = next((each for each in state["failures"] if each["words"] in " ".join(words)), None)
        if failure is not None:
            failure["times"] -= 1
            state["failures"] = [each for each in state["failures"] if each["times"] > 0]
            sys.stderr.write(failure["error"])
            return 1
        answer = _answer(state, words)
    except KeyError as error:
        sys.stderr.write(f"ResourceNotFound: {error} was not found")
        return 3
    finally:
        STATE.write_text(json.dumps(state))
    if answer is not None:
        sys.stdout.write(json.dumps(answer))
    return 0


def _option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


def _answer(state: dict[str, Any], words: list[str]) -> Any:
    command = " ".join(word for word in words[:4] if not word.startswith("-"))
    simple = {
        "version": {"azure-cli": "2.80.0"},
        "functionapp list-flexconsumption-locations": [{"name": "westeurope"}, {"name": "East US"}],
        "functionapp list-flexconsumption-runtimes": [{"version": "3.11"}, {"version": "3.12"}],
    }
    for start, answer in simple.items():
        if command.startswith(start):
            return answer
    for start, handle in _HANDLERS.items():
        if command.startswith(start):
            return handle(state, words)
    raise KeyError(command)


def _account(state: dict[str, Any], words: list[str]) -> Any:
    if words[1] == "set":
        wanted = _option(words, "--subscription")
        if wanted not in state["subscriptions"]:
            raise KeyError(wanted)
        state["subscription"] = wanted
        return None
    if words[1] == "get-access-token":
        token = state["token"] or f"token for {_option(words, '--scope')}"
        return {"accessToken": token, "expires_on": state["token_expires"]}
    user = {"name": "ada@contoso.com", "type": state["user_type"]}
    return {"id": state["subscription"], "name": "Contoso", "tenantId": state["tenant"], "user": user}


def _provider(state: dict[str, Any], words: list[str]) -> Any:
    namespace = _option(words, "--namespace")
    if words[1] == "register":
        state["providers"].append(namespace)
        return None
    return {"registrationState": "Registered" if namespace in state["providers"] else "NotRegistered"}


def _keyvault(state: dict[str, Any], words: list[str]) -> Any:
    if words[1] == "list-deleted":
        return state["deleted_vaults"]
    if words[2] == "set":
        state["secrets"][_option(words, "--name")] = Path(_option(words, "--file")).read_text()
        return None
    name = _option(words, "--id").rsplit("/", 1)[-1] if "--id" in words else _option(words, "--name")
    return {"value": state["secrets"][name]}


def _functionapp(state: dict[str, Any], words: list[str]) -> Any:
    if words[1] == "restart":
        return None
    if words[1] == "function":
        return {"default": "health-key"}
    site = f"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/{_option(words, '--name')}"
    return {"id": site, "defaultHostName": state["host"]}


def _rest(state: dict[str, Any], words: list[str]) -> Any:
    url, method = _option(words, "--url"), _option(words, "--method")
    body = json.loads(Path(_option(words, "--body")[1:]).read_text()) if "--body" in words else {}
    if "/appRoleAssignments" in url:
        if method == "POST":
            state["grants"].append(body["appRoleId"])
            return body
        return {"value": [{"appRoleId": role} for role in state["grants"]]}
    if "servicePrincipals(appId='00000003-0000" in url:
        scopes = [{"value": name, "id": f"id of {name}"} for name in _SCOPES]
        return {"id": "graph-service-principal", "oauth2PermissionScopes": scopes}
    if "/functions/" not in url:
        return _desk_app(state, method, url.partition("/v1.0/")[2], body)
    state["keys"][url.partition("/functions/")[2].partition("?")[0]] = body["properties"]["value"]
    return None


def _desk_app(state: dict[str, Any], method: str, path: str, body: dict[str, Any]) -> Any:
    if path.startswith("applications"):
        if method == "GET":
            return {"value": state["apps"]}
        if method == "POST":
            state["apps"].append(
                {"id": "app-object-id", "appId": "desk-client-id", "keyCredentials": [], **body}
            )
            return state["apps"][-1]
        state["apps"][0].update(body)
        return None
    if path.startswith("servicePrincipals(appId="):
        return {"id": state["service_principals"][path.split("'")[1]]}
    if path == "servicePrincipals":
        state["service_principals"][body["appId"]] = "desk-object-id"
        return {"id": "desk-object-id"}
    return _consent(state, method, body)


def _consent(state: dict[str, Any], method: str, body: dict[str, Any]) -> Any:
    if method == "GET":
        return {"value": state["consents"]}
    if method == "POST":
        state["consents"].append({"id": "consent-id", **body})
    else:
        state["consents"][0].update(body)
    return body


def _credential(state: dict[str, Any], _words: list[str]) -> Any:
    state["apps"][0]["keyCredentials"].append({"type": "AsymmetricX509Cert"})
    return {"appId": "desk-client-id", "fileWithCertAndPrivateKey": "/home/ada/tmp1.pem", "password": None}


def _storage(state: dict[str, Any], words: list[str]) -> Any:
    if words[2] == "list":
        return [{"name": name} for name in state["blobs"]]
    name = _option(words, "--name")
    if words[2] == "delete":
        del state["blobs"][name]
    else:
        state["blobs"][name] = Path(_option(words, "--file")).read_text()
    return None


_HANDLERS: dict[str, Callable[[dict[str, Any], list[str]], Any]] = {
    "account": _account,
    "provider": _provider,
    "keyvault": _keyvault,
    "functionapp": _functionapp,
    "rest": _rest,
    "storage blob": _storage,
    "ad app": _credential,
    "role assignment": lambda state, _words: [{"roleDefinitionName": role} for role in state["roles"]],
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
