"""A refusal proves nothing after it was sent: only the event tells what became of a write."""

from datetime import timedelta

import pytest

from sandbox.graph import DirectoryUser, Drop, Fault
from shared import wiring
from shared.settings import StorageSettings
from shared.storage.counters import COUNTERS
from shared.storage.meetings import MEETINGS
from shared.storage.tables import Table, hashed
from tests.stories.conftest import RULES, StartStory, Story
from tests.stories.test_at_most_once import GUEST, message
from tests.stories.test_limits import counts

UNCONFIRMED = ("delayed", "write_unconfirmed")
HELD = ("skipped", "write_unknown")

#: each is carried out, and answered as if it were not
APPLIED = [
    pytest.param(Fault(method="PATCH", status=status, is_done=True, retry_after=after), id=f"{status} {name}")
    for status, after, name in (
        (429, 5, "throttled"),
        (503, 5, "busy, with a time"),
        (500, None, "an error"),
        (504, None, "a gateway that gave up"),
        (400, None, "a bad request"),
        (401, None, "unauthorized"),
        (403, None, "forbidden"),
        (404, None, "not found"),
        (409, None, "a conflict"),
        (410, None, "gone"),
    )
] + [pytest.param(Fault(method="PATCH", drop=Drop.AFTER), id="no answer")]


def written(story: Story, user: DirectoryUser) -> int:
    """Count the PATCHes that were carried out, whatever was answered."""
    return sum(
        call.method == "PATCH" and user.id in call.path and call.took_effect
        for call in story.stage.graph.calls
    )


@pytest.mark.parametrize("fault", APPLIED)
def test_a_write_that_took_effect_is_found_out_whatever_was_answered(story: Story, fault: Fault) -> None:
    """The event is online, so the write is ours and is told once."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(fault)
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert written(story, ada) == 1
    assert [outcome for outcome, _ in story.outcomes(ada)].count("enabled") == 1
    assert story.poison_messages() == []


@pytest.mark.parametrize("fault", APPLIED)
def test_a_link_that_a_person_took_away_after_it_stays_away(story: Story, fault: Fault) -> None:
    """Nobody saw it online but the person: the event is held for an admin, and never written again."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(fault)
    story.wait()
    assert story.has_link(ada, meeting)
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.run_until_idle()
    story.stage.graph.people.edit(ada.id, meeting, subject="Edited")
    story.run_until_idle()

    assert written(story, ada) == 1
    assert not story.has_link(ada, meeting)
    assert story.outcomes(ada)[-1] in {HELD, ("skipped", "removed_by_user")}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 503, None])
def test_a_write_without_effect_is_made_once_that_is_known(story: Story, status: int | None) -> None:
    """The event is offline and unchanged a minute later: the attempt is given back, and made again if it may."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    drop = Drop.BEFORE if status is None else None
    story.stage.graph.faults.add(Fault(method="PATCH", status=status, drop=drop, count=2))
    story.run_until_idle()

    is_final = status == 400
    assert story.has_link(ada, meeting) is not is_final
    assert written(story, ada) == (0 if is_final else 1)
    assert sorted(counts(story).values()) == ([0] if is_final else [0, 1][-len(counts(story)) :])
    assert len(story.poison_messages()) == is_final


def test_an_edit_after_a_write_without_answer_holds_the_event(story: Story) -> None:
    """Whether the link was there in between can't be told: looked at twice, then held, row and charge kept."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", status=503, retry_after=5))
    story.wait()
    story.stage.graph.people.edit(ada.id, meeting, subject="Edited")
    story.run_until_idle()
    story.stage.graph.people.edit(ada.id, meeting, subject="Edited again")
    story.run_until_idle()

    assert not story.has_link(ada, meeting)
    assert HELD in story.outcomes(ada)
    assert story.outcomes(ada)[-1] == HELD
    assert sum(counts(story).values()) == 1
    line = next(line for line in story.log_lines() if line["reason"] == "write_unknown")
    assert "status 503" in line["detail"]
    assert line["level"] == "warning"


def test_a_missing_permission_to_write_does_not_fill_the_limits(start_story: StartStory) -> None:
    """Calendars.ReadWrite is missing for hours: each hour's count is given back, and then all links come."""
    story = start_story(RULES)
    ada = story.add_person("Ada")
    story.stage.graph.revoke_permission("Calendars.ReadWrite")
    meetings = [story.create_meeting(ada, GUEST) for _ in range(3)]
    for _ in range(9):
        story.wait(timedelta(minutes=20))
    assert {count for window, count in counts(story).items() if window < "hour-2026-11-23T09"} == {0}
    assert ("delayed", "write_forbidden") in story.outcomes(ada)
    assert {line["outcome"] for line in story.log_lines()} == {"delayed"}

    story.stage.graph.restore_permission("Calendars.ReadWrite")
    story.run_until_idle()

    assert [story.has_link(ada, meeting) for meeting in meetings] == [True] * 3
    assert story.poison_messages() == []


