from datetime import timedelta

from sandbox.graph import EndpointState
from tests.sandbox.graph.world import NOTIFY, GraphWorld

MINUTE = timedelta(minutes=1)


def answered(world: GraphWorld, *seconds: float) -> None:
    """Make Graph send a notification for each duration, which is the time until the answer."""
    world.subscribe(world.ada)
    for took in seconds:
        world.book(world.ada)
        world.takes.append(took)
        world.notified()


def test_a_slow_endpoint_gets_its_notifications_ten_minutes_later(world: GraphWorld) -> None:
    """More than 10 % of the answers took over three seconds; the state is checked again ten minutes later."""
    answered(world, *[0.1] * 8, 3.1, 3.1)
    state = world.graph.endpoint_state(NOTIFY)
    world.book(world.ada, subject="Late")
    world.clock.advance(9 * MINUTE)
    early = [post.started for post in world.graph.posts]
    world.notified()
    retried = len(world.graph.posts) - len(early)
    world.clock.advance(MINUTE)
    late = world.notified()

    assert state is EndpointState.SLOW
    assert retried == 1  # the two that came too late, together
    assert len(late) == 1
    assert world.graph.endpoint_state(NOTIFY) is EndpointState.WELL


def test_notifications_to_a_very_slow_endpoint_are_dropped(world: GraphWorld) -> None:
    """More than 15 % took ten seconds: notifications of the next ten minutes, and retries, are never delivered."""
    answered(world, *[0.1] * 8, 10, 10)
    state = world.graph.endpoint_state(NOTIFY)
    world.book(world.ada, subject="Lost")
    world.clock.advance(MINUTE)
    lost = world.notified()
    world.clock.advance(9 * MINUTE)
    lost += world.notified()
    world.book(world.ada, subject="Heard")
    heard = world.notified()

    assert state is EndpointState.DROPPED
    assert (len(lost), len(heard)) == (0, 1)


def test_10_percent_of_slow_answers_are_accepted(world: GraphWorld) -> None:
    """A few answers are not enough to decide."""
    answered(world, 3.1)
    few = world.graph.endpoint_state(NOTIFY)
    answered(world, *[0.1] * 9)

    assert [few, world.graph.endpoint_state(f"{NOTIFY}&other=query")] == [EndpointState.WELL] * 2
