"""The numbers of `joinlink stats` as JSON."""

from typing import Any

from shared.desk.app_log.endings import EndingCounts


def document(counts: EndingCounts) -> dict[str, Any]:
    """Return one object for each day and way to end; times are in ISO 8601."""
    ordered = sorted(
        counts.numbers.items(), key=lambda each: (each[0].day, each[0].task, -each[1], each[0].reason)
    )
    return {
        "first": counts.first.isoformat() if counts.first else None,
        "last": counts.last.isoformat() if counts.last else None,
        "unread_lines": counts.unread,
        "endings": [
            {
                "day": ending.day.isoformat(),
                "task": ending.task or None,
                "outcome": ending.outcome,
                "reason": ending.reason,
                "rule": ending.rule or None,
                "messages": number,
            }
            for ending, number in ordered
        ],
    }
