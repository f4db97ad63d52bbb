"""How any row of the `mailboxes` table is read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shared.storage.mailboxes import Mailbox, MailboxState, mailbox_from
from shared.worker.mailboxes.coverage import Coverage, coverage_of
from shared.worker.mailboxes.plans import NOTHING, Requirements, ScopeStatus, plan_mailbox

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ADA = "aaaaaaaa-0000-4000-8000-000000000001"
COLUMNS = [name for name in Mailbox.__dataclass_fields__ if name not in {"id", "subscriptions", "unclear"}]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(["active", "removed", "asleep"]),
)


def read(**columns: Any) -> Mailbox:
    return mailbox_from(ADA, columns, NOW)


@given(st.dictionaries(st.sampled_from(["v", "surprise", *COLUMNS]), VALUES))
def test_any_row_is_read_and_planned_for(values: dict[str, Any]) -> None:
    """No row raises an error: it is readable, or names why Joinlink must not touch it."""
    row = read(**values)
    planned = plan_mailbox(
        row, ScopeStatus.INSIDE, "", Requirements(endpoint="e", sweep_every=timedelta(hours=6), now=NOW)
    )

    assert not row.unclear or (planned, coverage_of(row, NOW)) == (NOTHING, Coverage.UNCLEAR)
    assert not row.unclear or row.is_read_only


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        pytest.param({"v": 2, "state": "dreaming"}, "a later version wrote it", id="a later version"),
        pytest.param({"v": "two"}, "its version can't be read", id="no version"),
        pytest.param({"state": "dreaming"}, "column state can't be read", id="an unknown state"),
        pytest.param({"expires": "soon"}, "column expires can't be read", id="text for a timestamp"),
        pytest.param({"why": 7}, "column why can't be read", id="a number for text"),
        pytest.param({"page_size": "many"}, "column page_size can't be read", id="text for a number"),
        pytest.param({"v": 1, "surprise": b"x"}, "", id="a column of a later release"),
        pytest.param({}, "", id="nothing"),
    ],
)
def test_an_unclear_row_names_the_reason(columns: dict[str, Any], why: str) -> None:
    """The column, never its content."""
    assert read(**columns).unclear == why


@pytest.mark.parametrize(
    ("column", "ahead", "is_accepted"),
    [
        pytest.param("last_sweep", timedelta(minutes=1), True, id="clocks differ by a minute"),
        pytest.param("last_sweep", timedelta(hours=1), False, id="a sweep in the future"),
        pytest.param("asked_until", timedelta(hours=7), True, id="a long delay"),
        pytest.param("asked_until", timedelta(days=30), False, id="a delay by a clock far ahead"),
        pytest.param("making_until", timedelta(days=1), False, id="a creation that never ends"),
        pytest.param("expires", timedelta(days=7), True, id="a lifetime that Graph allows"),
        pytest.param("expires", timedelta(days=40), False, id="a lifetime that Graph never allows"),
        pytest.param("renew_at", timedelta(days=40), False, id="a renewal after the expiry"),
        pytest.param("state_since", timedelta(days=40), False, id="a pause that never ends"),
    ],
)
def test_a_timestamp_in_the_future_delays_nothing(column: str, ahead: timedelta, is_accepted: bool) -> None:
    """Another machine's clock was wrong: the column counts as empty."""
    moment = NOW + ahead

    assert getattr(read(**{column: moment}), column) == (moment if is_accepted else None)


def test_a_row_also_names_the_subscriptions_of_a_later_release() -> None:
    """After a rollback none of them counts as surplus."""
    row = read(state="active", subscription="a", subscription_2="b")

    assert (row.state, row.subscription, row.subscriptions) == (
        MailboxState.ACTIVE,
        "a",
        frozenset({"a", "b"}),
    )
