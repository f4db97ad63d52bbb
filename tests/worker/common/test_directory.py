import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event, Thread

import pytest

from shared import logs
from shared.errors import Forbidden, GraphError, GraphUnavailable, MailboxUnusable, Throttled
from shared.worker.common.directory import Directory

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

    def mail_groups(self) -> frozenset[str]:
        return self._next("lists")

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
    tenant.now += timedelta(seconds=5)

    assert directory.domains() == frozenset({"contoso.com"})


def test_a_group_that_graph_shows_empty_is_not_known(log: pytest.LogCaptureFixture) -> None:
    """A hidden membership looks the same, and a skip rule would protect nobody. It is said once a day."""
    ada = frozenset({"ada@contoso.com"})
    tenant = Tenant(*[frozenset[str]()] * 200, ada)
    directory = tenant.directory()
    seen = []
    for _ in range(200):
        seen.append(directory.members(["g"]))
        tenant.now += 10 * MINUTE

    assert seen == [{}] * 200
    assert directory.members(["g"]) == {"g": ada}
    lines = [json.loads(record.getMessage()) for record in log.records]
    assert [line["what"] for line in lines] == ["group g"] * 2
    assert "Member.Read.Hidden" in lines[0]["detail"]


def test_an_empty_answer_takes_no_member_away_for_a_day() -> None:
    """A stutter of Graph's empties no group; after a day it is not known any more."""
    ada = frozenset({"ada@contoso.com"})
    tenant = Tenant(ada, *[frozenset[str]()] * 200)
    directory = tenant.directory()
    seen = []
    for _ in range(26):
        seen.append(directory.members(["g"]))
        tenant.now += HOUR

    assert seen == [{"g": ada}] * 24 + [{}] * 2


def test_a_herd_asks_a_failing_directory_once() -> None:
    """Thirty-two threads share the one failure, and nobody asks for some seconds."""
    tenant = Tenant(AWAY, AWAY)
    directory = tenant.directory()

    def one(_: int) -> str:
        try:
            directory.domains()
        except GraphUnavailable as error:
            return str(error.status)
        return "known"

    with ThreadPoolExecutor(32) as threads:
        assert list(threads.map(one, range(32))) == ["503"] * 32
        assert tenant.asked == ["domains"]
        tenant.now += timedelta(seconds=5)
        assert list(threads.map(one, range(32))) == ["503"] * 32
    assert tenant.asked == ["domains"] * 2


def test_a_directory_that_hangs_holds_nobody_for_long() -> None:
    """The answer still counts when it comes."""
    may_answer = Event()

    class Slow(Tenant):
        def group_members(self, group: str) -> frozenset[str]:
            may_answer.wait(5)
            return super().group_members(group)

    tenant = Slow(frozenset({"ada@contoso.com"}))
    directory = Directory(lambda: tenant, lambda: tenant.now, patience=timedelta(seconds=0.1))
    with pytest.raises(GraphUnavailable, match="longer than anybody waits"):
        directory.members(["g"])
    may_answer.set()
    for thread in threading.enumerate():
        if thread.name == "single-flight":
            thread.join(5)

    assert directory.members(["g"]) == {"g": {"ada@contoso.com"}}
    assert tenant.asked == ["g"]


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


def test_groups_that_may_not_be_listed_are_not_waited_for(log: pytest.LogCaptureFixture) -> None:
    """The address of another group counts as a colleague's then, and the log says what is missing."""
    tenant = Tenant(FORBIDDEN)
    directory = tenant.directory()

    assert directory.lists() == directory.lists() == frozenset()
    assert refused(log) == ["groups with a mail address"]
    assert tenant.asked == ["lists"]


def test_a_tenant_may_have_no_groups_with_mail(log: pytest.LogCaptureFixture) -> None:
    """Nothing is wrong with that, and it is not asked again."""
    tenant = Tenant(frozenset())
    directory = tenant.directory()

    assert directory.lists() == directory.lists() == frozenset()
    assert refused(log) == []
    assert tenant.asked == ["lists"]
