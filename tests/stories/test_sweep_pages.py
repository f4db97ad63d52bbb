"""Sweeps of calendars with many, large, slow or failing pages."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph import DirectoryUser, Fault
from shared import wiring
from shared.deadline import deadline
from shared.domain.messages import MAILBOX_TASKS, TaskKind, TaskReason
from shared.errors import OutOfTime
from shared.storage.mailboxes import MailboxState
from shared.worker.common import delays
from tests.stories.conftest import Story
from tests.stories.test_a_meeting import SERIES
from tests.stories.test_sweep import GUEST, LOSE_ALL, NOW, subscribed, sweep
from tests.stories.test_unusual_calendars import crowd, row


def pages(story: Story, user: DirectoryUser) -> int:
    return len([path for path in story.calls("GET", user) if path.endswith("calendarView")])


@pytest.mark.parametrize("largest", [1, 25, 60])
@pytest.mark.parametrize("status", [500, 504])
def test_a_page_that_is_too_large_is_halved(story: Story, status: int, largest: int) -> None:
    """Some mailboxes always fail with one page size, and work with a smaller one."""
    ada, ben = subscribed(story), subscribed(story, "Ben")
    story.stage.graph.delivery = LOSE_ALL
    crowd(story, ada, 6)
    meetings = [story.create_meeting(ada, GUEST), story.create_meeting(ben, GUEST)]
    heavy = "|".join(str(size) for size in (100, 50, 25, 12, 6, 3, 2, 1) if size > largest)
    story.stage.graph.faults.add(
        Fault(path=f"{ada.id}/calendarView", query=rf"top=({heavy})(&|$)", status=status, count=None)
    )
    story.enqueue_task(TaskKind.SWEEP, ben, TaskReason.SCHEDULE)
    sweep(story, ada)

    assert story.has_link(ada, meetings[0])
    assert story.has_link(ben, meetings[1])
    assert story.poison_messages(MAILBOX_TASKS) == []
    assert row(ada).page_size == max(size for size in (50, 25, 12, 6, 3, 1) if size <= largest)
    before = pages(story, ada)
    sweep(story, ada)
    assert pages(story, ada) - before == (7 if largest == 1 else 1)

    story.stage.graph.faults.clear()
    story.wait(timedelta(days=2))
    before = pages(story, ada)
    sweep(story, ada)
    assert pages(story, ada) - before == 1  # the usual size again


@pytest.mark.parametrize("count", [4, 5, 6, 12])
def test_an_outage_does_not_change_the_page_size(story: Story, count: int) -> None:
    """A page with one event fails, too. After the outage the usual size works again."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(path="calendarView", status=503, count=count))
    sweep(story, ada)

    assert story.has_link(ada, meeting)
    assert row(ada).page_size is None


def test_a_mailbox_that_fails_with_every_page_size_is_retried(story: Story) -> None:
    """With backoff, and never in the poison queue: a sweep carries no news that could get lost."""
    ada = subscribed(story)
    story.stage.graph.faults.add(Fault(path="calendarView", status=504, count=None))
    story.enqueue_task(TaskKind.SWEEP, ada, TaskReason.SCHEDULE)
    for _ in range(40):
        story.wait(timedelta(hours=1, minutes=16))

    lines = [line for line in story.log_lines("task.finished") if line["task"] == "sweep"][1:]
    assert {(line["outcome"], line["reason"]) for line in lines} == {("delayed", "graph_unavailable")}
    assert lines[-1]["next_in_seconds"] >= 2700
    assert len(lines) > 35
    assert story.poison_messages(MAILBOX_TASKS) == []


def test_a_long_sweep_continues_in_another_message(story: Story) -> None:
    """With less than a third of a message's time left, no page is started."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    crowd(story, ada, 230)
    meeting, master = story.create_meeting(ada, GUEST), story.create_meeting(ada, GUEST, **SERIES)
    started = story.stage.clock.now()
    story.enqueue_task(TaskKind.SWEEP, ada, TaskReason.SCHEDULE)
    with deadline(timedelta(seconds=19)):
        story.wait(NOW)
    story.wait(timedelta(minutes=1))
    story.run_until_idle()

    sweeps = [reason for task, _, reason in story.task_outcomes(ada) if task == "sweep"][1:]
    assert sweeps == ["more_pages", "more_pages", "window_searched"]
    swept = story.log_lines("mailbox.swept")[-1]
    assert (swept["events"], swept["queued"]) == (235, 2)
    assert row(ada).last_sweep == started
    assert pages(story, ada) == 4
    assert story.has_link(ada, meeting)
    assert story.has_link(ada, master)


@pytest.mark.parametrize("status", [400, 404, 410, 403])
def test_if_a_later_page_is_refused_the_sweep_starts_over(story: Story, status: int) -> None:
    """The page link may have expired. The mailbox's state stays: the first page was readable."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    crowd(story, ada, 110)
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(
        Fault(path="calendarView", query="skip=100", status=status, code="UnknownError", count=3)
    )
    sweep(story, ada)

    assert story.has_link(ada, meeting)
    assert row(ada).state is MailboxState.ACTIVE
    assert story.log_lines("mailbox.lost") == []
    waits = [
        line["next_in_seconds"] for line in story.log_lines("task.finished") if line["outcome"] == "delayed"
    ]
    assert len(waits) == 3
    assert waits == sorted(waits)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(
            Fault(path="calendarView", query="skip=100", status=429, retry_after=30), id="throttled"
        ),
        pytest.param(Fault(path="calendarView", query="skip=100", status=503, count=2), id="an outage"),
        pytest.param(Fault(path="calendarView", query="skip=100", body=b'{"value": null}'), id="not a page"),
    ],
)
def test_if_a_later_page_fails_only_that_page_is_repeated(story: Story, fault: Fault) -> None:
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    crowd(story, ada, 110)
    meeting = story.create_meeting(ada, GUEST)
    before = pages(story, ada)
    story.stage.graph.faults.add(fault)
    sweep(story, ada)

    assert story.has_link(ada, meeting)
    assert story.log_lines("mailbox.swept")[-1]["events"] == 111
    first = [c for c in story.stage.graph.calls if "calendarView" in c.url and "skip=" not in c.url]
    assert len(first) == before + 1


