"""The week of a small tenant: what the one of 100,000 mailboxes shows, in seconds."""

from collections import Counter
from datetime import timedelta

import pytest

from sandbox.simulate.figures import Figures
from sandbox.simulate.memory import Memory, measure
from sandbox.simulate.town import START, Town
from sandbox.simulate.week import WEEK, Week, is_sampled
from shared.storage.mailboxes import MailboxState

MAILBOXES = 300


@pytest.fixture(scope="module")
def week() -> Week:
    """Return a week that is over; nothing here changes it."""
    played = Week(Town(MAILBOXES))
    played.play()
    return played


def test_everybody_is_watched_at_the_end(week: Week) -> None:
    """By one subscription each, which the row names."""
    town = week.town
    active = {one.id: one.mailbox for _row, one in town.graph.subscriptions.active()}
    rows = list(town.product.mailboxes.all())

    assert town.clock() == START + WEEK
    assert Counter(active.values()) == Counter(town.users)
    assert {row.subscription for row in rows} == set(active)
    assert {row.state for row in rows} == {MailboxState.ACTIVE}


def test_no_limit_of_graphs_is_passed(week: Week) -> None:
    """No window ever held more than Graph serves, so nothing was refused."""
    assert {name: w.peak for name, w in week.town.graph.limits.windows.items() if w.peak > w.most} == {}
    assert week.complaints == Counter()


def test_nobody_is_renewed_needlessly(week: Week) -> None:
    """One subscription in a week, renewed at half of its life, twice: one write more would be one too many."""
    made = week.town.graph.counted
    writes = {call[0]: n for call, n in made.items() if call[0] != "GET"}

    assert writes == {"POST": MAILBOXES, "PATCH": 2 * MAILBOXES}


def test_nobody_waits_for_a_sweep(week: Week) -> None:
    """Every six hours, and the quarter of an hour until the timer looks and its tasks are spread."""
    now = week.town.clock()
    waits = [now - row.last_sweep for row in week.town.product.mailboxes.all() if row.last_sweep]

    assert len(waits) == MAILBOXES
    assert max(waits) < timedelta(hours=6, minutes=30)


def test_what_was_counted_is_what_the_product_calls(week: Week) -> None:
    """A sweep by schedule that is carried out makes the same two calls as one that is only counted.

    The first one, right after its subscription was made, need not ask for that.
    """
    made = week.town.graph.counted
    carried_out = week.sweeps["carried out"]
    sampled = sum(is_sampled(user) for user in week.town.users)

    assert carried_out > 0
    assert made["GET", "/users/<user>/calendarView"] == carried_out
    assert made["GET", "/subscriptions/<subscription>"] == carried_out - sampled


def test_a_run_of_maintenance_takes_little_memory(week: Week) -> None:
    """Measured in a process of its own, with storage and Graph elsewhere."""
    memory = measure(week.town)

    assert memory.after - memory.before < 30_000_000


def test_the_figures_are_told(week: Week) -> None:
    """Calls by kind, limits, and which hours were played."""
    told = Figures.of(week, {MAILBOXES: Memory(2**20, 3 * 2**20)}, 0, timedelta(seconds=9)).markdown()

    assert "played in full: hours 0 to 9.5, 82 to 86, 164 to 168." in told
    assert "| renew a subscription | 600 | 0 | 0 | 600 |" in told
    assert "| subscription writes | 500 in 20 s | 200 | 40.0% |" in told
    assert "| 300 | 1 | 3 | 2 |" in told
