"""Gives tokens to the Azure Storage SDK."""

from collections.abc import Callable
from datetime import datetime

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from shared.auth.token_source import TokenSource
from shared.errors import GraphError


class StorageCredential:
    """A token source as azure-core's `TokenCredential`, for queues, tables and blobs."""

    def __init__(self, tokens: TokenSource, now: Callable[[], datetime]) -> None:
        self._tokens = tokens
        self._now = now

    def get_token(self, *scopes: str, **_kwargs: object) -> AccessToken:
        """Return a token for the first scope; `expires_on` is in epoch seconds.

        Raises:
            ClientAuthenticationError: there is no token. It is an AzureError, as the SDK's callers expect.
        """
        try:
            token = self._tokens.token(scopes[0].removesuffix("/.default"))
        except GraphError as error:
            raise ClientAuthenticationError(str(error)) from error
        return AccessToken(token.value, int((self._now() + token.lifetime).timestamp()))
