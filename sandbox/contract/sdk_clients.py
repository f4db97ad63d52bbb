"""Microsoft's Graph SDK, unmodified, with the stand-in's address. It runs in `build/contract`."""

import os
from collections.abc import Awaitable, Mapping
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.identity import ManagedIdentityCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

SCOPES = ["https://graph.microsoft.com/.default"]
IMMUTABLE = 'IdType="ImmutableId"'
_NEVER = 2**31


class GivenToken:
    """A credential with a token that was given, as that of a person who has signed in."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """Return the token."""
        return AccessToken(self._token, _NEVER)


class WrongAnswer(AssertionError):
    """The stand-in answered with something else than Graph."""


def app_client(facts: Mapping[str, Any]) -> GraphServiceClient:
    """Return the app's client, with azure-identity's token from the managed identity endpoint."""
    server = urlsplit(facts["graph"])
    os.environ["IDENTITY_ENDPOINT"] = f"{server.scheme}://{server.netloc}/msi/token"
    os.environ["IDENTITY_HEADER"] = "sandbox"
    return client(facts, ManagedIdentityCredential())


def client(facts: Mapping[str, Any], credential: Any) -> GraphServiceClient:
    """Return a client of the stand-in with a credential."""
    adapter = GraphRequestAdapter(AzureIdentityAuthenticationProvider(credential, scopes=SCOPES))
    adapter.base_url = facts["graph"]
    return GraphServiceClient(request_adapter=adapter)


def asking(builder: Any, *prefer: str, **query: Any) -> RequestConfiguration:
    """Return the options of a GET: query parameters, and values of the `Prefer` header."""
    names = [name for name in dir(builder) if name.endswith("GetQueryParameters")]
    parameters = getattr(builder, names[0])(**query) if query else None
    configuration = RequestConfiguration(query_parameters=parameters)
    for value in prefer:
        configuration.headers.add("Prefer", value)
    return configuration


async def refused(call: Awaitable[Any], status: int, code: str) -> None:
    """Check that Graph's error is raised with this status and code.

    Raises:
        WrongAnswer: there is no error, or another one.
    """
    try:
        answer = await call
    except ODataError as error:
        found = error.response_status_code, error.error.code if error.error else None
        if found != (status, code):
            raise WrongAnswer(f"{status} {code} was expected, found {found[0]} {found[1]}") from error
        return
    raise WrongAnswer(f"{status} {code} was expected, found {type(answer).__name__}")


def same(found: object, expected: object) -> None:
    """Check that two values are equal.

    Raises:
        WrongAnswer: they are not.
    """
    if found != expected:
        raise WrongAnswer(f"{expected!r} was expected, found {found!r}")