@pytest.mark.parametrize("etag", [None, "", "*", '""', 'W/""', '"strong"'])
def test_an_event_without_a_usable_etag_is_not_written(story: Story, etag: str | None) -> None:
    """A write that names no version would overwrite any."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)

    def edit(answer: dict[str, object]) -> None:
        answer["@odata.etag"] = etag

    story.stage.graph.faults.add(Fault(method="GET", path="/events/[^/]+$", edit=edit, count=2))
    story.run_until_idle()

    assert story.outcomes(ada)[:2] == [("delayed", "graph_unavailable")] * 2
    assert story.has_link(ada, meeting)
    assert written(story, ada) == 1


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"v": 2, "state": "enabled"}, id="of a later version"),
        pytest.param({"v": "later"}, id="with an odd version"),
        pytest.param({"state": "nonsense"}, id="of an unknown state"),
        pytest.param({"attempts": "three"}, id="with text for a number"),
        pytest.param({"charged": "[1"}, id="with half a list"),
    ],
)
def test_an_event_whose_row_cant_be_read_is_left_alone(story: Story, values: dict[str, object]) -> None:
    """What was done to it is not known; it is held, and the rest goes on."""
    ada = story.add_person("Ada")
    odd, sound = story.create_meeting(ada, GUEST), story.create_meeting(ada, GUEST)
    storage = StorageSettings(connection_string=story.stage.settings["AzureWebJobsStorage"])
    table = Table.connect(MEETINGS, storage, None)
    table.merge(ada.id, hashed(odd), {"state": "attempted", "at": story.stage.clock.now(), **values})
    table.close()
    story.run_until_idle()

    assert not story.has_link(ada, odd)
    assert story.has_link(ada, sound)
    assert HELD in story.outcomes(ada)


def test_a_counter_that_cant_be_read_ends_one_window(story: Story) -> None:
    """It counts as full, and the next hour begins at zero."""
    ada = story.add_person("Ada")
    first = story.create_meeting(ada, GUEST)
    storage = StorageSettings(connection_string=story.stage.settings["AzureWebJobsStorage"])
    table = Table.connect(COUNTERS, storage, None)
    table.merge(hashed("external"), "hour-2026-11-23T07", {"count": "many"})
    table.close()
    story.wait()
    assert story.outcomes(ada) == [("skipped", "limit_reached")]
    assert "can't be read" in story.log_lines()[-1]["detail"]

    story.stage.clock.advance(timedelta(hours=1))
    story.stage.graph.people.edit(ada.id, first, subject="Later")
    story.run_until_idle()

    assert story.has_link(ada, first)


@pytest.mark.parametrize("honors", [True, False], ids=["If-Match holds", "If-Match is ignored"])
def test_one_instance_at_a_time_writes_to_an_event(story: Story, *, honors: bool) -> None:
    """The second finds the lease and waits for its end, whether or not Graph refuses a stale write."""
    ada = story.add_person("Ada")
    story.stage.graph.honors_if_match = honors
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.deliver()
    story.stage.clock.advance(timedelta(seconds=20))
    other = wiring.Joinlink(wiring.Parts(story.stage.settings, wiring.joinlink().parts.process.world))
    body = message(ada, meeting, story)

    def meanwhile() -> None:
        other.event_messages.handle(body, 1)

    story.stage.graph.faults.add(Fault(method="PATCH", meanwhile=meanwhile))
    story.run_until_idle()
    other.close()

    assert written(story, ada) == 1
    assert ("delayed", "write_under_way") in story.outcomes(ada)
    assert story.has_link(ada, meeting)


def test_a_read_behind_the_write_is_not_taken_for_a_removal(story: Story) -> None:
    """For forty seconds Graph shows the event as it was before our write: nobody removed anything."""
    ada = story.add_person("Ada")
    story.stage.graph.stale_for = timedelta(seconds=40)
    meeting = story.create_meeting(ada, GUEST)
    story.wait(timedelta(minutes=1))
    story.stage.graph.people.edit(ada.id, meeting, categories=["Red"])
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert written(story, ada) == 1
    assert ("skipped", "removed_by_user") not in story.outcomes(ada)


def test_a_read_behind_a_lost_write_does_not_bring_a_second_one(story: Story) -> None:
    """The answer was lost, and reads were behind for forty seconds: the event is read again after a minute."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.stale_for = timedelta(seconds=40)
    story.stage.graph.honors_if_match = False
    story.stage.graph.faults.add(Fault(method="PATCH", drop=Drop.AFTER))
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert written(story, ada) == 1
    assert ("enabled", "link_confirmed") in story.outcomes(ada)


def test_a_drifting_etag_alone_holds_an_event_and_says_so(story: Story) -> None:
    """Nobody edited it, and nobody can tell: it is not removed_by_user, which would be a guess."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", status=503, retry_after=5))
    story.wait()
    story.stage.graph.people.drift(ada.id, meeting)
    story.run_until_idle()

    assert HELD in story.outcomes(ada)
    assert ("skipped", "removed_by_user") not in story.outcomes(ada)
    assert written(story, ada) == 0


def test_a_link_removed_within_the_minute_after_an_answer_without_one_stays_away(story: Story) -> None:
    """Graph answered offline, the link came, and a person removed it before the second read: held, not tried again."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)

    def offline(answer: dict[str, object]) -> None:
        answer.update(isOnlineMeeting=False, onlineMeeting=None)

    story.stage.graph.faults.add(Fault(method="PATCH", edit=offline))
    story.wait()
    assert story.has_link(ada, meeting)
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.run_until_idle()
    story.stage.graph.people.edit(ada.id, meeting, subject="Edited")
    story.run_until_idle()

    assert written(story, ada) == 1
    assert not story.has_link(ada, meeting)
