from collections import Counter
from pathlib import Path

import pytest

from sandbox.azurite import Azurite
from sandbox.load.figures import markdown, percentile
from sandbox.load.generator import Answers
from sandbox.load.queue_check import missing
from sandbox.load.run import LargeBody, LoadPlan, Run, WebhookLoad, run_load
from sandbox.stage import stage

PLAN = LoadPlan(seconds=0.3, connections=2, items=2, large_posts=0)


def test_every_acknowledged_event_is_in_the_queue(azurite: Azurite, tmp_path: Path) -> None:
    """The webhook runs in host and worker processes of its own. How fast it is does not matter here."""
    result = run_load(azurite, tmp_path, PLAN)

    assert result.problems == []
    assert result.acknowledged >= PLAN.items * result.webhook.answers.statuses[202] > 0
    assert f"Found in the queue: {result.acknowledged:,}." in markdown(result, PLAN)


def test_an_event_without_a_message_is_missing(azurite: Azurite, tmp_path: Path) -> None:
    """Otherwise the check could not fail."""
    (tmp_path / "rules.yaml").write_text("version: 1\nrules: [{id: all}]")
    with stage(azurite, tmp_path, ticks=True) as everything:
        assert missing(everything, ["event-1"]) == {"event-1"}


def run(name: str, *statuses: int) -> Run:
    return Run(name, Answers(Counter(statuses), [0.01] * len(statuses), []), 1)


def result(
    webhook: Run, *, missing: frozenset[str] = frozenset(), large: tuple[int, ...] = (413,)
) -> WebhookLoad:
    too_large = LargeBody("too large", 10, 1, frozenset({413}), run("", *large).answers)
    return WebhookLoad(run("bare", 202), run("send", 202), webhook, (too_large,), 1, missing)


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        pytest.param(result(run("webhook", 202), missing=frozenset({"e"})), "1 acknowledged events are not in the queue.", id="lost"),
        pytest.param(result(run("webhook", 503)), "webhook: no request was accepted.", id="none accepted"),
        pytest.param(result(run("webhook", 202, 0)), "webhook: 1 requests had no answer.", id="no answer"),
        pytest.param(result(run("webhook", 202, 500)), "webhook: unexpected statuses [500].", id="an error"),
        pytest.param(result(run("webhook", 202), large=(202,)), "too large: answered with [202].", id="a body beyond the limit is accepted"),
    ],
)  # fmt: skip
def test_what_must_not_happen_ends_with_an_error(found: WebhookLoad, problem: str) -> None:
    """`make load` then exits with 1. 503 is allowed: Graph delivers again."""
    assert found.problems == [problem]
    assert result(run("webhook", 202, 503)).problems == []


def test_percentiles_are_answer_times_that_were_measured() -> None:
    """The nearest rank: none is invented between two answers."""
    times = [0.004, 0.001, 0.002, 0.003]

    assert [percentile(times, share) for share in (0.5, 0.75, 0.999)] == [0.002, 0.003, 0.004]
