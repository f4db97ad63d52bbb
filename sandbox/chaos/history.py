"""The history of an event as text, without what repeats itself."""

from collections.abc import Iterator
from itertools import groupby

from sandbox.chaos.evidence import EventEvidence
from sandbox.chaos.record import ActionDone, Entry, FaultHit, HostKilled, RowWritten, WriteSent

_SHOWN_COLUMNS = frozenset({"state", "attempts", "etag", "at", "answer", "detail", "doubts"})


def history(facts: EventEvidence) -> Iterator[str]:
    """Yield what happened to an event in order of time, and the app's row about it."""
    happened = [(entry.at.isoformat(), _sentence(entry)) for entry in facts.entries]
    happened += [(at.isoformat(), "storage went down") for at in facts.crashes]
    happened += [
        (line["at"], f"host {line['host']}: {line['outcome']}/{line['reason']} {line.get('detail') or ''}")
        for line in facts.lines
        if line["outcome"] != "superseded"
    ]
    in_order = sorted(happened, key=lambda one: one[0])
    for text, same in groupby(in_order, key=lambda one: one[1]):
        times = [at for at, _ in same]
        again = f" (and {len(times) - 1} more)" if len(times) > 1 else ""
        yield f"{times[0][8:23]} {text.rstrip()}{again}"
    shown = {column: str(facts.row[column]) for column in sorted(facts.row) if column in _SHOWN_COLUMNS}
    yield f"row: {shown or 'none'}; {facts.calls} calls to Graph"


def _sentence(entry: Entry) -> str:
    match entry:
        case ActionDone():
            return f"person: {entry.action}{' (online)' if entry.was_online else ''}"
        case WriteSent():
            effect = "took effect" if entry.is_online and not entry.was_online else "no effect"
            return f"host {entry.host}: PATCH, status {entry.status} at Graph, {effect}"
        case FaultHit():
            return f"host {entry.host}: fault at {entry.call.split(' ')[1]}: {entry.kind}"
        case RowWritten():
            return f"host {entry.host}: wrote the row"
        case HostKilled():
            return f"host {entry.host}: killed"
