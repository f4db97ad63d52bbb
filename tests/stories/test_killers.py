"""Processes that die (SIGKILL) during a message, and during the maintenance of the poison queues."""

from datetime import timedelta

from tests.stories.conftest import Story
from tests.stories.mortal import Aim, Guillotine, Worker, below

GUEST = "bo@fabrikam.com"
#: A message in the hands of a worker that died comes back after ten minutes.
LEASE = timedelta(minutes=11)
DEATHS = 4


def test_a_message_that_kills_its_process_dies_alone(story: Story) -> None:
    """Four processes end over it; then it is set aside, and all that came with it have their links."""
    guillotine = Guillotine()
    people = [story.person(name) for name in ("Ada", "Bo", "Cy", "Di")]
    meetings = [(person, story.meeting(person, GUEST)) for person in people]
    killer = meetings.pop(1)
    story.stage.graph.deliver()
    story.stage.clock.advance(LEASE)
    with below(guillotine, story.stage) as settings:
        for _ in range(DEATHS + 1):
            guillotine.lift()
            with Worker(settings) as worker:
                guillotine.aim(worker, Aim(method="GET", path=killer[1], is_heard=False))
                while worker.drain(story.stage.clock.now()) and any(story.stage.host.waiting().values()):
                    story.stage.clock.advance(timedelta(minutes=1))
            story.stage.graph.deliver()
            story.stage.clock.advance(LEASE)
    [poison] = story.poison()

    assert len(guillotine.last_words) == DEATHS
    assert (poison["reason"], killer[1] in poison["message"]) == ("worker_lost", True)
    assert all(story.has_link(person, meeting) for person, meeting in meetings)
    assert not story.has_link(*killer)


def test_killed_at_any_step_maintenance_keeps_what_the_host_moved(story: Story) -> None:
    """Each request of it is the last one of a process, heard or not; in the end there is one envelope."""
    guillotine = Guillotine()
    story.set_aside("a message of the host's")
    with below(guillotine, story.stage) as settings:
        for step in range(8):
            guillotine.lift()
            with Worker(settings) as worker:
                aim = Aim(path="/event-changes-poison/messages", further=step // 2, is_heard=step % 2 == 0)
                guillotine.aim(worker, aim)
                worker.run_timer(story.stage.clock.now())
            story.stage.clock.advance(LEASE)
        guillotine.lift()
        with Worker(settings) as worker:
            assert worker.run_timer(story.stage.clock.now())

    assert [(kept["reason"], kept["message"]) for kept in story.poison()] == [
        ("moved_by_the_host", "a message of the host's")
    ]
