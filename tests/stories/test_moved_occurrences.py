"""A series whose last occurrence is over, except for one that somebody moved ahead."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.graph import DirectoryUser, Fault, NotificationDelivery
from shared import wiring
from shared.domain.messages import EVENT_CHANGES
from shared.storage.mailboxes import MailboxState
from tests.stories.conftest import RunJoinlink, Story
from tests.stories.test_sweep import GUEST, LOSE_ALL, subscribed, sweep

#: three Tuesdays, the last on November 17th; the stories begin on the 23rd
OVER: dict[str, Any] = {
    "start": {"dateTime": "2026-11-03T09:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2026-11-03T10:00:00", "timeZone": "UTC"},
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "firstDayOfWeek": "monday"},
        "range": {"type": "numbered", "startDate": "2026-11-03", "numberOfOccurrences": 3},
    },
}


def at(day: str) -> dict[str, Any]:
    return {
        "start": {"dateTime": f"{day}T14:00:00", "timeZone": "UTC"},
        "end": {"dateTime": f"{day}T15:00:00", "timeZone": "UTC"},
    }


def create_quietly(story: Story, owner: DirectoryUser, **properties: Any) -> str:
    """Create a series that is over, without a notification."""
    story.stage.graph.delivery = LOSE_ALL
    master = story.create_meeting(owner, GUEST, **{**OVER, **properties})
    story.stage.graph.delivery = NotificationDelivery()
    return master


def move(story: Story, owner: DirectoryUser, master: str, day: str = "2026-12-01", index: int = 1) -> str:
    return story.stage.graph.people.change_occurrence(owner.id, master, index, **at(day))


def expanded(story: Story) -> int:
    """Return how often the app read the exceptions of a series."""
    return sum("exceptionOccurrences" in call.url for call in story.stage.graph.calls)


def test_a_series_with_a_moved_occurrence_ahead_gets_its_link(story: Story) -> None:
    """Its notification names the series, so Joinlink reads the exceptions: one call more than usual."""
    ada = story.add_person("Ada")
    master = create_quietly(story, ada)
    move(story, ada, master)
    story.wait()

    assert story.has_link(ada, master)
    [line] = [line for line in story.log_lines() if line["outcome"] == "enabled"]
    assert (line["event_id"], line["graph_calls"], expanded(story)) == (master, 5, 1)


def test_a_message_may_name_the_moved_occurrence(story: Story) -> None:
    """Then it shows by itself that the series is not over; the series is judged and written."""
    ada = story.add_person("Ada")
    master = create_quietly(story, ada)
    story.stage.graph.delivery = NotificationDelivery(names_occurrences=True)
    moved = move(story, ada, master)
    story.wait()

    assert story.has_link(ada, master)
    [line] = [line for line in story.log_lines() if line["outcome"] == "enabled"]
    assert (line["event_id"], expanded(story)) == (moved, 0)


def test_exceptions_are_read_only_where_a_series_seems_to_be_over(story: Story) -> None:
    """Not of a series that runs, of a single event, of an attendee's copy, or of one that is online."""
    ada, bo = story.add_person("Ada"), story.add_person("Bo")
    running = {"type": "noEnd", "startDate": "2026-11-03"}
    story.create_meeting(ada, GUEST, **{**OVER, "recurrence": OVER["recurrence"] | {"range": running}})
    story.create_meeting(ada, GUEST, **at("2026-11-03"))
    story.create_meeting(ada, "bo@contoso.com", **OVER, isOnlineMeeting=True)
    story.run_until_idle()
    assert expanded(story) == 0
    assert {reason for _outcome, reason in story.outcomes(bo)} <= {"not_organizer", "already_online"}

    story.create_meeting(ada, GUEST, **OVER)
    story.run_until_idle()
    assert (story.outcomes(ada)[-1], expanded(story)) == (("skipped", "ended"), 1)
    assert story.log_lines()[-1]["graph_calls"] == 2


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"subject": "Renamed"}, id="changed in another way"),
        pytest.param(at("2026-11-20"), id="moved, and over too"),
    ],
)
def test_a_series_whose_exceptions_are_over_has_ended(story: Story, change: dict[str, Any]) -> None:
    ada = story.add_person("Ada")
    master = create_quietly(story, ada)
    story.stage.graph.people.change_occurrence(ada.id, master, 1, **change)
    story.wait()

    assert story.outcomes(ada) == [("skipped", "ended")]


def test_a_cancelled_occurrence_does_not_lie_ahead(story: Story) -> None:
    ada = story.add_person("Ada")
    master = create_quietly(story, ada)
    story.stage.graph.people.cancel(ada.id, move(story, ada, master))
    story.wait()

    assert story.outcomes(ada)[-1] == ("skipped", "ended")
    assert not story.has_link(ada, master)


