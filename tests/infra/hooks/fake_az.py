"""Stands in for the Azure CLI: keeps a small subscription in a file, records every call, and fails on demand."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
            if "signal" in failure:
                STATE.write_text(json.dumps(state))
                os.kill(os.getppid(), failure["signal"])
                time.sleep(10)  # the hook ends this process
                return 1
            if "prints" in failure:
                sys.stdout.write(failure["prints"])
                return 0
            sys.stderr.write(failure["error"].replace("{body}", _body(words)))
            return 1
        answer = _answer(state, words)
    except KeyError as error:
        sys.stderr.write(f"ResourceNotFound: {error} was not found")
        return 3
    finally:
        STATE.write_text(json.dumps(state))
    if answer is not None:
        sys.stdout.write(state["notice"] + json.dumps(answer))
    return 0


def _option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


def _body(words: list[str]) -> str:
    """Return the file that a call sends, as a service does that quotes what it got."""
    name = _option(words, "--body")[1:] if "--body" in words else ""
    name = _option(words, "--file") if "--file" in words else name
    return Path(name).read_text() if name else ""


def _answer(state: dict[str, Any], words: list[str]) -> Any:
    command = " ".join(word for word in words[:4] if not word.startswith("-"))
    simple = {
        "version": {"azure-cli": state["version"]},
        "functionapp list-flexconsumption-locations": [
            {"name": "westeurope"},
            *([] if "--zone-redundant" in words else [{"name": "East US"}]),
        ],
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
    if words[1] == "get-access-token":
        token = state["token"] or f"token for {_option(words, '--scope')}"
        return {"accessToken": token, "expires_on": state["token_expires"]}
    wanted = _option(words, "--subscription") if "--subscription" in words else "s"
    return {
        "id": wanted,
        "name": state["subscriptions"][wanted],
        "tenantId": state["tenant"],
        "user": {"name": "ada@contoso.com", "type": state["user_type"]},
    }


def _provider(state: dict[str, Any], words: list[str]) -> Any:
    namespace = _option(words, "--namespace")
    if words[1] == "register":
        state["providers"].append(namespace)
        return None
    return {"registrationState": "Registered" if namespace in state["providers"] else "NotRegistered"}


def _keyvault(state: dict[str, Any], words: list[str]) -> Any:
    if words[1] == "list-deleted":
        return state["deleted_vaults"]
    name = _option(words, "--id").rsplit("/", 1)[-1] if "--id" in words else _option(words, "--name")
    if words[2] != "show":
        state["tags"] = dict([_option(words, "--tags").split("=")])
    if words[2] == "set":
        state["secrets"][name] = Path(_option(words, "--file")).read_text()
    return {"value": state["secrets"][name], "tags": state["tags"]}


def _functionapp(state: dict[str, Any], words: list[str]) -> Any:
    if words[1] == "restart":
        return None
    if words[1] == "function":
        return {"default": "health-key"}
    if words[1] == "config":
        return [{"name": "JOINLINK_MODE", "value": state["mode"]}]
    site = f"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/{_option(words, '--name')}"
    return {"id": site, "properties": {"defaultHostName": state["host"], "sku": "FlexConsumption"}}


def _rest(state: dict[str, Any], words: list[str]) -> Any:
    url, method = _option(words, "--url"), _option(words, "--method")
    body = json.loads(Path(_option(words, "--body")[1:]).read_text()) if "--body" in words else {}
    if "/appRoleAssignments" in url:
        if method == "POST":
            state["grants"].append(body["appRoleId"])
            return body
        return {"value": [{"appRoleId": role} for role in state["grants"]]}
    if "/functions/" not in url:
        return _directory(state, method, url.partition("/v1.0/")[2], body)
    state["keys"][url.partition("/functions/")[2].partition("?")[0]] = body["properties"]["value"]
    return None


def _directory(state: dict[str, Any], method: str, path: str, body: dict[str, Any]) -> Any:
    """Answer a call about app registrations, service principals or delegated permissions."""
    if path.startswith("servicePrincipals?$filter=appId eq"):
        found = state["service_principals"].get(path.split("'")[1])
        return {"value": [found] if found else []}
    if path == "servicePrincipals":
        state["service_principals"][body["appId"]] = {"id": "desk-object-id"}
        return {"id": "desk-object-id"}
    name = "apps" if path.startswith("applications") else "consents"
    if method == "GET":
        return {"value": state[name]}
    if method == "PATCH":
        state[name][0].update(body)
        return None
    state[name].append({"id": "new-id", "appId": "desk-client-id", "keyCredentials": [], **body})
    return state[name][-1]


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
