"""Limits of rules: charges and refunds."""

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Any

import pytest

from sandbox.azurite import Azurite
from shared.errors import StateChanged, StorageUnavailable
from shared.rules.policy import RuleLimits
from shared.settings import StorageSettings
from shared.storage.counters import Charge, Counters, LimitReached
from shared.storage.tables import Table

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

    def write(self, partition: str, row: str, values: Mapping[str, Any], *, etag: str | None) -> str:
        """Fail for the row of an hour."""
        if row.startswith("hour"):
            raise StateChanged("another process was faster")
        return super().write(partition, row, values, etag=etag)


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
