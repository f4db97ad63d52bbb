import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event, Thread

import pytest

from shared import logs
from shared.errors import Forbidden, GraphError, GraphUnavailable, MailboxUnusable, Throttled
from shared.worker.events.directory_cache import DirectoryCache

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FORBIDDEN = Forbidden("c", status=403, code="Authorization_RequestDenied")
GONE = MailboxUnusable("c", status=404, code="Request_ResourceNotFound")
THROTTLED = Throttled("c", retry_after=MINUTE, status=429, code="TooManyRequests", request_id="")
AWAY = GraphUnavailable("c", status=503)


class AnsweringTenant:
    """A Graph that returns these answers one after the other; it raises those that are exceptions."""

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

    def department(self, mailbox: str) -> str | None:
        raise AssertionError(mailbox)

    def directory(self) -> DirectoryCache:
        return DirectoryCache(lambda: self, lambda: self.now)

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
    """Return the sets that the log names."""
    return [json.loads(record.getMessage())["what"] for record in log.records]


def test_a_set_is_read_every_six_hours() -> None:
    """The number of decisions in between does not matter."""
    tenant = AnsweringTenant(frozenset({"contoso.com"}), frozenset({"contoso.com", "new.com"}))
    directory = tenant.directory()
    first = {directory.domains() for _ in range(100)}
    tenant.now += 6 * HOUR

    assert first == {frozenset({"contoso.com"})}
    assert directory.domains() == frozenset({"contoso.com", "new.com"})
    assert tenant.asked == ["domains"] * 2


def test_the_last_answer_is_used_while_graph_fails(log: pytest.LogCaptureFixture) -> None:
    """Nor does an empty answer replace it; a minute later Graph is read again."""
    tenant = AnsweringTenant(frozenset({"contoso.com"}), AWAY, frozenset(), THROTTLED, frozenset({"new.com"}))
    directory = tenant.directory()
    seen = []
    for wait in (timedelta(0), 6 * HOUR, MINUTE, MINUTE, MINUTE):
        tenant.now += wait
        seen.append(directory.domains())

    assert seen == [frozenset({"contoso.com"})] * 4 + [frozenset({"new.com"})]
    assert refused(log) == ["verified domains"] * 3


@pytest.mark.parametrize("no", [pytest.param(FORBIDDEN, id="forbidden"), pytest.param(GONE, id="deleted")])
def test_a_set_that_can_no_longer_be_read_is_not_known(no: GraphError) -> None:
    """A process that has run for weeks gives the same answer as a new one, such as `joinlink explain`."""
    old = AnsweringTenant(frozenset({"ada@contoso.com"}), no)
    directory = old.directory()
    directory.members(["g"])
    old.now += 6 * HOUR

    assert directory.members(["g"]) == AnsweringTenant(no).directory().members(["g"]) == {}


def test_the_last_answer_expires_after_a_day() -> None:
    """Then the event waits, as if the set was never read."""
    tenant = AnsweringTenant(frozenset({"ada@contoso.com"}), AWAY, AWAY)
    directory = tenant.directory()
    directory.members(["g"])
    tenant.now += 24 * HOUR - MINUTE

    assert directory.members(["g"]) == {"g": {"ada@contoso.com"}}
    tenant.now += MINUTE
    with pytest.raises(GraphUnavailable):
        directory.members(["g"])


def test_a_set_without_permission_is_not_known(log: pytest.LogCaptureFixture) -> None:
    """Then the rule's `on_missing` decides. A permission that is granted later counts within a minute."""
    tenant = AnsweringTenant(FORBIDDEN, frozenset({"contoso.com"}))
    directory = tenant.directory()

    assert directory.domains() is None
    assert directory.domains() is None
    tenant.now += MINUTE
    assert directory.domains() == frozenset({"contoso.com"})
    assert len(refused(log)) == 1


def test_a_set_that_was_never_read_raises_the_error() -> None:
    """The event waits: one failed answer at the start must not decide it."""
    tenant = AnsweringTenant(AWAY, frozenset({"contoso.com"}))
    directory = tenant.directory()
    with pytest.raises(GraphUnavailable):
        directory.domains()
    tenant.now += timedelta(seconds=5)

    assert directory.domains() == frozenset({"contoso.com"})


