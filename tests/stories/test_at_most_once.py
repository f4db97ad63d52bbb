"""The write is a one-way door: whatever is lost, late or doubled, an event gets one successful PATCH at most."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import pytest

from sandbox.graph import DirectoryUser, Drop, Fault
from shared import wiring
from shared.domain.messages import EventChange, Source
from shared.errors import QueueUnavailable
from shared.worker.common.world import World
from tests.stories.conftest import RULES, Begin, Story

GUEST = "bo@fabrikam.com"
SERIES = {
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "firstDayOfWeek": "monday"},
        "range": {"type": "numbered", "startDate": "2026-11-24", "numberOfOccurrences": 4},
    }
}


def successes(story: Story, user: DirectoryUser) -> int:
    """Count the PATCHes that took effect, whatever was answered to them."""
    return sum(c.method == "PATCH" and c.took_effect and user.id in c.path for c in story.stage.graph.calls)


def message(user: DirectoryUser, event: str, story: Story, source: Source = Source.NOTIFICATION) -> bytes:
    """Return a queue message as if received now."""
    change = EventChange(
        mailbox=user.id, event=event, source=source, received=story.stage.clock.now(), trace="t"
    )
    return change.encode().encode()


def test_two_instances_at_one_event_write_once(story: Story) -> None:
    """Six threads of two instances find twelve meetings at once: If-Match and the meetings table hold."""
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    meetings = [story.meeting(ada, GUEST) for _ in range(4)]
    world = World(now=story.stage.clock.now)
    instances = [wiring.Joinlink(wiring.Parts(story.stage.settings, world)) for _ in range(2)]
    story.stage.clock.advance(timedelta(seconds=20))
    with ThreadPoolExecutor(6) as threads:
        for event in meetings:
            body = message(ada, event, story)
            list(threads.map(lambda n, body=body: instances[n % 2].event_messages.handle(body, 1), range(6)))
    for instance in instances:
        instance.close()
    story.play()

    assert successes(story, ada) == len(meetings)
    assert all(story.has_link(ada, event) for event in meetings)


def test_a_link_taken_away_before_it_was_complete_stays_away(story: Story) -> None:
    """The answer said online, the link was still to come, and a person took it back."""
    ada = story.person("Ada", join_url_delay=timedelta(seconds=45))
    meeting = story.meeting(ada, GUEST)
    story.wait()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.play()
    story.stage.graph.people.edit(ada.id, meeting, subject="Edited")
    story.play()

    assert successes(story, ada) == 1
    assert story.ends(ada)[-1] == ("skipped", "removed_by_user")


def test_a_link_taken_away_after_a_lost_answer_stays_away(story: Story) -> None:
    """The write took effect, nobody heard of it, Graph was away, and a person took the link back."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    faults = story.stage.graph.faults
    away = Fault(method="GET", status=500, count=2)
    faults.add(Fault(method="PATCH", drop=Drop.AFTER, meanwhile=lambda: faults.add(away)))
    story.wait()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.play()

    assert successes(story, ada) == 1
    assert not story.has_link(ada, meeting)
    assert ("skipped", "write_unknown") in story.ends(ada)


def test_a_write_that_did_not_arrive_is_repeated(story: Story) -> None:
    """The event is as it was before the attempt, so nothing was done: the attempt is made again."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", status=500))
    story.play()

    assert story.has_link(ada, meeting)
    assert successes(story, ada) == 1
    assert story.ends(ada)[:2] == [("delayed", "write_unconfirmed"), ("enabled", "link_added")]


def test_somebody_elses_link_is_not_claimed_as_ours(story: Story) -> None:
    """Our write never arrived, and a person made the meeting online with another provider."""
    ada = story.person(
        "Ada", allowed_providers=("teamsForBusiness", "skypeForBusiness"), default_provider="teamsForBusiness"
    )
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", status=500, count=2))
    story.wait()
    story.stage.graph.people.edit(
        ada.id, meeting, isOnlineMeeting=True, onlineMeetingProvider="skypeForBusiness"
    )
    story.play()

    assert successes(story, ada) == 0
    line = next(x for x in story.lines() if x["reason"] == "other_provider")
    assert (line["outcome"], line["provider"]) == ("not_honored", "skypeForBusiness")


def test_a_meeting_cancelled_while_its_link_is_awaited_is_cancelled(story: Story) -> None:
    """No complaint about the organizer's licence."""
    ada = story.person("Ada", honors_online_meeting=False)
    meeting = story.meeting(ada, GUEST)
    story.wait()
    story.stage.graph.people.cancel(ada.id, meeting)
    story.play()

    assert story.ends(ada)[-1] == ("skipped", "cancelled")
    assert "not_honored" not in {outcome for outcome, _reason in story.ends(ada)}


