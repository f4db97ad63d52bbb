"""The client for single rows does the same as the SDK's own client, which tells here what is right."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError
from azure.data.tables import (
    AccountSasPermissions,
    EdmType,
    EntityProperty,
    ResourceTypes,
    TableClient,
    UpdateMode,
    generate_account_sas,
)
from hypothesis import HealthCheck, given, settings, strategies as st

from sandbox.azurite import Azurite
from shared.settings import StorageSettings
from shared.storage.tables import table_client

KEY = {"PartitionKey": "p", "RowKey": "r"}
NOT_MODIFIED: dict[str, Any] = {"mode": UpdateMode.REPLACE, "match_condition": MatchConditions.IfNotModified}
UTC_NOW = datetime(2026, 11, 26, 12, 30, 15, 123456, UTC)


@pytest.fixture
def clients(azurite: Azurite, unique: Callable[[str], str]) -> Iterator[tuple[TableClient, TableClient]]:
    """Ours and the SDK's, for one table."""
    name = unique("t")
    with ExitStack() as stack:
        ours = stack.enter_context(
            table_client(name, StorageSettings(connection_string=azurite.connection_string), None)
        )
        sdk = stack.enter_context(
            TableClient.from_connection_string(azurite.connection_string, name, retry_total=0)
        )
        sdk.create_table()
        yield ours, sdk


