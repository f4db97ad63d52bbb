from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import ServiceResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableClient
from hypothesis import HealthCheck, given, settings, strategies as st

from sandbox.azurite import Azurite
from shared.domain.meeting import Answer, Meeting, MeetingState
from shared.errors import StateChanged, StorageUnavailable
from shared.rules.policy import RuleLimits
from shared.settings import StorageSettings
from shared.storage.counters import Counters
from shared.storage.mailboxes import Mailboxes, MailboxState
from shared.storage.meetings import Meetings, StoredMeeting
from shared.storage.tables import Table
from tests.storage.test_counters import ADA, BO, NOW, write


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(
    event=st.text(min_size=1, max_size=300),
    state=st.sampled_from(MeetingState),
    attempts=st.integers(0, 3),
    rule=st.text(max_size=50),
    ends=st.none() | st.just(NOW),
    charged=st.lists(st.text(max_size=20)).map(tuple),
    answer=st.sampled_from(Answer),
)
def test_a_meeting_is_read_as_it_was_written(
    table: Table,
    *,
    event: str,
    state: MeetingState,
    attempts: int,
    rule: str,
    ends: datetime | None,
    charged: tuple[str, ...],
    answer: Answer,
) -> None:
    """With any characters in its id: table keys allow few, so ids are hashed."""
    meetings = Meetings(table)
    meeting = Meeting(
        state=state,
        at=NOW,
        event=event,
        attempts=attempts,
        provider="p",
        rule=rule,
        policy_hash="h",
        etag='W/"1"',
        ends=ends,
        lease="holder",
        charged=charged,
        before=MeetingState.NOT_HONORED,
        answer=answer,
        detail=rule,
        doubts=attempts,
    )
    before = meetings.read(ADA, event)
    meetings.write(ADA, event, meeting, after=before)

    assert meetings.read(ADA, event).meeting == meeting


def test_a_row_of_meetings_has_these_columns(table: Table) -> None:
    """Other versions of Joinlink read them, so a release may only add columns."""
    meeting = Meeting(state=MeetingState.ATTEMPTED, at=NOW, lease="holder", charged=("hour-1", "day-1"))
    Meetings(table).write(ADA, "AAMk", replace(meeting, ends=NOW), after=StoredMeeting())
    [row] = table.rows()

    assert {name: row[name] for name in ("v", "event", "state", "lease", "charged", "ends")} == {
        "v": 1,
        "event": "AAMk",
        "state": "attempted",
        "lease": "holder",
        "charged": '["hour-1", "day-1"]',
        "ends": NOW,
    }
    optional = {"attempts", "doubts", "provider", "rule", "policy_hash", "etag", "before", "detail", "answer"}
    assert optional <= set(row)


def test_a_row_of_another_release_is_read(table: Table) -> None:
    """Unknown columns are ignored; missing ones have their defaults."""
    meetings = Meetings(table)
    table.merge(ADA, meetings.key("AAMk"), {"v": 1, "state": "enabled", "at": NOW, "added": "later"})

    assert meetings.read(ADA, "AAMk").meeting == Meeting(state=MeetingState.ENABLED, at=NOW)


def test_the_age_of_a_row_is_measured_by_the_table_service(table: Table, azurite: Azurite) -> None:
    """The writer's own time does not matter. The service's time is precise to a second."""
    meetings = Meetings(table)
    far = Meeting(state=MeetingState.ATTEMPTED, at=NOW + timedelta(days=400), lease="holder")
    meetings.write(ADA, "AAMk", far, after=StoredMeeting())
    azurite.advance(timedelta(seconds=90))

    assert abs(meetings.read(ADA, "AAMk").age - timedelta(seconds=90)) <= timedelta(seconds=2)


def test_two_writers_of_a_meeting_dont_overwrite_each_other(table: Table) -> None:
    """The second gets an error, reads again and decides again."""
    meetings = Meetings(table)
    attempted = Meeting(state=MeetingState.ATTEMPTED, at=NOW)
    first = meetings.write(ADA, "e", attempted, after=StoredMeeting())
    with pytest.raises(StateChanged):
        meetings.write(ADA, "e", attempted, after=StoredMeeting())
    meetings.write(ADA, "e", attempted, after=first)
    with pytest.raises(StateChanged):
        meetings.write(ADA, "e", attempted, after=first)


def test_an_event_is_found_by_its_mailbox_and_exact_id(table: Table) -> None:
    """Two ids may differ only in case."""
    meetings = Meetings(table)
    meetings.write(ADA, "AAMk", Meeting(state=MeetingState.ENABLED, at=NOW), after=StoredMeeting())

    assert meetings.read(BO, "AAMk") == meetings.read(ADA, "aamk") == StoredMeeting()


