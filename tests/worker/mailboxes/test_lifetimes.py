"""How long a subscription lives, after what Graph refused."""

from datetime import UTC, datetime, timedelta
from unittest.mock import create_autospec

import pytest
from hypothesis import given, settings, strategies as st

from shared.domain.mailbox import Subscription
from shared.errors import GraphUnavailable, SubscriptionTooLong
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.worker.mailboxes.lifetimes import LIFETIME, Lifetimes, believable, shorter

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def too_long(named: int | None = None) -> SubscriptionTooLong:
    longest = None if named is None else minutes(named)
    return SubscriptionTooLong("renew", longest=longest, status=400, code="ExtensionError", request_id="")


class StrictGraph:
    """Accepts at most `longest`, and names `named` in a refusal. Remembers the lengths that were asked for."""

    def __init__(self, longest: timedelta, named: int | None) -> None:
        self.longest = longest
        self.named = named
        self.asked: list[timedelta] = []

    def send(self, expires: datetime) -> Subscription:
        self.asked.append(expires - NOW)
        if expires - NOW > self.longest:
            raise too_long(self.named)
        return Subscription(
            id="s", resource="", change_type="", notification_url="", lifecycle_url="", expires=expires
        )


class StoredRow:
    """The row of one mailbox, and what is written to it."""

    def __init__(self, lifetime: int | None = None, until: datetime | None = None) -> None:
        self.mailbox = Mailbox(id="ada", lifetime=lifetime, lifetime_until=until)
        self.table = create_autospec(Mailboxes, instance=True)

    def request(self, graph: StrictGraph, now: datetime = NOW) -> Subscription:
        return Lifetimes(now=lambda: now, mailboxes=self.table).request(self.mailbox, graph.send)

    @property
    def written(self) -> list[dict[str, object]]:
        return [call.kwargs for call in self.table.update.call_args_list]


@pytest.mark.parametrize(
    ("refused", "named", "asks_for"),
    [
        pytest.param(LIFETIME, minutes(4_230), minutes(4_129), id="the named length, less a margin"),
        pytest.param(LIFETIME, minutes(2_000), minutes(1_952), id="a length that no page names"),
        pytest.param(LIFETIME, minutes(45), minutes(40), id="the shortest, which Graph raises"),
        pytest.param(LIFETIME, None, minutes(4_129), id="no number: the next shorter"),
        pytest.param(minutes(4_129), None, minutes(1_405), id="no number again"),
        pytest.param(minutes(1_405), None, minutes(175), id="and again"),
        pytest.param(minutes(175), None, minutes(55), id="the last"),
        pytest.param(minutes(55), None, None, id="nothing is shorter"),
        pytest.param(LIFETIME, minutes(0), minutes(4_129), id="0"),
        pytest.param(LIFETIME, minutes(-60), minutes(4_129), id="negative"),
        pytest.param(LIFETIME, minutes(10**9 - 1), minutes(4_129), id="2,000 years"),
        pytest.param(LIFETIME, minutes(10_080), minutes(4_129), id="what was refused"),
        pytest.param(minutes(4_129), minutes(4_230), minutes(1_405), id="what was refused, with its margin"),
    ],
)
def test_the_next_length(refused: timedelta, named: timedelta | None, asks_for: timedelta | None) -> None:
    """Always shorter than the one that Graph refused, and never absurd."""
    assert shorter(refused, named) == asks_for


@given(st.lists(st.none() | st.integers(-(10**9), 10**9), max_size=30))
@settings(max_examples=50)
def test_any_answers_end_the_request_soon(named: list[int | None]) -> None:
    """Six calls at most, each for a shorter time, whatever Graph names."""
    answers = iter(named)
    asked: list[timedelta] = []

    def send(expires: datetime) -> Subscription:
        asked.append(expires - NOW)
        raise too_long(next(answers, None))

    with pytest.raises(SubscriptionTooLong):
        Lifetimes(now=lambda: NOW, mailboxes=create_autospec(Mailboxes)).request(Mailbox(id="ada"), send)

    assert len(asked) <= 6
    assert asked == sorted(set(asked), reverse=True)
    assert min(asked) > timedelta(0)


def test_an_accepted_length_is_remembered_for_a_week() -> None:
    """Only what Graph accepted: a renewal then needs one call."""
    row, graph = StoredRow(), StrictGraph(minutes(4_230), named=None)
    row.request(graph)

    assert graph.asked == [LIFETIME, minutes(4_129)]
    assert row.written == [{"lifetime": 4_129, "lifetime_until": NOW + timedelta(days=7)}]


def test_nothing_is_remembered_if_graph_accepts_no_length() -> None:
    """An hour later all lengths are tried again."""
    row = StoredRow()
    with pytest.raises(SubscriptionTooLong):
        row.request(StrictGraph(minutes(10), named=10))

    assert row.written == []


@pytest.mark.parametrize(
    ("lifetime", "until", "asks_for"),
    [
        pytest.param(4_129, NOW + minutes(1), minutes(4_129), id="remembered"),
        pytest.param(4_129, NOW, LIFETIME, id="a week ago"),
        pytest.param(4_129, None, LIFETIME, id="half a memory"),
        pytest.param(10**15, NOW + minutes(1), LIFETIME, id="an absurd number"),
        pytest.param(-5, NOW + minutes(1), minutes(1), id="negative"),
    ],
)
def test_the_first_length(lifetime: int, until: datetime | None, asks_for: timedelta) -> None:
    """The remembered one, for a week."""
    graph = StrictGraph(LIFETIME, named=None)
    StoredRow(lifetime, until).request(graph)

    assert graph.asked == [asks_for]


def test_another_error_ends_the_request() -> None:
    """Nothing is remembered of it."""
    row = StoredRow()

    def send(expires: datetime) -> Subscription:
        raise GraphUnavailable(f"{expires}")

    with pytest.raises(GraphUnavailable):
        Lifetimes(now=lambda: NOW, mailboxes=row.table).request(row.mailbox, send)

    assert row.written == []


@pytest.mark.parametrize(
    ("named", "believed"),
    [
        pytest.param(NOW + timedelta(days=3), NOW + timedelta(days=3), id="an expiry as any"),
        pytest.param(NOW + minutes(20), NOW + minutes(20), id="of a subscription that is old"),
        pytest.param(NOW - timedelta(days=3), NOW + minutes(45), id="in the past"),
        pytest.param(datetime.max.replace(tzinfo=UTC), NOW + minutes(10_080), id="the year 9999"),
    ],
)
def test_an_absurd_expiry_in_an_answer_is_not_believed(named: datetime, believed: datetime) -> None:
    """Else the mailbox would be renewed in every run of maintenance, or never."""
    assert believable(named, NOW) == believed
