"""An event gets at most one successful PATCH, even if messages or answers are lost, late or duplicated."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from sandbox.graph import DirectoryUser, Fault
from shared import wiring
from shared.domain.messages import EventChange, Source
from shared.domain.queue_port import QueueSender
from shared.errors import QueueUnavailable
from shared.worker.common.world import World
from tests.stories.conftest import RULES, StartStory, Story

GUEST = "bo@fabrikam.com"


def successes(story: Story, user: DirectoryUser) -> int:
    """Count the PATCHes that took effect, including those that Graph answered with an error."""
    return sum(c.method == "PATCH" and c.took_effect and user.id in c.path for c in story.stage.graph.calls)


def message(user: DirectoryUser, event: str, story: Story, source: Source = Source.NOTIFICATION) -> bytes:
    """Return a queue message with the current time as its time of receipt."""
    change = EventChange(
        mailbox=user.id, event=event, source=source, received=story.stage.clock.now(), trace="t"
    )
    return change.encode().encode()


def test_two_instances_write_once_to_an_event(story: Story) -> None:
    """Six threads of two instances handle the same event at the same time."""
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    meetings = [story.create_meeting(ada, GUEST) for _ in range(4)]
    world = World(now=story.stage.clock.now)
    instances = [wiring.Joinlink(wiring.Parts(story.stage.settings, world)) for _ in range(2)]
    story.stage.clock.advance(timedelta(seconds=20))
    with ThreadPoolExecutor(6) as threads:
        for event in meetings:
            body = message(ada, event, story)
            list(threads.map(lambda n, body=body: instances[n % 2].event_messages.handle(body, 1), range(6)))
    for instance in instances:
        instance.close()
    story.run_until_idle()

    assert successes(story, ada) == len(meetings)
    assert all(story.has_link(ada, event) for event in meetings)


def test_a_link_removed_before_its_join_url_appeared_is_not_added_again(story: Story) -> None:
    """The answer to the write had no join URL yet, and a person removed the link."""
    ada = story.add_person("Ada", join_url_delay=timedelta(seconds=45))
    meeting = story.create_meeting(ada, GUEST)
    story.wait()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.run_until_idle()
    story.stage.graph.people.edit(ada.id, meeting, subject="Edited")
    story.run_until_idle()

    assert successes(story, ada) == 1
    assert story.outcomes(ada)[-1] == ("skipped", "removed_by_user")


def test_a_link_removed_after_a_lost_answer_is_not_added_again(story: Story) -> None:
    """The write took effect, its answer was lost, and a person removed the link before Joinlink read the event."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.lose_next_answer()
    story.wait()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.run_until_idle()

    assert successes(story, ada) == 1
    assert not story.has_link(ada, meeting)
    assert ("skipped", "write_unknown") in story.outcomes(ada)


def test_a_write_without_effect_is_repeated(story: Story) -> None:
    """The event has not changed since before the attempt."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", status=500))
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert successes(story, ada) == 1
    assert story.outcomes(ada)[:2] == [("delayed", "write_unconfirmed"), ("enabled", "link_added")]


def test_a_link_that_a_person_added_meanwhile_is_not_recorded_as_ours(story: Story) -> None:
    """Our write failed, and a person made the meeting online with another provider."""
    ada = story.add_person(
        "Ada", allowed_providers=("teamsForBusiness", "skypeForBusiness"), default_provider="teamsForBusiness"
    )
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", status=500, count=2))
    story.wait()
    story.stage.graph.people.edit(
        ada.id, meeting, isOnlineMeeting=True, onlineMeetingProvider="skypeForBusiness"
    )
    story.run_until_idle()

    assert successes(story, ada) == 0
    line = next(x for x in story.log_lines() if x["reason"] == "other_provider")
    assert (line["outcome"], line["provider"]) == ("not_honored", "skypeForBusiness")


def test_a_meeting_cancelled_before_its_link_appears_is_skipped(story: Story) -> None:
    """The reason is the cancellation, not the missing link."""
    ada = story.add_person("Ada", honors_online_meeting=False)
    meeting = story.create_meeting(ada, GUEST)
    story.wait()
    story.stage.graph.people.cancel(ada.id, meeting)
    story.run_until_idle()

    assert story.outcomes(ada)[-1] == ("skipped", "cancelled")
    assert "not_honored" not in {outcome for outcome, _reason in story.outcomes(ada)}


class FailsOnceQueue:
    """A queue that refuses the first message."""

    def __init__(self, queue: QueueSender) -> None:
        self._queue = queue
        self._failed = False

    @property
    def name(self) -> str:
        """The real queue's name."""
        return self._queue.name

    def send(self, text: str, delay: timedelta = timedelta(0), /) -> None:
        """Fail once, then send."""
        if not self._failed:
            self._failed = True
            raise QueueUnavailable("queue event-changes did not take a message: on purpose")
        self._queue.send(text, delay)


