"""The week of a small tenant: what the week of 100,000 mailboxes shows, in seconds."""

from collections import Counter
from datetime import timedelta

import pytest

from sandbox.simulate.figures import markdown
from sandbox.simulate.memory import PeakMemory, measure
from sandbox.simulate.tenant import START, SimulatedTenant
from sandbox.simulate.week import WEEK, Week, is_sampled
from shared.storage.mailboxes import MailboxState

MAILBOXES = 300


@pytest.fixture(scope="module")
def week() -> Week:
    """Return a week that is over; no test changes it."""
    played = Week(SimulatedTenant(MAILBOXES))
    played.play()
    return played


def test_every_mailbox_is_watched_at_the_end(week: Week) -> None:
    """By one subscription each, whose id is in the row."""
    tenant = week.tenant
    active = {one.id: one.mailbox for _row, one in tenant.graph.subscriptions.active()}
    rows = list(tenant.product.mailboxes.all())

    assert tenant.now == START + WEEK
    assert Counter(active.values()) == Counter(tenant.users)
    assert {row.subscription for row in rows} == set(active)
    assert {row.state for row in rows} == {MailboxState.ACTIVE}


def test_the_week_stays_within_graphs_limits(week: Week) -> None:
    """No window had more calls than Graph allows, so no call failed."""
    assert {name: w.peak for name, w in week.tenant.graph.limits.windows.items() if w.peak > w.most} == {}
    assert week.warnings == Counter()


def test_no_subscription_is_renewed_without_need(week: Week) -> None:
    """Each mailbox has one subscription in a week, renewed twice, at half life."""
    sent = week.tenant.graph.counted
    writes = {call[0]: n for call, n in sent.items() if call[0] != "GET"}

    assert writes == {"POST": MAILBOXES, "PATCH": 2 * MAILBOXES}


def test_every_mailbox_is_swept_in_time(week: Week) -> None:
    """Every six hours, and up to half an hour for the timer and the spread of its tasks."""
    now = week.tenant.now
    waits = [now - row.last_sweep for row in week.tenant.product.mailboxes.all() if row.last_sweep]

    assert len(waits) == MAILBOXES
    assert max(waits) < timedelta(hours=6, minutes=30)


def test_a_counted_sweep_has_the_calls_of_a_real_one(week: Week) -> None:
    """A scheduled sweep of the product makes the calls that are counted for the others.

    Two, one for a further calendar, and once a day one for the list of calendars. The first sweep, right after subscribing, does not read the subscription.
    """
    sent, counted = week.tenant.graph.counted, week.counted_only
    sampled = sum(is_sampled(user) for user in week.tenant.users)
    further = sum(is_sampled(user) for user in week.tenant.further)
    view, lists = "/users/<user>/calendars/<calendar>/calendarView", "/users/<user>/calendars"

    assert week.sweeps_run > 0
    assert sent["GET", "/users/<user>/calendarView"] == week.sweeps_run
    assert sent["GET", "/subscriptions/<subscription>"] == week.sweeps_run - sampled
    assert further > 0
    assert sent["GET", view] * sampled == week.sweeps_run * further
    assert sent["GET", lists] * (MAILBOXES - sampled) == counted["GET", lists] * sampled


def test_a_run_of_maintenance_needs_little_memory(week: Week) -> None:
    """Measured in a separate process, without storage and Graph."""
    memory = measure(week.tenant)

    assert memory.after - memory.before < 30_000_000


def test_the_tables_have_the_figures(week: Week) -> None:
    """Calls by kind, limits, memory, and the hours that were simulated."""
    memory = {MAILBOXES: PeakMemory(2**20, 3 * 2**20)}
    tables = markdown(week, memory, 0, timedelta(seconds=9))

    assert "simulated in full: hours 0 to 9.5, 82 to 86, 164 to 168." in tables
    assert "| renew a subscription | 600 | 0 | 0 | 600 |" in tables
    assert "| subscription writes | 500 in 20 s | 200 | 40.0% |" in tables
    assert "| 300 | 1 | 3 | 2 |" in tables
