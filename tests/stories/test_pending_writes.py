"""What happens while the result of a write is unknown."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from sandbox.azurite import Azurite
from sandbox.graph import Fault
from shared import wiring
from shared.domain.messages import Source
from tests.stories.conftest import RunJoinlink, StartStory, Story
from tests.stories.lossy_storage import Loss, LossyStorage, lossy_tables
from tests.stories.test_at_most_once import GUEST, message
from tests.stories.test_limits import counts
from tests.stories.test_write_evidence import HELD, written


@pytest.fixture
def lossy(azurite: Azurite) -> Iterator[tuple[LossyStorage, str]]:
    """Start a lossy proxy for the tables; return it and the connection string that leads to it."""
    with lossy_tables(azurite.connection_string) as proxy:
        yield proxy


@pytest.fixture
def lossy_story(lossy: tuple[LossyStorage, str], start_story: StartStory) -> Story:
    """Start a story whose tables are behind the lossy proxy."""
    return start_story(AzureWebJobsStorage=lossy[1])


def test_a_late_link_that_a_person_removed_is_not_added_again(story: Story) -> None:
    """The event was online without a join URL for more than a minute. The link is still Joinlink's."""
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


def test_a_second_read_for_an_earlier_write_does_not_end_the_wait_for_a_later_one(story: Story) -> None:
    """A verify message arrives right after another write, which still gets its whole minute."""
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


def test_a_change_after_a_success_without_a_link_is_held(story: Story) -> None:
    """Graph may create a link later than its answer, so the link may have come and gone: the admin decides."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", is_ignored=True))
    story.wait()
    story.stage.graph.people.edit(ada.id, meeting, subject="Changed")
    story.run_until_idle()

    line = next(line for line in story.log_lines() if line["reason"] == "write_unknown")
    assert "UTC; Graph answered: success, without a link" in line["detail"]
    assert not story.has_link(ada, meeting)


def test_a_verify_message_does_not_supersede_a_change(story: Story) -> None:
    """It decides nothing, so the message of an earlier change still does."""
    ada = story.add_person("Ada", watched=False)
    meeting = story.create_meeting(ada, GUEST)
    queued, now = story.stage.clock.now(), story.stage.clock.now() + timedelta(seconds=20)
    story.stage.clock.advance(timedelta(seconds=20))
    app = wiring.joinlink().event_messages
    app.handle(message(ada, meeting, story, Source.VERIFY), 1, queued=now, taken=now)
    app.handle(message(ada, meeting, story), 1, queued=queued, taken=now)

    assert story.outcomes(ada) == [("superseded", "read_since"), ("enabled", "link_added")]


@pytest.mark.parametrize("is_done", [True, False], ids=["written", "not written"])
@pytest.mark.parametrize("fails", [1, 2, 3], ids=["once", "twice", "three times"])
def test_a_lost_answer_of_the_table_does_not_charge_twice(
    lossy_story: Story, lossy: tuple[LossyStorage, str], *, fails: int, is_done: bool
) -> None:
    """Joinlink reads whether the row was written. The event gets its link, and its rule one charge."""
    ada = lossy_story.add_person("Ada")
    meeting = lossy_story.create_meeting(ada, GUEST)
    lossy[0].lose(Loss(method="POST", path="/meetings", is_done=is_done, count=fails))
    lossy_story.run_until_idle()

    assert lossy_story.has_link(ada, meeting)
    assert written(lossy_story, ada) == 1
    if fails == 1 or is_done:
        assert sum(counts(lossy_story).values()) == 1


def test_a_held_event_stays_listed_until_its_row_is_updated(
    story: Story, lossy: tuple[LossyStorage, str], run_joinlink: RunJoinlink
) -> None:
    """The event is online again, but the row can't be written yet: an admin still sees the event."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.lose_next_answer()
    story.wait()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.run_until_idle()
    assert HELD in story.outcomes(ada)

    story.restart(AzureWebJobsStorage=lossy[1])
    lossy[0].lose(Loss(method="PUT|PATCH|MERGE", path="/meetings", count=2))
    story.stage.graph.people.edit(ada.id, meeting, isOnlineMeeting=True)
    story.wait()
    assert run_joinlink("held").exit == 1

    story.run_until_idle()
    assert run_joinlink("held").exit == 0
