"""Events for which the result of a write is unknown are listed, released by id, and written at most once more."""

import json
from datetime import timedelta

import pytest

from sandbox.graph import DirectoryUser, Drop, Fault
from tests.stories.conftest import RunJoinlink, Story
from tests.stories.test_at_most_once import GUEST
from tests.stories.test_write_evidence import HELD, written


@pytest.fixture
def ada(story: Story) -> DirectoryUser:
    return story.add_person("Ada")


@pytest.fixture
def meeting(story: Story, ada: DirectoryUser) -> str:
    """Return a held meeting of Ada's: Graph's answer was lost, and it changed before Joinlink read it."""
    meeting = story.create_meeting(ada, GUEST)
    faults = story.stage.graph.faults
    away = Fault(method="GET", status=500, count=2)
    faults.add(Fault(method="PATCH", drop=Drop.AFTER, meanwhile=lambda: faults.add(away)))
    story.wait()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.run_until_idle()
    assert HELD in story.outcomes(ada)
    return meeting


def test_a_held_event_is_listed_with_its_facts(
    meeting: str, ada: DirectoryUser, run_joinlink: RunJoinlink
) -> None:
    """The event, its mailbox, the rule, and what Graph answered."""
    result = run_joinlink("held", "--json")
    [listed] = json.loads(result.out)

    assert result.exit == 1
    assert (listed["mailbox"], listed["event"], listed["rule"]) == (ada.id, meeting, "external")
    assert "no answer" in listed["answer"]
    assert "joinlink held --release" in run_joinlink("held").out


def test_a_released_event_gets_one_more_write(
    story: Story, meeting: str, ada: DirectoryUser, run_joinlink: RunJoinlink
) -> None:
    """With a warning and a log line. A link that a person removes after that is not added again."""
    [listed] = json.loads(run_joinlink("held", "--json").out)
    result = run_joinlink("held", "--release", listed["id"], "--yes")
    story.run_until_idle()
    assert story.has_link(ada, meeting)
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.run_until_idle()
    story.wait(timedelta(minutes=5))

    assert (result.exit, "mail to every attendee" in result.out.replace("\n", " ")) == (0, True)
    assert written(story, ada) == 2
    assert not story.has_link(ada, meeting)
    assert [line["event_id"] for line in story.log_lines("event.released")] == [meeting]
    assert run_joinlink("held").exit == 0


def test_a_write_without_effect_does_not_use_up_the_release(
    story: Story, meeting: str, ada: DirectoryUser, run_joinlink: RunJoinlink
) -> None:
    """The request never reached Graph."""
    [listed] = json.loads(run_joinlink("held", "--json").out)
    run_joinlink("held", "--release", listed["id"], "--yes")
    story.stage.graph.faults.add(Fault(method="PATCH", drop=Drop.BEFORE, count=2))
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert written(story, ada) == 2


@pytest.mark.usefixtures("meeting")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("--release", "0000"), "no held event has the id", id="an id that is not there"),
        pytest.param(("--release", ""), "1 event held", id="no id"),
    ],
)
def test_only_held_events_can_be_released(
    story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink, arguments: tuple[str, ...], message: str
) -> None:
    """Nothing is written for others."""
    result = run_joinlink("held", *arguments, "--yes")
    story.run_until_idle()

    assert message in result.out + result.err
    assert written(story, ada) == 1


def test_part_of_an_id_releases_nothing(
    story: Story, meeting: str, ada: DirectoryUser, run_joinlink: RunJoinlink
) -> None:
    """A typing error must not select an event; the complete id of the list does, and Graph's does."""
    [listed] = json.loads(run_joinlink("held", "--json").out)
    for half in (listed["id"][:11], listed["id"][:1], meeting[:-1]):
        assert run_joinlink("held", "--release", half, "--yes").exit == 2
    story.run_until_idle()
    assert written(story, ada) == 1

    assert run_joinlink("held", "--release", meeting, "--yes").exit == 0


def test_an_event_with_a_link_is_no_longer_held(
    story: Story, meeting: str, ada: DirectoryUser, run_joinlink: RunJoinlink
) -> None:
    """A person has added the link again, so there is nothing to decide."""
    story.stage.graph.people.edit(
        ada.id, meeting, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness"
    )
    story.run_until_idle()

    assert run_joinlink("held").exit == 0
    assert written(story, ada) == 1
