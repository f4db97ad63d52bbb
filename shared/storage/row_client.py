"""A table client of the SDK whose calls for single rows, and transactions, cost little.

The SDK sends each request through thirteen policies, and starts a pool of threads for each transaction: that
takes several times the CPU time of its transport. Handling a message needs four kinds of request; this client
writes those itself, and sends them through azure-core: a retry, the credential, the transport. Every other
call is the SDK's.
"""

import base64
import hmac
from collections.abc import Iterable, Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from azure.core import MatchConditions
from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.core.exceptions import ClientAuthenticationError, DecodeError, ServiceResponseError
from azure.core.pipeline import Pipeline, PipelineRequest
from azure.core.pipeline.policies import (
    AzureSasCredentialPolicy,
    BearerTokenCredentialPolicy,
    RetryPolicy,
    SansIOHTTPPolicy,
)
from azure.core.rest import HttpRequest, HttpResponse
from azure.data.tables import TableClient, TableEntity, UpdateMode

from shared.storage.table_protocol import (
    PROTOCOL_HEADERS,
    Operation,
    insert_row,
    parse_etag,
    parse_parts,
    parse_row,
    read_row,
    replace_row,
    row_error,
    transaction,
    transaction_error,
)

#: In every cloud. The SDK would also follow the scope of a 401; our credential knows this one only.
_SCOPE = "https://storage.azure.com/.default"
_WRITTEN = (HTTPStatus.CREATED, HTTPStatus.NO_CONTENT)
_REPLACE = (UpdateMode.REPLACE, MatchConditions.IfNotModified)


class RowClient(TableClient):
    """Reads, inserts and replaces rows; raises the SDK's errors. Threads may share it."""

    def __init__(self, endpoint: str, table_name: str, **options: Any) -> None:
        super().__init__(endpoint, table_name, **options)
        self._account_url, _, query = self.url.partition("?")
        self._query = f"?{query}" if query else ""
        self._headers = {
            **PROTOCOL_HEADERS,
            "x-ms-version": self.api_version,
            "User-Agent": "Joinlink",
        }
        policies = [RetryPolicy(retry_total=options["retry_total"]), *_credential_policies(self.credential)]
        self._rows: Pipeline[HttpRequest, HttpResponse] = Pipeline(options["transport"], policies)

    def get_entity(
        self, partition_key: str, row_key: str, *, select: str | list[str] | None = None, **kwargs: Any
    ) -> TableEntity:
        """Return a row; raises ResourceNotFoundError."""
        if select:
            return super().get_entity(partition_key, row_key, select=select, **kwargs)
        answer = self._send(read_row(self.table_name, partition_key, row_key), kwargs)
        if answer.status_code != HTTPStatus.OK:
            raise row_error(answer)
        return parse_row(answer)

    def create_entity(self, entity: Mapping[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Insert a row; raises ResourceExistsError, or ResourceNotFoundError without the table."""
        return self._write(insert_row(self.table_name, entity), kwargs)

    def update_entity(
        self,
        entity: Mapping[str, Any],
        mode: UpdateMode = UpdateMode.MERGE,
        *,
        etag: str | None = None,
        match_condition: MatchConditions | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Replace the row with this ETag; raises ResourceModifiedError or ResourceNotFoundError."""
        if not etag or (mode, match_condition) != _REPLACE:
            return super().update_entity(entity, mode, etag=etag, match_condition=match_condition, **kwargs)
        return self._write(replace_row(self.table_name, entity, etag), kwargs)

    def submit_transaction(self, operations: Iterable[Any], **kwargs: Any) -> list[Mapping[str, Any]]:
        """Insert and replace rows of one partition, all or none; raises TableTransactionError."""
        operations = list(operations)
        ours = [self._operation(*each) for each in operations]
        rows = [each for each in ours if each]
        if len(rows) < len(ours):
            return super().submit_transaction(operations, **kwargs)
        answer = self._send(transaction(rows, self._account_url, str(uuid4())), kwargs)
        if answer.status_code != HTTPStatus.ACCEPTED:
            raise row_error(answer)
        parts = parse_parts(answer.content)
        if refused := next((part for part in parts if part.status not in _WRITTEN), None):
            raise transaction_error(refused, answer)
        etags = [part.etag for part in parts if part.etag]
        if len(etags) != len(rows):
            raise DecodeError("the answer does not say what happened to each row", response=answer)
        return [{"etag": etag} for etag in etags]

    def _operation(
        self, kind: str, entity: Mapping[str, Any], options: Mapping[str, Any] | None = None
    ) -> Operation | None:
        """Return an operation of a transaction; None if only the SDK can write it."""
        options = options or {}
        if kind == "create":
            return insert_row(self.table_name, entity)
        is_replacement = (options.get("mode"), options.get("match_condition")) == _REPLACE
        if kind == "update" and is_replacement and options.get("etag"):
            return replace_row(self.table_name, entity, options["etag"])
        return None

    def _write(self, operation: Operation, options: dict[str, Any]) -> dict[str, Any]:
        answer = self._send(operation, options)
        if answer.status_code not in _WRITTEN:
            raise row_error(answer)
        if not (etag := parse_etag(answer.headers.get("ETag"))):
            raise DecodeError("the answer has no ETag", response=answer)
        return {"etag": etag}

    def _send(self, operation: Operation, options: dict[str, Any]) -> HttpResponse:
        hook = options.pop("raw_response_hook", None)
        request = HttpRequest(
            operation.method,
            f"{self._account_url}/{operation.path}{self._query}",
            headers=self._headers | operation.headers,
            content=operation.body or None,
        )
        try:
            answer = self._rows.run(request, **options)
        except (ValueError, OverflowError, RecursionError) as error:
            # An answer with two lengths, for example: the transport raises them, and not as its own errors.
            raise ServiceResponseError("the answer can't be read", error=error) from error
        if hook:
            hook(answer)
        return answer.http_response


class _SharedKeyPolicy(SansIOHTTPPolicy[HttpRequest, HttpResponse]):
    """Signs each try of a request with the account's key.

    https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
    """

    def __init__(self, credential: AzureNamedKeyCredential) -> None:
        self._credential = credential

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        """Add the date and the signature."""
        sent, (account, key) = request.http_request, self._credential.named_key
        date = formatdate(usegmt=True)
        resource = f"/{account}{urlsplit(sent.url).path}"
        text = "\n".join((sent.method, "", sent.headers.get("Content-Type", ""), date, resource))
        try:
            signature = hmac.digest(base64.b64decode(key), text.encode(), "sha256")
        except ValueError as error:
            raise ClientAuthenticationError("the account key is not valid") from error
        sent.headers["x-ms-date"] = date
        sent.headers["Authorization"] = f"SharedKey {account}:{base64.b64encode(signature).decode()}"


def _credential_policies(credential: Any) -> list[Any]:
    """Return what signs requests; nothing if the URL has a signature."""
    match credential:
        case None:
            return []
        case AzureNamedKeyCredential():
            return [_SharedKeyPolicy(credential)]
        case AzureSasCredential():
            return [AzureSasCredentialPolicy(credential)]
    return [BearerTokenCredentialPolicy(credential, _SCOPE)]
