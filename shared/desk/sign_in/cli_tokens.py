"""Tokens of the Azure CLI as a `TokenSource`, which keeps them and renews them in time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared.auth.token_session import GET_TOKEN
from shared.auth.token_source import TokenSource
from shared.desk.sign_in.azure_cli import AzureCli, AzureToken
from shared.errors import SignInFailed, Unauthorized


def cli_tokens(cli: AzureCli, resource: str, now: Callable[[], datetime]) -> TokenSource:
    """Return the source of the CLI's tokens for a resource; the first token is requested now.

    The CLI takes longer to start than callers of a token source wait.

    Raises:
        SignInFailed: the CLI gives no token.
    """
    client = _CliClient(cli, cli.token(f"{resource}/.default"), now)
    return TokenSource(lambda: client, uses_scopes=True, now=now)


class _CliClient:
    """Answers a `TokenSource` as MSAL does."""

    def __init__(self, cli: AzureCli, first: AzureToken, now: Callable[[], datetime]) -> None:
        self._cli = cli
        self._first: AzureToken | None = first
        self._now = now

    def acquire_token_for_client(self, **kwargs: Any) -> dict[str, Any]:
        """Return a token for the first of the `scopes`, with its lifetime in seconds."""
        try:
            token, self._first = self._first or self._cli.token(kwargs["scopes"][0]), None
        except SignInFailed as error:
            raise Unauthorized(GET_TOKEN, detail=str(error)) from error
        lifetime = (token.expires - self._now()).total_seconds()
        return {"access_token": token.value, "expires_in": int(lifetime)}
