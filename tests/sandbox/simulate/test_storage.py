"""The storage in memory and Azurite pass the same tests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.storage.queue import QueueClient, TextBase64DecodePolicy

from sandbox.simulate.queue import MemoryQueue
from sandbox.simulate.table import MemoryTable
from shared.domain.meeting import Meeting, MeetingState
from shared.domain.queue_port import QueueSender
from shared.errors import StateChanged
from shared.settings import StorageSettings
from shared.storage.mailboxes import Mailboxes, MailboxState
from shared.storage.maintenance_lease import MaintenanceLease
from shared.storage.meetings import Meetings, StoredMeeting
from shared.storage.queues import MessageQueue
from shared.storage.tables import Table

if TYPE_CHECKING:
    from sandbox.azurite import Azurite

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
BOTH = pytest.mark.parametrize("where", ["memory", "azurite"], indirect=True)


@dataclass
class SimulatedQueue:
    """A queue to send to, a way to dequeue the next visible message, and a way to move its clock."""

    send: QueueSender
    take: Callable[[], str | None]
    advance: Callable[[timedelta], None]


@pytest.fixture
def where(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def table(where: str, request: pytest.FixtureRequest, unique: Callable[[str], str]) -> Iterator[Table]:
    if where == "memory":
        yield MemoryTable("t", lambda: NOW).connect()
        return
    azurite: Azurite = request.getfixturevalue("azurite")
    connected = Table.connect(unique("t"), StorageSettings(connection_string=azurite.connection_string), None)
    yield connected
    connected.close()


@pytest.fixture
def queue(
    where: str, request: pytest.FixtureRequest, unique: Callable[[str], str]
) -> Iterator[SimulatedQueue]:
    if where == "memory":
        passed: list[timedelta] = []
        memory = MemoryQueue("q", lambda: NOW + sum(passed, timedelta()))
        yield SimulatedQueue(memory, memory.take, passed.append)
        return
    azurite: Azurite = request.getfixturevalue("azurite")
    name = unique("q")
    storage = StorageSettings(connection_string=azurite.connection_string)
    sender = MessageQueue.connect(name, storage, None)
    with QueueClient.from_connection_string(
        storage.connection_string, name, message_decode_policy=TextBase64DecodePolicy()
    ) as client:
        yield SimulatedQueue(sender, lambda: _take(client), azurite.advance)
    sender.close()


def _take(client: QueueClient) -> str | None:
    message = client.receive_message(visibility_timeout=60)
    if message is None:
        return None
    client.delete_message(message)
    return str(message.content)


@BOTH
def test_a_message_becomes_visible_after_its_delay(queue: SimulatedQueue) -> None:
    """Not earlier, in the order of visibility, and only once."""
    queue.send.send("later", timedelta(minutes=5))
    queue.send.send("sooner", timedelta(seconds=0.4))
    assert queue.take() is None
    queue.advance(timedelta(seconds=2))
    assert [queue.take(), queue.take()] == ["sooner", None]
    queue.advance(timedelta(minutes=5))
    assert [queue.take(), queue.take()] == ["later", None]


@BOTH
def test_rows_are_listed_by_id_page_by_page(table: Table) -> None:
    """A row that is written meanwhile is included if its page was not read yet; a page has 1,000 rows."""
    mailboxes = Mailboxes(table, lambda: NOW)
    ids = [f"00{n * 7919 % 1_001:04x}" for n in range(1_001)]
    fill(table, ids)
    rows = mailboxes.all()
    first = next(rows)
    for one in (min(ids), sorted(ids)[1], max(ids)):
        mailboxes.update(one, subscription="new")
    read = [first, *rows]

    assert [row.id for row in read] == sorted(ids)
    assert [row.id for row in read if row.subscription] == [max(ids)]


def fill(table: Table, ids: list[str]) -> None:
    """Create a row for each id; in Azurite in batches of 100."""
    client: Any = table._client
    if isinstance(client, MemoryTable):
        for one in ids:
            table.merge(one[:2], one, {})
        return
    client.create_table()
    rows = [{"PartitionKey": one[:2], "RowKey": one} for one in ids]
    for n in range(0, len(rows), 100):
        client.submit_transaction([("upsert", row) for row in rows[n : n + 100]])


@BOTH
def test_an_update_changes_only_its_columns(table: Table) -> None:
    """Other columns stay, None empties a column, and types are kept."""
    mailboxes = Mailboxes(table, lambda: NOW)
    mailboxes.update("ada", state=MailboxState.ACTIVE, expires=NOW, why="because")
    mailboxes.update("ada", why=None, renew_at=NOW)
    row = mailboxes.read("ada")

    assert (row.state, row.why, row.expires, row.renew_at) == (MailboxState.ACTIVE, "", NOW, NOW)
    assert mailboxes.read("bo").state is None
    mailboxes.update("ada", expires=None)
    assert mailboxes.read("ada").expires is None


@BOTH
def test_the_second_of_two_writers_gets_an_error(table: Table) -> None:
    """A row is replaced only if it is unchanged since it was read."""
    meetings = Meetings(table)
    meeting = Meeting(
        state=MeetingState.ENABLED, at=NOW, attempts=1, provider="p", rule="r", policy_hash="h", etag="e"
    )
    first = meetings.write("ada", "event", meeting, after=StoredMeeting())
    second = meetings.write("ada", "event", meeting, after=first)
    for stale in (StoredMeeting(), first):
        with pytest.raises(StateChanged):
            meetings.write("ada", "event", meeting, after=stale)

    assert meetings.write("ada", "event", meeting, after=second).etag != second.etag


@BOTH
def test_rows_are_found_by_partition_and_state(table: Table) -> None:
    """The only query of a sweep."""
    meetings = Meetings(table)
    for mailbox, event, state in (
        ("ada", "a", MeetingState.ENABLED),
        ("ada", "b", MeetingState.ATTEMPTED),
        ("bo", "c", MeetingState.ATTEMPTED),
    ):
        meetings.write(mailbox, event, Meeting(state=state, at=NOW), after=StoredMeeting())

    assert meetings.keys_in_states("ada", [MeetingState.ATTEMPTED]) == {meetings.key("b")}
    assert meetings.keys_in_states("cy", [MeetingState.ATTEMPTED]) == set()


@BOTH
def test_a_lease_has_one_holder(table: Table) -> None:
    """Until it is released."""
    lease = MaintenanceLease(table)
    assert lease.take("one")
    assert not lease.take("two")
    lease.release("one")
    assert lease.take("two")


@BOTH
def test_an_empty_table_has_no_rows(table: Table) -> None:
    """A table that does not exist yet reads as empty."""
    assert list(table.rows()) == []
    assert table.read("p", "r") is None
