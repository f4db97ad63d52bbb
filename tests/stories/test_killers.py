"""Processes are killed (SIGKILL) by one message, or while they maintain the poison queues."""

from datetime import timedelta

from tests.stories.conftest import Story
from tests.stories.killable_worker import KillableWorker, KillPoint, KillSwitch, behind

GUEST = "bo@fabrikam.com"
#: A message that a killed worker had taken is visible again after ten minutes.
LEASE = timedelta(minutes=11)
KILLS = 4


def test_a_message_that_kills_its_process_does_not_affect_others(story: Story) -> None:
    """After four kills it goes to the poison queue. The messages received with it are handled."""
    kill_switch = KillSwitch()
    people = [story.add_person(name) for name in ("Ada", "Bo", "Cy", "Di")]
    meetings = [(person, story.create_meeting(person, GUEST)) for person in people]
    killer = meetings.pop(1)
    story.stage.graph.deliver()
    story.stage.clock.advance(LEASE)
    with behind(kill_switch, story.stage) as settings:
        for _ in range(KILLS + 1):
            kill_switch.disarm()
            with KillableWorker(settings) as worker:
                kill_switch.arm(worker, KillPoint(method="GET", path=killer[1], is_done=False))
                while worker.drain(story.stage.clock.now()) and any(story.stage.host.waiting().values()):
                    story.stage.clock.advance(timedelta(minutes=1))
            story.stage.graph.deliver()
            story.stage.clock.advance(LEASE)
    [poison] = story.poison_messages()

    assert len(kill_switch.killed_at) == KILLS
    assert (poison["reason"], killer[1] in poison["message"]) == ("worker_lost", True)
    assert all(story.has_link(person, meeting) for person, meeting in meetings)
    assert not story.has_link(*killer)


def test_a_kill_at_any_step_loses_no_message_that_the_host_moved(story: Story) -> None:
    """The process is killed at each request, before or after it takes effect. One envelope is left."""
    kill_switch = KillSwitch()
    story.add_poison("a message")
    with behind(kill_switch, story.stage) as settings:
        for step in range(8):
            kill_switch.disarm()
            with KillableWorker(settings) as worker:
                point = KillPoint(
                    path="/event-changes-poison/messages", further=step // 2, is_done=step % 2 == 0
                )
                kill_switch.arm(worker, point)
                worker.run_timer(story.stage.clock.now())
            story.stage.clock.advance(LEASE)
        kill_switch.disarm()
        with KillableWorker(settings) as worker:
            assert worker.run_timer(story.stage.clock.now())

    assert [(kept["reason"], kept["message"]) for kept in story.poison_messages()] == [
        ("moved_by_the_host", "a message")
    ]
