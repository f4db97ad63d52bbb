from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.queue import QueueClient

from shared.errors import StorageUnavailable
from shared.storage.errors import describe, lacks_right, storage_errors
from tests.bad_server import answer, server


@pytest.mark.parametrize(
    ("code", "said"),
    [
        pytest.param("AuthorizationPermissionMismatch", "answered 403 (AuthorizationPermissionMismatch): this identity lacks the role Storage Blob, Queue and Table Data Contributor, which an Owner or User Access Administrator of the storage account gives", id="no role"),
        pytest.param("AuthorizationFailure", "answered 403 (AuthorizationFailure): a firewall of the storage account, or its network, refuses this machine", id="firewall"),
        pytest.param("AuthenticationFailed", "answered 403 (AuthenticationFailed): the key is wrong, or this machine's clock", id="a wrong key"),
    ],
)  # fmt: skip
def test_a_refusal_names_what_is_missing_and_who_gives_it(code: str, said: str) -> None:
    """As the SDK reports it."""
    with server(answer(403, "", f"x-ms-error-code: {code}\r\n")) as url:
        connection = f"DefaultEndpointsProtocol=http;AccountName=x;AccountKey=YQ==;QueueEndpoint={url}/x;"
        with (
            QueueClient.from_connection_string(connection, "a-queue", retry_total=0) as queue,
            pytest.raises(StorageUnavailable) as refused,
            storage_errors("the queue can't be read"),
        ):
            queue.get_queue_properties()

    assert str(refused.value).startswith(f"the queue can't be read: the storage service {said}")
    assert lacks_right(refused.value)


def test_the_role_is_that_of_the_service_which_refused() -> None:
    """The address of the call shows which one."""
    url = "https://stjoinlink.table.core.windows.net/maintenance"
    response: Any = SimpleNamespace(status_code=403, reason="Forbidden", request=SimpleNamespace(url=url))
    error: Any = HttpResponseError(response=response)
    error.error_code = "AuthorizationPermissionMismatch"

    assert "the role Storage Table Data Contributor, which" in describe(error)


def test_an_error_without_an_answer_is_no_missing_right() -> None:
    """The command then says that storage does not answer."""
    assert not lacks_right(StorageUnavailable("no connection"))
