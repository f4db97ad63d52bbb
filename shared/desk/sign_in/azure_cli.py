"""Runs the Azure CLI: who is signed in, tokens and secrets. Each error says what to do.

https://learn.microsoft.com/cli/azure/account#az-account-get-access-token
"""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from shared.errors import SignInFailed

_TIMEOUT_SECONDS = 60
_NOT_INSTALLED = "the Azure CLI is not installed: install it from https://aka.ms/azure-cli, then run az login"
_NOT_SIGNED_IN = re.compile(r"az login|az account set|AADSTS\d")
_AADSTS = re.compile(r"AADSTS\d{1,9}")
_NO_RIGHT = re.compile(r"Forbidden|AuthorizationFailed")
_NOT_FOUND = re.compile(r"NotFound|not found|Failed to resolve|Name or service not known")


class SecretUnreadable(Exception):
    """One secret can't be read; the text is the problem and what to do."""


@dataclass(frozen=True, slots=True)
class AzureAccount:
    """The account that is signed in to the Azure CLI."""

    name: str
    is_user: bool
    tenant_id: str


@dataclass(frozen=True, slots=True)
class AzureToken:
    """An access token of the Azure CLI, and when it expires."""

    value: str = field(repr=False)
    expires: datetime


class AzureCli:
    """The signed-in Azure CLI. Every method raises SignInFailed where it can't be used."""

    def __init__(self, tenant_id: str) -> None:
        """Use the CLI for the resources of one tenant; "" is the tenant that is signed in."""
        self._tenant_id = tenant_id.lower()

    @cached_property
    def account(self) -> AzureAccount:
        """The account that is signed in."""
        shown = self._run("account", "show")
        try:
            account = AzureAccount(
                name=str(shown["user"]["name"]),
                is_user=shown["user"]["type"] == "user",
                tenant_id=str(shown["tenantId"]).lower(),
            )
        except (KeyError, TypeError):
            raise SignInFailed("the Azure CLI does not say who is signed in: check az account show") from None
        if self._tenant_id and account.tenant_id != self._tenant_id:
            raise SignInFailed(
                f"the Azure CLI is signed in to tenant {account.tenant_id}, and JOINLINK_TENANT_ID is"
                f" {self._tenant_id}: run az login --tenant {self._tenant_id}, or az account set"
                " --subscription <the app's subscription>"
            )
        return account

    def token(self, scope: str) -> AzureToken:
        """Return a token of the account for a scope such as https://storage.azure.com/.default."""
        _ = self.account  # first: it names a wrong tenant
        shown = self._run("account", "get-access-token", "--scope", scope)
        try:
            return AzureToken(str(shown["accessToken"]), _expiry(shown))
        except (KeyError, TypeError, ValueError, OverflowError):
            raise SignInFailed(
                "the Azure CLI gives no token: update it with az upgrade, then run az login"
            ) from None

    def secret(self, uri: str) -> str:
        """Return the value of a secret in Key Vault.

        Raises:
            SecretUnreadable: it does not exist, or the account may not read it.
        """
        name = self.account.name
        try:
            shown = self._run("keyvault", "secret", "show", "--id", uri)
        except _CliError as error:
            raise SecretUnreadable(_secret_problem(str(error), name)) from None
        try:
            return str(shown["value"])
        except (KeyError, TypeError):
            raise SecretUnreadable("has no value in Key Vault: set it, or deploy the app again") from None

    def _run(self, *arguments: str) -> Any:
        """Return what the command prints as JSON.

        Raises:
            _CliError: a command for a secret failed.
        """
        program = shutil.which("az")
        if program is None:
            raise SignInFailed(_NOT_INSTALLED)
        command = [program, *arguments, "--output", "json", "--only-show-errors"]
        try:
            run = subprocess.run(  # noqa: S603 -- no shell; the arguments are ours, or checked
                command,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
            # Extensions of the CLI may print notices around its answer.
            start = max(run.stdout.find("{"), 0)
            shown = json.JSONDecoder().raw_decode(run.stdout, start)[0] if run.returncode == 0 else None
        except subprocess.TimeoutExpired:
            raise SignInFailed(
                f"the Azure CLI did not answer within {_TIMEOUT_SECONDS} s: check the network, and try again"
            ) from None
        except OSError as error:
            raise SignInFailed(f"the Azure CLI can't be run ({error.strerror}): install it again") from None
        except ValueError:
            raise SignInFailed("the answer of the Azure CLI is not JSON: update it with az upgrade") from None
        if run.returncode:
            raise self._failure(arguments, run.stderr)
        return shown

    def _failure(self, arguments: tuple[str, ...], printed: str) -> Exception:
        """Return the error for what the CLI printed on stderr."""
        if _NOT_SIGNED_IN.search(printed) and not _NO_RIGHT.search(printed):
            code = _AADSTS.search(printed)
            tenant = f" --tenant {self._tenant_id}" if self._tenant_id else ""
            return SignInFailed(
                f"the Azure CLI is not signed in, or no longer{f' ({code[0]})' if code else ''}:"
                f" run az login{tenant}"
            )
        if arguments[0] == "keyvault":
            return _CliError(printed)
        reason = " ".join(printed.split())[:200] or "without a reason"
        return SignInFailed(f"az {' '.join(arguments[:2])} failed: {reason}")


class _CliError(Exception):
    """The CLI failed; the text is what it printed."""


def _secret_problem(printed: str, account: str) -> str:
    if "ForbiddenByFirewall" in printed or "ForbiddenByConnection" in printed:
        return "can't be read from here: the firewall of the Key Vault lets only its network in"
    if _NO_RIGHT.search(printed):
        return (
            f"can't be read from Key Vault by {account}: an Owner or User Access Administrator of the vault"
            " gives the role Key Vault Secrets User"
        )
    if _NOT_FOUND.search(printed):
        return "names a secret or a Key Vault that does not exist: check the reference, and deploy the app"
    return f"can't be read from Key Vault: {' '.join(printed.split())[:200]}"


def _expiry(shown: dict[str, Any]) -> datetime:
    """Return when a token expires; before version 2.54 the CLI has only the local time.

    https://learn.microsoft.com/cli/azure/account#az-account-get-access-token
    """
    if "expires_on" in shown:
        return datetime.fromtimestamp(int(shown["expires_on"]), UTC)
    return datetime.fromisoformat(shown["expiresOn"]).astimezone(UTC)
