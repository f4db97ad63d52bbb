"""The coverage table of docs/mailboxes.md is true: every row is built and compared."""

import json
from datetime import timedelta

import pytest

from sandbox.graph import NotificationDelivery
from shared import wiring
from tests.stories.conftest import RunJoinlink, StartStory, Story
from tests.stories.coverage_places import Place
from tests.stories.coverage_rows import (
    MARKED,
    PAGE,
    ROWS,
    table,
)
from tests.stories.coverage_setups import SETUPS, CoverageSetup, EventCoverage
from tests.stories.test_maintenance import RULES, maintain

OK = 200


@pytest.fixture(params=SETUPS, ids=lambda setup: setup.name)
def setup(request: pytest.FixtureRequest) -> CoverageSetup:
    found: CoverageSetup = request.param
    return found


@pytest.fixture
def story(start_story: StartStory, setup: CoverageSetup) -> Story:
    switch = "on" if setup.has_calendar_subscriptions else "off"
    story = start_story(
        RULES.replace("mailboxes: {SCOPE}", setup.rules), JOINLINK_CALENDAR_SUBSCRIPTIONS=switch
    )
    story.stage.graph.delivery = NotificationDelivery(calendar_subscriptions=setup.reports_calendars)
    return story


def test_each_row_is_what_joinlink_does(
    story: Story, setup: CoverageSetup, run_joinlink: RunJoinlink
) -> None:
    """All rows with the same setup are in one tenant: it is watched, then events change, then all is read."""
    rows = [row for row in ROWS if row.setup == setup]
    places = [row.place(story, f"Number{n}") for n, row in enumerate(rows)]
    maintain(story)
    events = [row.create(story, place) for row, place in zip(rows, places, strict=True)]
    story.run_until_idle()
    notified = decided_after_notification(story, places)
    before = len(story.stage.graph.calls)
    story.wait(timedelta(hours=6))
    maintain(story)
    swept, middle = searched_since(story, before), len(story.stage.graph.calls)
    assert wiring.joinlink().policies.current()
    searched = json.loads(run_joinlink("backfill", "--all", "--dry-run", "--json").out)
    backfilled = searched_since(story, middle)

    assert searched["left"] == {}
    observed = [
        EventCoverage(
            notified=place in notified,
            swept=place in swept,
            backfilled=place in backfilled,
            written=event is not None and story.has_link(place.user, event),
        )
        for place, event in zip(places, events, strict=True)
    ]
    titles = [f"{row.mailbox}, {row.calendar}, {row.event}" for row in rows]
    assert dict(zip(titles, observed, strict=True)) == {
        title: row.coverage for title, row in zip(titles, rows, strict=True)
    }


def decided_after_notification(story: Story, places: list[Place]) -> list[Place]:
    """Return the places with a decision about a notified change; each mailbox is in one place."""
    mailboxes = {line["mailbox"] for line in story.log_lines() if line["source"] == "notification"}
    return [place for place in places if place.user.id in mailboxes]


def searched_since(story: Story, number: int) -> list[Place]:
    """Return the calendars that the app read after this many calls."""
    calls = story.stage.graph.calls[number:]
    views = [call.path for call in calls if call.path.endswith("/calendarView") and call.status == OK]
    return [
        Place(user, path.partition("/calendars/")[2].partition("/")[0])
        for user in story.people.values()
        for path in views
        if user.id in path
    ]


def test_the_docs_have_the_table() -> None:
    """`python -m tests.stories.coverage_rows` writes it."""
    found = MARKED.search(PAGE.read_text())

    assert found
    assert found[0] == table()
    assert {row.setup.name for row in ROWS} == {setup.name for setup in SETUPS}