REFUSED = [
    pytest.param(Fault(query="expand", status=403, count=None), id="forbidden"),
    pytest.param(Fault(query="expand", status=400, code="ErrorInvalidRequest", count=None), id="refused"),
    pytest.param(Fault(query="expand", status=500, count=None), id="failing for ever"),
    pytest.param(Fault(query="expand", edit=lambda answer: answer.update(exceptionOccurrences="7"), count=None), id="text for a list"),
    pytest.param(Fault(query="expand", edit=lambda answer: answer.update(exceptionOccurrences=[None, {"id": "x"}]), count=None), id="unreadable"),
    pytest.param(Fault(query="expand", edit=lambda answer: answer.update({"exceptionOccurrences": [], "exceptionOccurrences@odata.nextLink": "x"}), count=None), id="on another page"),
]  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_exceptions_that_cannot_be_read_are_a_reason(story: Story, fault: Fault) -> None:
    """Whether the series has ended is not known. Nothing is written, and the mailbox stays watched."""
    ada = subscribed(story)
    master = create_quietly(story, ada)
    story.stage.graph.faults.add(fault)
    move(story, ada, master)
    story.wait()
    story.run_until_idle()

    assert story.outcomes(ada)[-1] == ("skipped", "insufficient_data")
    assert story.log_lines()[-1]["detail"]
    assert not story.has_link(ada, master)
    assert story.poison_messages(EVENT_CHANGES) == []
    assert wiring.joinlink().parts.storage.mailboxes.read(ada.id).state is MailboxState.ACTIVE


@pytest.mark.parametrize("fault", REFUSED[:1])
def test_a_sweep_finds_a_moved_occurrence_though_exceptions_are_refused(story: Story, fault: Fault) -> None:
    """The calendar view shows the occurrence, and the sweep's message names it."""
    ada = subscribed(story)
    master = create_quietly(story, ada)
    story.stage.graph.delivery = LOSE_ALL
    moved = move(story, ada, master)
    story.stage.graph.faults.add(fault)
    sweep(story, ada)

    assert story.has_link(ada, master)
    [line] = story.log_lines()
    assert (line["event_id"], line["source"], expanded(story)) == (moved, "sweep", 0)
    sweep(story, ada)
    assert story.log_lines("mailbox.swept")[-1]["queued"] == 0


def test_a_sweep_looks_past_a_cancelled_occurrence(story: Story) -> None:
    """The first exception in the window is cancelled, and the second is ahead."""
    ada = subscribed(story)
    master = create_quietly(story, ada)
    story.stage.graph.delivery = LOSE_ALL
    story.stage.graph.people.cancel(ada.id, move(story, ada, master, "2026-11-27", index=0))
    moved = move(story, ada, master)
    sweep(story, ada)

    assert story.has_link(ada, master)
    assert [line["event_id"] for line in story.log_lines()] == [moved]


def test_a_removed_link_does_not_come_back_with_a_moved_occurrence(story: Story) -> None:
    """The row of the series is kept until 90 days after the moved occurrence."""
    ada = subscribed(story)
    master = create_quietly(story, ada)
    move(story, ada, master)
    story.wait()
    story.stage.graph.people.remove_link(ada.id, master)
    story.run_until_idle()
    move(story, ada, master, "2027-01-12", index=2)
    story.run_until_idle()
    sweep(story, ada)

    assert story.outcomes(ada)[-1] == ("skipped", "removed_by_user")
    assert not story.has_link(ada, master)
    meeting = wiring.joinlink().parts.storage.meetings.read(ada.id, master).meeting
    assert meeting
    assert meeting.ends == datetime(2027, 1, 12, 15, tzinfo=UTC)


def test_explain_names_the_moved_occurrence(story: Story, run_joinlink: RunJoinlink) -> None:
    """It decides as the app does."""
    ada = story.add_person("Ada")
    master = create_quietly(story, ada)
    moved = move(story, ada, master)
    by_series = run_joinlink("explain", "--mailbox", ada.id, "--event-id", master)
    by_occurrence = run_joinlink("explain", "--mailbox", ada.id, "--event-id", moved)

    for answer in (by_series, by_occurrence):
        assert "an occurrence of it ends at 2026-12-01 15:00 UTC" in answer.out


def test_a_guest_of_one_occurrence_does_not_count(story: Story) -> None:
    """A series is judged as a whole, by the people of the series."""
    ada = story.add_person("Ada")
    recurrence = OVER["recurrence"] | {"range": {"type": "noEnd", "startDate": "2026-11-03"}}
    master = story.create_meeting(ada, "cy@contoso.com", **{**OVER, "recurrence": recurrence})
    guest = {"type": "required", "emailAddress": {"address": GUEST}}
    story.stage.graph.delivery = NotificationDelivery(names_occurrences=True)
    story.stage.graph.people.change_occurrence(ada.id, master, 5, attendees=[guest])
    story.run_until_idle()

    assert ("skipped", "no_rule_matched") in story.outcomes(ada)
    assert not story.has_link(ada, master)


def test_this_and_all_following_is_a_new_series(story: Story) -> None:
    """Outlook ends the old series and creates another. The new one gets a link, though it was removed before."""
    ada = story.add_person("Ada")
    recurrence = OVER["recurrence"] | {"range": {"type": "noEnd", "startDate": "2026-11-03"}}
    old = story.create_meeting(ada, GUEST, **{**OVER, "recurrence": recurrence})
    story.run_until_idle()
    story.stage.graph.people.remove_link(ada.id, old)
    story.run_until_idle()
    until = {"type": "endDate", "startDate": "2026-11-03", "endDate": "2026-12-01"}
    story.stage.graph.people.edit(ada.id, old, recurrence=recurrence | {"range": until})
    following = {"type": "noEnd", "startDate": "2026-12-08"}
    new = story.create_meeting(ada, GUEST, **at("2026-12-08"), recurrence=recurrence | {"range": following})
    story.run_until_idle()

    assert not story.has_link(ada, old)
    assert story.has_link(ada, new)
