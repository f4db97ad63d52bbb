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
from tests.sandbox.processes import LEASE, RETRY, TIMEOUT_SECONDS, HostProcesses


@pytest.fixture
def hosts(azurite: Azurite, unique: Callable[[str], str], tmp_path: Path) -> Iterator[HostProcesses]:
    hosts = HostProcesses(azurite, unique("process"), tmp_path)
    hosts.create()
    yield hosts
    hosts.release()
    hosts.clock.remove()


def user_lines(host: HostProcess, function: str = "work") -> list[str]:
    """Return the messages that a function logged."""
    return [line["message"] for line in host.lines(f"Function.{function}.User")]


def test_a_host_process_answers_works_and_logs(hosts: HostProcesses) -> None:
    """Requests, messages and timers reach the worker. Its log lines have the simulated time."""
    hosts.send("hello")
    with hosts.host() as host:
        assert host.quiet(TIMEOUT_SECONDS)
        hosts.advance(timedelta(minutes=3))
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


def test_an_unsupported_app_prevents_the_start(
    hosts: HostProcesses, capfd: pytest.CaptureFixture[str]
) -> None:
    """The error output has the reason."""
    host = HostProcess("tests.sandbox.sample_app:broken", hosts.settings, hosts.clock, log=hosts.folder / "x")
    with pytest.raises(RuntimeError, match="instead of starting"), host:
        pytest.fail("it can't have started")

    assert "not `async def`" in capfd.readouterr().err


def test_after_sigkill_messages_return_when_their_lease_ends(hosts: HostProcesses) -> None:
    """After ten minutes, not after `visibilityTimeout`. The orphaned worker finishes its calls without a log line."""
    hosts.send("wait-1")
    with hosts.host() as host:
        hosts.wait_until(lambda: user_lines(host) == ["begun wait-1 1"])
        host.kill()
        hosts.release()
        hosts.wait_for_signals("done-wait-1")
        hosts.advance(LEASE - timedelta(seconds=30))
        early = hosts.visible()
        hosts.advance(timedelta(seconds=30))
        late = hosts.visible()
        host.start()
        assert host.quiet(TIMEOUT_SECONDS)

    assert (early, late) == ([], ["wait-1"])
    assert user_lines(host) == ["begun wait-1 1", "begun wait-1 2", "done wait-1"]
    assert hosts.waiting() == 0


def test_a_lease_is_renewed_while_the_function_runs(hosts: HostProcesses) -> None:
    """After eleven minutes, no other host gets the message."""
    hosts.settings["AzureFunctionsJobHost__functionTimeout"] = "-1"
    hosts.send("wait-1")
    with hosts.host("one") as one, hosts.host("two") as two:
        hosts.wait_for_signals("begun-wait-1")
        host, other = (one, two) if one.in_work else (two, one)  # either may get it
        for _ in range(3):
            hosts.advance(timedelta(minutes=4))
            assert not host.quiet(0.2)
            assert other.quiet(TIMEOUT_SECONDS)
        hosts.release()
        assert host.quiet(TIMEOUT_SECONDS)
        assert other.quiet(TIMEOUT_SECONDS)
        lines = sorted([*user_lines(host), *user_lines(other)])

    assert lines == ["begun wait-1 1", "done wait-1"]
    assert hosts.waiting() == 0


def test_if_a_worker_dies_all_its_calls_fail(hosts: HostProcesses) -> None:
    """They return together after `visibilityTimeout`, until all are in the poison queue, whichever was the cause."""
    hosts.send("kill-1", "wait-1")
    with hosts.host() as host:
        hosts.wait_until(lambda: len(user_lines(host)) == 2)
        first = host.worker_pid
        (hosts.folder / "die").touch()
        assert host.quiet(TIMEOUT_SECONDS)
        hidden = (hosts.visible(), hosts.waiting())
        hosts.wait_until(lambda: host.worker_pid not in {0, first})
        (hosts.folder / "die").unlink()
        hosts.advance(RETRY)
        hosts.wait_until(
            lambda: len(user_lines(host)) == 4
        )  # wait: the message that kills may be handled first
        (hosts.folder / "die").touch()
        hosts.wait_until(lambda: hosts.waiting() == 0)
        poison = hosts.waiting("-poison")

    assert hidden == ([], 2)
    assert poison == 2
    assert sorted(user_lines(host)) == [
        "begun kill-1 1",
        "begun kill-1 2",
        "begun wait-1 1",
        "begun wait-1 2",
    ]


