"""The report of `joinlink prove` in Markdown. It has no addresses, subjects or ids of a mailbox."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cli.clean import line
from shared.desk.prove.proof import Holding
from shared.desk.prove.prover import RowResult
from shared.desk.sign_in.desk_identity import DeskIdentity
from shared.version import VERSION

#: a link to another page of the docs, which the report does not have beside it
_LINK = re.compile(r"\[([^\]]+)\]\([\w.#-]+\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRun:
    """A run, and the results of its rows so far; `left` are sentences about what is left in the mailbox."""

    started: datetime
    cloud: str
    identity: DeskIdentity
    results: Sequence[RowResult]
    left: Sequence[str]
    is_stopped: bool


def report(run: ProofRun) -> str:
    """Return the report."""
    return _LINK.sub(r"\1", "\n".join(map(line, _lines(run)))) + "\n"


def _lines(run: ProofRun) -> Iterator[str]:
    yield "# What this tenant shows"
    yield ""
    yield (
        f"Joinlink {VERSION}, cloud {run.cloud}, {run.started:%Y-%m-%d %H:%M} UTC."
        f" Graph was called as {run.identity.value}."
    )
    yield from (["", "The run was stopped before its end."] if run.is_stopped else [])
    yield from (["", f"Items that could not be deleted: {len(run.left)}."] if run.left else [])
    yield from ("", "| row | result | what was seen |", "| --- | --- | --- |")
    for result in run.results:
        text = result.answer.text.replace("|", "\\|")
        yield f"| {result.question.id} | {result.answer.holding} | {text} |"
    for result in run.results:
        yield from _row(result, run)


def _row(result: RowResult, run: ProofRun) -> Iterator[str]:
    question, answer = result.question, result.answer
    yield from ("", f"## {question.id}: {answer.holding}", "")
    yield f"- Joinlink relies on: {question.relies}"
    yield f"- Tried as {run.identity.value}: {question.tried}"
    yield f"- Seen: {answer.text}."
    if answer.holding is Holding.FAILS:
        yield f"- What Joinlink does about it: {question.otherwise}"
        yield f"- Request ids of Graph, the last of the row: {', '.join(result.request_ids) or 'none'}"
