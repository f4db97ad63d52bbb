import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
from azure.storage.queue import QueueClient

from sandbox.azurite import Azurite
from sandbox.host import HostProcess
from sandbox.stage import MONDAY_MORNING
from tests.sandbox.processes import LEASE, PATIENCE_SECONDS, RETRY, HostSetup


@pytest.fixture
def setup(azurite: Azurite, unique: Callable[[str], str], tmp_path: Path) -> Iterator[HostSetup]:
    setup = HostSetup(azurite, unique("process"), tmp_path)
    setup.create()
    yield setup
    setup.go()
    setup.clock.remove()


def user_lines(host: HostProcess, function: str = "work") -> list[str]:
    """Return the messages that a function logged."""
    return [line["message"] for line in host.lines(f"Function.{function}.User")]


def test_a_host_process_answers_works_and_logs(setup: HostSetup) -> None:
    """Requests, messages and timers reach the worker; its log lines have the shared time; lines of no call are dropped."""
    setup.send("hello")
    with setup.host() as host:
        assert host.quiet(PATIENCE_SECONDS)
        setup.advance(timedelta(minutes=3))
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


def test_an_unsupported_app_ends_the_start(setup: HostSetup, capfd: pytest.CaptureFixture[str]) -> None:
    """The error shows the reason."""
    host = HostProcess("tests.sandbox.sample_app:broken", setup.settings, setup.clock, log=setup.folder / "x")
    with pytest.raises(RuntimeError, match="instead of starting"), host:
        pytest.fail("it can't have started")

    assert "not `async def`" in capfd.readouterr().err


def test_after_a_kill_messages_are_visible_after_their_lease(setup: HostSetup) -> None:
    """Ten minutes and not `visibilityTimeout`; the worker without a host finishes its calls without log lines."""
    setup.send("wait-1")
    with setup.host() as host:
        setup.wait_until(lambda: user_lines(host) == ["begun wait-1 1"])
        host.kill()
        setup.go()
        setup.await_signals("done-wait-1")
        setup.advance(LEASE - timedelta(seconds=30))
        early = setup.visible()
        setup.advance(timedelta(seconds=30))
        late = setup.visible()
        host.start()
        assert host.quiet(PATIENCE_SECONDS)

    assert (early, late) == ([], ["wait-1"])
    assert user_lines(host) == ["begun wait-1 1", "begun wait-1 2", "done wait-1"]
    assert setup.waiting() == 0


def test_a_lease_is_renewed_while_the_function_runs(setup: HostSetup) -> None:
    """After eleven minutes of a call, no other host gets the message."""
    setup.settings["AzureFunctionsJobHost__functionTimeout"] = "-1"
    setup.send("wait-1")
    with setup.host("one") as one, setup.host("two") as two:
        setup.await_signals("begun-wait-1")
        host, other = (one, two) if one.in_progress else (two, one)  # chance decides who gets it
        for _ in range(3):
            setup.advance(timedelta(minutes=4))
            assert not host.quiet(0.2)
            assert other.quiet(PATIENCE_SECONDS)
        setup.go()
        assert host.quiet(PATIENCE_SECONDS)
        assert other.quiet(PATIENCE_SECONDS)
        said = sorted([*user_lines(host), *user_lines(other)])

    assert said == ["begun wait-1 1", "done wait-1"]
    assert setup.waiting() == 0


def test_all_calls_of_a_dead_worker_fail(setup: HostSetup) -> None:
    """They are retried together after `visibilityTimeout`, until a harmless message is poisoned too."""
    setup.send("kill-1", "wait-1")
    with setup.host() as host:
        setup.wait_until(lambda: len(user_lines(host)) == 2)
        first = host.worker_pid
        (setup.folder / "die").touch()
        assert host.quiet(PATIENCE_SECONDS)
        hidden = (setup.visible(), setup.waiting())
        setup.wait_until(lambda: host.worker_pid not in {0, first})
        (setup.folder / "die").unlink()
        setup.advance(RETRY)
        setup.wait_until(lambda: len(user_lines(host)) == 4)  # or the killer may be faster than its neighbour
        (setup.folder / "die").touch()
        setup.wait_until(lambda: setup.waiting() == 0)
        poison = setup.waiting("-poison")

    assert hidden == ([], 2)
    assert poison == 2
    assert sorted(user_lines(host)) == [
        "begun kill-1 1",
        "begun kill-1 2",
        "begun wait-1 1",
        "begun wait-1 2",
    ]


def has_another_worker(host: HostProcess, dead: int) -> bool:
    """Return whether a worker runs that is not the dead one."""
    return host.worker_pid not in {0, dead}


