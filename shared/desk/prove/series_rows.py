"""The row about series: whether exceptions get the link of their master."""

from datetime import timedelta
from typing import Any

from shared.desk.prove.proof import NoAnswer, Proof, RowAnswer, fails, holds
from shared.domain.event import Event

_DAYS = 3
_PATIENCE, _POLL = timedelta(minutes=1), timedelta(seconds=2)


def exceptions(proof: Proof) -> RowAnswer:
    """Create a series with an exception, write to its master, and read all occurrences."""
    master = proof.create(recurrence=_daily(proof))
    second = _occurrences(proof, master)[1]
    proof.trial.update(second.id, {"subject": "Joinlink proof, changed"})
    proof.enable(proof.trial.event(master.id))
    shown: list[Event] = []

    def read() -> bool:
        shown[:] = _occurrences(proof, master)
        return all(one.is_online_meeting for one in shown)

    proof.wait_until(read, at_most=_PATIENCE, every=_POLL)
    exception = next((one for one in shown if one.type == "exception"), None)
    if exception is None:
        raise NoAnswer("Graph shows no exception after one occurrence was changed")
    if exception.is_online_meeting:
        return holds("the exception is online, too")
    if not any(one.is_online_meeting for one in shown):
        raise NoAnswer("the series got no link: use a mailbox with a Teams licence")
    return fails("the other occurrences are online, and the exception is not")


def _occurrences(proof: Proof, master: Event) -> list[Event]:
    found = proof.trial.instances(master.id, proof.start, proof.start + timedelta(days=_DAYS))
    if len(found) < _DAYS:
        raise NoAnswer(f"Graph shows {len(found)} of {_DAYS} occurrences")
    return sorted(found, key=lambda one: one.start)


def _daily(proof: Proof) -> dict[str, Any]:
    return {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": f"{proof.start:%Y-%m-%d}", "numberOfOccurrences": _DAYS},
    }