def test_a_second_read_that_could_not_be_queued_still_happens(story: Story) -> None:
    """The host delivers the message again, and the wait for the link ends."""
    ada = story.add_person("Ada", honors_online_meeting=False)
    story.create_meeting(ada, GUEST)
    delivery = wiring.joinlink().event_messages._delivery
    delivery._queue = FailsOnceQueue(delivery._queue)
    story.run_until_idle()

    assert story.outcomes(ada)[0] == ("delayed", "storage_unavailable")
    assert ("not_honored", "no_join_link") in story.outcomes(ada)
    assert len(story.calls("PATCH", ada)) == 1


def test_throttled_calls_do_not_use_up_a_limit(start_story: StartStory) -> None:
    """The limit is one link an hour. After six throttled reads and three throttled writes the link is added."""
    story = start_story(RULES.replace("per_hour: 5", "per_hour: 1"))
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(path="/calendar$", status=429, retry_after=5, count=6))
    story.stage.graph.faults.add(Fault(method="PATCH", status=429, retry_after=5, count=3))
    story.run_until_idle()

    assert story.has_link(ada, meeting)


def test_after_an_outage_the_limit_of_a_rule_holds(start_story: StartStory) -> None:
    """The limit is two links an hour. The attempts that failed for hours do not all succeed in one hour."""
    story = start_story(RULES.replace("per_hour: 5", "per_hour: 2"))
    ada = story.add_person("Ada")
    story.stage.graph.faults.add(Fault(method="PATCH", status=500, count=None))
    for _ in range(3):
        for _ in range(2):
            story.create_meeting(ada, GUEST)
        for _ in range(4):
            story.wait(timedelta(minutes=15))
    story.stage.graph.faults.clear()
    story.wait(timedelta(minutes=50))

    assert successes(story, ada) <= 2


def test_the_backlog_of_a_weekend_is_handled(start_story: StartStory) -> None:
    """The app did not run for three days. A late link, a throttled call and a 404 are still retried."""
    story = start_story()
    ada = story.add_person("Ada", join_url_delay=timedelta(seconds=45))
    meeting = story.create_meeting(
        ada, GUEST, start=_at("2026-12-24T09:00:00"), end=_at("2026-12-24T10:00:00")
    )
    story.stage.graph.deliver()
    story.stage.clock.advance(timedelta(days=3))
    story.stage.graph.faults.add(Fault(method="GET", status=429, retry_after=5))
    story.stage.graph.faults.add(Fault(method="GET", path="/events/", status=404))
    story.stage.host.drain()
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert ("enabled", "link_confirmed") in story.outcomes(ada)
    assert story.poison_messages() == []


def _at(moment: str) -> dict[str, str]:
    return {"dateTime": moment, "timeZone": "UTC"}


def test_a_decision_waits_until_the_domains_of_the_tenant_can_be_read(start_story: StartStory) -> None:
    """No event is skipped because of an error while the app starts."""
    story = start_story(RULES.replace("[contoso.com]", "auto"))
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(path="/organization", status=503, count=2))
    story.run_until_idle()

    assert story.outcomes(ada)[0] == ("delayed", "graph_unavailable")
    assert story.has_link(ada, meeting)


def test_a_guard_decides_without_the_directory(start_story: StartStory) -> None:
    """An event that is online is skipped, even if the tenant's domains can't be read."""
    story = start_story(RULES.replace("[contoso.com]", "auto"))
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    story.stage.graph.faults.add(Fault(path="/organization", status=503, count=None))
    story.wait()

    assert story.outcomes(ada) == [("skipped", "already_online")]


def test_without_a_permission_the_event_is_skipped(start_story: StartStory) -> None:
    """It is unknown whether the rule matches. The log has Graph's error code."""
    story = start_story(RULES.replace("[contoso.com]", "auto"))
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(path="/organization", status=403, code="Authorization_RequestDenied", count=None))  # fmt: skip
    story.run_until_idle()

    assert story.outcomes(ada) == [("skipped", "insufficient_data")]
    assert "Authorization_RequestDenied" in story.log_lines("directory.refused")[0]["detail"]


@pytest.mark.parametrize("name", ["JOINLINK_TENANT_ID", "JOINLINK_CLIENT_STATE_KEY"])
def test_messages_wait_while_a_setting_is_missing(story: Story, name: str) -> None:
    """They come back every five minutes, never expire, and are handled once the setting is fixed."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.deliver()
    world = World(now=story.stage.clock.now)
    settings = {key: value for key, value in story.stage.settings.items() if key != name}
    wiring.start(wiring.Parts(settings, world))
    for _ in range(6):
        story.stage.clock.advance(timedelta(minutes=6))
        story.stage.host.drain()
    assert {line["reason"] for line in story.log_lines()} == {"settings_refused"}
    assert f"{name} is missing" in story.log_lines()[0]["detail"]

    app = wiring.start(wiring.Parts(story.stage.settings, world))
    story.run_until_idle()
    app.close()

    assert story.has_link(ada, meeting)
    assert story.poison_messages() == []
