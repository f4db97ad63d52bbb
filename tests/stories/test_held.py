"""Events with a write of unknown end: listed, released by name, written once more at the most."""

import json
from datetime import timedelta

import pytest

from sandbox.graph import Drop, Fault, User
from tests.stories.conftest import AtTheDesk, Story
from tests.stories.test_at_most_once import GUEST
from tests.stories.test_write_evidence import HELD, written


@pytest.fixture
def ada(story: Story) -> User:
    return story.person("Ada")


@pytest.fixture
def meeting(story: Story, ada: User) -> str:
    """Return a meeting of Ada's that is held: the answer was lost, and it changed before it was read."""
    meeting = story.meeting(ada, GUEST)
    faults = story.stage.graph.faults
    away = Fault(method="GET", status=500, count=2)
    faults.add(Fault(method="PATCH", drop=Drop.AFTER, meanwhile=lambda: faults.add(away)))
    story.wait()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.play()
    assert HELD in story.ends(ada)
    return meeting


def test_a_held_event_is_listed_with_what_is_known_of_it(
    meeting: str, ada: User, at_the_desk: AtTheDesk
) -> None:
    """An admin sees which, whose, by which rule, and what Graph answered."""
    ran = at_the_desk("held", "--json")
    [listed] = json.loads(ran.out)

    assert ran.exit == 1
    assert (listed["mailbox"], listed["event"], listed["rule"]) == (ada.id, meeting, "external")
    assert "no answer" in listed["answer"]
    assert "joinlink held --release" in at_the_desk("held").out


def test_a_released_event_gets_one_more_write(
    story: Story, meeting: str, ada: User, at_the_desk: AtTheDesk
) -> None:
    """It is warned of, logged, and done once: what a person removes then is removed for good."""
    [listed] = json.loads(at_the_desk("held", "--json").out)
    ran = at_the_desk("held", "--release", listed["id"], "--yes")
    story.play()
    assert story.has_link(ada, meeting)
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.play()
    story.wait(timedelta(minutes=5))

    assert (ran.exit, "mail to every attendee" in ran.out.replace("\n", " ")) == (0, True)
    assert written(story, ada) == 2
    assert not story.has_link(ada, meeting)
    assert [line["event_id"] for line in story.lines("event.released")] == [meeting]
    assert at_the_desk("held").exit == 0


def test_a_release_whose_write_had_no_effect_is_still_a_release(
    story: Story, meeting: str, ada: User, at_the_desk: AtTheDesk
) -> None:
    """What never arrived does not use it up."""
    [listed] = json.loads(at_the_desk("held", "--json").out)
    at_the_desk("held", "--release", listed["id"], "--yes")
    story.stage.graph.faults.add(Fault(method="PATCH", drop=Drop.BEFORE, count=2))
    story.play()

    assert story.has_link(ada, meeting)
    assert written(story, ada) == 2


@pytest.mark.usefixtures("meeting")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("--release", "0000"), "no held event has the id", id="an id that is not there"),
        pytest.param(("--release", ""), "1 event held", id="no id"),
        pytest.param(("--release", "0000", "--json"), "use one of them", id="a list of what is released"),
    ],
)
def test_what_is_not_held_can_not_be_released(
    story: Story, ada: User, at_the_desk: AtTheDesk, words: tuple[str, ...], said: str
) -> None:
    """Nothing is written for it."""
    ran = at_the_desk("held", *words, "--yes")
    story.play()

    assert said in ran.out + ran.err
    assert written(story, ada) == 1


def test_half_an_id_releases_nothing(story: Story, meeting: str, ada: User, at_the_desk: AtTheDesk) -> None:
    """A typing error must not choose an event; the whole id of the list does, and so does Graph's."""
    [listed] = json.loads(at_the_desk("held", "--json").out)
    for half in (listed["id"][:11], listed["id"][:1], meeting[:-1]):
        assert at_the_desk("held", "--release", half, "--yes").exit == 2
    story.play()
    assert written(story, ada) == 1

    assert at_the_desk("held", "--release", meeting, "--yes").exit == 0


def test_an_event_that_is_seen_online_is_no_longer_held(
    story: Story, meeting: str, ada: User, at_the_desk: AtTheDesk
) -> None:
    """A person put the link back: there is nothing left to decide."""
    story.stage.graph.people.edit(
        ada.id, meeting, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness"
    )
    story.play()

    assert at_the_desk("held").exit == 0
    assert written(story, ada) == 1
