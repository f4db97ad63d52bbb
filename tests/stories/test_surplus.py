"""Subscriptions that no row names are cleared away, and nothing odd stops that."""

from datetime import timedelta
from typing import Any

from sandbox.graph import Fault
from shared import wiring
from shared.storage.mailboxes import MailboxState
from tests.stories.conftest import Begin, Story
from tests.stories.test_maintenance import maintain, scoped


def watched_twice(story: Story, name: str) -> str:
    """Have a mailbox watched by the app, and a leftover beside that; return the leftover's id."""
    person = story.person(name, watched=False)
    maintain(story)
    return story.stage.watch(person, change_type="created,updated,deleted")


def alive(story: Story) -> set[str]:
    return {one.id for _row, one in story.stage.graph.subscriptions.active()}


def test_one_that_graph_keeps_does_not_keep_the_others(begin: Begin) -> None:
    """It is said, and the next round tries again."""
    story = begin(scoped("{include: all}"))
    kept, gone = watched_twice(story, "Ada"), watched_twice(story, "Ben")
    story.stage.graph.faults.add(Fault(method="DELETE", path=kept, status=403, count=None))
    story.wait(timedelta(days=1, minutes=30))
    maintain(story)

    assert kept in alive(story)
    assert gone not in alive(story)
    assert kept not in str(story.lines("maintenance.list_refused"))


def test_one_of_a_row_that_is_left_alone_stays(begin: Begin) -> None:
    """A later release may have named it where we do not look."""
    story = begin(scoped("{include: all}"))
    kept = watched_twice(story, "Ada")
    ada = story.people["Ada"]
    mailboxes = wiring.joinlink().parts.storage.mailboxes
    assert mailboxes.read(ada.id).state is MailboxState.ACTIVE
    mailboxes._table.merge(ada.id[:2], ada.id, {"v": 2})
    story.wait(timedelta(days=1, minutes=30))
    maintain(story)

    assert kept in alive(story)
    assert story.lines("maintenance.finished")[-1]["mailboxes"]["unclear"] == 1


def test_one_that_a_later_release_watches_with_stays(begin: Begin) -> None:
    """After a roll-back: its columns have a suffix, and are believed."""
    story = begin(scoped("{include: all}"))
    kept = watched_twice(story, "Ada")
    ada = story.people["Ada"]
    wiring.joinlink().parts.storage.mailboxes._table.merge(ada.id[:2], ada.id, {"subscription_2": kept})
    story.wait(timedelta(days=1, minutes=30))
    maintain(story)

    assert kept in alive(story)


def test_a_list_in_a_circle_ends_the_round_and_is_said(begin: Begin) -> None:
    """Two pages that lead to each other: a few calls, a line, and the next round begins at the beginning."""
    story = begin(scoped("{include: all}"))
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
    assert "repeats" in story.lines("maintenance.list_refused")[-1]["detail"]
