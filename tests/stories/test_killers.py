"""Processes that die (SIGKILL) over one message, and over the upkeep of the poison queues."""

from datetime import timedelta

from tests.stories.conftest import Story
from tests.stories.killable_worker import KillPoint, KillSwitch, Worker, behind

GUEST = "bo@fabrikam.com"
#: A message in the hands of a worker that died comes back after ten minutes.
LEASE = timedelta(minutes=11)
DEATHS = 4


def test_a_message_that_kills_its_process_dies_alone(story: Story) -> None:
    """Four processes end over it; then it is set aside, and all that came with it have their links."""
    kill_switch = KillSwitch()
    people = [story.add_person(name) for name in ("Ada", "Bo", "Cy", "Di")]
    meetings = [(person, story.create_meeting(person, GUEST)) for person in people]
    killer = meetings.pop(1)
    story.stage.graph.deliver()
    story.stage.clock.advance(LEASE)
    with behind(kill_switch, story.stage) as settings:
        for _ in range(DEATHS + 1):
            kill_switch.disarm()
            with Worker(settings) as worker:
                kill_switch.arm(worker, KillPoint(method="GET", path=killer[1], is_done=False))
                while worker.drain(story.stage.clock.now()) and any(story.stage.host.waiting().values()):
                    story.stage.clock.advance(timedelta(minutes=1))
            story.stage.graph.deliver()
            story.stage.clock.advance(LEASE)
    [poison] = story.poison_messages()

    assert len(kill_switch.killed_at) == DEATHS
    assert (poison["reason"], killer[1] in poison["message"]) == ("worker_lost", True)
    assert all(story.has_link(person, meeting) for person, meeting in meetings)
    assert not story.has_link(*killer)


def test_killed_at_any_step_the_upkeep_keeps_what_the_host_moved(story: Story) -> None:
    """Each request of it is the last one of a process, heard or not; in the end there is one envelope."""
    kill_switch = KillSwitch()
    story.add_poison("a message of the host's")
    with behind(kill_switch, story.stage) as settings:
        for step in range(8):
            kill_switch.disarm()
            with Worker(settings) as worker:
                aim = KillPoint(
                    path="/event-changes-poison/messages", further=step // 2, is_done=step % 2 == 0
                )
                kill_switch.arm(worker, aim)
                worker.run_timer(story.stage.clock.now())
            story.stage.clock.advance(LEASE)
        kill_switch.disarm()
        with Worker(settings) as worker:
            assert worker.run_timer(story.stage.clock.now())

    assert [(kept["reason"], kept["message"]) for kept in story.poison_messages()] == [
        ("moved_by_the_host", "a message of the host's")
    ]
