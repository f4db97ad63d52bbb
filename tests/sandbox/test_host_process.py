import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from azure.storage.queue import QueueClient

from sandbox.azurite import Azurite
from sandbox.host import HostProcess
from sandbox.stage import MONDAY_MORNING
from tests.sandbox.processes import LEASE, PATIENCE_SECONDS, RETRY, Scene


@pytest.fixture
def scene(azurite: Azurite, unique: Callable[[str], str], tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(azurite, unique("process"), tmp_path)
    scene.create()
    yield scene
    scene.go()
    scene.clock.remove()


def user_lines(host: HostProcess, function: str = "work") -> list[str]:
    """Return the messages that a function logged."""
    return [line["message"] for line in host.lines(f"Function.{function}.User")]


def test_a_host_process_answers_works_and_logs(scene: Scene) -> None:
    """Requests, messages and timers reach the worker; its lines bear the shared time; a stray one is dropped."""
    scene.send("hello")
    with scene.host() as host:
        assert host.quiet(PATIENCE_SECONDS)
        scene.advance(timedelta(minutes=3))
        answer = httpx.get(host.address("door") + "&n=1")
        assert httpx.get(f"{host.url}/api/door").status_code == 401
        assert host.run_timer("tick")
        worker = host.worker_pid

    assert (answer.status_code, answer.text) == (200, (MONDAY_MORNING + timedelta(minutes=3)).isoformat())
    assert answer.headers["X-Worker"] == str(worker)
    assert user_lines(host) == ["begun hello 1", "done hello"]
    assert user_lines(host, "door") == ["asked 1"]
    assert user_lines(host, "tick") == ["tick False"]
    assert host.lines("Function.tick.User")[0]["time"] == (MONDAY_MORNING + timedelta(minutes=3)).isoformat()


def test_an_app_that_can_t_be_played_ends_the_start(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    """The reason is said, as a missing setting would be."""
    host = HostProcess("tests.sandbox.sample_app:broken", scene.settings, scene.clock, log=scene.folder / "x")
    with pytest.raises(RuntimeError, match="instead of starting"), host:
        pytest.fail("it can't have started")

    assert "not `async def`" in capfd.readouterr().err


def test_after_kill_9_messages_come_back_with_the_end_of_their_lease(scene: Scene) -> None:
    """Ten minutes and not `visibilityTimeout`; the orphaned worker still ends its calls, without a line."""
    scene.send("wait-1")
    with scene.host() as host:
        scene.wait_until(lambda: user_lines(host) == ["begun wait-1 1"])
        host.kill()
        scene.go()
        scene.await_signs("done-wait-1")
        scene.advance(LEASE - timedelta(seconds=30))
        early = scene.visible()
        scene.advance(timedelta(seconds=30))
        late = scene.visible()
        host.start()
        assert host.quiet(PATIENCE_SECONDS)

    assert (early, late) == ([], ["wait-1"])
    assert user_lines(host) == ["begun wait-1 1", "begun wait-1 2", "done wait-1"]
    assert scene.waiting() == 0


def test_a_lease_is_renewed_while_the_function_runs(scene: Scene) -> None:
    """Eleven minutes into a call, nobody else gets the message."""
    scene.settings["AzureFunctionsJobHost__functionTimeout"] = "-1"
    scene.send("wait-1")
    with scene.host("one") as one, scene.host("two") as two:
        scene.await_signs("begun-wait-1")
        host, other = (one, two) if one.in_progress else (two, one)  # chance decides who gets it
        for _ in range(3):
            scene.advance(timedelta(minutes=4))
            assert not host.quiet(0.2)
            assert other.quiet(PATIENCE_SECONDS)
        scene.go()
        assert host.quiet(PATIENCE_SECONDS)
        assert other.quiet(PATIENCE_SECONDS)
        said = sorted([*user_lines(host), *user_lines(other)])

    assert said == ["begun wait-1 1", "done wait-1"]
    assert scene.waiting() == 0


def test_a_dead_worker_takes_its_calls_along(scene: Scene) -> None:
    """All fail at once and come back together after `visibilityTimeout`, until the innocent is poison, too."""
    scene.send("kill-1", "wait-1")
    with scene.host() as host:
        scene.wait_until(lambda: len(user_lines(host)) == 2)
        first = host.worker_pid
        (scene.folder / "die").touch()
        assert host.quiet(PATIENCE_SECONDS)
        hidden = (scene.visible(), scene.waiting())
        scene.wait_until(lambda: host.worker_pid not in {0, first})
        (scene.folder / "die").unlink()
        scene.advance(RETRY)
        scene.wait_until(lambda: len(user_lines(host)) == 4)  # or the killer may be faster than its neighbour
        (scene.folder / "die").touch()
        scene.wait_until(lambda: scene.waiting() == 0)
        poison = scene.waiting("-poison")

    assert hidden == ([], 2)
    assert poison == 2
    assert sorted(user_lines(host)) == [
        "begun kill-1 1",
        "begun kill-1 2",
        "begun wait-1 1",
        "begun wait-1 2",
    ]


def test_after_three_deaths_the_host_ends_until_it_is_started_again(scene: Scene) -> None:
    """A worker that dies all the time is no longer started; the next host begins to count anew."""
    with scene.host() as host:
        for _ in range(2):
            dead = host.worker_pid
            host.kill_worker()
            scene.wait_until(lambda dead=dead: host.worker_pid not in {0, dead})  # type: ignore[misc]  # bound early
        host.kill_worker()
        code = host.wait(PATIENCE_SECONDS)
        host.start()
        answer = httpx.get(host.address("door")).status_code

    assert (code, answer) == (1, 200)


def test_a_call_over_function_timeout_takes_its_neighbours_along(scene: Scene) -> None:
    """The worker is killed; a neighbour hangs until its own time is up, and each has spent a try."""
    scene.send("wait-1")
    with scene.host(AzureFunctionsJobHost__extensions__queues__newBatchThreshold="4") as host:
        scene.await_signs("begun-wait-1")
        worker = host.worker_pid
        scene.advance(timedelta(minutes=3))
        scene.send("wait-2")
        scene.await_signs("begun-wait-2")
        scene.advance(timedelta(minutes=2, seconds=1))
        scene.wait_until(lambda: host.worker_pid not in {0, worker})
        scene.go()
        scene.advance(timedelta(minutes=2))
        scene.await_signs("done-wait-1")
        scene.wait_until(lambda: host.in_progress == 1)
        scene.advance(timedelta(minutes=1))
        assert host.quiet(PATIENCE_SECONDS)
        left = scene.waiting()
        scene.advance(RETRY)
        scene.await_signs("done-wait-2")
        assert host.quiet(PATIENCE_SECONDS)

    begun = [line for line in user_lines(host) if line.startswith("begun")]
    assert begun == ["begun wait-1 1", "begun wait-2 1", "begun wait-1 2", "begun wait-2 2"]
    assert (left, scene.waiting()) == (1, 0)


@pytest.mark.parametrize(
    ("drains", "begun"),
    [pytest.param("true", 4, id="draining"), pytest.param("false", 8, id="without draining")],
)
def test_a_stop_drains_only_where_the_setting_says_so(scene: Scene, drains: str, begun: int) -> None:
    """Draining, calls end and the rest is visible at once; else the listener goes on, and calls are cut off."""
    scene.send(*(f"wait-{n}" for n in range(4)))
    with scene.host(stop_seconds=15, FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING=drains) as host:
        scene.await_signs(*(f"begun-wait-{n}" for n in range(4)))
        scene.send(*(f"wait-{n}" for n in range(4, 12)))
        host.terminate()
        scene.wait_until(lambda: any("Stopping" in line["message"] for line in host.lines("Host")))
        scene.go()
        code = host.wait(PATIENCE_SECONDS)
        left = scene.visible()

    done = sum(scene.has(f"done-wait-{n}") for n in range(12))
    assert code == 0
    assert (done, len(left)) == ((4, 8) if drains == "true" else (12, 0))
    assert done >= begun


def test_a_stop_cuts_off_what_takes_longer(scene: Scene) -> None:
    """It stays hidden for the rest of its lease and has spent a try, draining or not."""
    scene.send("wait-1")
    with scene.host(FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING="true") as host:
        scene.await_signs("begun-wait-1")
        worker = host.worker_pid
        host.terminate()
        host.wait(PATIENCE_SECONDS)
        scene.wait_until(lambda: not _runs(worker))
        scene.go()
        hidden = scene.visible()
        scene.advance(LEASE)

    assert (hidden, scene.visible()) == ([], ["wait-1"])
    assert not scene.has("done-wait-1")


def test_what_the_host_moves_to_poison_expires_after_seven_days(scene: Scene) -> None:
    """The raw body, and nothing is left of it a week later."""
    scene.send("raise-1")
    with scene.host() as host:
        for _ in range(2):
            assert host.quiet(PATIENCE_SECONDS)
            scene.advance(RETRY)
        assert host.quiet(PATIENCE_SECONDS)
        before = scene.waiting("-poison")
        scene.advance(timedelta(days=7, minutes=1))

        with QueueClient.from_connection_string(
            scene.azurite.connection_string, f"{scene.queue}-poison"
        ) as q:
            assert (before, q.peek_messages(32)) == (1, [])


def test_a_missing_queue_is_warned_of_and_not_created(scene: Scene) -> None:
    """Not at every look, though; once it is there it is listened to."""
    scene.queue += "-late"
    scene.settings["QUEUE"] = scene.queue
    with scene.host() as host:
        scene.wait_until(lambda: bool(host.lines("Azure.Core")))
        scene.create()
        scene.send("hello")
        scene.await_signs("done-hello")

        assert len(host.lines("Azure.Core")) == 1


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
