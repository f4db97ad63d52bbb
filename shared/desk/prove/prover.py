"""Asks the rows one after the other, and deletes what each has created before the next one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared.desk.prove.proof import Holding, NoAnswer, Proof, RowAnswer
from shared.desk.prove.questions import Question
from shared.errors import Forbidden, GraphError, LogUnavailable, SignInFailed
from shared.graph.advice import advice_on

#: Graph's ids of the last calls of a row, for Microsoft's support
_MOST_REQUEST_IDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """A row's answer, and what it has left in the mailbox (a sentence for each item)."""

    question: Question
    answer: RowAnswer
    request_ids: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def prove(questions: Iterable[Question], proof: Proof) -> Iterator[RowResult]:
    """Yield the result of each row. If the caller stops early, `proof.trial.clean_up` deletes the rest."""
    for question in questions:
        if missing := proof.lacks(question.needs):
            yield RowResult(question=question, answer=RowAnswer(Holding.UNKNOWN, missing))
            continue
        before = len(proof.trial.request_ids)
        answer = _answer(question, proof)
        ids = tuple(proof.trial.request_ids[before:][-_MOST_REQUEST_IDS:])
        yield RowResult(question=question, answer=answer, request_ids=ids, left=proof.trial.clean_up())


def _answer(question: Question, proof: Proof) -> RowAnswer:
    try:
        return question.answer(proof)
    except NoAnswer as reason:
        text = str(reason)
    except Forbidden as error:
        text = f"this identity needs Calendars.ReadWrite for the mailbox: docs/prove.md#rights ({error})"
    except GraphError as error:
        text = f"{advice_on(error).problem} ({error})"
    except (LogUnavailable, SignInFailed) as error:
        text = str(error)
    return RowAnswer(Holding.UNKNOWN, text)
