"""Limits of rules: charges and refunds."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from threading import Event

import pytest

from sandbox.azurite import Azurite
from shared.errors import RowConflict, StorageUnavailable
from shared.rules.policy import RuleLimits
from shared.settings import StorageSettings
from shared.storage.counters import Charge, Counters, LimitReached
from shared.storage.tables import RowChange, Table

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ADA = "aaaaaaaa-0000-4000-8000-000000000001"
BO = "bbbbbbbb-0000-4000-8000-000000000002"


def write(limits: RuleLimits, *, rule: str = "rule", mailbox: str = ADA, at: datetime = NOW) -> Charge:
    """Return the charge of a write."""
    return Charge(rule=rule, mailbox=mailbox, limits=limits, at=at)


def test_a_limit_is_never_exceeded_and_resets(table: Table) -> None:
    """Two an hour: the third is refused; the next hour starts at zero."""
    counters, limits = Counters(table), RuleLimits(per_hour=2)

    window = "hour-2026-11-22T08"
    assert [counters.charge(write(limits)) for _ in range(4)] == [
        None,
        None,
        LimitReached(window, 2, is_first=True),
        LimitReached(window, 2, is_first=False),
    ]
    assert counters.charge(write(limits, at=NOW + timedelta(hours=1))) is None
    assert counters.charge(write(limits, rule="other-rule")) is None


def test_a_limit_can_be_asked_without_a_charge(table: Table) -> None:
    """That counts nothing; the first refusal is still the only one that is logged."""
    counters, limits = Counters(table), RuleLimits(per_hour=1, per_mailbox_per_day=9)

    assert [counters.limit_reached(write(limits)) for _ in range(3)] == [None] * 3
    assert counters.charge(write(limits)) is None
    asked = [
        counters.limit_reached(write(limits)),
        counters.limit_reached(write(limits)),
        counters.charge(write(limits)),
    ]
    assert [(full.window, full.is_first) for full in asked if full] == [
        ("hour-2026-11-22T08", True), ("hour-2026-11-22T08", False), ("hour-2026-11-22T08", False),
    ]  # fmt: skip


def test_a_charge_that_one_limit_refuses_counts_in_no_window(table: Table) -> None:
    """Ada's day is full; Bo can still use both writes of the hour."""
    counters, limits = Counters(table), RuleLimits(per_hour=3, per_mailbox_per_day=1)
    ada = [counters.charge(write(limits)) for _ in range(3)]

    assert [full and full.window for full in ada] == [None, *[f"day-2026-11-22-{ADA}"] * 2]
    assert counters.charge(write(limits, mailbox=BO)) is None
    assert counters.charge(write(limits, mailbox="cccccccc")) is None


def test_a_charge_can_be_refunded(table: Table) -> None:
    """If the calendar has no provider, nothing is written."""
    counters, limits = Counters(table), RuleLimits(per_hour=1, per_mailbox_per_day=1)
    counters.charge(write(limits))
    counters.refund("rule", (window for window, _most in write(limits).windows))

    assert counters.charge(write(limits)) is None


class Crowded(Table):
    """A table in which another process is always faster with the row of an hour."""

    def write_together(self, partition: str, changes: Sequence[RowChange]) -> list[str]:
        """Fail for the row of an hour."""
        if hour := next((change.row for change in changes if change.row.startswith("hour")), ""):
            raise RowConflict("another process was faster", hour)
        return super().write_together(partition, changes)


def test_a_charge_that_a_busy_counter_refuses_counts_in_no_window(table: Table) -> None:
    """The counter of the hour is too busy; after any number of tries, Ada's day is still free."""
    limits = RuleLimits(per_hour=3, per_mailbox_per_day=1)
    crowded = Counters(Crowded(table._client))
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="too busy"):
            crowded.charge(write(limits))

    assert Counters(table).charge(write(limits)) is None


def test_a_mailbox_over_its_limit_does_not_use_the_shared_hour(table: Table) -> None:
    """Not even after many refusals. A full hour is still reported."""
    counters, limits = Counters(table), RuleLimits(per_hour=2, per_mailbox_per_day=1)
    for _ in range(5):
        counters.charge(write(limits))
    others = [counters.charge(write(limits, mailbox=name)) for name in (BO, "cccccccc")]

    assert others[0] is None
    assert others[1] == LimitReached("hour-2026-11-22T08", 2, is_first=True)


def test_a_refund_of_another_process_makes_room_at_once(table: Table) -> None:
    """What a process remembers of a counter never refuses a write."""
    ours, other = Counters(table), Counters(table)
    limits = RuleLimits(per_hour=2, per_mailbox_per_day=2)
    windows = [window for window, _limit in write(limits).windows]
    full = [ours.charge(write(limits)), other.charge(write(limits)), ours.charge(write(limits))]
    other.refund("rule", windows)
    asked, charged = ours.limit_reached(write(limits)), ours.charge(write(limits))

    assert [each is None for each in full] == [True, True, False]
    assert (asked, charged) == (None, None)
    assert other.charge(write(limits)) == LimitReached(windows[0], 2, is_first=True)


class Counted(Table):
    """A table that counts its calls, and waits in the first write until `may_write`."""

    def __init__(self, table: Table) -> None:
        super().__init__(table._client)
        self.writes: list[int] = []
        self.is_writing, self.may_write = Event(), Event()

    def write_together(self, partition: str, changes: Sequence[RowChange]) -> list[str]:
        """Count the rows of a write."""
        self.writes.append(len(changes))
        self.is_writing.set()
        assert self.may_write.wait(60)
        return super().write_together(partition, changes)


def test_charges_that_wait_are_written_together(table: Table) -> None:
    """While one charge is written, 20 more wait. All of them need one more write, and the limit is exact."""
    counted, limits = Counted(table), RuleLimits(per_hour=15, per_mailbox_per_day=1)
    counters = Counters(counted)
    names = [f"mailbox-{number}" for number in range(21)]
    with ThreadPoolExecutor(21) as threads:
        first = threads.submit(counters.charge, write(limits, mailbox=names[0]))
        assert counted.is_writing.wait(60)
        others = [threads.submit(counters.charge, write(limits, mailbox=name)) for name in names[1:]]
        while len(counters._joined["rule"]._line) < len(others):
            Event().wait(0.001)
        counted.may_write.set()
        refused = [each.result() for each in others if each.result()]

    assert first.result() is None
    assert counted.writes == [2, 15]  # each mailbox's row, and that of the hour
    assert sorted(full.is_first for full in refused if full) == [False] * 5 + [True]
    assert Counters(table).left(write(RuleLimits(per_hour=15))) == 0


def charge_often(connection_string: str, table: str, times: int) -> int:
    """Charge a limit of 25 in a separate process; return how many charges succeeded."""
    connected = Table.connect(table, StorageSettings(connection_string=connection_string), None)
    taken = [Counters(connected).charge(write(RuleLimits(per_hour=25))) for _ in range(times)]
    connected.close()
    return taken.count(None)


def test_instances_that_charge_concurrently_never_exceed_a_limit(
    azurite: Azurite, unique: Callable[[str], str]
) -> None:
    """Four processes try sixty charges; exactly twenty-five succeed."""
    name = unique("t")
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as instances:
        runs = [instances.submit(charge_often, azurite.connection_string, name, 15) for _ in range(4)]

        assert sum(run.result() for run in runs) == 25
