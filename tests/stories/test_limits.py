"""A rule's limits hold, whatever is lost, late or doubled: never one write over; in doubt one under."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest

from sandbox.graph import DirectoryUser, Fault, NotificationDelivery
from shared import wiring
from shared.settings import StorageSettings
from shared.storage.counters import COUNTERS, Charge, Counters, LimitReached
from shared.storage.tables import Table
from shared.worker.common.world import World
from shared.worker.events.processing import MAX_READS
from tests.stories.conftest import RULES, Begin, Story
from tests.stories.mortal import Aim, Guillotine, Worker, below
from tests.stories.test_at_most_once import GUEST, message, successes

FIVE = 5  # an hour, in the usual rules
ONE_AN_HOUR = RULES.replace("per_hour: 5", "per_hour: 1")
TWO_A_DAY = RULES.replace("per_hour: 5", "per_mailbox_per_day: 2")
LOST = Fault(method="PATCH", status=500)
THROTTLED = Fault(method="PATCH", status=429, retry_after=5, count=3)


def counts(story: Story) -> dict[str, int]:
    """Return what the counters say of each window."""
    storage = StorageSettings(connection_string=story.stage.settings["AzureWebJobsStorage"])
    table = Table.connect(COUNTERS, storage, None)
    found = {str(row["RowKey"]): int(row["count"]) for row in table.rows()}
    table.close()
    return found


def handle(story: Story, user: DirectoryUser, event: str) -> None:
    """Have the app work on a message about an event, here and now."""
    wiring.joinlink().event_messages.handle(message(user, event, story), 1)


def test_a_lost_answer_and_refusals_after_it_count_as_one_write(begin: Begin) -> None:
    """The lost one may have taken effect: it stays charged, though Graph refuses what comes after it."""
    story = begin(ONE_AN_HOUR)
    ada = story.person("Ada")
    story.stage.graph.faults.add(LOST)
    story.stage.graph.faults.add(THROTTLED)
    for _ in range(4):
        story.meeting(ada, GUEST)
    story.play()

    assert successes(story, ada) == 1
    assert counts(story) == {"hour-2026-11-23T07": 1}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(method="PATCH", status=200, is_done=True), id="an answer that nobody understands"),
        pytest.param(Fault(method="PATCH", status=504, retry_after=5, is_done=True), id="a gateway that gave up"),
    ],
)  # fmt: skip
def test_an_answer_that_does_not_tell_gives_nothing_back(begin: Begin, fault: Fault) -> None:
    """The write took effect: it is counted, and a person who takes the link away does so for good."""
    story = begin(ONE_AN_HOUR)
    ada = story.person("Ada")
    story.stage.graph.faults.add(fault)
    first = story.meeting(ada, GUEST)
    story.wait()
    story.stage.graph.people.remove_link(ada.id, first)
    second = story.meeting(ada, GUEST)
    story.play()

    assert {("skipped", "write_unknown"), ("skipped", "removed_by_user")} & set(story.ends(ada))
    assert not story.has_link(ada, first)
    assert not story.has_link(ada, second)


def test_an_outage_of_hours_costs_a_mailboxs_day_one_link(begin: Begin) -> None:
    """One event is tried all morning: each hour may have seen its write, the day sees one at most."""
    story = begin(TWO_A_DAY)
    ada = story.person("Ada")
    first = story.meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", status=500, count=None))
    for _ in range(12):
        story.wait(timedelta(minutes=15))
    story.stage.graph.faults.clear()
    second = story.meeting(ada, GUEST)
    story.play()

    assert story.has_link(ada, first)
    assert story.has_link(ada, second)


def test_what_is_given_back_is_what_was_charged(begin: Begin) -> None:
    """Midnight may fall anywhere into the attempt: once the event has moved, no window counts anything."""
    story = begin(RULES.replace("per_hour: 5", "per_hour: 5, per_mailbox_per_day: 5"))
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", status=412, count=None))
    midnight = story.stage.clock.now().replace(hour=0)
    looks = range(12)
    for seconds in looks:
        ticks = count(-seconds)
        world = World(now=lambda ticks=ticks: midnight + timedelta(seconds=next(ticks)))  # type: ignore[misc]  # bound early
        app = wiring.start(wiring.Parts(story.stage.settings, world))
        handle(story, ada, meeting)
        app.close()

    assert len(story.calls("PATCH", ada)) == MAX_READS * len(looks)
    assert set(counts(story).values()) == {0}


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Return what makes a counter so busy that every try is in vain, until it is undone."""
    with monkeypatch.context() as context:
        context.setattr("shared.storage.counters._TRIES", 0)
        yield context


