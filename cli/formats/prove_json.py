"""The results of `joinlink prove` as JSON."""

from typing import Any

from cli.formats.prove_markdown import ProofRun
from shared.desk.prove.proof import Holding
from shared.desk.prove.prover import RowResult
from shared.version import VERSION


def document(run: ProofRun) -> dict[str, Any]:
    """Return the results as plain values."""
    return {
        "version": VERSION,
        "cloud": run.cloud,
        "started": run.started.isoformat(timespec="seconds"),
        "identity": run.identity.value,
        "stopped": run.is_stopped,
        "rows": [_row(result) for result in run.results],
        "left": list(run.left),
    }


def _row(result: RowResult) -> dict[str, Any]:
    is_failed = result.answer.holding is Holding.FAILS
    return {
        "row": result.question.id,
        "result": result.answer.holding.value,
        "text": result.answer.text,
        "otherwise": result.question.otherwise if is_failed else None,
        "request_ids": list(result.request_ids) if is_failed else [],
    }