def test_the_last_state_of_a_mailbox_counts(table: Table) -> None:
    mailboxes = Mailboxes(table, lambda: NOW)
    assert mailboxes.read(ADA).state is None
    for state in (MailboxState.FORBIDDEN, MailboxState.ACTIVE):
        mailboxes.set_state(ADA, state, why="ErrorAccessDenied", at=NOW)
        assert mailboxes.read(ADA).state is state


class LosingAnswers(RequestsTransport):  # type: ignore[misc]  # the SDK hides its type
    """A connection that can lose the answer to the next write: all of it, or its status."""

    loses_next: bool = False
    status: int | None = None

    def send(self, request: Any, **options: Any) -> Any:
        """Send the request."""
        answer = super().send(request, **options)
        if not self.loses_next or request.method == "GET":
            return answer
        self.loses_next = False
        if self.status is None:
            raise ServiceResponseError("lost on the way")
        answer.status_code = self.status
        return answer


@pytest.fixture(params=[None, 500], ids=["no answer", "an error after the effect"])
def losing(
    request: pytest.FixtureRequest, azurite: Azurite, unique: Callable[[str], str]
) -> Iterator[tuple[Table, LosingAnswers]]:
    """Return a table and its connection, which can lose answers."""
    connection = LosingAnswers()
    connection.status = request.param
    client = TableClient.from_connection_string(
        azurite.connection_string, unique("t"), transport=connection, retry_total=1
    )
    yield Table(client), connection
    client.close()


def test_a_refund_whose_answer_was_lost_counts_once(losing: tuple[Table, LosingAnswers]) -> None:
    """Two an hour, both used, one refunded: there is room for one, not for two."""
    table, connection = losing
    counters, limits = Counters(table), RuleLimits(per_hour=2)
    for _ in range(2):
        counters.charge(write(limits))
    connection.loses_next = True
    with pytest.raises(StorageUnavailable):
        counters.refund("rule", (window for window, _most in write(limits).windows))

    assert [counters.charge(write(limits)) is None for _ in range(2)] == [True, False]


@pytest.mark.parametrize("is_new", [True, False], ids=["a new row", "a row that was read"])
def test_our_own_write_is_not_a_conflict(losing: tuple[Table, LosingAnswers], *, is_new: bool) -> None:
    """A write whose answer was lost is found in the table: it is not an error."""
    table, connection = losing
    meetings, attempted = Meetings(table), Meeting(state=MeetingState.ATTEMPTED, at=NOW)
    first = meetings.write(ADA, "e", attempted, after=StoredMeeting())
    connection.loses_next = True
    event = "another" if is_new else "e"
    found = meetings.write(ADA, event, attempted, after=StoredMeeting() if is_new else first)

    assert found.etag == meetings.read(ADA, event).etag
    assert not connection.loses_next


def test_a_write_that_never_arrived_is_an_error(table: Table) -> None:
    """Another row is there: the message comes again."""
    meetings = Meetings(Deaf(table._client))
    Meetings(table).write(ADA, "e", Meeting(state=MeetingState.SEEN_ONLINE, at=NOW), after=StoredMeeting())
    with pytest.raises(StorageUnavailable):
        meetings.write(ADA, "e", Meeting(state=MeetingState.ATTEMPTED, at=NOW), after=StoredMeeting())


class Deaf(Table):
    """A table whose writes fail."""

    def write(self, *_row: Any, **_etag: Any) -> str:
        """Fail before anything is written."""
        raise StorageUnavailable("table t is not available")


def test_a_table_that_does_not_answer_is_an_error() -> None:
    """The message comes again."""
    nowhere = StorageSettings(
        connection_string="AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:9/a"
    )
    table = Table.connect("t", nowhere, None)
    with pytest.raises(StorageUnavailable, match="table t"):
        table.read("p", "r")
    table.close()


def test_every_mailbox_is_listed_in_the_order_of_ids(table: Table) -> None:
    """Across all partitions and pages: maintenance merges them with the scope."""
    mailboxes = Mailboxes(table, lambda: NOW)
    mailboxes.update("00", why="so that the table is there")
    ids = [f"{n % 256:02x}{n:06x}" for n in range(1_010)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda one: mailboxes.update(one, subscription=f"of {one}"), ids))

    assert [row.id for row in mailboxes.all()] == ["00", *sorted(ids)]


def test_a_column_of_a_mailbox_can_be_cleared(table: Table) -> None:
    """A cleared timestamp reads as None, not as the year 1."""
    mailboxes = Mailboxes(table, lambda: NOW)
    mailboxes.update(ADA, absent_since=NOW, subscription="s1", last_sweep=NOW)
    mailboxes.update(ADA, absent_since=None, subscription="")

    row = mailboxes.read(ADA)
    assert (row.absent_since, row.subscription, row.last_sweep) == (None, "", NOW)


def test_a_missing_table_has_no_rows(table: Table) -> None:
    """The first run of a new tenant finds no rows, and no error."""
    assert list(Mailboxes(table, lambda: NOW).all()) == []
