"""The circuit breaker: while Graph is down, one call at a time probes it."""

from datetime import UTC, datetime, timedelta

from shared.graph.circuit_breaker import FIRST_WAIT, MAX_WAIT, PROBE_TIMEOUT, CircuitBreaker

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
NO_WAIT, SECOND = timedelta(0), timedelta(seconds=1)


def opened() -> CircuitBreaker:
    """Return a circuit breaker that has just opened."""
    breaker = CircuitBreaker()
    assert [breaker.failed(f"m{n}", NOW) for n in range(5)] == [False] * 4 + [True]
    return breaker


def test_five_mailboxes_without_an_answer_open_the_circuit() -> None:
    """Then all calls wait."""
    breaker = opened()

    assert breaker.wait(NOW) == FIRST_WAIT
    assert breaker.wait(NOW + SECOND) == FIRST_WAIT - SECOND


def test_one_failing_mailbox_stops_no_other() -> None:
    """Even if it fails a hundred times."""
    breaker = CircuitBreaker()
    for _ in range(100):
        breaker.failed("moving", NOW)

    assert breaker.wait(NOW) == NO_WAIT


def test_a_success_resets_the_count() -> None:
    """It shows that Graph works."""
    breaker = CircuitBreaker()
    for n in range(100):
        breaker.failed(f"m{n}", NOW)
        if n % 4 == 3:
            breaker.succeeded()

    assert breaker.wait(NOW) == NO_WAIT


def test_one_call_at_a_time_probes() -> None:
    """Of thirty-two threads one may call."""
    breaker = opened()
    later = NOW + FIRST_WAIT

    assert [breaker.wait(later) == NO_WAIT for _ in range(32)].count(True) == 1


def test_a_success_closes_the_circuit() -> None:
    """The next outage starts with the first wait again."""
    breaker = opened()
    breaker.wait(NOW + FIRST_WAIT)

    assert breaker.succeeded()
    assert breaker.wait(NOW) == NO_WAIT
    assert not breaker.succeeded()


def test_each_probe_without_an_answer_doubles_the_wait_up_to_five_minutes() -> None:
    """An outage of an hour costs some twenty calls, for any number of messages."""
    breaker, now, waits = opened(), NOW, []
    for _ in range(8):
        now += breaker.wait(now)
        assert breaker.wait(now) == NO_WAIT
        breaker.failed("m0", now)
        waits.append(breaker.wait(now).total_seconds())

    assert waits == [20, 40, 80, 160, 300, 300, 300, 300]
    assert timedelta(seconds=300) == MAX_WAIT


def test_calls_in_progress_do_not_make_the_wait_longer() -> None:
    """They started before the circuit opened."""
    breaker = opened()
    for n in range(30):
        breaker.failed(f"late{n}", NOW)

    assert breaker.wait(NOW) == FIRST_WAIT


def test_a_lost_probe_is_replaced() -> None:
    """Its thread may be dead."""
    breaker = opened()
    breaker.wait(NOW + FIRST_WAIT)

    assert breaker.wait(NOW + FIRST_WAIT + SECOND) > NO_WAIT
    assert breaker.wait(NOW + FIRST_WAIT + PROBE_TIMEOUT) == NO_WAIT


def test_a_clock_that_is_set_back_does_not_make_the_wait_longer() -> None:
    """Otherwise all calls would wait until the clock has caught up."""
    assert opened().wait(NOW - timedelta(hours=3)) == NO_WAIT
