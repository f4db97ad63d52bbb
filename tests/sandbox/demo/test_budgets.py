from sandbox.demo import budgets
from sandbox.demo.budgets import Spent, spent, spent_on_tasks, troubles
from sandbox.demo.happenings import Happenings, by_event
from tests.sandbox.demo.record import ADDED, COPY, KEY, ONLINE, call, line, task


def test_each_message_has_the_budget_of_its_kind() -> None:
    """Enabled 3, the echo of it 1, a copy 0; a skip that asked the calendar 2."""
    lines = [line(ADDED, 3), line(COPY, 0), line(ONLINE, 1), line(("skipped", "no_provider"), 2)]

    assert spent(Happenings(lines=lines)) == [
        Spent(budgets.LINK_ADDED, 3),
        Spent(budgets.COPY, 0),
        Spent(budgets.ECHO, 1),
        Spent(budgets.NO_PROVIDER, 2),
    ]


def test_a_second_look_may_read_what_is_settled_already() -> None:
    """It was asked for on purpose, so it is no copy of what was answered."""
    looks = [line(("not_honored", "no_join_link"), 1), line(COPY, 1)]
    lines = [{**look, "source": "verify"} for look in looks]

    assert spent(Happenings(lines=lines)) == [Spent(budgets.SECOND_LOOK, 1)] * 2


def test_one_call_too_many_is_seen() -> None:
    """Where Graph did nothing to excuse it."""
    [copy] = spent(Happenings(lines=[line(COPY, 1)], calls=[call()]))

    assert not copy.is_within


def test_a_refused_call_excuses_the_message_that_met_it() -> None:
    """And that message alone: others keep to their budget."""
    lines = [line(ADDED, 4, ids=("a", "b", "c", "d")), line(COPY, 1, ids=("e",))]
    calls = [call(request_id=name, status=503 if name == "a" else 200) for name in "abcde"]

    assert [one.is_within for one in spent(Happenings(lines=lines, calls=calls))] == [True, False]


def test_an_answer_that_never_came_excuses_too() -> None:
    """Such a call has no request id."""
    [one] = spent(Happenings(lines=[line(("enabled", "link_confirmed"), 5, ids=("a", "b", "c", "d"))]))

    assert one == Spent("", 5)


def test_tasks_have_budgets_of_their_own() -> None:
    """A look at the subscription and one page for a sweep; none for what met a refusal, or did nothing."""
    told = [task(("swept", "window_searched"), "a", "b"), task(("kept", "in_order"), "c")]
    refused = task(("subscribed", "subscription_created"), "d", "e")

    assert spent_on_tasks([*told, refused], [call(status=404, request_id="d")]) == [
        Spent(budgets.SWEPT, 2),
        Spent("", 1),
        Spent("", 2),
    ]


def test_what_a_sweep_reads_of_an_event_is_not_the_events_expense() -> None:
    """The master of a series, for instance."""
    lines = [task(("swept", "window_searched"), "a", "b"), line(ADDED, 1, ids=("c",))]
    [read] = by_event(lines, [call(request_id="b"), call(request_id="c")], [])[KEY].calls

    assert read.response_headers["request-id"] == "c"


def test_troubles_are_named_by_status_or_by_the_loss() -> None:
    """As the report shows them."""
    assert troubles([call(), call(status=429), call("PATCH", lost=True)]) == ["429", "lost"]
