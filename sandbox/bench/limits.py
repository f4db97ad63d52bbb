"""Measures how many writes a second one rule's limits can count, in two processes with many threads each."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing import get_context
from time import perf_counter

from sandbox.azurite import Azurite
from shared.rules.policy import RuleLimits
from shared.settings import StorageSettings
from shared.storage.counters import Charge, Counters
from shared.storage.tables import Table

PROCESSES, THREADS, CHARGES = 2, 32, 1_000
_TABLE = "benchcounters"
_NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
_LIMITS = RuleLimits(per_hour=PROCESSES * CHARGES - 100, per_mailbox_per_day=CHARGES)


def charges_per_second(storage: Azurite) -> tuple[float, int]:
    """Return charges a second, and how many were granted beyond the limit (less than 0: too few)."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as processes:
        runs = [processes.submit(_charge, storage.connection_string, number) for number in range(PROCESSES)]
        results = [run.result() for run in runs]
    assert _LIMITS.per_hour is not None
    rate = sum(CHARGES / seconds for _granted, seconds in results)
    return rate, sum(granted for granted, _seconds in results) - _LIMITS.per_hour


def _charge(connection_string: str, process: int) -> tuple[int, float]:
    """Charge in many threads; return how many charges were granted, and the seconds that all took."""
    connected = Table.connect(_TABLE, StorageSettings(connection_string=connection_string), None)
    with closing(connected), ThreadPoolExecutor(THREADS) as threads:
        counters, began = Counters(connected), perf_counter()
        refused = list(threads.map(lambda n: counters.charge(_write(process, n)), range(CHARGES)))
        return refused.count(None), perf_counter() - began


def _write(process: int, number: int) -> Charge:
    """Return the charge of a write: each mailbox gets ten."""
    return Charge(rule="external", mailbox=f"mailbox-{process}-{number // 10}", limits=_LIMITS, at=_NOW)
