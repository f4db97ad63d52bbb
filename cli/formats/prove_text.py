"""The rows of `joinlink prove` as text, each as soon as it is answered."""

from collections import Counter
from pathlib import Path

from rich.text import Text

from cli import lines
from cli.formats.prove_markdown import ProofRun
from cli.lines import Line
from cli.output import console
from shared.desk.prove.proof import Holding, Proof
from shared.desk.prove.prover import RowResult
from shared.desk.prove.questions import QUESTIONS

_TRUTHS = {Holding.HOLDS: True, Holding.FAILS: False, Holding.UNKNOWN: None}
_WIDTH = max(len(question.id) for question in QUESTIONS)


def show_plan(proof: Proof) -> None:
    """Print what is about to be created."""
    mails = f"Mail goes to it and to {proof.guest_address} alone." if proof.guest else "It alone gets mail."
    console().print(
        f"This creates events, a calendar and subscriptions in {proof.address}, as {proof.identity.value},"
        f" and deletes them again. {mails}"
    )


def show(result: RowResult) -> None:
    """Print a row."""
    answer = result.answer
    left = Text.assemble(lines.mark(_TRUTHS[answer.holding]), f" {result.question.id:<{_WIDTH}}")
    shown = [Line(left, Text(f"{answer.holding}: {answer.text}"))]
    if answer.holding is Holding.FAILS:
        shown.append(Line(Text(f"  {'':<{_WIDTH}}"), Text(result.question.otherwise, "warn")))
    shown += [Line(Text(f"  {'':<{_WIDTH}}"), Text(sentence, "bad")) for sentence in result.left]
    lines.show(console(), shown)


def show_total(run: ProofRun, file: Path) -> None:
    """Print how many rows ended in which way, and where the report is."""
    out = console()
    number = Counter(result.answer.holding for result in run.results)
    stopped = "Stopped. " if run.is_stopped else ""
    out.print()
    out.print(
        f"{stopped}Rows that hold: {number[Holding.HOLDS]}, that do not: {number[Holding.FAILS]},"
        f" unknown: {number[Holding.UNKNOWN]}. The report is {file}; it has no addresses.",
        style="bad" if number[Holding.FAILS] or run.left else "good",
    )
    for sentence in run.left:
        out.print(f"Left in the mailbox: {sentence}", style="bad")
