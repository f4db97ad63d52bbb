"""Rows about secondary calendars: which subscription reports their changes. The app's log shows it."""

from datetime import timedelta

from shared.desk.prove.proof import NoAnswer, Proof, RowAnswer, fails, holds, seconds
from shared.desk.prove.subscription_rows import subscribe_to_calendar
from shared.domain.event import Event
from shared.errors import UnexpectedAnswer

#: Azure shows a line two to five minutes late.
_PATIENCE, _POLL = timedelta(minutes=8), timedelta(seconds=20)
#: for the event in the secondary calendar, once the log shows the other one
_MORE_PATIENCE = timedelta(minutes=3)


def secondary_calendars(proof: Proof) -> RowAnswer:
    """Create an event in a secondary calendar and one in the default calendar, and search the app's log."""
    calendar = proof.trial.create_calendar(_name(proof))
    if _is_notified(proof, calendar):
        return fails("a notification came for an event in a secondary calendar, too")
    return holds(
        f"no notification came for an event in a secondary calendar within {seconds(_MORE_PATIENCE)}"
    )


def calendar_subscriptions(proof: Proof) -> RowAnswer:
    """Subscribe to a secondary calendar, create an event in it, and search the app's log."""
    calendar = proof.trial.create_calendar(_name(proof))
    try:
        subscribe_to_calendar(proof, calendar)
    except UnexpectedAnswer as error:
        return fails(f"Graph refuses the subscription ({error})")
    if _is_notified(proof, calendar):
        return holds("a notification came for an event in that calendar")
    return fails(f"no notification came for an event in that calendar within {seconds(_MORE_PATIENCE)}")


def _is_notified(proof: Proof, calendar: str) -> bool:
    """Return whether the app was notified of an event in a calendar. Raises NoAnswer, LogUnavailable."""
    event, control = proof.create(calendar=calendar), proof.create()
    if proof.wait_until(lambda: _is_logged(proof, control), at_most=_PATIENCE, every=_POLL) is None:
        raise NoAnswer(
            "the app's log shows no notification of an event in the default calendar either: does the app"
            " watch this mailbox? See joinlink status"
        )
    took = proof.wait_until(lambda: _is_logged(proof, event), at_most=_MORE_PATIENCE, every=_POLL)
    return took is not None


def _is_logged(proof: Proof, event: Event) -> bool:
    assert proof.log
    since = proof.trial.waiting.now() - timedelta(hours=1)
    return any(one.is_notified for one in proof.log.decisions(event.id, since))


def _name(proof: Proof) -> str:
    return f"Joinlink proof {proof.new_id()[:8]}"
