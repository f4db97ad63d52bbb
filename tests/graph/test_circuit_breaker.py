"""The breaker: while Graph is down as a whole, one call at a time tries."""

from datetime import UTC, datetime, timedelta

from shared.graph.circuit_breaker import FIRST_WAIT, MAX_WAIT, PROBE_TIMEOUT, CircuitBreaker

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
NOTHING, SECOND = timedelta(0), timedelta(seconds=1)


def opened() -> CircuitBreaker:
    """Return a breaker that has just opened."""
    breaker = CircuitBreaker()
    assert [breaker.failed(f"m{n}", NOW) for n in range(5)] == [False] * 4 + [True]
    return breaker


def test_five_mailboxes_without_an_answer_open_it() -> None:
    """Then the others wait."""
    breaker = opened()

    assert breaker.wait(NOW) == FIRST_WAIT
    assert breaker.wait(NOW + SECOND) == FIRST_WAIT - SECOND


def test_one_mailbox_that_moves_stops_nobody_else() -> None:
    """However often it fails."""
    breaker = CircuitBreaker()
    for _ in range(100):
        breaker.failed("moving", NOW)

    assert breaker.wait(NOW) == NOTHING


def test_a_success_between_starts_the_count_again() -> None:
    """Graph as a whole is well then."""
    breaker = CircuitBreaker()
    for n in range(100):
        breaker.failed(f"m{n}", NOW)
        if n % 4 == 3:
            breaker.succeeded()

    assert breaker.wait(NOW) == NOTHING


def test_one_call_at_a_time_tries() -> None:
    """Thirty-two threads ask at once; one goes."""
    breaker = opened()
    later = NOW + FIRST_WAIT

    assert [breaker.wait(later) == NOTHING for _ in range(32)].count(True) == 1


def test_a_success_closes_it() -> None:
    """And the next outage begins with the first wait again."""
    breaker = opened()
    breaker.wait(NOW + FIRST_WAIT)

    assert breaker.succeeded()
    assert breaker.wait(NOW) == NOTHING
    assert not breaker.succeeded()


def test_each_probe_without_an_answer_doubles_the_wait_up_to_five_minutes() -> None:
    """An hour's outage costs some twenty calls, however many messages wait."""
    breaker, now, waits = opened(), NOW, []
    for _ in range(8):
        now += breaker.wait(now)
        assert breaker.wait(now) == NOTHING
        breaker.failed("m0", now)
        waits.append(breaker.wait(now).total_seconds())

    assert waits == [20, 40, 80, 160, 300, 300, 300, 300]
    assert timedelta(seconds=300) == MAX_WAIT


def test_calls_that_were_under_way_do_not_lengthen_the_wait() -> None:
    """They began before it opened."""
    breaker = opened()
    for n in range(30):
        breaker.failed(f"late{n}", NOW)

    assert breaker.wait(NOW) == FIRST_WAIT


def test_a_probe_that_never_reports_is_followed_by_another() -> None:
    """Its thread may be dead."""
    breaker = opened()
    breaker.wait(NOW + FIRST_WAIT)

    assert breaker.wait(NOW + FIRST_WAIT + SECOND) > NOTHING
    assert breaker.wait(NOW + FIRST_WAIT + PROBE_TIMEOUT) == NOTHING


def test_a_clock_that_is_set_back_does_not_lengthen_the_wait() -> None:
    """Or nothing would be tried until it has caught up."""
    assert opened().wait(NOW - timedelta(hours=3)) == NOTHING
