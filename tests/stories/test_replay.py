"""`joinlink replay`: what was set aside comes back once its cause is mended; nothing is lost on the way."""

from datetime import timedelta
from io import StringIO

import pytest

from sandbox.graph import Fault
from shared.domain.messages import MAILBOX_TASKS, TaskKind, TaskReason
from shared.errors import QueueUnavailable
from shared.storage.poison_queue import PoisonQueue
from tests.stories.conftest import AtTheDesk, Story

GUEST = "bo@fabrikam.com"


def set_aside_once(story: Story) -> str:
    """Return a meeting that Graph answered oddly for: its message is in the poison queue."""
    ada = story.person("Ada")
    story.stage.graph.faults.add(Fault(method="GET", path="events", status=400, count=None))
    meeting = story.meeting(ada, GUEST)
    story.wait()
    story.stage.graph.faults.clear()
    assert len(story.poison()) == 1
    return meeting


@pytest.fixture
def set_aside(story: Story) -> str:
    return set_aside_once(story)


class _Keyboard(StringIO):
    def isatty(self) -> bool:
        return True


def test_what_was_set_aside_comes_back_and_ends_well(
    story: Story, set_aside: str, at_the_desk: AtTheDesk
) -> None:
    """Put back once; the worker then does what it would have done."""
    ran = at_the_desk("replay", "--yes")
    story.play()

    assert ran.exit == 0
    assert "1  unexpected_answer" in ran.out
    assert ran.out.endswith("1 message put back.\n")
    assert story.poison() == []
    assert story.has_link(story.people["Ada"], set_aside)
    assert [x["source"] for x in story.lines() if x["outcome"] == "enabled"] == ["replay"]


def test_tasks_for_mailboxes_come_back_too(story: Story, at_the_desk: AtTheDesk) -> None:
    """To their own queue."""
    ada = story.person("Ada", watched=False)
    story.stage.graph.faults.add(Fault(method="POST", status=400, count=1))
    story.task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.wait()
    assert len(story.poison(MAILBOX_TASKS)) == 1
    other = at_the_desk("replay", "--yes", "--queue", "event-changes")
    ran = at_the_desk("replay", "--yes", "--queue", "mailbox-tasks")
    story.wait()

    assert (other.exit, other.out) == (0, "The poison queues are empty.\n")
    assert ran.exit == 0
    assert ("subscribe", "subscribed", "subscription_created") in story.tasks(ada)


def test_a_dry_run_moves_nothing(story: Story, set_aside: str, at_the_desk: AtTheDesk) -> None:
    """It says what lies there, and that something does; the next command finds it at once."""
    assert set_aside
    first, second = (at_the_desk("replay", "--dry-run") for _ in range(2))

    assert first == second
    assert first.exit == 1
    assert first.out.startswith("event-changes-poison: 1 message\n")
    assert len(story.poison()) == 1


def test_without_a_person_to_ask_nothing_is_put_back(
    story: Story, set_aside: str, at_the_desk: AtTheDesk
) -> None:
    """A script says --yes."""
    assert set_aside
    ran = at_the_desk("replay")

    assert ran.exit == 2
    assert "--yes" in ran.err
    assert len(story.poison()) == 1


@pytest.mark.parametrize(
    ("answer", "left"), [pytest.param("y\n", 0, id="yes"), pytest.param("n\n", 1, id="no")]
)
def test_a_person_is_asked(
    answer: str, left: int, story: Story, at_the_desk: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After what lies there was shown."""
    set_aside_once(story)
    monkeypatch.setattr("sys.stdin", _Keyboard(answer))
    ran = at_the_desk("replay")

    assert "Put 1 message back?" in ran.out
    assert ran.exit == left
    assert len(story.poison()) == left


def test_what_was_not_taken_stays(
    story: Story, set_aside: str, at_the_desk: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue refuses; the message lies where it was, ready for the next try."""
    assert set_aside
    with monkeypatch.context() as broken:
        broken.setattr("shared.storage.queues.MessageQueue.send", _dies)
        ran = at_the_desk("replay", "--yes")

    assert ran.exit == 1
    assert len(story.poison()) == 1
    assert ran.out.endswith("no messages put back.\n")
    assert "nothing is lost, try again" in ran.err
    assert at_the_desk("replay", "--yes").exit == 0


def test_only_what_was_set_aside_since_then(story: Story, set_aside: str, at_the_desk: AtTheDesk) -> None:
    """What is older is left alone."""
    assert set_aside
    later = (story.stage.clock.now() + timedelta(seconds=1)).isoformat()
    ran = at_the_desk("replay", "--yes", "--since", later)
    wrong = at_the_desk("replay", "--since", "yesterday")

    assert (ran.exit, ran.out) == (0, "The poison queues are empty.\n")
    assert len(story.poison()) == 1
    assert wrong.exit == 2
    assert "--since expects 24h, 7d or a time" in wrong.err


def test_what_cannot_be_read_stays_and_is_shown(story: Story, set_aside: str, at_the_desk: AtTheDesk) -> None:
    """The others go back; the command ends with 1, since somebody must look."""
    assert set_aside
    story.set_aside("nonsense")
    ran = at_the_desk("replay", "--yes")

    assert ran.exit == 1
    assert "1 message can't be read, so not put back" in ran.out
    assert ran.out.endswith("1 message put back.\n")


def test_killed_between_send_and_delete_nothing_is_lost_or_done_twice(
    story: Story, set_aside: str, at_the_desk: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message lies in both queues, is put back twice, and the event still gets one write."""
    with monkeypatch.context() as broken:
        broken.setattr(PoisonQueue, "delete", _dies)
        ran = at_the_desk("replay", "--yes")
    assert ran.exit == 1
    assert len(story.poison()) == 1
    assert at_the_desk("replay", "--yes").exit == 0
    story.play()

    ada = story.people["Ada"]
    assert story.has_link(ada, set_aside)
    assert len(story.calls("PATCH", ada)) == 1


def _dies(*_: object) -> None:
    raise QueueUnavailable("gone")
