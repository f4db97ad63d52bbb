import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Event

from azure.core.exceptions import AzureError
from azure.data.tables import TableClient
from azure.storage.queue import LinearRetry, QueueClient

from sandbox.chaos.plan import ChaosPlan
from sandbox.chaos.storage_process import ChaosStorage
from sandbox.clock import SharedClock
from sandbox.faults.fault import FaultAction, FaultWindow, PlannedFault, Target
from sandbox.stage import MONDAY_MORNING

CALM = ChaosPlan(
    seed=1,
    people=1,
    clock_skews=(0,),
    honors_if_match=False,
    active_seconds=0,
    quiet_seconds=0,
    meetings=(),
    fault_windows=(),
)
CRASHES = 2
SLOW = PlannedFault(
    kind="slow", target=Target.TABLE, path="/meetings", action=FaultAction.DELAY, latency=(20, 30)
)
KEY = "0" * 64


def test_killed_storage_has_all_that_it_acknowledged(tmp_path: Path) -> None:
    """Rows and messages are written without a pause while storage is killed and restarted."""
    with ExitStack() as stack:
        clock = SharedClock.create(MONDAY_MORNING, ticks=True)
        stack.callback(clock.remove)
        storage = ChaosStorage(CALM, clock, tmp_path, [tmp_path / "leash"], stack)
        connection = storage.app_connection(0)
        table = stack.enter_context(TableClient.from_connection_string(connection, "rows", retry_total=0))
        retries = LinearRetry(backoff=0, retry_total=0)
        queue = stack.enter_context(
            QueueClient.from_connection_string(connection, "messages", retry_policy=retries)
        )
        table.create_table()
        queue.create_queue()
        stopping = Event()
        with ThreadPoolExecutor() as pool:
            rows = pool.submit(
                _write, lambda key: table.upsert_entity({"PartitionKey": "p", "RowKey": key}), stopping
            )
            messages = pool.submit(_write, queue.send_message, stopping)
            for _ in range(CRASHES):
                storage.crash()
            stopping.set()
        found = {row["RowKey"] for row in table.list_entities()}
        received = {str(message.content) for message in queue.receive_messages(messages_per_page=32)}

        assert len(storage.restarts) == CRASHES
        assert set(rows.result()) - found == set()
        assert set(messages.result()) - received == set()


def test_a_slow_write_of_a_row_is_recorded_too(tmp_path: Path) -> None:
    """The fault hits the call before it takes effect, and a host may be killed after that."""
    window = FaultWindow(fault=SLOW, start=0, duration=3600, probability=1.0, limit=1)
    with ExitStack() as stack:
        clock = SharedClock.create(MONDAY_MORNING, ticks=True)
        stack.callback(clock.remove)
        plan = replace(CALM, fault_windows=(window,))
        storage = ChaosStorage(plan, clock, tmp_path, [tmp_path / "leash"], stack)
        table = stack.enter_context(TableClient.from_connection_string(storage.app_connection(0), "meetings"))
        table.create_table()
        table.upsert_entity({"PartitionKey": "p", "RowKey": KEY})

    assert list(_recorded_rows(tmp_path, kind=SLOW.kind)) == [KEY]
    assert list(_recorded_rows(tmp_path, kind="")) == [KEY]


def _recorded_rows(folder: Path, *, kind: str) -> Iterator[str]:
    calls = map(json.loads, (folder / "storage.jsonl").read_text().splitlines())
    return (call["row"] for call in calls if call["kind"] == kind and call["row"])


def _write(write: Callable[[str], object], stopping: Event) -> list[str]:
    """Write texts until it should stop; return those that were acknowledged."""
    done: list[str] = []
    number = 0
    while not stopping.is_set():
        number += 1
        try:
            write(str(number))
        except AzureError:
            continue
        done.append(str(number))
    return done