def test_after_three_dead_workers_the_host_exits(hosts: HostProcesses) -> None:
    """A host that is started after that counts from zero."""
    with hosts.host() as host:
        for _ in range(2):
            dead = host.worker_pid
            host.kill_worker()
            hosts.wait_until(lambda dead=dead: host.worker_pid not in {0, dead})  # type: ignore[misc]  # bound early
        host.kill_worker()
        code = host.wait(TIMEOUT_SECONDS)
        host.start()
        answer = httpx.get(host.address("door")).status_code

    assert (code, answer) == (1, 200)


def test_a_call_that_exceeds_function_timeout_fails_the_other_calls(hosts: HostProcesses) -> None:
    """The worker is killed. Each of its messages has used one try."""
    hosts.send("wait-1")
    with hosts.host(AzureFunctionsJobHost__extensions__queues__newBatchThreshold="4") as host:
        hosts.wait_for_signals("begun-wait-1")
        worker = host.worker_pid
        hosts.advance(timedelta(minutes=3))
        hosts.send("wait-2")
        hosts.wait_for_signals("begun-wait-2")
        hosts.advance(timedelta(minutes=2, seconds=1))
        hosts.wait_until(lambda: host.worker_pid not in {0, worker})
        hosts.release()
        hosts.advance(timedelta(minutes=2))
        hosts.wait_for_signals("done-wait-1")
        hosts.wait_until(lambda: host.in_work == 1)
        hosts.advance(timedelta(minutes=1))
        assert host.quiet(TIMEOUT_SECONDS)
        left = hosts.waiting()
        hosts.advance(RETRY)
        hosts.wait_for_signals("done-wait-2")
        assert host.quiet(TIMEOUT_SECONDS)

    begun = [line for line in user_lines(host) if line.startswith("begun")]
    assert begun == ["begun wait-1 1", "begun wait-2 1", "begun wait-1 2", "begun wait-2 2"]
    assert (left, hosts.waiting()) == (1, 0)


@pytest.mark.parametrize(
    ("drains", "begun"),
    [pytest.param("true", 4, id="draining"), pytest.param("false", 8, id="without draining")],
)
def test_a_stop_drains_only_with_the_setting(hosts: HostProcesses, drains: str, begun: int) -> None:
    """With it, calls end and other messages are visible at once. Without it, calls are interrupted."""
    hosts.send(*(f"wait-{n}" for n in range(4)))
    with hosts.host(stop_seconds=15, FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING=drains) as host:
        hosts.wait_for_signals(*(f"begun-wait-{n}" for n in range(4)))
        hosts.send(*(f"wait-{n}" for n in range(4, 12)))
        host.terminate()
        hosts.wait_until(lambda: any("Stopping" in line["message"] for line in host.lines("Host")))
        hosts.release()
        code = host.wait(TIMEOUT_SECONDS)
        left = hosts.visible()

    done = sum(hosts.has(f"done-wait-{n}") for n in range(12))
    assert code == 0
    assert (done, len(left)) == ((4, 8) if drains == "true" else (12, 0))
    assert done >= begun


def test_a_stop_interrupts_a_call_that_takes_longer(hosts: HostProcesses) -> None:
    """Its message stays hidden until its lease ends, and has used one try."""
    hosts.send("wait-1")
    with hosts.host(FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING="true") as host:
        hosts.wait_for_signals("begun-wait-1")
        worker = host.worker_pid
        host.terminate()
        host.wait(TIMEOUT_SECONDS)
        hosts.wait_until(lambda: not _runs(worker))
        hosts.release()
        hidden = hosts.visible()
        hosts.advance(LEASE)

    assert (hidden, hosts.visible()) == ([], ["wait-1"])
    assert not hosts.has("done-wait-1")


def test_a_message_that_the_host_moves_to_the_poison_queue_expires_after_seven_days(
    hosts: HostProcesses,
) -> None:
    """The host moves the raw body."""
    hosts.send("raise-1")
    with hosts.host() as host:
        for _ in range(2):
            assert host.quiet(TIMEOUT_SECONDS)
            hosts.advance(RETRY)
        assert host.quiet(TIMEOUT_SECONDS)
        before = hosts.waiting("-poison")
        hosts.advance(timedelta(days=7, minutes=1))

        with QueueClient.from_connection_string(
            hosts.azurite.connection_string, f"{hosts.queue}-poison"
        ) as q:
            assert (before, q.peek_messages(32)) == (1, [])


def test_a_missing_queue_is_logged_and_not_created(hosts: HostProcesses) -> None:
    """Not at every poll. Once it exists, the host polls it."""
    hosts.queue += "-late"
    hosts.settings["QUEUE"] = hosts.queue
    with hosts.host() as host:
        hosts.wait_until(lambda: bool(host.lines("Azure.Core")))
        hosts.create()
        hosts.send("hello")
        hosts.wait_for_signals("done-hello")

        assert len(host.lines("Azure.Core")) == 1


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
