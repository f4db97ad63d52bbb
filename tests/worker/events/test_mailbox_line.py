"""When messages return to a busy mailbox."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.worker.events.mailbox_line import MailboxLines

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def lines(seconds: float) -> MailboxLines:
    """Return lines of three places, of a process whose changes take this long."""
    made = MailboxLines(3)
    for _ in range(200):
        made.note_duration(timedelta(seconds=seconds))
    return made


@pytest.mark.parametrize("seconds", [pytest.param(0.3, id="fast"), pytest.param(6.0, id="slow")])
def test_messages_return_at_the_speed_of_the_mailbox(seconds: float) -> None:
    """Three places handle ten messages a second, or one in two seconds."""
    line = lines(seconds)
    waits = [line.join("ada", NOW) for _ in range(60)]

    assert waits == sorted(waits)
    assert waits[0] >= SECOND
    assert waits[-1] == pytest.approx(SECOND + 60 * timedelta(seconds=seconds / 3), abs=SECOND / 10)


def test_each_mailbox_has_its_own_line() -> None:
    """A long one does not delay another mailbox, and ends by itself."""
    line = lines(3)
    first = line.join("ada", NOW)
    for _ in range(60):
        line.join("ada", NOW)

    assert line.join("bo", NOW) == first
    assert line.join("ada", NOW + timedelta(minutes=2)) == first


def test_no_message_waits_longer_than_ten_minutes() -> None:
    """Neither in a very long line, nor after the clock was set back."""
    line = lines(60)
    waits = [line.join("ada", NOW) for _ in range(200)]

    assert max(waits) == timedelta(minutes=10)
    assert line.join("ada", NOW - timedelta(days=1)) == timedelta(minutes=10)