keys = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="/\\#?"), max_size=20)
values = (
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)
    | st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.datetimes(datetime(1700, 1, 1), datetime(2400, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- Hypothesis adds the zone
    | st.just(datetime(2026, 11, 26, 12, tzinfo=timezone(timedelta(hours=-3))))
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40, database=None
)
@given(
    partition=keys, row=keys, columns=st.dictionaries(st.from_regex(r"\A[a-z]{1,8}\Z"), values, max_size=5)
)
def test_rows_are_written_and_read_as_the_sdk_does(
    clients: tuple[TableClient, TableClient], *, partition: str, row: str, columns: dict[str, Any]
) -> None:
    """With any keys and values, and with the ETag and time of the service."""
    ours, sdk = clients
    entity = {"PartitionKey": partition, "RowKey": row, **columns}
    sdk.upsert_entity({"PartitionKey": partition, "RowKey": row}, mode=UpdateMode.REPLACE)
    before = sdk.get_entity(partition, row).metadata["etag"]
    etag = ours.update_entity(entity, etag=before, **NOT_MODIFIED)["etag"]

    read, by_sdk = ours.get_entity(partition, row), sdk.get_entity(partition, row)
    assert read == by_sdk == entity
    assert read.metadata["etag"] == by_sdk.metadata["etag"] == etag
    assert read.metadata["timestamp"] == by_sdk.metadata["timestamp"]


def test_values_that_we_do_not_write_are_read_as_no_value_of_ours(
    clients: tuple[TableClient, TableClient],
) -> None:
    """A counter or a time that somebody else has written must count as damaged, and must not fail the read."""
    ours, sdk = clients
    sdk.create_entity(
        {**KEY, "big": EntityProperty(2**40, EdmType.INT64), "blob": b"\0", "float": 1.5, "nothing": None}
    )
    read = ours.get_entity("p", "r")

    assert isinstance(read["big"], EntityProperty)
    assert isinstance(read["blob"], EntityProperty)
    assert read["float"] == 1.5
    assert "nothing" not in read


def test_a_value_of_an_unknown_type_is_not_sent(clients: tuple[TableClient, TableClient]) -> None:
    ours, sdk = clients
    with pytest.raises(TypeError, match="column count"):
        ours.create_entity({**KEY, "count": 2**31})

    assert list(sdk.list_entities()) == []


def insert(client: TableClient) -> None:
    client.create_entity(KEY)


def replace(client: TableClient) -> None:
    client.update_entity(KEY, etag="W/\"datetime'2026-01-01T00%3A00%3A00.0000000Z'\"", **NOT_MODIFIED)


def replace_another(client: TableClient) -> None:
    client.update_entity({**KEY, "RowKey": "none"}, etag="*", **NOT_MODIFIED)


def read_another(client: TableClient) -> None:
    client.get_entity("p", "none")


def insert_two(client: TableClient) -> None:
    client.submit_transaction([("create", {**KEY, "RowKey": "new"}, {}), ("create", KEY, {})])


def replace_two(client: TableClient) -> None:
    old = {"etag": "W/\"datetime'2026-01-01T00%3A00%3A00.0000000Z'\"", **NOT_MODIFIED}
    client.submit_transaction([("create", {**KEY, "RowKey": "new"}, {}), ("update", KEY, old)])


def insert_odd_key(client: TableClient) -> None:
    client.create_entity({**KEY, "RowKey": "x" * 2000})


@pytest.mark.parametrize("has_table", [True, False], ids=["the table is there", "the table is missing"])
@pytest.mark.parametrize(
    "call", [insert, replace, replace_another, read_another, insert_two, replace_two, insert_odd_key]
)
def test_a_refusal_is_the_sdks_own_error(
    clients: tuple[TableClient, TableClient], call: Callable[[TableClient], None], *, has_table: bool
) -> None:
    """Its class, status, code, and the index of the refused row: `Table` tells a conflict by them."""
    ours, sdk = clients
    if has_table:
        sdk.create_entity(KEY)
    else:
        sdk.delete_table()
    with pytest.raises(HttpResponseError) as expected:
        call(sdk)
    with pytest.raises(HttpResponseError) as caught:
        call(ours)

    assert _what(caught.value) == _what(expected.value)
    # The SDK names no code for a refused insert.
    assert _code(caught.value) == _code(expected.value) or (_code(caught.value) and not _code(expected.value))
    if has_table:
        assert [row["RowKey"] for row in sdk.list_entities()] == ["r"]


def _what(error: HttpResponseError) -> tuple[object, ...]:
    return type(error), error.status_code, getattr(error, "index", None)


def _code(error: HttpResponseError) -> str:
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def test_a_transaction_is_written_as_the_sdk_does(clients: tuple[TableClient, TableClient]) -> None:
    ours, sdk = clients
    etag = sdk.create_entity({**KEY, "n": 1})["etag"]
    other = {**KEY, "RowKey": "it's ü%27 \U0001f600", "text": "--x\r\nHTTP/1.1 500 no", "at": UTC_NOW}
    answers = ours.submit_transaction(
        [("update", {**KEY, "n": 2}, {"etag": etag, **NOT_MODIFIED}), ("create", other, {})], retry_total=0
    )

    rows = {row["RowKey"]: row for row in sdk.list_entities()}
    assert rows == {"r": {**KEY, "n": 2}, other["RowKey"]: other}
    assert [answer["etag"] for answer in answers] == [
        rows[key].metadata["etag"] for key in ("r", other["RowKey"])
    ]


def test_what_it_does_not_know_is_left_to_the_sdk(clients: tuple[TableClient, TableClient]) -> None:
    """Other columns, other modes and other kinds of operations work as in the SDK."""
    ours, sdk = clients
    ours.submit_transaction([("upsert", {**KEY, "a": 1, "b": 2}, {}), ("create", {**KEY, "RowKey": "s"}, {})])
    ours.update_entity({**KEY, "a": 3})

    assert ours.get_entity("p", "r", select=["a"]) == {"a": 3}
    assert sdk.get_entity("p", "r") == {**KEY, "a": 3, "b": 2}


def test_a_shared_access_signature_is_a_credential(clients: tuple[TableClient, TableClient]) -> None:
    ours, sdk = clients
    assert isinstance(sdk.credential, AzureNamedKeyCredential)
    token = generate_account_sas(
        sdk.credential,
        ResourceTypes(service=True, object=True),
        AccountSasPermissions(read=True, add=True, update=True),
        datetime.now(UTC) + timedelta(days=3650),  # other tests move Azurite's clock
    )
    storage = StorageSettings(connection_string=f"TableEndpoint={ours.url};SharedAccessSignature={token}")
    with table_client(ours.table_name, storage, None) as signed:
        etag = signed.create_entity(KEY)["etag"]
        signed.submit_transaction([("update", {**KEY, "n": 1}, {"etag": etag, **NOT_MODIFIED})])
        assert signed.get_entity("p", "r") == {**KEY, "n": 1}
