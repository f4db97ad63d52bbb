"""The memory of past writes is started once, and never replaced without an admin's decision."""

import pytest
from azure.data.tables import TableServiceClient

from sandbox.graph import Fault
from shared import wiring
from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from tests.stories.conftest import AtTheDesk, Begin, Story
from tests.stories.test_at_most_once import GUEST, successes

MISSING = ("would_enable", "memory_missing")


def lose_the_memory(story: Story) -> None:
    """Delete the table, as an admin may who cleans up."""
    with TableServiceClient.from_connection_string(story.stage.settings["AzureWebJobsStorage"]) as tables:
        tables.delete_table("meetings")


def test_without_its_memory_nothing_is_written(story: Story, at_the_desk: AtTheDesk) -> None:
    """A link that a person removed is not added, new events wait, and the admin sees what to decide."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.play()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.play()
    lose_the_memory(story)
    story.restart()
    other = story.meeting(ada, GUEST)
    story.stage.graph.people.edit(ada.id, meeting, subject="Edited")
    story.play()

    assert story.ends(ada)[-2:] == [MISSING, MISSING]
    assert not story.has_link(ada, meeting)
    assert not story.has_link(ada, other)
    assert {line["level"] for line in story.lines() if line["reason"] == "memory_missing"} == {"error"}
    ran = at_the_desk("memory")
    assert (ran.exit, "memory --accept" in ran.out.replace("\n", " ")) == (1, True)


def test_nothing_is_written_after_the_table_is_deleted(story: Story) -> None:
    """Even if the app has just read the marker: the row that must come before the write can't be written."""
    ada = story.person("Ada")
    story.meeting(ada, GUEST)
    story.play()
    lose_the_memory(story)
    second = story.meeting(ada, GUEST)
    story.play()

    assert not story.has_link(ada, second)
    assert successes(story, ada) == 1
    assert MISSING in story.ends(ada)


def test_an_admin_can_accept_the_loss(story: Story, at_the_desk: AtTheDesk) -> None:
    """First the command shows the state, then --accept changes it."""
    ada = story.person("Ada")
    lose_the_memory(story)
    story.restart()
    assert at_the_desk("memory", "--accept", "--yes").exit == 0
    meeting = story.meeting(ada, GUEST)
    story.play()

    assert story.has_link(ada, meeting)
    assert at_the_desk("memory").exit == 0


def test_a_fresh_installation_starts_its_memory(begin: Begin) -> None:
    """The account is empty and Graph has no subscription to our URL: the first maintenance starts the memory."""
    story = begin(with_memory=False)
    ada = story.person("Ada", watched=False)
    meeting = story.meeting(ada, GUEST)
    story.stage.host.run_timer("maintenance")
    story.play()

    assert len(story.lines("memory.begun")) == 1
    assert story.has_link(ada, meeting)


@pytest.mark.parametrize("what", ["subscription", "rows"])
def test_an_app_that_has_run_before_is_not_fresh(begin: Begin, what: str) -> None:
    """It has another account now, or lost its table: its subscriptions and rows prove that it ran."""
    story = begin(with_memory=False)
    ada = story.person("Ada", watched=what == "subscription")
    if what == "rows":
        story.stage.host.run_timer("maintenance")
        story.play()
        lose_the_memory(story)
        story.restart()
    story.meeting(ada, GUEST)
    story.stage.host.run_timer("maintenance")
    story.play()

    assert len(story.lines("memory.begun")) == (what == "rows")
    assert MISSING in story.ends(ada)
    assert story.calls("PATCH", ada) == []


def test_no_mailbox_is_subscribed_before_the_memory_starts(begin: Begin) -> None:
    """Graph fails in the first run: the next one starts the memory, and counts as fresh, too."""
    story = begin(with_memory=False)
    ada = story.person("Ada", watched=False)
    story.stage.graph.faults.add(Fault(path="/subscriptions$", method="GET", status=503, count=2))
    story.stage.host.run_timer("maintenance")
    assert story.lines("maintenance.failed")[-1]["reason"] == "memory_not_begun"
    assert story.stage.host.waiting()[MAILBOX_TASKS] == 0

    story.stage.host.run_timer("maintenance")
    story.play()

    assert len(story.lines("memory.begun")) == 1
    assert [outcome for _task, outcome, _reason in story.tasks(ada)][:1] == ["subscribed"]


@pytest.mark.parametrize(
    ("has_run", "said"),
    [
        pytest.param(True, "the memory of past writes is missing", id="lost"),
        pytest.param(False, "the memory of past writes is not started yet", id="not started"),
    ],
)
def test_a_backfill_is_refused_without_the_memory(
    story: Story, at_the_desk: AtTheDesk, said: str, *, has_run: bool
) -> None:
    """The app would not write its links. A dry run shows why."""
    ada = story.person("Ada", watched=has_run)
    wiring.joinlink().policies.current()
    if has_run:
        story.stage.host.run_timer("maintenance")
        story.play()
    lose_the_memory(story)
    meeting = story.meeting(ada, GUEST)
    refused = at_the_desk("backfill", "--mailbox", "ada@contoso.com", "--yes")
    shown = at_the_desk("backfill", "--mailbox", "ada@contoso.com", "--dry-run")

    assert (refused.exit, said in refused.err) == (2, True)
    assert (shown.exit, f"the app would not do this now: {said}" in shown.out) == (0, True)
    assert story.stage.host.waiting()[EVENT_CHANGES] == 0
    assert not story.has_link(ada, meeting)