def test_what_could_not_be_charged_is_not_written(begin: Begin, busy: pytest.MonkeyPatch) -> None:
    """A rule runs wild, and its counter is too busy for a while: four meetings come again, one is written."""
    story = begin(ONE_AN_HOUR)
    ada = story.person("Ada")
    for _ in range(4):
        story.meeting(ada, GUEST)
    story.wait()
    busy.undo()
    story.play()

    assert story.ends(ada)[:4] == [("delayed", "storage_unavailable")] * 4
    assert successes(story, ada) == 1


def test_an_event_edited_while_its_counter_was_busy_gets_its_link(
    story: Story, busy: pytest.MonkeyPatch
) -> None:
    """Nothing was sent, so nobody can have taken anything away."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.wait()
    story.stage.graph.people.edit(ada.id, meeting, subject="Edited")
    busy.undo()
    story.play()

    assert story.has_link(ada, meeting)


@pytest.fixture
def other(story: Story) -> Iterator[wiring.Joinlink]:
    """Return another instance of the app."""
    instance = wiring.Joinlink(wiring.Parts(story.stage.settings, World(now=story.stage.clock.now)))
    yield instance
    instance.close()


def test_an_attempt_that_another_instance_sees_is_paid(
    story: Story, other: wiring.Joinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is full; while one instance finds that out, another works on the same event, and does, too."""
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    for _ in range(FIVE):
        handle(story, ada, story.meeting(ada, GUEST))
    meeting = story.meeting(ada, GUEST)
    charge, charged = Counters.charge, count()

    def charge_late(counters: Counters, each: Charge) -> LimitReached | None:
        if next(charged) == 0:
            other.event_messages.handle(message(ada, meeting, story), 1)
        return charge(counters, each)

    monkeypatch.setattr(Counters, "charge", charge_late)
    handle(story, ada, meeting)

    assert successes(story, ada) == FIVE


def test_of_two_instances_at_one_event_one_pays(
    story: Story, other: wiring.Joinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are charged; whoever comes second to the row of the event is given back what it paid."""
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    meeting = story.meeting(ada, GUEST)
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


def test_a_limit_that_came_after_an_attempt_holds_for_its_next_try(begin: Begin) -> None:
    """An attempt under rules without a limit has paid nothing to the limit that they have now."""
    story = begin(RULES.replace("    limits: {per_hour: 5}\n", ""))
    ada, bo = story.person("Ada"), story.person("Bo")
    story.meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", path=ada.id, status=500, count=2))
    story.wait()
    (story.rules / "rules.yaml").write_text(ONE_AN_HOUR)
    story.stage.clock.advance(timedelta(minutes=2))
    story.stage.graph.deliver()
    story.meeting(bo, GUEST)
    story.play()

    assert successes(story, ada) + successes(story, bo) == 1


@pytest.mark.parametrize("further", range(1, 9))
def test_a_worker_that_dies_on_its_way_to_a_link_leaves_no_write_uncharged(
    begin: Begin, further: int
) -> None:
    """Killed before any request between the calendar's and the last: one link in that hour at most.

    It may be none: a charge whose link was never written is not given back.
    """
    story, guillotine = begin(ONE_AN_HOUR), Guillotine()
    story.stage.graph.delivery = NotificationDelivery()
    ada = story.person("Ada")
    with below(guillotine, story.stage) as settings:
        with Worker(settings) as victim:
            story.meeting(ada, GUEST)
            guillotine.aim(victim, Aim(method="GET", path="/calendar$", further=further, is_heard=False))
            assert not work(story, victim)
            guillotine.lift()
        with Worker(settings) as worker:
            for _ in range(3):
                story.meeting(ada, GUEST)
                assert work(story, worker)

    assert successes(story, ada) <= 1
    assert counts(story) == {"hour-2026-11-23T07": 1}


def work(story: Story, worker: Worker) -> bool:
    """Let ten minutes pass, as a dead worker's message takes to come back; False once the worker is dead."""
    story.stage.graph.deliver()
    story.stage.clock.advance(timedelta(minutes=11))
    return worker.drain(story.stage.clock.now())
