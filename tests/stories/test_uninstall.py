"""Before it is uninstalled, the app deletes every subscription and creates no other."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from sandbox.graph import Fault
from shared import wiring
from shared.domain.messages import TaskKind, TaskReason
from tests.stories.conftest import RunJoinlink, StartStory, Story
from tests.stories.test_health import health
from tests.stories.test_maintenance import maintain, scoped, unwatched, watched

GUEST = "bo@fabrikam.com"
POLL = timedelta(seconds=10)


@pytest.fixture
def story(start_story: StartStory) -> Story:
    """A tenant with three watched mailboxes."""
    story = start_story(scoped("{include: all}"))
    unwatched(story, "Ada", "Bo", "Cy")
    maintain(story)
    assert watched(story) == ["Ada", "Bo", "Cy"]
    return story


@pytest.fixture
def wait(story: Story, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Return a function that sets what happens while the command waits; by default, the app runs."""

    def set_meanwhile(meanwhile: Callable[[], None]) -> None:
        monkeypatch.setattr("cli.unsubscribe.sleep", lambda _seconds: meanwhile())

    set_meanwhile(lambda: story.wait(POLL))
    return set_meanwhile


def test_every_mailbox_is_unsubscribed(story: Story, run_joinlink: RunJoinlink, wait: object) -> None:
    """The command waits for the app. No mailbox is subscribed again, and none gets a link."""
    del wait
    result = run_joinlink("unsubscribe", "--all", "--yes")
    maintain(story, runs=3)
    unwatched(story, "Di")
    maintain(story)
    ada = story.people["Ada"]
    story.stage.watch(ada)
    meeting = story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert result.exit == 0
    assert "✓ No mailbox has a subscription" in result.out
    assert "Unsubscribing: 3 of 3" in result.err
    assert watched(story) == ["Ada"]
    assert not story.has_link(ada, meeting)
    assert story.log_lines("maintenance.finished")[-1]["tasks"] == {}


def test_health_reports_the_stop_until_an_admin_ends_it(
    story: Story, run_joinlink: RunJoinlink, wait: object
) -> None:
    """Then the mailboxes in scope are subscribed again."""
    del wait
    run_joinlink("unsubscribe", "--all", "--yes")
    maintain(story)
    status, body = health(story)
    undone = run_joinlink("unsubscribe", "--undo")
    maintain(story)

    assert (status, body["stopped"]) == (503, True)
    assert "joinlink unsubscribe --undo" in body["problems"][0]
    assert undone.exit == 0
    assert watched(story) == ["Ada", "Bo", "Cy"]
    assert health(story)[0] == 200


def test_a_queued_task_does_not_subscribe_a_mailbox(
    story: Story, run_joinlink: RunJoinlink, wait: object
) -> None:
    """Maintenance requested it before the stop."""
    del wait
    unwatched(story, "Di")
    run_joinlink("unsubscribe", "--all", "--yes")
    for name in ("Di", "Ada"):
        story.enqueue_task(TaskKind.SUBSCRIBE, story.people[name], TaskReason.NEW)
    story.run_until_idle()

    assert watched(story) == []
    assert story.task_outcomes(story.people["Di"])[-1] == ("subscribe", "kept", "not_in_scope")


def test_the_command_waits_for_a_mailbox_that_is_being_subscribed(
    story: Story, run_joinlink: RunJoinlink, wait: object
) -> None:
    """Its row does not name the subscription yet."""
    del wait
    row, now = story.people["Ada"].id, story.stage.clock.now()
    mailboxes = wiring.joinlink().parts.storage.mailboxes
    mailboxes.update(row, making_endpoint="x", making_until=now + timedelta(minutes=3))
    result = run_joinlink("unsubscribe", "--all", "--yes")

    assert result.exit == 0
    assert story.stage.clock.now() >= now + timedelta(minutes=3)


def test_the_app_continues_if_the_command_is_stopped(
    story: Story, run_joinlink: RunJoinlink, wait: Callable[[Callable[[], None]], None]
) -> None:
    """It carries out the queued tasks, and maintenance queues the others."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    wait(interrupt)
    result = run_joinlink("unsubscribe", "--all", "--yes")
    story.run_until_idle()

    assert result.exit == 130
    assert watched(story) == []


def test_maintenance_unsubscribes_every_mailbox_during_a_stop(story: Story) -> None:
    """A killed command may not have queued all tasks."""
    wiring.joinlink().parts.storage.watch_stop.set(story.stage.clock.now())
    maintain(story)

    assert story.log_lines("maintenance.finished")[-1]["tasks"] == {"unsubscribe": 3}
    assert watched(story) == []


def test_duplicates_are_deleted_without_waiting_for_the_daily_search(
    story: Story, run_joinlink: RunJoinlink, wait: object
) -> None:
    """Graph created them against its own rule, and no row names them."""
    del wait
    story.stage.watch(story.people["Ada"], change_type="created,updated,deleted")
    run_joinlink("unsubscribe", "--all", "--yes")
    assert watched(story) == ["Ada"]
    maintain(story, runs=2)  # a subscription may be new for a quarter of an hour

    assert watched(story) == []


def test_the_command_ends_if_the_app_does_not_run(
    story: Story, run_joinlink: RunJoinlink, wait: Callable[[Callable[[], None]], None]
) -> None:
    """It shows how many subscriptions are left."""
    wait(lambda: story.stage.clock.advance(timedelta(minutes=2)))
    result = run_joinlink("unsubscribe", "--all", "--yes")

    assert result.exit == 1
    assert "✗ 3 mailboxes have a subscription yet" in result.out


def test_the_command_waits_while_graph_throttles(
    story: Story, run_joinlink: RunJoinlink, wait: object
) -> None:
    """The app retries the tasks."""
    del wait
    story.stage.graph.faults.add(Fault(method="DELETE", status=429, retry_after=60, count=3))
    result = run_joinlink("unsubscribe", "--all", "--yes")

    assert result.exit == 0
    assert watched(story) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([], "say what to do", id="neither"),
        pytest.param(["--all", "--undo"], "say what to do", id="both"),
        pytest.param(["--all"], "--yes unsubscribes them", id="no terminal"),
    ],
)
def test_nothing_is_unsubscribed_by_mistake(
    story: Story, run_joinlink: RunJoinlink, arguments: list[str], message: str
) -> None:
    """The command says what is missing."""
    result = run_joinlink("unsubscribe", *arguments)

    assert (result.exit, message in result.err) == (2, True)
    assert health(story)[1]["stopped"] is False


def test_an_older_app_is_not_stopped(story: Story, run_joinlink: RunJoinlink) -> None:
    """It does not know the stop, so it would subscribe the mailboxes again."""
    parts = wiring.joinlink().parts
    parts.storage.maintenance_table.merge("maintenance", "app", {"version": ""})
    result = run_joinlink("unsubscribe", "--all", "--yes")

    assert (result.exit, "deploy this version" in result.err) == (2, True)
    assert health(story)[1]["stopped"] is False
