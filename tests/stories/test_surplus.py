"""Surplus subscriptions, which no row names, are deleted."""

from datetime import timedelta
from typing import Any

from sandbox.graph import Fault
from shared import wiring
from shared.storage.mailboxes import MailboxState
from tests.stories.conftest import StartStory, Story
from tests.stories.test_maintenance import maintain, scoped


def watched_twice(story: Story, name: str) -> str:
    """Subscribe a mailbox and add a surplus subscription; return the latter's id."""
    person = story.add_person(name, watched=False)
    maintain(story)
    return story.stage.watch(person, change_type="created,updated,deleted")


def live_ids(story: Story) -> set[str]:
    return {one.id for _row, one in story.stage.graph.subscriptions.active()}


def test_one_that_graph_does_not_delete_does_not_block_the_others(start_story: StartStory) -> None:
    """The log reports it, and the next search retries."""
    story = start_story(scoped("{include: all}"))
    kept, gone = watched_twice(story, "Ada"), watched_twice(story, "Ben")
    story.stage.graph.faults.add(Fault(method="DELETE", path=kept, status=403, count=None))
    story.wait(timedelta(days=1, minutes=30))
    maintain(story)

    assert kept in live_ids(story)
    assert gone not in live_ids(story)
    assert kept not in str(story.log_lines("maintenance.list_refused"))


def test_one_of_an_unclear_row_stays(start_story: StartStory) -> None:
    """A later release may name it in a column that we do not know."""
    story = start_story(scoped("{include: all}"))
    kept = watched_twice(story, "Ada")
    ada = story.people["Ada"]
    mailboxes = wiring.joinlink().parts.storage.mailboxes
    assert mailboxes.read(ada.id).state is MailboxState.ACTIVE
    mailboxes._table.merge(ada.id[:2], ada.id, {"v": 2})
    story.wait(timedelta(days=1, minutes=30))
    maintain(story)

    assert kept in live_ids(story)
    assert story.log_lines("maintenance.finished")[-1]["mailboxes"]["unclear"] == 1


def test_one_that_a_later_release_uses_stays(start_story: StartStory) -> None:
    """After a rollback: the columns of that release have a suffix."""
    story = start_story(scoped("{include: all}"))
    kept = watched_twice(story, "Ada")
    ada = story.people["Ada"]
    wiring.joinlink().parts.storage.mailboxes._table.merge(ada.id[:2], ada.id, {"subscription_2": kept})
    story.wait(timedelta(days=1, minutes=30))
    maintain(story)

    assert kept in live_ids(story)


def test_a_page_link_that_repeats_ends_the_search(start_story: StartStory) -> None:
    """Two pages link to each other: a few calls, a log line, and the next search starts at the first page."""
    story = start_story(scoped("{include: all}"))
    watched_twice(story, "Ada")
    number = 0

    def circle(answer: dict[str, Any]) -> None:
        nonlocal number
        number += 1
        answer["@odata.nextLink"] = f"https://graph.microsoft.com/v1.0/subscriptions?$skiptoken={number % 2}"

    story.stage.graph.faults.add(Fault(method="GET", path="/subscriptions$", edit=circle, count=None))
    story.wait(timedelta(days=1, minutes=30))
    number = 0
    maintain(story)

    assert number <= 4
    assert "repeats" in story.log_lines("maintenance.list_refused")[-1]["detail"]