class HiccupQueue:
    """A queue that does not take the first message."""

    def __init__(self, queue: object) -> None:
        self._queue = queue
        self._failed = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._queue, name)

    def send(self, text: str, delay: timedelta) -> None:
        """Fail once, then send."""
        if not self._failed:
            self._failed = True
            raise QueueUnavailable("queue event-changes did not take a message: made to")
        self._queue.send(text, delay)  # type: ignore[attr-defined]  # the real queue has it


def test_a_second_look_that_could_not_be_queued_is_not_forgotten(story: Story) -> None:
    """The host gives the message again, and the wait for the link has its end."""
    ada = story.person("Ada", honors_online_meeting=False)
    story.meeting(ada, GUEST)
    delivery = wiring.joinlink().event_messages._delivery
    delivery._queue = HiccupQueue(delivery._queue)  # type: ignore[assignment]  # the hiccup alone is made up
    story.play()

    assert story.ends(ada)[0] == ("delayed", "storage_unavailable")
    assert ("not_honored", "no_join_link") in story.ends(ada)
    assert len(story.calls("PATCH", ada)) == 1


def test_a_storm_on_the_calendar_costs_a_rule_nothing(begin: Begin) -> None:
    """A limit of one: six refused reads of the calendar, and the link is still allowed."""
    story = begin(RULES.replace("per_hour: 5", "per_hour: 1"))
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(path="/calendar$", status=429, retry_after=5, count=6))
    story.stage.graph.faults.add(Fault(method="PATCH", status=429, retry_after=5, count=3))
    story.play()

    assert story.has_link(ada, meeting)


def test_an_outage_does_not_carry_a_rule_past_its_limit(begin: Begin) -> None:
    """Two an hour: what was tried in vain for hours does not come all at once."""
    story = begin(RULES.replace("per_hour: 5", "per_hour: 2"))
    ada = story.person("Ada")
    story.stage.graph.faults.add(Fault(method="PATCH", status=500, count=None))
    for _ in range(3):
        for _ in range(2):
            story.meeting(ada, GUEST)
        for _ in range(4):
            story.wait(timedelta(minutes=15))
    story.stage.graph.faults.clear()
    story.wait(timedelta(minutes=50))

    assert successes(story, ada) <= 2


def test_a_weekends_backlog_is_worked_on(begin: Begin) -> None:
    """After three days without the app, a late link, a throttled call or a moved event is no reason to give up."""
    story = begin()
    ada = story.person("Ada", join_url_delay=timedelta(seconds=45))
    meeting = story.meeting(ada, GUEST, start=_at("2026-12-24T09:00:00"), end=_at("2026-12-24T10:00:00"))
    story.stage.graph.deliver()
    story.stage.clock.advance(timedelta(days=3))
    story.stage.graph.faults.add(Fault(method="GET", status=429, retry_after=5))
    story.stage.graph.faults.add(Fault(method="GET", path="/events/", status=404))
    story.stage.host.drain()
    story.play()

    assert story.has_link(ada, meeting)
    assert ("enabled", "link_confirmed") in story.ends(ada)
    assert story.poison() == []


def _at(moment: str) -> dict[str, str]:
    return {"dateTime": moment, "timeZone": "UTC"}


def test_copies_about_an_occurrence_cost_no_reads_of_their_own(story: Story) -> None:
    """Ten messages about one occurrence: the occurrence and its series are read once."""
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    master = story.meeting(ada, "cy@contoso.com", **SERIES)
    exception = story.stage.graph.people.change_occurrence(ada.id, master, 1, subject="Moved")
    bodies = [message(ada, exception, story) for _ in range(10)]
    queued = story.stage.clock.now()
    story.stage.clock.advance(timedelta(seconds=20))
    for body in bodies:
        wiring.joinlink().event_messages.handle(body, queued=queued, taken=story.stage.clock.now())

    assert len(story.calls("GET", ada)) == 2
    assert story.ends(ada) == [("skipped", "no_rule_matched")] + [("superseded", "read_since")] * 9


