"""How well a mailbox is watched."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.storage.mailboxes import Mailbox, MailboxState
from shared.worker.mailboxes.coverage import Coverage, coverage_of, is_lapsing

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ACTIVE = MailboxState.ACTIVE


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(Mailbox(id="ada"), Coverage.UNWATCHED, id="no row"),
        pytest.param(Mailbox(id="ada", state=ACTIVE), Coverage.UNWATCHED, id="no subscription"),
        pytest.param(Mailbox(id="ada", state=ACTIVE, subscription="s"), Coverage.WATCHED, id="no expiry"),
        pytest.param(Mailbox(id="ada", state=ACTIVE, subscription="s", expires=NOW), Coverage.EXPIRED, id="expired"),
        pytest.param(Mailbox(id="ada", state=ACTIVE, subscription="s", expires=NOW + timedelta(1)), Coverage.WATCHED, id="watched"),
        pytest.param(Mailbox(id="ada", state=MailboxState.FORBIDDEN, subscription="s"), Coverage.FORBIDDEN, id="forbidden"),
        pytest.param(Mailbox(id="ada", state=MailboxState.UNUSABLE), Coverage.UNUSABLE, id="unusable"),
        pytest.param(Mailbox(id="ada", state=MailboxState.UNUSABLE, why="other_deployment"), Coverage.TAKEN, id="watched by other deployments"),
        pytest.param(Mailbox(id="ada", state=MailboxState.REMOVED), Coverage.REMOVED, id="removed"),
        pytest.param(Mailbox(id="ada", unclear="a later version wrote it"), Coverage.UNCLEAR, id="unclear"),
    ],
)  # fmt: skip
def test_each_mailbox_has_one_coverage(row: Mailbox, expected: Coverage) -> None:
    assert coverage_of(row, NOW) is expected


@pytest.mark.parametrize(
    ("life", "left", "lapsing"),
    [
        pytest.param(timedelta(days=7), timedelta(days=3), False, id="a week: its renewal is due"),
        pytest.param(timedelta(days=7), timedelta(hours=11), True, id="a week: half a day is left"),
        pytest.param(timedelta(days=1), timedelta(hours=11), False, id="a day: its renewal is due"),
        pytest.param(timedelta(days=1), timedelta(hours=1), True, id="a day: an hour is left"),
        pytest.param(timedelta(hours=1), timedelta(minutes=15), False, id="an hour: maintenance runs soon"),
    ],
)
def test_a_late_renewal_depends_on_the_length(life: timedelta, left: timedelta, lapsing: bool) -> None:
    """A subscription that lives for a day never has more than half a day left when it is renewed."""
    expires = NOW + left
    known = Mailbox(id="ada", subscription="s", expires=expires, renew_at=expires - life / 2)

    assert is_lapsing(known, NOW) is lapsing
