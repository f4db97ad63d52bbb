"""`joinlink replay` puts poison messages back after their cause is fixed, and loses none."""

from datetime import timedelta
from io import StringIO

import pytest

from sandbox.graph import Fault
from shared.domain.messages import MAILBOX_TASKS, TaskKind, TaskReason
from shared.errors import QueueUnavailable
from shared.storage.poison_queue import PoisonQueue
from tests.stories.conftest import RunJoinlink, Story

GUEST = "bo@fabrikam.com"


def poison_one(story: Story) -> str:
    """Return a meeting whose message is in the poison queue, after an answer that Joinlink does not understand."""
    ada = story.add_person("Ada")
    story.stage.graph.faults.add(Fault(method="GET", path="events", status=400, count=None))
    meeting = story.create_meeting(ada, GUEST)
    story.wait()
    story.stage.graph.faults.clear()
    assert len(story.poison_messages()) == 1
    return meeting


@pytest.fixture
def poisoned(story: Story) -> str:
    return poison_one(story)


class _Keyboard(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_message_goes_back_and_is_handled(story: Story, poisoned: str, run_joinlink: RunJoinlink) -> None:
    """It goes back once, and the worker does what it would have done."""
    result = run_joinlink("replay", "--yes")
    story.run_until_idle()

    assert result.exit == 0
    assert "1  unexpected_answer" in result.out
    assert result.out.endswith("1 message put back.\n")
    assert story.poison_messages() == []
    assert story.has_link(story.people["Ada"], poisoned)
    assert [x["source"] for x in story.log_lines() if x["outcome"] == "enabled"] == ["replay"]


def test_tasks_for_mailboxes_go_back_too(story: Story, run_joinlink: RunJoinlink) -> None:
    """To their own queue."""
    ada = story.add_person("Ada", watched=False)
    story.stage.graph.faults.add(Fault(method="POST", status=400, count=1))
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.wait()
    assert len(story.poison_messages(MAILBOX_TASKS)) == 1
    other = run_joinlink("replay", "--yes", "--queue", "event-changes")
    result = run_joinlink("replay", "--yes", "--queue", "mailbox-tasks")
    story.wait()

    assert (other.exit, other.out) == (0, "The poison queues are empty.\n")
    assert result.exit == 0
    assert ("subscribe", "subscribed", "subscription_created") in story.task_outcomes(ada)


def test_a_dry_run_moves_nothing(story: Story, poisoned: str, run_joinlink: RunJoinlink) -> None:
    """It shows the messages and exits with 1; the next command finds them immediately."""
    assert poisoned
    first, second = (run_joinlink("replay", "--dry-run") for _ in range(2))

    assert first == second
    assert first.exit == 1
    assert first.out.startswith("event-changes-poison: 1 message\n")
    assert len(story.poison_messages()) == 1


def test_without_a_terminal_nothing_goes_back(story: Story, poisoned: str, run_joinlink: RunJoinlink) -> None:
    """A script needs --yes."""
    assert poisoned
    result = run_joinlink("replay")

    assert result.exit == 2
    assert "--yes" in result.err
    assert len(story.poison_messages()) == 1


@pytest.mark.parametrize(
    ("answer", "left"), [pytest.param("y\n", 0, id="yes"), pytest.param("n\n", 1, id="no")]
)
def test_it_asks_on_a_terminal(
    answer: str, left: int, story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it has shown the messages."""
    poison_one(story)
    monkeypatch.setattr("sys.stdin", _Keyboard(answer))
    result = run_joinlink("replay")

    assert "Put 1 message back?" in result.err
    assert result.exit == left
    assert len(story.poison_messages()) == left


def test_a_message_that_the_queue_refuses_stays(
    story: Story, poisoned: str, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is still in the poison queue, for the next try."""
    assert poisoned
    with monkeypatch.context() as broken:
        broken.setattr("shared.storage.queues.MessageQueue.send", _dies)
        result = run_joinlink("replay", "--yes")

    assert result.exit == 1
    assert len(story.poison_messages()) == 1
    assert result.out.endswith("no messages put back.\n")
    assert "nothing is lost, try again" in result.err
    assert run_joinlink("replay", "--yes").exit == 0


def test_since_selects_later_messages(story: Story, poisoned: str, run_joinlink: RunJoinlink) -> None:
    """Older messages stay."""
    assert poisoned
    later = (story.stage.clock.now() + timedelta(seconds=1)).isoformat()
    result = run_joinlink("replay", "--yes", "--since", later)
    wrong = run_joinlink("replay", "--since", "yesterday")

    assert (result.exit, result.out) == (0, "The poison queues are empty.\n")
    assert len(story.poison_messages()) == 1
    assert wrong.exit == 2
    assert "--since expects 24h, 7d or a time" in wrong.err


def test_an_unreadable_message_stays_and_is_shown(
    story: Story, poisoned: str, run_joinlink: RunJoinlink
) -> None:
    """The others go back; exit code 1 says that an admin must act."""
    assert poisoned
    story.add_poison("nonsense")
    result = run_joinlink("replay", "--yes")

    assert result.exit == 1
    assert "1 message can't be read, so not put back" in result.out
    assert result.out.endswith("1 message put back.\n")


def test_a_kill_between_send_and_delete_loses_and_repeats_nothing(
    story: Story, poisoned: str, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is in both queues and goes back twice, and the event still gets one write."""
    with monkeypatch.context() as broken:
        broken.setattr(PoisonQueue, "delete", _dies)
        result = run_joinlink("replay", "--yes")
    assert result.exit == 1
    assert len(story.poison_messages()) == 1
    assert run_joinlink("replay", "--yes").exit == 0
    story.run_until_idle()

    ada = story.people["Ada"]
    assert story.has_link(ada, poisoned)
    assert len(story.calls("PATCH", ada)) == 1


def _dies(*_: object) -> None:
    raise QueueUnavailable("gone")
