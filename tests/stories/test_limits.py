"""A rule never exceeds its limits, even if messages or answers are lost, late or duplicated."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import count

import pytest

from sandbox.graph import DirectoryUser, Fault, NotificationDelivery
from shared import wiring
from shared.settings import StorageSettings
from shared.storage.counters import COUNTERS, Charge, Counters, LimitReached
from shared.storage.tables import Table
from shared.worker.common.world import World
from shared.worker.events.processing import MAX_READS
from tests.stories.conftest import RULES, StartStory, Story
from tests.stories.killable_worker import KillableWorker, KillPoint, KillSwitch, behind
from tests.stories.test_at_most_once import GUEST, message, successes

FIVE = 5  # the limit per hour in the usual rules
ONE_AN_HOUR = RULES.replace("per_hour: 5", "per_hour: 1")
TWO_A_DAY = RULES.replace("per_hour: 5", "per_mailbox_per_day: 2")
LOST = Fault(method="PATCH", status=500)
THROTTLED = Fault(method="PATCH", status=429, retry_after=5, count=3)


def counts(story: Story) -> dict[str, int]:
    """Return the count of each window."""
    storage = StorageSettings(connection_string=story.stage.settings["AzureWebJobsStorage"])
    table = Table.connect(COUNTERS, storage, None)
    found = {str(row["RowKey"]): int(row["count"]) for row in table.rows()}
    table.close()
    return found


def handle(story: Story, user: DirectoryUser, event: str) -> None:
    """Have the app handle a message about an event now."""
    wiring.joinlink().event_messages.handle(message(user, event, story), 1)


def next_second(midnight: datetime, ticks: Iterator[int]) -> datetime:
    """Return the next time of a clock that starts near midnight."""
    return midnight + timedelta(seconds=next(ticks))


def test_an_event_over_the_limit_costs_one_call(start_story: StartStory) -> None:
    """Neither its body nor its calendar is read."""
    story = start_story(ONE_AN_HOUR + "other_join_links: {action: skip, look_in: preview}\n")
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.run_until_idle()
    calls = len(story.calls("GET", ada))
    story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert story.outcomes(ada)[-1] == ("skipped", "limit_reached")
    assert len(story.calls("GET", ada)) == calls + 1


def test_a_write_with_a_lost_answer_counts(start_story: StartStory) -> None:
    """It may have taken effect, so it counts once, even if Graph refuses the retries."""
    story = start_story(ONE_AN_HOUR)
    ada = story.add_person("Ada")
    story.stage.graph.faults.add(LOST)
    story.stage.graph.faults.add(THROTTLED)
    for _ in range(4):
        story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert successes(story, ada) == 1
    assert counts(story) == {"hour-2026-11-23T07": 1}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(method="PATCH", status=200, is_done=True), id="an answer without an event"),
        pytest.param(Fault(method="PATCH", status=504, retry_after=5, is_done=True), id="gateway timeout"),
    ],
)  # fmt: skip
def test_a_write_with_an_unclear_answer_counts(start_story: StartStory, fault: Fault) -> None:
    """The write took effect. A link that a person then removes is not added again."""
    story = start_story(ONE_AN_HOUR)
    ada = story.add_person("Ada")
    story.stage.graph.faults.add(fault)
    first = story.create_meeting(ada, GUEST)
    story.wait()
    story.stage.graph.people.remove_link(ada.id, first)
    second = story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert {("skipped", "write_unknown"), ("skipped", "removed_by_user")} & set(story.outcomes(ada))
    assert not story.has_link(ada, first)
    assert not story.has_link(ada, second)


def test_an_event_counts_once_a_day_however_often_it_is_tried(start_story: StartStory) -> None:
    """After an outage of three hours, the second link of the day is still allowed."""
    story = start_story(TWO_A_DAY)
    ada = story.add_person("Ada")
    first = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", status=500, count=None))
    for _ in range(12):
        story.wait(timedelta(minutes=15))
    story.stage.graph.faults.clear()
    second = story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert story.has_link(ada, first)
    assert story.has_link(ada, second)


def test_a_refund_goes_to_the_windows_that_were_charged(start_story: StartStory) -> None:
    """Even if midnight falls into the attempt. After a refund every count is zero."""
    story = start_story(RULES.replace("per_hour: 5", "per_hour: 5, per_mailbox_per_day: 5"))
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", status=412, count=None))
    midnight = story.stage.clock.now().replace(hour=0)
    looks = range(12)
    for seconds in looks:
        ticks = count(-seconds)
        world = World(now=partial(next_second, midnight, ticks))
        app = wiring.start(wiring.Parts(story.stage.settings, world))
        handle(story, ada, meeting)
        app.close()

    assert len(story.calls("PATCH", ada)) == MAX_READS * len(looks)
    assert set(counts(story).values()) == {0}


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Make every update of a counter fail, as if it were busy, until `undo` is called."""
    with monkeypatch.context() as context:
        context.setattr("shared.storage.counters._TRIES", 0)
        yield context


