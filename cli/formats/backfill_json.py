"""The totals of a backfill, as JSON."""

from collections.abc import Sequence
from typing import Any

from cli.backfill_totals import BackfillTotals, LinkCount
from shared.desk.backfill import BackfillRun, SearchStatus


def document(
    run: BackfillRun, totals: BackfillTotals, notes: Sequence[str], *, queued: bool, stopped: bool
) -> dict[str, Any]:
    """Return the totals as plain values; `queued`, the changes are on the queue."""
    return {
        "queued": queued,
        "stopped": stopped,
        "continued": run.is_continued,
        "until": run.state.until.isoformat(),
        "policy": run.policy.hash,
        "doubts": list(notes),
        **_count(totals.total),
        "last": totals.last.isoformat() if totals.last else None,
        "later": totals.later,
        "unsettled": totals.unsettled,
        "unreadable": totals.unreadable,
        "unread_calendars": totals.unread_calendars,
        "rules": {rule: _count(count) for rule, count in totals.rules.items()},
        "would_enable": dict(totals.would_enable),
        "searched": {status.value: totals.statuses[status] for status in SearchStatus},
        "mailboxes": [
            {"mailbox": mailbox, "name": name, **_count(count)}
            for (mailbox, name), count in totals.mailboxes.items()
        ],
        "left": totals.left,
    }


def _count(count: LinkCount) -> dict[str, int]:
    return {"links": count.links, "attendees_mailed": count.mails}
