import json
import logging
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from shared import logs
from shared.errors import Forbidden, GraphError, GraphUnavailable, MailboxUnusable, Throttled
from shared.worker.directory import Directory

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FORBIDDEN = Forbidden("c", status=403, code="Authorization_RequestDenied")
GONE = MailboxUnusable("c", status=404, code="Request_ResourceNotFound")
THROTTLED = Throttled("c", retry_after=MINUTE, status=429, code="TooManyRequests", request_id="")
AWAY = GraphUnavailable("c", status=503)


class Tenant:
    """A Graph whose answers are laid out beforehand; exceptions are raised."""

    def __init__(self, *answers: frozenset[str] | Exception) -> None:
        self.now = START
        self.answers = list(answers)
        self.asked: list[str] = []

    def verified_domains(self) -> frozenset[str]:
        return self._next("domains")

    def group_members(self, group: str) -> frozenset[str]:
        return self._next(group)

    def directory(self) -> Directory:
        return Directory(lambda: self, lambda: self.now)

    def _next(self, what: str) -> frozenset[str]:
        self.asked.append(what)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The log, as the app writes it."""
    logs.configure("INFO")
    caplog.set_level(logging.INFO, "joinlink")
    return caplog


def refused(log: pytest.LogCaptureFixture) -> list[str]:
    """Return what the log says was refused."""
    return [json.loads(record.getMessage())["what"] for record in log.records]


def test_a_fact_is_asked_for_once_in_six_hours() -> None:
    """However many events are decided meanwhile."""
    tenant = Tenant(frozenset({"contoso.com"}), frozenset({"contoso.com", "new.com"}))
    directory = tenant.directory()
    first = {directory.domains() for _ in range(100)}
    tenant.now += 6 * HOUR

    assert first == {frozenset({"contoso.com"})}
    assert directory.domains() == frozenset({"contoso.com", "new.com"})
    assert tenant.asked == ["domains"] * 2


def test_what_is_known_stays_known_through_trouble(log: pytest.LogCaptureFixture) -> None:
    """An outage or an empty answer takes nothing away; a minute later Graph is asked again."""
    tenant = Tenant(frozenset({"contoso.com"}), AWAY, frozenset(), THROTTLED, frozenset({"new.com"}))
    directory = tenant.directory()
    seen = []
    for wait in (timedelta(0), 6 * HOUR, MINUTE, MINUTE, MINUTE):
        tenant.now += wait
        seen.append(directory.domains())

    assert seen == [frozenset({"contoso.com"})] * 4 + [frozenset({"new.com"})]
    assert refused(log) == ["verified domains"] * 3


@pytest.mark.parametrize("no", [pytest.param(FORBIDDEN, id="forbidden"), pytest.param(GONE, id="gone")])
def test_what_is_there_no_more_is_not_known_any_more(no: GraphError) -> None:
    """A process that runs for weeks says the same as one that begins, `joinlink explain` for example."""
    old = Tenant(frozenset({"ada@contoso.com"}), no)
    directory = old.directory()
    directory.members(["g"])
    old.now += 6 * HOUR

    assert directory.members(["g"]) == Tenant(no).directory().members(["g"]) == {}


def test_trouble_that_lasts_for_a_day_ends_what_is_known() -> None:
    """Then the event waits, as where a fact was never read."""
    tenant = Tenant(frozenset({"ada@contoso.com"}), AWAY, AWAY)
    directory = tenant.directory()
    directory.members(["g"])
    tenant.now += 24 * HOUR - MINUTE

    assert directory.members(["g"]) == {"g": {"ada@contoso.com"}}
    tenant.now += MINUTE
    with pytest.raises(GraphUnavailable):
        directory.members(["g"])


def test_a_fact_that_may_not_be_read_is_not_known(log: pytest.LogCaptureFixture) -> None:
    """Then the rule's `on_missing` decides; a permission given later is noticed within a minute."""
    tenant = Tenant(FORBIDDEN, frozenset({"contoso.com"}))
    directory = tenant.directory()

    assert directory.domains() is None
    assert directory.domains() is None
    tenant.now += MINUTE
    assert directory.domains() == frozenset({"contoso.com"})
    assert len(refused(log)) == 1


def test_a_fact_that_was_never_read_is_worth_waiting_for() -> None:
    """Nothing is decided without it because Graph stuttered at the start."""
    tenant = Tenant(AWAY, frozenset({"contoso.com"}))
    directory = tenant.directory()
    with pytest.raises(GraphUnavailable):
        directory.domains()

    assert directory.domains() == frozenset({"contoso.com"})


def test_a_group_without_members_is_known_to_be_empty() -> None:
    """Nobody is in it, which is something else than not knowing."""
    assert Tenant(frozenset(), frozenset()).directory().members(["g"]) == {"g": frozenset()}


def test_an_empty_answer_is_doubted_for_a_minute() -> None:
    """Whoever leaves a group last is out once two answers agree; a stutter of Graph's empties none."""
    ada = frozenset({"ada@contoso.com"})
    tenant = Tenant(ada, frozenset(), ada, frozenset(), frozenset())
    directory = tenant.directory()
    seen = []
    for wait in (timedelta(0), 6 * HOUR, MINUTE, 6 * HOUR, MINUTE, 6 * HOUR - MINUTE):
        tenant.now += wait
        seen.append(directory.members(["g"])["g"])

    assert seen == [ada, ada, ada, ada, frozenset(), frozenset()]


def test_an_empty_answer_to_begin_with_holds_for_a_minute() -> None:
    """It is all that is known; a second one holds as long as any other."""
    tenant = Tenant(frozenset(), frozenset({"ada@contoso.com"}))
    directory = tenant.directory()
    directory.members(["g"])
    tenant.now += MINUTE

    assert directory.members(["g"]) == {"g": {"ada@contoso.com"}}


def test_groups_are_known_each_by_itself() -> None:
    """One that may not be read is left out; the others are told."""
    tenant = Tenant(frozenset({"ada@contoso.com"}), FORBIDDEN)
    directory = tenant.directory()

    assert directory.members(["g1", "g2"]) == {"g1": {"ada@contoso.com"}}
    assert directory.members(["g1", "g2"]) == {"g1": {"ada@contoso.com"}}
    assert tenant.asked == ["g1", "g2"]


def test_while_one_thread_asks_the_others_go_on_with_what_is_known() -> None:
    """A slow directory holds up one decision, not thirty-two."""
    asking, answered = Barrier(2, timeout=5), Barrier(2, timeout=5)

    class Slow(Tenant):
        def verified_domains(self) -> frozenset[str]:
            if self.asked:
                asking.wait()
                answered.wait()
            return super().verified_domains()

    tenant = Slow(frozenset({"old.com"}), frozenset({"new.com"}))
    directory = tenant.directory()
    directory.domains()
    tenant.now += 6 * HOUR
    thread = Thread(target=directory.domains)
    thread.start()
    asking.wait()
    meanwhile = directory.domains()
    answered.wait()
    thread.join()

    assert meanwhile == frozenset({"old.com"})
    assert directory.domains() == frozenset({"new.com"})
