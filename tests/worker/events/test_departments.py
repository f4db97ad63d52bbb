import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from shared import logs
from shared.errors import GraphError, GraphUnavailable
from shared.worker.events import departments
from shared.worker.events.departments import Departments
from tests.worker.events.test_directory_cache import AWAY, FORBIDDEN, GONE, HOUR, MINUTE, START, THROTTLED


class DirectoryOfDepartments:
    """A Graph that gives these answers one after the other, the last one again and again; it raises errors."""

    def __init__(self, *answers: str | GraphError | None) -> None:
        self.now = START
        self.answers = list(answers)
        self.asked: list[str] = []
        self.cache = Departments(self.read, lambda: self.now, MINUTE)

    def read(self, mailbox: str) -> str | None:
        self.asked.append(mailbox)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, GraphError):
            raise answer
        return answer


@pytest.fixture
def refused(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return a function that returns what the log says of refusals."""
    logs.configure("INFO")
    caplog.set_level(logging.INFO, "joinlink")
    return lambda: [json.loads(record.getMessage())["what"] for record in caplog.records]


@pytest.mark.parametrize("answer", ["Legal", "", None])
def test_graph_is_asked_once_an_hour(answer: str | None) -> None:
    """An organizer without a department, or one whose department Graph does not say, is no exception."""
    tenant = DirectoryOfDepartments(answer, "Sales")
    seen = []
    for _ in range(60):
        seen.append(tenant.cache.of("ada"))
        tenant.now += MINUTE

    assert (seen, tenant.asked) == ([answer] * 60, ["ada"])
    assert (tenant.cache.of("ada"), len(tenant.asked)) == ("Sales", 2)


def test_threads_share_one_call() -> None:
    """However many events of an organizer are decided at once."""
    tenant, ready = DirectoryOfDepartments("Legal"), Barrier(8)

    def one(_: int) -> str | None:
        ready.wait(60)
        return tenant.cache.of("ada")

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(one, range(8))) == ["Legal"] * 8
    assert tenant.asked == ["ada"]


def test_in_an_outage_the_last_answer_counts_for_a_day(refused: Callable[[], list[str]]) -> None:
    """Still with a call an hour; then events wait."""
    tenant = DirectoryOfDepartments("Legal", AWAY)
    seen = []
    for _ in range(24):
        seen.append(tenant.cache.of("ada"))
        tenant.now += HOUR

    assert (seen, len(tenant.asked)) == (["Legal"] * 24, 24)
    with pytest.raises(GraphUnavailable):
        tenant.cache.of("ada")
    assert refused() == ["departments of organizers"]


def test_without_an_answer_events_wait() -> None:
    """The throttled directory does not pause the mailbox, and the next try may succeed."""
    tenant = DirectoryOfDepartments(THROTTLED, "Legal")
    with pytest.raises(GraphUnavailable):
        tenant.cache.of("ada")
    tenant.now += MINUTE

    assert tenant.cache.of("ada") == "Legal"


def test_without_permission_nobody_is_asked_about_for_some_minutes(refused: Callable[[], list[str]]) -> None:
    """The departments are not known; one refusal answers for all, and a permission granted later counts."""
    tenant = DirectoryOfDepartments(FORBIDDEN, FORBIDDEN, "Legal")
    seen = [tenant.cache.of(f"person{number}") for number in range(100)]
    tenant.now += departments.ASK_AGAIN_AFTER_REFUSAL
    seen.append(tenant.cache.of("ada"))

    assert (seen, len(tenant.asked)) == ([None] * 101, 2)
    assert refused() == ["departments of organizers"]
    tenant.now += departments.ASK_AGAIN_AFTER_REFUSAL
    assert tenant.cache.of("ada") == "Legal"


def test_a_deleted_organizer_has_no_known_department() -> None:
    """Others are read as before."""
    tenant = DirectoryOfDepartments(GONE, "Legal")

    assert [tenant.cache.of(name) for name in ("gone", "gone", "ada")] == [None, None, "Legal"]
    assert tenant.asked == ["gone", "ada"]


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The organizer who was asked about least recently is forgotten."""
    monkeypatch.setattr(departments, "MOST_KEPT", 2)
    tenant = DirectoryOfDepartments("Legal")
    for name in ("ada", "bo", "ada", "cy", "ada", "bo"):
        tenant.cache.of(name)

    assert tenant.asked == ["ada", "bo", "cy", "bo"]
