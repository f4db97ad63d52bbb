"""The writes of `joinlink history` as JSON."""

from typing import Any

from shared.desk.history import History
from shared.domain.meeting import Meeting


def document(history: History) -> dict[str, Any]:
    """Return the newest writes and the totals; times are in ISO 8601."""
    return {
        "total": history.total,
        "states": {state.value: number for state, number in history.states.most_common()},
        "links_by_rule": dict(history.rules.most_common()),
        "unreadable": history.unreadable,
        "events": [_write(mailbox, meeting) for mailbox, meeting in history.newest],
    }


def _write(mailbox: str, meeting: Meeting) -> dict[str, Any]:
    return {
        "at": meeting.at.isoformat(timespec="seconds"),
        "state": meeting.state.value,
        "mailbox": mailbox,
        "event": meeting.event or None,
        "rule": meeting.rule or None,
        "provider": meeting.provider or None,
        "policy": meeting.policy_hash or None,
        "attempts_without_link": meeting.attempts,
        "ends": meeting.ends.isoformat(timespec="seconds") if meeting.ends else None,
        "answer": meeting.detail or None,
    }
