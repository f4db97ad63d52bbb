"""The memory of past writes is started once, and never replaced without an admin's decision."""

import pytest
from azure.data.tables import TableServiceClient

from sandbox.graph import Fault
from shared import wiring
from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from tests.stories.conftest import RunJoinlink, StartStory, Story
from tests.stories.test_at_most_once import GUEST, successes

MISSING = ("would_enable", "memory_missing")


def lose_the_memory(story: Story) -> None:
    """Delete the table, as an admin may who cleans up."""
    with TableServiceClient.from_connection_string(story.stage.settings["AzureWebJobsStorage"]) as tables:
        tables.delete_table("meetings")


def test_without_its_memory_nothing_is_written(story: Story, run_joinlink: RunJoinlink) -> None:
    """A link that a person removed is not added, new events wait, and the admin sees what to decide."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.run_until_idle()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.run_until_idle()
    lose_the_memory(story)
    story.restart()
    other = story.create_meeting(ada, GUEST)
    story.stage.graph.people.edit(ada.id, meeting, subject="Edited")
    story.run_until_idle()

    assert story.outcomes(ada)[-2:] == [MISSING, MISSING]
    assert not story.has_link(ada, meeting)
    assert not story.has_link(ada, other)
    assert {line["level"] for line in story.log_lines() if line["reason"] == "memory_missing"} == {"error"}
    result = run_joinlink("memory")
    assert (result.exit, "memory --accept" in result.out.replace("\n", " ")) == (1, True)


def test_nothing_is_written_after_the_table_is_deleted(story: Story) -> None:
    """Even if the app has just read the marker: the row that must come before the write can't be written."""
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.run_until_idle()
    lose_the_memory(story)
    second = story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert not story.has_link(ada, second)
    assert successes(story, ada) == 1
    assert MISSING in story.outcomes(ada)


def test_an_admin_can_accept_the_loss(story: Story, run_joinlink: RunJoinlink) -> None:
    """First the command shows the state, then --accept changes it."""
    ada = story.add_person("Ada")
    lose_the_memory(story)
    story.restart()
    assert run_joinlink("memory", "--accept", "--yes").exit == 0
    meeting = story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert run_joinlink("memory").exit == 0


def test_a_fresh_installation_starts_its_memory(start_story: StartStory) -> None:
    """The account is empty and Graph has no subscription to our URL: the first maintenance starts the memory."""
    story = start_story(with_memory=False)
    ada = story.add_person("Ada", watched=False)
    meeting = story.create_meeting(ada, GUEST)
    story.stage.host.run_timer("maintenance")
    story.run_until_idle()

    assert len(story.log_lines("memory.begun")) == 1
    assert story.has_link(ada, meeting)


@pytest.mark.parametrize("what", ["subscription", "rows"])
def test_an_app_that_has_run_before_is_not_fresh(start_story: StartStory, what: str) -> None:
    """It has another account now, or lost its table: its subscriptions and rows prove that it result."""
    story = start_story(with_memory=False)
    ada = story.add_person("Ada", watched=what == "subscription")
    if what == "rows":
        story.stage.host.run_timer("maintenance")
        story.run_until_idle()
        lose_the_memory(story)
        story.restart()
    story.create_meeting(ada, GUEST)
    story.stage.host.run_timer("maintenance")
    story.run_until_idle()

    assert len(story.log_lines("memory.begun")) == (what == "rows")
    assert MISSING in story.outcomes(ada)
    assert story.calls("PATCH", ada) == []


def test_no_mailbox_is_subscribed_before_the_memory_starts(start_story: StartStory) -> None:
    """Graph fails in the first run: the next one starts the memory, and counts as fresh, too."""
    story = start_story(with_memory=False)
    ada = story.add_person("Ada", watched=False)
    story.stage.graph.faults.add(Fault(path="/subscriptions$", method="GET", status=503, count=2))
    story.stage.host.run_timer("maintenance")
    assert story.log_lines("maintenance.failed")[-1]["reason"] == "memory_not_begun"
    assert story.stage.host.waiting()[MAILBOX_TASKS] == 0

    story.stage.host.run_timer("maintenance")
    story.run_until_idle()

    assert len(story.log_lines("memory.begun")) == 1
    assert [outcome for _task, outcome, _reason in story.task_outcomes(ada)][:1] == ["subscribed"]


@pytest.mark.parametrize(
    ("has_run", "message"),
    [
        pytest.param(True, "the memory of past writes is missing", id="lost"),
        pytest.param(False, "the memory of past writes is not started yet", id="not started"),
    ],
)
def test_a_backfill_is_refused_without_the_memory(
    story: Story, run_joinlink: RunJoinlink, message: str, *, has_run: bool
) -> None:
    """The app would not write its links. A dry run shows why."""
    ada = story.add_person("Ada", watched=has_run)
    wiring.joinlink().policies.current()
    if has_run:
        story.stage.host.run_timer("maintenance")
        story.run_until_idle()
    lose_the_memory(story)
    meeting = story.create_meeting(ada, GUEST)
    refused = run_joinlink("backfill", "--mailbox", "ada@contoso.com", "--yes")
    shown = run_joinlink("backfill", "--mailbox", "ada@contoso.com", "--dry-run")

    assert (refused.exit, message in refused.err) == (2, True)
    assert (shown.exit, f"the app would not do this now: {message}" in shown.out) == (0, True)
    assert story.stage.host.waiting()[EVENT_CHANGES] == 0
    assert not story.has_link(ada, meeting)
