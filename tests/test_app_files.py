"""The files that Azure and Core Tools read agree with each other and with the code."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from functions import queued
from sandbox.host import leases
from shared import settings

ROOT = Path(__file__).parent.parent


def _json(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / name).read_text())
    return content


def test_the_sample_has_every_setting_that_the_code_reads() -> None:
    """An admin who fills in the sample forgets none."""
    read = set(re.findall(r'"(JOINLINK_\w+)"', Path(settings.__file__).read_text()))

    assert {name for name in _json("local.settings.sample.json")["Values"] if "JOINLINK" in name} == read


def test_every_value_of_the_sample_is_a_text_with_an_explanation() -> None:
    """Core Tools accept texts only."""
    sample = _json("local.settings.sample.json")

    assert all(isinstance(value, str) for value in sample["Values"].values())
    assert set(sample["//"]) - {""} == set(sample["Values"])


def test_there_is_a_thread_for_every_message_that_the_host_delivers() -> None:
    """32 concurrently for each instance. With fewer threads, messages would wait while their lease runs."""
    queues = _json("host.json")["extensions"]["queues"]
    threads = int(_json("local.settings.sample.json")["Values"]["PYTHON_THREADPOOL_THREAD_COUNT"])

    assert queues["batchSize"] + queues["newBatchThreshold"] == 32
    assert threads >= 32


def test_a_returned_message_can_be_sent_alone() -> None:
    """The worker sends it again at its second delivery. Three more are for storage that refuses it."""
    assert _json("host.json")["extensions"]["queues"]["maxDequeueCount"] == 5


def test_a_host_that_stops_finishes_its_messages_first() -> None:
    """Without this setting it would dequeue messages that it can't finish; each would wait ten minutes."""
    assert _json("local.settings.sample.json")["Values"]["FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING"] == "true"


def test_the_worker_knows_the_hosts_lease() -> None:
    """The worker computes the time of dequeuing from the time at which a message is visible again."""
    assert queued.LEASE == leases.LEASE


def test_the_lease_is_longer_than_the_longest_run() -> None:
    """The host stops a function before the ten minutes of its message's lease end."""
    assert _json("host.json")["functionTimeout"] < "00:10:00"


def test_no_log_line_is_sampled() -> None:
    """`event.decided` is an audit line, so none may be missing."""
    sampling = _json("host.json")["logging"]["applicationInsights"]["samplingSettings"]

    assert "Trace" in sampling["excludedTypes"].split(";")


def ignored() -> list[str]:
    """Return the patterns of `.funcignore`."""
    lines = (ROOT / ".funcignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def is_deployed(path: Path) -> bool:
    """Return whether a file or folder is deployed: a pattern with a slash starts at the root."""
    relative = path.relative_to(ROOT)
    return not any(
        relative.as_posix() == pattern if "/" in pattern else path.match(pattern) for pattern in ignored()
    )


def test_only_what_the_cloud_needs_is_deployed() -> None:
    """`.funcignore` lists everything else at the top level, except hidden files."""
    deployed = {path.name for path in ROOT.iterdir() if not path.name.startswith(".") and is_deployed(path)}

    assert deployed == {"function_app.py", "functions", "shared", "rules", "host.json", "requirements.txt"}


def test_the_deployed_app_works_without_the_desk(tmp_path: Path) -> None:
    """A copy of the deployed files loads all functions and builds all their parts."""
    app = tmp_path / "app"
    shutil.copytree(
        ROOT,
        app,
        ignore=lambda folder, names: [name for name in names if not is_deployed(Path(folder) / name)],
    )
    script = """
import os, sys
import function_app
from shared import wiring
assert not os.path.exists("shared/desk")
app = wiring.joinlink()
built = [app.webhook, app.event_messages, app.mailbox_messages, app.maintenance(), app.checkup, app.policies]
ours = [module for name, module in sys.modules.items() if name.startswith("shared.")]
assert all(module.__file__.startswith(os.getcwd()) for module in ours)
print(len(built), len(function_app.app.get_functions()))
"""
    environ = {
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "JOINLINK_TENANT_ID": "c0ffee00-0000-4000-8000-000000000001",
        "JOINLINK_CLIENT_STATE_KEY": "k" * 32,
        "JOINLINK_NOTIFICATION_URL": "https://joinlink.example/api/notifications?code=x",
    }
    done = subprocess.run(  # noqa: S603 -- our own words
        [sys.executable, "-c", script],
        cwd=app,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("6 5\n", "")


def test_the_log_keeps_our_lines_and_drops_the_hosts() -> None:
    """The host writes two lines for each run, which would cost more than the compute."""
    levels = _json("host.json")["logging"]["logLevel"]

    assert levels["Function"] == "Warning"
    assert levels["Function.*.User"] == "Information"
    assert levels["Host.Results"] == "Information"
