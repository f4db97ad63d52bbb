from datetime import timedelta

from shared.domain.messages import TaskKind
from shared.worker.mailboxes.pace import SPREAD, Pace
from shared.worker.mailboxes.plans import Plan


def test_tasks_come_ten_a_second_until_the_next_run() -> None:
    """What does not fit into a quarter of an hour is the next run's; 500 writes in 20 s are far."""
    pace, subscribe = Pace(), Plan(task=TaskKind.SUBSCRIBE)
    delays = [pace.delay(subscribe) for _ in range(9_001)]

    assert delays[200] == timedelta(seconds=20)
    assert delays[8_999] == SPREAD - timedelta(seconds=0.1)
    assert delays[9_000] is None


def test_sweeps_do_not_stand_in_the_way_of_renewals() -> None:
    """They are other calls, with limits of their own."""
    pace = Pace()
    for _ in range(9_001):
        pace.delay(Plan(task=TaskKind.SWEEP))

    assert pace.delay(Plan(task=TaskKind.SWEEP)) is None
    assert pace.delay(Plan(task=TaskKind.RENEW)) == timedelta(0)


def test_what_needs_no_task_needs_no_time() -> None:
    assert Pace().delay(Plan(columns={"why": "guest"})) == timedelta(0)