def test_a_series_that_changes_after_its_read_is_read_again(story: Story) -> None:
    """One occurrence is answered by the read for another; a change of both that comes later is not."""
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    master = story.meeting(ada, "cy@contoso.com", **SERIES)
    first, second = (
        story.stage.graph.people.change_occurrence(ada.id, master, n, subject="Moved") for n in (1, 2)
    )
    handle, start = wiring.joinlink().event_messages.handle, story.stage.clock.now()

    def at(seconds: int) -> datetime:
        return start + timedelta(seconds=seconds)

    handle(message(ada, first, story), queued=at(0), taken=at(20))
    handle(message(ada, second, story), queued=at(1), taken=at(60))
    story.stage.graph.people.edit(ada.id, master, attendees=[{"type": "required", "emailAddress": {"address": GUEST}}])  # fmt: skip
    handle(message(ada, second, story), queued=at(50), taken=at(70))

    assert story.ends(ada) == [
        ("skipped", "no_rule_matched"),
        ("superseded", "read_since"),
        ("enabled", "link_added"),
    ]


def test_a_tenant_that_cant_be_asked_for_its_domains_yet_delays_the_decision(begin: Begin) -> None:
    """Nothing is skipped for good because Graph stuttered while the app was starting."""
    story = begin(RULES.replace("[contoso.com]", "auto"))
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(path="/organization", status=503, count=2))
    story.play()

    assert story.ends(ada)[0] == ("delayed", "graph_unavailable")
    assert story.has_link(ada, meeting)


def test_an_event_that_a_guard_decides_asks_nothing_of_the_directory(begin: Begin) -> None:
    """An attendee's copy is left alone, whether the tenant's domains can be read or not."""
    story = begin(RULES.replace("[contoso.com]", "auto"))
    ada = story.person("Ada")
    story.meeting(ada, GUEST, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    story.stage.graph.faults.add(Fault(path="/organization", status=503, count=None))
    story.wait()

    assert story.ends(ada) == [("skipped", "already_online")]


def test_a_permission_that_is_missing_is_a_reason_to_skip(begin: Begin) -> None:
    """A rule that can't be told does not enable; the log names what was refused."""
    story = begin(RULES.replace("[contoso.com]", "auto"))
    ada = story.person("Ada")
    story.meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(path="/organization", status=403, code="Authorization_RequestDenied", count=None))  # fmt: skip
    story.play()

    assert story.ends(ada) == [("skipped", "insufficient_data")]
    assert "Authorization_RequestDenied" in story.lines("directory.refused")[0]["detail"]


@pytest.mark.parametrize("name", ["JOINLINK_TENANT_ID", "JOINLINK_CLIENT_STATE_KEY"])
def test_messages_wait_while_a_setting_is_missing(story: Story, name: str) -> None:
    """They come back every five minutes, never expire, and are handled once it is mended."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.deliver()
    world = World(now=story.stage.clock.now)
    settings = {key: value for key, value in story.stage.settings.items() if key != name}
    wiring.start(wiring.Parts(settings, world))
    for _ in range(6):
        story.stage.clock.advance(timedelta(minutes=6))
        story.stage.host.drain()
    assert {line["reason"] for line in story.lines()} == {"settings_refused"}
    assert f"{name} is missing" in story.lines()[0]["detail"]

    app = wiring.start(wiring.Parts(story.stage.settings, world))
    story.play()
    app.close()

    assert story.has_link(ada, meeting)
    assert story.poison() == []


def test_copies_at_once_are_answered_by_one_read(story: Story) -> None:
    """Eight threads with copies of one message: whoever waited at the gate finds the answer there."""
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    for _ in range(5):
        body = message(ada, story.meeting(ada, "cy@contoso.com"), story)
        queued = story.stage.clock.now()
        story.stage.clock.advance(timedelta(seconds=20))
        handle = partial(
            wiring.joinlink().event_messages.handle, body, queued=queued, taken=story.stage.clock.now()
        )
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(handle, [1] * 8))
        story.stage.clock.advance(timedelta(seconds=10))
        story.stage.host.drain()

    assert len(story.calls("GET", ada)) == 5
    assert {reason for _outcome, reason in story.ends(ada)} <= {
        "no_rule_matched",
        "read_since",
        "mailbox_busy",
    }