def test_after_three_deaths_of_workers_the_host_ends(setup: HostSetup) -> None:
    """A host that is started again counts from zero."""
    with setup.host() as host:
        for _ in range(2):
            dead = host.worker_pid
            host.kill_worker()
            setup.wait_until(partial(has_another_worker, host, dead))
        host.kill_worker()
        code = host.wait(PATIENCE_SECONDS)
        host.start()
        answer = httpx.get(host.address("door")).status_code

    assert (code, answer) == (1, 200)


def test_a_timeout_of_one_call_fails_the_others(setup: HostSetup) -> None:
    """The worker is killed; another call hangs until its own timeout; each message has used an attempt."""
    setup.send("wait-1")
    with setup.host(AzureFunctionsJobHost__extensions__queues__newBatchThreshold="4") as host:
        setup.await_signals("begun-wait-1")
        worker = host.worker_pid
        setup.advance(timedelta(minutes=3))
        setup.send("wait-2")
        setup.await_signals("begun-wait-2")
        setup.advance(timedelta(minutes=2, seconds=1))
        setup.wait_until(lambda: host.worker_pid not in {0, worker})
        setup.go()
        setup.advance(timedelta(minutes=2))
        setup.await_signals("done-wait-1")
        setup.wait_until(lambda: host.in_progress == 1)
        setup.advance(timedelta(minutes=1))
        assert host.quiet(PATIENCE_SECONDS)
        left = setup.waiting()
        setup.advance(RETRY)
        setup.await_signals("done-wait-2")
        assert host.quiet(PATIENCE_SECONDS)

    begun = [line for line in user_lines(host) if line.startswith("begun")]
    assert begun == ["begun wait-1 1", "begun wait-2 1", "begun wait-1 2", "begun wait-2 2"]
    assert (left, setup.waiting()) == (1, 0)


@pytest.mark.parametrize(
    ("drains", "begun"),
    [pytest.param("true", 4, id="draining"), pytest.param("false", 8, id="without draining")],
)
def test_a_stop_drains_only_with_the_setting(setup: HostSetup, drains: str, begun: int) -> None:
    """With it, calls finish and other messages stay visible; without it, the host fetches more and aborts calls."""
    setup.send(*(f"wait-{n}" for n in range(4)))
    with setup.host(stop_seconds=15, FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING=drains) as host:
        setup.await_signals(*(f"begun-wait-{n}" for n in range(4)))
        setup.send(*(f"wait-{n}" for n in range(4, 12)))
        host.terminate()
        setup.wait_until(lambda: any("Stopping" in line["message"] for line in host.lines("Host")))
        setup.go()
        code = host.wait(PATIENCE_SECONDS)
        left = setup.visible()

    done = sum(setup.has(f"done-wait-{n}") for n in range(12))
    assert code == 0
    assert (done, len(left)) == ((4, 8) if drains == "true" else (12, 0))
    assert done >= begun


def test_a_stop_aborts_long_calls(setup: HostSetup) -> None:
    """The message stays hidden until its lease ends and has used an attempt, with and without draining."""
    setup.send("wait-1")
    with setup.host(FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING="true") as host:
        setup.await_signals("begun-wait-1")
        worker = host.worker_pid
        host.terminate()
        host.wait(PATIENCE_SECONDS)
        setup.wait_until(lambda: not _runs(worker))
        setup.go()
        hidden = setup.visible()
        setup.advance(LEASE)

    assert (hidden, setup.visible()) == ([], ["wait-1"])
    assert not setup.has("done-wait-1")


def test_poison_messages_of_the_host_expire_after_seven_days(setup: HostSetup) -> None:
    """The text is unchanged, and a week later it is gone."""
    setup.send("raise-1")
    with setup.host() as host:
        for _ in range(2):
            assert host.quiet(PATIENCE_SECONDS)
            setup.advance(RETRY)
        assert host.quiet(PATIENCE_SECONDS)
        before = setup.waiting("-poison")
        setup.advance(timedelta(days=7, minutes=1))

        with QueueClient.from_connection_string(
            setup.azurite.connection_string, f"{setup.queue}-poison"
        ) as q:
            assert (before, q.peek_messages(32)) == (1, [])


def test_a_missing_queue_is_logged_and_not_created(setup: HostSetup) -> None:
    """Not at every poll; once the queue exists, it is polled."""
    setup.queue += "-late"
    setup.settings["QUEUE"] = setup.queue
    with setup.host() as host:
        setup.wait_until(lambda: bool(host.lines("Azure.Core")))
        setup.create()
        setup.send("hello")
        setup.await_signals("done-hello")

        assert len(host.lines("Azure.Core")) == 1


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