def test_without_a_charge_there_is_no_write(start_story: StartStory, busy: pytest.MonkeyPatch) -> None:
    """The counter is busy for a while: four messages are retried, and one event is written."""
    story = start_story(ONE_AN_HOUR)
    ada = story.add_person("Ada")
    for _ in range(4):
        story.create_meeting(ada, GUEST)
    story.wait()
    busy.undo()
    story.run_until_idle()

    assert story.outcomes(ada)[:4] == [("delayed", "storage_unavailable")] * 4
    assert successes(story, ada) == 1


def test_an_event_edited_while_its_counter_was_busy_gets_its_link(
    story: Story, busy: pytest.MonkeyPatch
) -> None:
    """Joinlink had not sent a write, so no person can have removed the link."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.wait()
    story.stage.graph.people.edit(ada.id, meeting, subject="Edited")
    busy.undo()
    story.run_until_idle()

    assert story.has_link(ada, meeting)


@pytest.fixture
def other(story: Story) -> Iterator[wiring.Joinlink]:
    """Return another instance of the app."""
    instance = wiring.Joinlink(wiring.Parts(story.stage.settings, World(now=story.stage.clock.now)))
    yield instance
    instance.close()


def test_two_instances_at_a_full_limit_write_nothing(
    story: Story, other: wiring.Joinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both handle the same event while the first one checks the limit."""
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    for _ in range(FIVE):
        handle(story, ada, story.create_meeting(ada, GUEST))
    meeting = story.create_meeting(ada, GUEST)
    charge, charged = Counters.charge, count()

    def charge_late(counters: Counters, each: Charge) -> LimitReached | None:
        if next(charged) == 0:
            other.event_messages.handle(message(ada, meeting, story), 1)
        return charge(counters, each)

    monkeypatch.setattr(Counters, "charge", charge_late)
    handle(story, ada, meeting)

    assert successes(story, ada) == FIVE


def test_two_instances_at_one_event_are_charged_once(
    story: Story, other: wiring.Joinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are charged; the instance that finds the event's row taken is refunded."""
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    meeting = story.create_meeting(ada, GUEST)
    charge, charged = Counters.charge, count()

    def charge_early(counters: Counters, each: Charge) -> LimitReached | None:
        full = charge(counters, each)
        if next(charged) == 0:
            other.event_messages.handle(message(ada, meeting, story), 1)
        return full

    monkeypatch.setattr(Counters, "charge", charge_early)
    handle(story, ada, meeting)

    assert successes(story, ada) == 1
    assert counts(story) == {"hour-2026-11-23T07": 1}


def test_a_new_limit_applies_to_the_next_attempt(start_story: StartStory) -> None:
    """The first attempt was made under rules without a limit, so it was not charged."""
    story = start_story(RULES.replace("    limits: {per_hour: 5}\n", ""))
    ada, bo = story.add_person("Ada"), story.add_person("Bo")
    story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", path=ada.id, status=500, count=2))
    story.wait()
    (story.rules / "rules.yaml").write_text(ONE_AN_HOUR)
    story.stage.clock.advance(timedelta(minutes=2))
    story.stage.graph.deliver()
    story.create_meeting(bo, GUEST)
    story.run_until_idle()

    assert successes(story, ada) + successes(story, bo) == 1


@pytest.mark.parametrize("further", range(1, 9))
def test_a_kill_during_an_attempt_leaves_no_write_uncharged(start_story: StartStory, further: int) -> None:
    """The worker is killed before each request after the calendar's: at most one link in that hour.

    There may be no link: a charge without a write is not refunded.
    """
    story, kill_switch = start_story(ONE_AN_HOUR), KillSwitch()
    story.stage.graph.delivery = NotificationDelivery()
    ada = story.add_person("Ada")
    with behind(kill_switch, story.stage) as settings:
        with KillableWorker(settings) as killed:
            story.create_meeting(ada, GUEST)
            kill_switch.arm(
                killed, KillPoint(method="GET", path="/calendar$", further=further, is_done=False)
            )
            assert not drain_later(story, killed)
            kill_switch.disarm()
        with KillableWorker(settings) as worker:
            for _ in range(3):
                story.create_meeting(ada, GUEST)
                assert drain_later(story, worker)

    assert successes(story, ada) <= 1
    assert counts(story) == {"hour-2026-11-23T07": 1}


def drain_later(story: Story, worker: KillableWorker) -> bool:
    """Advance the clock until a killed worker's message is visible, and handle it; False if killed."""
    story.stage.graph.deliver()
    story.stage.clock.advance(timedelta(minutes=11))
    return worker.drain(story.stage.clock.now())
