"""Only the event proves the result of a write: an error answer does not prove that nothing happened."""

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

#: each write takes effect, but Graph answers with an error
APPLIED = [
    pytest.param(Fault(method="PATCH", status=status, is_done=True, retry_after=after), id=f"{status} {name}")
    for status, after, name in (
        (429, 5, "throttled"),
        (503, 5, "busy, with Retry-After"),
        (500, None, "an error"),
        (504, None, "gateway timeout"),
        (400, None, "a bad request"),
        (401, None, "unauthorized"),
        (403, None, "forbidden"),
        (404, None, "not found"),
        (409, None, "a conflict"),
        (410, None, "gone"),
    )
] + [pytest.param(Fault(method="PATCH", drop=Drop.AFTER), id="no answer")]


def written(story: Story, user: DirectoryUser) -> int:
    """Count the PATCHes that took effect, including those that Graph answered with an error."""
    return sum(
        call.method == "PATCH" and user.id in call.path and call.took_effect
        for call in story.stage.graph.calls
    )


@pytest.mark.parametrize("fault", APPLIED)
def test_a_write_that_took_effect_is_found_after_an_error_answer(story: Story, fault: Fault) -> None:
    """The event is online, so the write is recorded as ours and logged once."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(fault)
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert written(story, ada) == 1
    assert [outcome for outcome, _ in story.outcomes(ada)].count("enabled") == 1
    assert story.poison_messages() == []


@pytest.mark.parametrize("fault", APPLIED)
def test_a_link_removed_after_an_error_answer_is_not_added_again(story: Story, fault: Fault) -> None:
    """Joinlink never read the event while it was online: it holds the event for an admin."""
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
def test_a_write_without_effect_is_repeated_once_that_is_certain(story: Story, status: int | None) -> None:
    """A minute later the event is unchanged: the charge is refunded, and the write is repeated unless it was a 400."""
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


def test_an_edit_after_an_unconfirmed_write_holds_the_event(story: Story) -> None:
    """It is unknown whether the event had a link in between. The row and the charge stay."""
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


def test_without_the_permission_to_write_no_limit_is_used_up(start_story: StartStory) -> None:
    """Calendars.ReadWrite is missing for hours: each charge is refunded. Then all events get their links."""
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
    """A write without a version could overwrite any change."""
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
        pytest.param({"v": 2, "state": "enabled"}, id="a later version"),
        pytest.param({"v": "later"}, id="a version that is not a number"),
        pytest.param({"state": "nonsense"}, id="an unknown state"),
        pytest.param({"attempts": "three"}, id="text for a number"),
        pytest.param({"charged": "[1"}, id="half a list"),
    ],
)
def test_an_event_with_an_unreadable_row_is_held(story: Story, values: dict[str, object]) -> None:
    """It is unknown whether it was written. Other events are handled."""
    ada = story.add_person("Ada")
    unreadable, readable = story.create_meeting(ada, GUEST), story.create_meeting(ada, GUEST)
    storage = StorageSettings(connection_string=story.stage.settings["AzureWebJobsStorage"])
    table = Table.connect(MEETINGS, storage, None)
    table.merge(ada.id, hashed(unreadable), {"state": "attempted", "at": story.stage.clock.now(), **values})
    table.close()
    story.run_until_idle()

    assert not story.has_link(ada, unreadable)
    assert story.has_link(ada, readable)
    assert HELD in story.outcomes(ada)


def test_an_unreadable_counter_affects_one_window_only(story: Story) -> None:
    """It counts as full. The next hour starts at zero."""
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


@pytest.mark.parametrize("honors", [True, False], ids=["Graph honors If-Match", "Graph ignores If-Match"])
def test_two_instances_do_not_write_to_an_event_at_the_same_time(story: Story, *, honors: bool) -> None:
    """The second one finds the lease and waits until it ends."""
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


def test_a_stale_read_is_not_a_removal(story: Story) -> None:
    """For forty seconds Graph returns the event as it was before our write."""
    ada = story.add_person("Ada")
    story.stage.graph.stale_for = timedelta(seconds=40)
    meeting = story.create_meeting(ada, GUEST)
    story.wait(timedelta(minutes=1))
    story.stage.graph.people.edit(ada.id, meeting, categories=["Red"])
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert written(story, ada) == 1
    assert ("skipped", "removed_by_user") not in story.outcomes(ada)


def test_a_stale_read_after_a_lost_answer_does_not_cause_a_second_write(story: Story) -> None:
    """Reads are stale for forty seconds, so Joinlink reads again after a minute."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.stale_for = timedelta(seconds=40)
    story.stage.graph.honors_if_match = False
    story.stage.graph.faults.add(Fault(method="PATCH", drop=Drop.AFTER))
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert written(story, ada) == 1
    assert ("enabled", "link_confirmed") in story.outcomes(ada)


def test_an_etag_that_changes_without_an_edit_holds_the_event(story: Story) -> None:
    """It is unknown why the ETag changed, so the reason is not removed_by_user."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", status=503, retry_after=5))
    story.wait()
    story.stage.graph.people.drift(ada.id, meeting)
    story.run_until_idle()

    assert HELD in story.outcomes(ada)
    assert ("skipped", "removed_by_user") not in story.outcomes(ada)
    assert written(story, ada) == 0


def test_a_link_removed_before_the_second_read_is_not_added_again(story: Story) -> None:
    """Graph's answer had no link, the link appeared later, and a person removed it within a minute."""
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