def test_endless_pages_end_the_sweep(story: Story) -> None:
    """A page links to itself: a few calls, then a retry with backoff."""
    ada = subscribed(story)
    crowd(story, ada, 110)

    def loop(answer: dict[str, Any]) -> None:
        link = f"https://graph.microsoft.com/v1.0/users/{ada.id}/calendarView?$skip=0&startDateTime=2026-11-23T00:00:00Z&endDateTime=2026-11-30T00:00:00Z"
        answer["@odata.nextLink"] = link

    story.stage.graph.faults.add(Fault(path="calendarView", edit=loop, count=None))
    before = pages(story, ada)
    story.enqueue_task(TaskKind.SWEEP, ada, TaskReason.SCHEDULE)
    for _ in range(12):
        story.wait(timedelta(minutes=5))

    assert pages(story, ada) - before <= 24
    assert "do not end" in story.log_lines("task.finished")[-1]["detail"]
    assert row(ada).state is MailboxState.ACTIVE


def test_a_sweep_whose_later_page_fails_for_a_day_starts_over(story: Story) -> None:
    """It carries no news that could get lost, so it never goes to the poison queue."""
    ada = subscribed(story)
    crowd(story, ada, 130)
    story.stage.graph.faults.add(Fault(path="calendarView", query="skip", status=503, count=None))
    story.enqueue_task(TaskKind.SWEEP, ada, TaskReason.SCHEDULE)
    for _ in range(delays.MAX_ATTEMPTS + 3):
        story.wait(timedelta(minutes=76))  # after a day and a half the window has no second page
    assert story.poison_messages(MAILBOX_TASKS) == []
    assert [line["because"] for line in story.log_lines("mailbox.swept")] == ["gap", "schedule"]


def test_page_links_that_repeat_across_messages_end_the_sweep(story: Story) -> None:
    """Slow pages link from the second to the third and back; a message has time for one of them."""
    ada = subscribed(story)
    crowd(story, ada, 330)

    def back(answer: dict[str, Any]) -> None:
        answer["@odata.nextLink"] = str(answer["@odata.nextLink"]).replace("skip=300", "skip=100")

    story.stage.graph.faults.add(Fault(path="calendarView", query="skip=200", edit=back, count=300))
    before = pages(story, ada)
    story.enqueue_task(TaskKind.SWEEP, ada, TaskReason.SCHEDULE)
    with deadline(timedelta(seconds=19)):
        story.wait(NOW)

    assert pages(story, ada) - before <= 10
    assert "do not end" in story.log_lines("task.finished")[-1]["detail"]


def test_a_sweep_after_its_deadline_keeps_its_page(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can't write to the row any more. Finished pages are not repeated."""
    ada = subscribed(story)
    crowd(story, ada, 110)
    mailboxes, update = (
        wiring.joinlink().parts.storage.mailboxes,
        wiring.joinlink().parts.storage.mailboxes.update,
    )

    def too_late(mailbox: str, **values: Any) -> None:
        if "asked_until" in values:
            raise OutOfTime("the deadline of this message has passed")
        update(mailbox, **values)

    story.stage.graph.faults.add(Fault(path="calendarView", query="skip=100", status=503, count=2))
    monkeypatch.setattr(mailboxes, "update", too_late)
    story.enqueue_task(TaskKind.SWEEP, ada, TaskReason.SCHEDULE)
    story.wait(NOW)
    monkeypatch.undo()
    story.run_until_idle()

    first = [c for c in story.stage.graph.calls if "calendarView" in c.url and "skip=" not in c.url]
    assert len(first) == 2  # the other is of the sweep that followed the subscription
    assert story.log_lines("mailbox.swept")[-1]["events"] == 110
