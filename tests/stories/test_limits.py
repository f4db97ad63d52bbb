"""A rule's limits hold, whatever is lost, late or doubled: never one write over; in doubt one under."""

from datetime import timedelta
from itertools import count

from sandbox.graph import Fault, User
from shared import wiring
from shared.settings import StorageSettings
from shared.storage.counters import COUNTERS
from shared.storage.tables import Table
from shared.worker.world import World
from tests.stories.conftest import RULES, Begin, Story
from tests.stories.test_at_most_once import GUEST, message, successes

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


def handle(story: Story, user: User, event: str) -> None:
    """Have the app work on a message about an event, here and now."""
    wiring.joinlink().event_messages().handle(message(user, event, story), 1)


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
    """Midnight may fall anywhere into the attempt: after a refusal, no window counts anything."""
    story = begin(RULES.replace("per_hour: 5", "per_hour: 5, per_mailbox_per_day: 5"))
    ada = story.stage.graph.add_user("Ada", "ada@contoso.com")
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", status=403, count=None))
    midnight = story.stage.clock.now().replace(hour=0)
    looks = range(12)
    for seconds in looks:
        ticks = count(-seconds)
        world = World(now=lambda ticks=ticks: midnight + timedelta(seconds=next(ticks)))  # type: ignore[misc]
        app = wiring.rebuild(story.stage.settings, world)
        handle(story, ada, meeting)
        app.close()

    assert len(story.calls("PATCH", ada)) == len(looks)
    assert set(counts(story).values()) == {0}


def test_a_limit_that_came_after_an_attempt_holds_for_its_next_try(begin: Begin) -> None:
    """An attempt under rules without a limit has paid nothing to the limit that they have now."""
    story = begin(RULES.replace("    limits: {per_hour: 5}\n", ""))
    ada, bo = story.person("Ada"), story.person("Bo")
    story.meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", path=ada.id, status=500, count=2))
    story.wait()
    (story.rules / "rules.yaml").write_text(ONE_AN_HOUR)
    story.stage.clock.advance(timedelta(minutes=1))
    story.stage.graph.deliver()
    story.meeting(bo, GUEST)
    story.play()

    assert successes(story, ada) + successes(story, bo) == 1
