"""Uninstalling: the app ends every subscription before it is deleted, and creates no other meanwhile."""

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
    """Return what sets how the command's waits pass; by default the app works meanwhile."""

    def passes(meanwhile: Callable[[], None]) -> None:
        monkeypatch.setattr("cli.unsubscribe.sleep", lambda _seconds: meanwhile())

    passes(lambda: story.wait(POLL))
    return passes


def test_every_mailbox_is_unsubscribed(story: Story, run_joinlink: RunJoinlink, wait: object) -> None:
    """The command waits for the app; nothing subscribes them again, and nothing is written to them."""
    del wait
    ran = run_joinlink("unsubscribe", "--all", "--yes")
    maintain(story, runs=3)
    unwatched(story, "Di")
    maintain(story)
    ada = story.people["Ada"]
    story.stage.watch(ada)
    meeting = story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert ran.exit == 0
    assert "✓ No mailbox has a subscription" in ran.out
    assert "Unsubscribing: 3 of 3" in ran.err
    assert watched(story) == ["Ada"]
    assert not story.has_link(ada, meeting)
    assert story.log_lines("maintenance.finished")[-1]["tasks"] == {}


def test_health_says_that_it_is_stopped_until_an_admin_starts_it(
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


def test_a_task_that_waits_on_the_queue_subscribes_nobody(
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


def test_a_mailbox_that_is_being_subscribed_is_waited_for(
    story: Story, run_joinlink: RunJoinlink, wait: object
) -> None:
    """Its row does not name the subscription yet."""
    del wait
    row, now = story.people["Ada"].id, story.stage.clock.now()
    mailboxes = wiring.joinlink().parts.storage.mailboxes
    mailboxes.update(row, making_endpoint="x", making_until=now + timedelta(minutes=3))
    ran = run_joinlink("unsubscribe", "--all", "--yes")

    assert ran.exit == 0
    assert story.stage.clock.now() >= now + timedelta(minutes=3)


def test_the_app_continues_if_the_command_is_stopped(
    story: Story, run_joinlink: RunJoinlink, wait: Callable[[Callable[[], None]], None]
) -> None:
    """It carries out what is queued, and its maintenance queues the rest."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    wait(interrupt)
    ran = run_joinlink("unsubscribe", "--all", "--yes")
    story.run_until_idle()

    assert ran.exit == 130
    assert watched(story) == []


def test_maintenance_unsubscribes_every_mailbox_while_it_is_stopped(story: Story) -> None:
    """So it does what a command that was killed has not queued."""
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


def test_a_command_that_is_not_answered_ends(
    story: Story, run_joinlink: RunJoinlink, wait: Callable[[Callable[[], None]], None]
) -> None:
    """The app does not run: it says how many are left."""
    wait(lambda: story.stage.clock.advance(timedelta(minutes=2)))
    ran = run_joinlink("unsubscribe", "--all", "--yes")

    assert ran.exit == 1
    assert "✗ 3 mailboxes have a subscription yet" in ran.out


def test_graph_that_throttles_is_waited_for(story: Story, run_joinlink: RunJoinlink, wait: object) -> None:
    """The tasks are tried again."""
    del wait
    story.stage.graph.faults.add(Fault(method="DELETE", status=429, retry_after=60, count=3))
    ran = run_joinlink("unsubscribe", "--all", "--yes")

    assert ran.exit == 0
    assert watched(story) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param([], "say what to do", id="neither"),
        pytest.param(["--all", "--undo"], "say what to do", id="both"),
        pytest.param(["--all"], "--yes unsubscribes them", id="nobody to ask"),
    ],
)
def test_nothing_is_unsubscribed_by_mistake(
    story: Story, run_joinlink: RunJoinlink, words: list[str], told: str
) -> None:
    """The command says what is missing."""
    ran = run_joinlink("unsubscribe", *words)

    assert (ran.exit, told in ran.err) == (2, True)
    assert health(story)[1]["stopped"] is False


def test_an_app_that_does_not_know_the_stop_is_left_alone(story: Story, run_joinlink: RunJoinlink) -> None:
    """It would subscribe the mailboxes again."""
    parts = wiring.joinlink().parts
    parts.storage.maintenance_table.merge("maintenance", "app", {"version": ""})
    ran = run_joinlink("unsubscribe", "--all", "--yes")

    assert (ran.exit, "deploy this version" in ran.err) == (2, True)
    assert health(story)[1]["stopped"] is False
