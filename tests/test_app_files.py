"""The files beside the code that Azure or Core Tools read: they hold together, and with the code."""

import json
import re
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
    """An admin who fills in the sample has thought of all of them."""
    read = set(re.findall(r'"(JOINLINK_\w+)"', Path(settings.__file__).read_text()))

    assert {name for name in _json("local.settings.sample.json")["Values"] if "JOINLINK" in name} == read


def test_every_value_of_the_sample_is_a_text_with_a_word_of_explanation() -> None:
    """Core Tools take texts only, and no setting is left unexplained."""
    sample = _json("local.settings.sample.json")

    assert all(isinstance(value, str) for value in sample["Values"].values())
    assert set(sample["//"]) - {""} == set(sample["Values"])


def test_there_is_a_thread_for_every_message_that_the_host_hands_out() -> None:
    """32 at a time for each instance: with fewer threads the rest would hold their lease and wait."""
    queues = _json("host.json")["extensions"]["queues"]
    threads = int(_json("local.settings.sample.json")["Values"]["PYTHON_THREADPOOL_THREAD_COUNT"])

    assert queues["batchSize"] + queues["newBatchThreshold"] == 32
    assert threads >= 32


def test_a_message_that_comes_back_can_be_sent_alone() -> None:
    """The worker sends it again at its second delivery; three more are for storage that does not take it."""
    assert _json("host.json")["extensions"]["queues"]["maxDequeueCount"] == 5


def test_a_host_that_stops_ends_its_messages_first() -> None:
    """Without this setting it goes on taking messages that it can't end; each then waits ten minutes."""
    assert _json("local.settings.sample.json")["Values"]["FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING"] == "true"


def test_the_worker_knows_the_hosts_lease() -> None:
    """When the host took a message follows from when it would be visible again."""
    assert queued.LEASE == leases.LEASE


def test_the_lease_outlives_the_longest_run() -> None:
    """A function is stopped before the ten minutes of its message's lease are over."""
    assert _json("host.json")["functionTimeout"] < "00:10:00"


def test_no_log_line_is_sampled_away() -> None:
    """`event.decided` is an audit line: a trace that may be missing proves nothing."""
    sampling = _json("host.json")["logging"]["applicationInsights"]["samplingSettings"]

    assert "Trace" in sampling["excludedTypes"].split(";")


def test_what_runs_in_the_cloud_is_deployed_and_the_rest_is_not() -> None:
    """`.funcignore` names everything at the top, hidden files aside, but these."""
    patterns = [line for line in (ROOT / ".funcignore").read_text().splitlines() if not line.startswith("#")]
    visible = [path for path in ROOT.iterdir() if not path.name.startswith(".")]
    deployed = {path.name for path in visible if not any(path.match(pattern) for pattern in patterns)}

    assert deployed == {"function_app.py", "functions", "shared", "rules", "host.json", "requirements.txt"}


def test_the_log_keeps_our_lines_and_drops_the_hosts() -> None:
    """The host writes two lines for each run, which would cost more than the compute."""
    levels = _json("host.json")["logging"]["logLevel"]

    assert levels["Function"] == "Warning"
    assert levels["Function.*.User"] == "Information"
    assert levels["Host.Results"] == "Information"