def test_a_group_that_graph_shows_empty_is_not_known(log: pytest.LogCaptureFixture) -> None:
    """A hidden membership looks the same, and a skip rule would protect nobody. It is logged once a day."""
    ada = frozenset({"ada@contoso.com"})
    tenant = AnsweringTenant(*[frozenset[str]()] * 200, ada)
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


def test_an_empty_answer_does_not_replace_members_for_a_day() -> None:
    """One wrong answer must not empty a group; after a day its members are not known."""
    ada = frozenset({"ada@contoso.com"})
    tenant = AnsweringTenant(ada, *[frozenset[str]()] * 200)
    directory = tenant.directory()
    seen = []
    for _ in range(26):
        seen.append(directory.members(["g"]))
        tenant.now += HOUR

    assert seen == [{"g": ada}] * 24 + [{}] * 2


def test_many_threads_read_a_failing_directory_once() -> None:
    """Thirty-two threads share one failure, and none reads again for some seconds."""
    tenant = AnsweringTenant(AWAY, AWAY)
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


def test_no_thread_waits_long_for_a_directory_that_hangs() -> None:
    """The late answer is used when it arrives."""
    may_answer = Event()

    class HangingTenant(AnsweringTenant):
        def group_members(self, group: str) -> frozenset[str]:
            may_answer.wait(5)
            return super().group_members(group)

    tenant = HangingTenant(frozenset({"ada@contoso.com"}))
    directory = DirectoryCache(lambda: tenant, lambda: tenant.now, patience=timedelta(seconds=0.1))
    with pytest.raises(GraphUnavailable, match="does not answer in time"):
        directory.members(["g"])
    may_answer.set()
    for thread in threading.enumerate():
        if thread.name == "single-flight":
            thread.join(5)

    assert directory.members(["g"]) == {"g": {"ada@contoso.com"}}
    assert tenant.asked == ["g"]


def test_each_group_is_read_by_itself() -> None:
    """A group without permission is left out; the others are returned."""
    tenant = AnsweringTenant(frozenset({"ada@contoso.com"}), FORBIDDEN)
    directory = tenant.directory()

    assert directory.members(["g1", "g2"]) == {"g1": {"ada@contoso.com"}}
    assert directory.members(["g1", "g2"]) == {"g1": {"ada@contoso.com"}}
    assert tenant.asked == ["g1", "g2"]


def test_while_one_thread_reads_the_others_use_the_last_answer() -> None:
    """A slow directory delays one decision, not thirty-two."""
    reading, may_answer = Barrier(2, timeout=5), Barrier(2, timeout=5)

    class SlowTenant(AnsweringTenant):
        def verified_domains(self) -> frozenset[str]:
            if self.asked:
                reading.wait()
                may_answer.wait()
            return super().verified_domains()

    tenant = SlowTenant(frozenset({"old.com"}), frozenset({"new.com"}))
    directory = tenant.directory()
    directory.domains()
    tenant.now += 6 * HOUR
    thread = Thread(target=directory.domains)
    thread.start()
    reading.wait()
    meanwhile = directory.domains()
    may_answer.wait()
    thread.join()

    assert meanwhile == frozenset({"old.com"})
    assert directory.domains() == frozenset({"new.com"})


def test_decisions_do_not_wait_for_permission_to_list_groups(log: pytest.LogCaptureFixture) -> None:
    """The address of a group then counts as a colleague's, and the log names what is missing."""
    tenant = AnsweringTenant(FORBIDDEN)
    directory = tenant.directory()

    assert directory.group_addresses() == directory.group_addresses() == frozenset()
    assert refused(log) == ["groups with a mail address"]
    assert tenant.asked == ["lists"]


def test_a_tenant_may_have_no_groups_with_an_address(log: pytest.LogCaptureFixture) -> None:
    """That is no error, and it is not read again before six hours."""
    tenant = AnsweringTenant(frozenset())
    directory = tenant.directory()

    assert directory.group_addresses() == directory.group_addresses() == frozenset()
    assert refused(log) == []
    assert tenant.asked == ["lists"]
