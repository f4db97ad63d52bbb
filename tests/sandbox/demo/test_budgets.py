from sandbox.demo.budgets import (
    BODY,
    COPY as A_COPY,
    ECHO,
    ENABLED,
    LISTED,
    NO_PROVIDER,
    SKIPPED,
    SWEPT,
    SWEPT_TWO,
    VERIFY,
    calls_used,
    calls_used_by_tasks,
    check_budgets,
    errors,
)
from sandbox.demo.record import EventRecord
from sandbox.graph import Exchange
from tests.sandbox.demo.records import ADA, ADDED, COPY, ONLINE, call, line, task


def test_each_message_has_the_budget_of_its_kind() -> None:
    """Enabled 4, its echo 1, a copy 0; a skip that read the calendar 3."""
    lines = [line(ADDED, 4), line(COPY, 0), line(ONLINE, 1), line(("skipped", "no_provider"), 3)]
    event = EventRecord(lines=lines)

    assert calls_used(event) == [(ENABLED, 4), (A_COPY, 0), (ECHO, 1), (NO_PROVIDER, 3)]
    assert all(budget.is_kept for budget in check_budgets([event], [], [], with_two_calendars=()))


def test_a_check_for_a_late_link_may_read_the_event() -> None:
    """It was requested, so it is not a copy."""
    checks = [line(("not_honored", "no_join_link"), 1), line(COPY, 1)]
    event = EventRecord(lines=[{**check, "source": "verify"} for check in checks])

    assert calls_used(event) == [(VERIFY, 1)] * 2


def test_a_skip_may_read_the_body_only_if_that_decides() -> None:
    """Without a link in it, no rule would have needed it."""
    read = call(request_id="b", query="%24select=subject%2Cbody")
    linked, needless, preview = (
        EventRecord(lines=[line(("skipped", reason), len(ids), ids=ids)], calls=[call(request_id="a"), read])
        for reason, ids in (
            ("other_join_link", ("a", "b")),
            ("no_rule_matched", ("a", "b")),
            ("other_join_link", ("a",)),
        )
    )

    assert [calls_used(each) for each in (linked, needless, preview)] == [
        [(BODY, 2)], [(SKIPPED, 2)], [(SKIPPED, 1)],
    ]  # fmt: skip
    assert [
        each.kind
        for each in check_budgets([linked, needless], [], [], with_two_calendars=())
        if not each.is_kept
    ] == [SKIPPED]


def test_one_call_too_many_exceeds_the_budget() -> None:
    """If Graph returned no error that explains it."""
    budgets = check_budgets(
        [EventRecord(lines=[line(COPY, 1)], calls=[call()])], [], [], with_two_calendars=()
    )

    assert [budget.kind for budget in budgets if not budget.is_kept] == [A_COPY]


def test_a_message_that_met_a_graph_error_has_no_budget() -> None:
    """Only that message: the others must keep to theirs."""
    lines = [line(ADDED, 4, ids=("a", "b", "c", "d")), line(COPY, 1, ids=("e",))]
    calls = [call(request_id=name, status=503 if name == "a" else 200) for name in "abcde"]

    assert calls_used(EventRecord(lines=lines, calls=calls)) == [(A_COPY, 1)]


def test_a_message_that_met_a_lost_answer_has_no_budget() -> None:
    """A call with a lost answer has no request id."""
    event = EventRecord(lines=[line(("enabled", "link_confirmed"), 5, ids=("a", "b", "c", "d"))])

    assert calls_used(event) == []


def test_tasks_have_their_own_budgets() -> None:
    """A read of the subscription and one page for a sweep, bodies apart; none for a task that met an error."""
    tasks = [task(("swept", "window_searched"), "a", "b", "x"), task(("kept", "in_order"), "c")]
    failed = task(("subscribed", "subscription_created"), "d", "e")

    calls = [call(status=404, request_id="d"), call(request_id="x", query="%24select=body")]
    assert calls_used_by_tasks([*tasks, failed], calls) == [(SWEPT, 2)]


def test_a_second_calendar_costs_a_sweep_one_call_more() -> None:
    """Elsewhere the same number is too many. The list of calendars may be read once a day."""
    sweeps = [task(("swept", "window_searched"), *"abcl"), task(("swept", "window_searched"), *"def")]
    lists = [call(request_id="l", path="/users/x/calendars")]

    def too_many(with_two_calendars: frozenset[str], lists: list[Exchange]) -> list[str]:
        budgets = check_budgets([], sweeps, lists, with_two_calendars=with_two_calendars)
        return [budget.kind for budget in budgets if not budget.is_kept]

    assert calls_used_by_tasks(sweeps, lists, with_two_calendars={ADA.id}) == [(SWEPT_TWO, 3)] * 2
    assert too_many(frozenset({ADA.id}), lists) == []
    assert too_many(frozenset(), lists) == [SWEPT]
    assert too_many(frozenset({ADA.id}), lists * 2) == [LISTED]


def test_errors_are_named_by_status_or_as_lost() -> None:
    """As the report shows them."""
    assert errors([call(), call(status=429), call("PATCH", lost=True)]) == ["429", "lost"]
