"""Chooses the identities of a desk, for Storage, Key Vault and Graph, and shows each on its first use."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from azure.core.credentials import TokenCredential

from shared.auth.certificate import certificate_credential
from shared.auth.storage_credential import StorageCredential
from shared.auth.token_source import TokenSource
from shared.desk.permissions import (
    APP_GRANT_COMMAND,
    DESK_GRANT_COMMAND,
    granted_rights,
    needed_permissions,
)
from shared.desk.sign_in.azure_cli import AzureCli
from shared.desk.sign_in.cli_tokens import cli_tokens
from shared.desk.sign_in.desk_identity import DeskIdentity
from shared.desk.sign_in.device_code import device_code_tokens
from shared.desk.sign_in.key_vault import resolve
from shared.domain.ids import GUID
from shared.errors import GraphError, SettingProblem, SettingsError, SignInFailed
from shared.settings import GraphSettings

CLIENT_ID = "JOINLINK_DESK_CLIENT_ID"
CERTIFICATE = "JOINLINK_DESK_CERTIFICATE"
_SECRETS = ("JOINLINK_CLIENT_SECRET", "JOINLINK_CLIENT_CERTIFICATE")
_STORAGE = "https://storage.azure.com"
_NO_GRAPH = (
    "the Azure CLI's token for Graph carries no calendar rights, so this command needs an app registration of"
    f" its own: a Privileged Role Administrator runs {DESK_GRANT_COMMAND} certificate, then set"
    f" {CLIENT_ID} and {CERTIFICATE}"
)


class DeskSignIn:
    """Signs in at a desk.

    Storage and Key Vault: the signed-in Azure CLI. Graph: the desk's own app registration if it is set, with
    its certificate or a device code; else the app's secret or certificate; else the Azure CLI, if a service
    principal is signed in to it. In Azure, where a managed identity answers, that is used for both.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        now: Callable[[], datetime],
        say: Callable[[str], None],
        ask_to_sign_in: Callable[[str], None],
        folder: Path,
    ) -> None:
        """`say` shows an identity, `ask_to_sign_in` a device code; `folder` keeps the tokens."""
        self._client_id = environ.get(CLIENT_ID, "").strip()
        self._certificate = environ.get(CERTIFICATE, "").strip()
        self._has_app_secret = any(environ.get(name, "").strip() for name in _SECRETS)
        self._is_in_azure = bool(os.environ.get("IDENTITY_ENDPOINT"))
        self._cli = AzureCli(environ.get("JOINLINK_TENANT_ID", "").strip())
        self._now = now
        self._say = say
        self._ask_to_sign_in = ask_to_sign_in
        self._folder = folder

    @property
    def is_the_app(self) -> bool:
        """Whether Graph sees the app's own identity; no other can list the app's subscriptions."""
        return not self._client_id and (self._has_app_secret or self._is_in_azure)

    @property
    def identity(self) -> DeskIdentity:
        """As which identity Graph is called."""
        if self.is_the_app:
            return DeskIdentity.APP
        if not self._client_id:
            return DeskIdentity.PRINCIPAL
        return DeskIdentity.DESK_APP if self._certificate else DeskIdentity.PERSON

    def with_secrets(self, environ: Mapping[str, str]) -> Mapping[str, str]:
        """Return the settings with their Key Vault references resolved.

        Raises:
            SettingsError: a reference can't be read.
            SignInFailed: the Azure CLI can't be used.
        """
        unused = (*_SECRETS, CERTIFICATE) if self._client_id else (CERTIFICATE,)
        return resolve(
            {name: value for name, value in environ.items() if name not in unused}, self._read_secret
        )

    def storage_credential(self) -> TokenCredential:
        """Return what opens the storage account. Raises SignInFailed."""
        if self._is_in_azure:
            self._say("storage with the managed identity")
            tokens = TokenSource.managed_identity(now=self._now)
        else:
            tokens = cli_tokens(self._cli, _STORAGE, self._now)
            self._say(f"storage as {self._account}")
        return StorageCredential(tokens, self._now)

    def log_tokens(self, resource: str) -> TokenSource:
        """Return the source of tokens for the service that has the app's log. Raises SignInFailed."""
        if self._is_in_azure:
            self._say("the log with the managed identity")
            return TokenSource.managed_identity(now=self._now)
        tokens = cli_tokens(self._cli, resource, self._now)
        self._say(f"the log as {self._account}")
        return tokens

    def graph_tokens(self, settings: GraphSettings) -> TokenSource:
        """Return the source of tokens for Graph.

        Raises:
            SettingsError: a setting of the desk's app registration is wrong.
            SignInFailed: there is no identity, or it can't sign in.
        """
        if self.is_the_app:
            self._say("Graph with the app's own identity")
            return TokenSource.of(settings, self._now)
        tokens = self._desk_tokens(settings)
        self._note_missing_rights(tokens, settings.cloud.graph)
        return tokens

    def _desk_tokens(self, settings: GraphSettings) -> TokenSource:
        if not self._client_id:
            if self._cli.account.is_user:
                raise SignInFailed(_NO_GRAPH)
            self._say(f"Graph as {self._account}")
            return cli_tokens(self._cli, settings.cloud.graph, self._now)
        if not GUID.fullmatch(self._client_id):
            raise SettingsError([SettingProblem(CLIENT_ID, "is not a GUID: use the client id")])
        if self._certificate:
            self._say(f"Graph as the app registration {self._client_id}, with its certificate")
            own = replace(
                settings,
                client_id=self._client_id,
                client_secret="",
                client_certificate=self._checked_certificate,
            )
            return TokenSource.of(own, self._now)
        self._say(f"Graph as you, through the app registration {self._client_id}")
        return device_code_tokens(
            settings, self._client_id, folder=self._folder, show=self._ask_to_sign_in, now=self._now
        )

    @cached_property
    def _checked_certificate(self) -> str:
        certificate = resolve({CERTIFICATE: self._certificate}, self._read_secret)[CERTIFICATE]
        try:
            certificate_credential(certificate)
        except (OSError, ValueError):
            problem = (
                "is not valid: use PEM text with key and certificate, base64 of a PFX without password, or"
                " the path of a readable file with either"
            )
            raise SettingsError([SettingProblem(CERTIFICATE, problem)]) from None
        return certificate

    @cached_property
    def _account(self) -> str:
        return f"{self._cli.account.name} (Azure CLI)"

    def _read_secret(self, uri: str) -> str:
        secret = self._cli.secret(uri)
        self._say(f"Key Vault secret {uri.rsplit('/', 1)[-1]} as {self._account}")
        return secret

    def _note_missing_rights(self, tokens: TokenSource, graph: str) -> None:
        """Show which rights the token lacks. Exchange may have granted them: it does not put them there."""
        try:
            rights = granted_rights(tokens.token(graph).value)
        except GraphError:  # the command's first call reports it
            return
        if rights is None:
            return
        needed = needed_permissions(None, report_only=True)
        missing = [each.name for each in needed if not each.is_granted(rights)]
        if missing:
            self._say(
                f"Graph: this identity lacks {', '.join(missing)}. A Privileged Role Administrator grants"
                f" what is missing: {self._grant_command}"
            )

    @property
    def _grant_command(self) -> str:
        if not self._client_id:
            return f"{APP_GRANT_COMMAND} --report-only --identity <its object id>"
        return f"{DESK_GRANT_COMMAND} {'certificate' if self._certificate else 'device-code'}"
