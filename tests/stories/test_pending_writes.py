"""What others do, and what gets lost, while the end of a write is open."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from sandbox.azurite import Azurite
from sandbox.graph import Drop, Fault
from shared import wiring
from shared.domain.messages import Source
from tests.stories.conftest import RunJoinlink, StartStory, Story
from tests.stories.lossy_storage import Loss, LossyStorage, lossy_tables
from tests.stories.test_at_most_once import GUEST, message
from tests.stories.test_limits import counts
from tests.stories.test_write_evidence import HELD, written


@pytest.fixture
def gate(azurite: Azurite) -> Iterator[tuple[LossyStorage, str]]:
    """Return a gate before the tables, and the connection string that leads through it."""
    with lossy_tables(azurite.connection_string) as gated:
        yield gated


@pytest.fixture
def gated(gate: tuple[LossyStorage, str], start_story: StartStory) -> Story:
    """Return a story whose tables are reached through the gate."""
    return start_story(AzureWebJobsStorage=gate[1])


def test_a_link_that_came_late_and_was_taken_away_stays_away(story: Story) -> None:
    """The event was online for more than a minute without its join link: it had been ours all the same."""
    ada = story.add_person("Ada", watched=False, join_url_delay=timedelta(minutes=10))
    meeting = story.create_meeting(ada, GUEST)
    app = wiring.joinlink().event_messages
    app.handle(message(ada, meeting, story), 1)
    story.run_until_idle()
    assert story.outcomes(ada)[-1] == ("not_honored", "no_join_link")
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.stage.clock.advance(timedelta(minutes=2))
    app.handle(message(ada, meeting, story), 1)

    assert written(story, ada) == 1
    assert not story.has_link(ada, meeting)
    assert story.outcomes(ada)[-1] == ("skipped", "removed_by_user")


def test_a_second_look_for_an_earlier_write_does_not_cut_the_wait_for_a_later_one_short(story: Story) -> None:
    """A message that was to look again comes right after another write: that one has its whole minute, too."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)

    def offline(answer: dict[str, object]) -> None:
        answer.update(isOnlineMeeting=False, onlineMeeting=None)

    story.stage.graph.faults.add(Fault(method="PATCH", edit=offline, is_ignored=True))
    story.wait()
    wiring.joinlink().event_messages.handle(message(ada, meeting, story, Source.VERIFY), 1)
    assert set(story.outcomes(ada)) == {("delayed", "awaiting_join_link")}

    story.run_until_idle()

    assert ("not_honored", "no_join_link") in story.outcomes(ada)


def test_a_second_look_that_leaves_the_event_to_others_answers_for_nobody(story: Story) -> None:
    """It decides nothing, so a change that was queued before it is decided when its own message comes."""
    ada = story.add_person("Ada", watched=False)
    meeting = story.create_meeting(ada, GUEST)
    queued, now = story.stage.clock.now(), story.stage.clock.now() + timedelta(seconds=20)
    story.stage.clock.advance(timedelta(seconds=20))
    app = wiring.joinlink().event_messages
    app.handle(message(ada, meeting, story, Source.VERIFY), 1, queued=now, taken=now)
    app.handle(message(ada, meeting, story), 1, queued=queued, taken=now)

    assert story.outcomes(ada) == [("superseded", "read_since"), ("enabled", "link_added")]


@pytest.mark.parametrize("heard", [True, False], ids=["written all the same", "not written"])
@pytest.mark.parametrize("fails", [1, 2, 3], ids=["once", "twice", "three times"])
def test_a_record_whose_answer_was_lost_counts_a_write_once(
    gated: Story, gate: tuple[LossyStorage, str], *, fails: int, heard: bool
) -> None:
    """Whether the row was written is found out: the event gets its link, and its rule is charged for one."""
    ada = gated.add_person("Ada")
    meeting = gated.create_meeting(ada, GUEST)
    gate[0].lose(Loss(method="POST", path="/meetings", is_done=heard, count=fails))
    gated.run_until_idle()

    assert gated.has_link(ada, meeting)
    assert written(gated, ada) == 1
    if fails == 1 or heard:
        assert sum(counts(gated).values()) == 1


def test_a_held_event_stays_listed_until_its_row_says_that_it_is_online(
    story: Story, gate: tuple[LossyStorage, str], run_joinlink: RunJoinlink
) -> None:
    """The process ends after the event was seen online, before its row was written: an admin still finds it."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    away = Fault(method="GET", status=500, count=2)
    faults = story.stage.graph.faults
    faults.add(Fault(method="PATCH", drop=Drop.AFTER, meanwhile=lambda: faults.add(away)))
    story.wait()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.run_until_idle()
    assert HELD in story.outcomes(ada)

    story.restart(AzureWebJobsStorage=gate[1])
    gate[0].lose(Loss(method="PUT|PATCH|MERGE", path="/meetings", count=2))
    story.stage.graph.people.edit(ada.id, meeting, isOnlineMeeting=True)
    story.wait()
    assert run_joinlink("held").exit == 1

    story.run_until_idle()
    assert run_joinlink("held").exit == 0
