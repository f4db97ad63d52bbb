"""What a backfill comes to, as JSON."""

from collections.abc import Sequence
from typing import Any

from cli.backfill_totals import Sum, Totals
from shared.desk.backfill import Run, Standing


def document(
    run: Run, totals: Totals, doubts: Sequence[str], *, queued: bool, stopped: bool
) -> dict[str, Any]:
    """Return it in plain values; `queued` tells whether the links are on their way."""
    return {
        "queued": queued,
        "stopped": stopped,
        "continued": run.is_continued,
        "until": run.state.until.isoformat(),
        "policy": run.policy.hash,
        "doubts": list(doubts),
        **_sum(totals.total),
        "last": totals.last.isoformat() if totals.last else None,
        "later": totals.later,
        "unsettled": totals.unsettled,
        "unreadable": totals.unreadable,
        "rules": {rule: _sum(each) for rule, each in totals.rules.items()},
        "would_enable": dict(totals.would_enable),
        "searched": {standing.value: totals.standings[standing] for standing in Standing},
        "mailboxes": [
            {"mailbox": mailbox, "name": name, **_sum(each)}
            for (mailbox, name), each in totals.mailboxes.items()
        ],
        "left": totals.left,
    }


def _sum(each: Sum) -> dict[str, int]:
    return {"links": each.links, "attendees_mailed": each.mails}
