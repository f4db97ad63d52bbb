"""Says why a meeting got no link, by the app's record of it and by the rules in force. Pure."""

from collections.abc import Mapping

from shared.domain.decision import Decision, Verdict
from shared.domain.meeting import Meeting, MeetingState

_NO_LICENCE = "the mailbox's Teams licence and its meeting policy; docs/unproven.md"
_BY_STATE: Mapping[MeetingState, tuple[str, str]] = {
    MeetingState.ATTEMPTED: (
        "the app sent its write, and Graph did not confirm it",
        "event.decided in the log, for Graph's answer",
    ),
    MeetingState.UNCONFIRMED: ("Graph accepted the app's write, and shows no online meeting", _NO_LICENCE),
    MeetingState.NOT_HONORED: ("Graph accepted the app's write, and created no online meeting", _NO_LICENCE),
    MeetingState.WRITE_UNKNOWN: (
        "the app holds the event: the result of its write is unknown",
        "joinlink held",
    ),
}
_UNTOUCHED = (
    "the app has not written to it",
    (
        "joinlink status (queues, subscriptions), joinlink doctor --mailbox (the notification URL), and"
        " event.decided in the log, which --workspace reads"
    ),
)


def why_no_link(meeting: Meeting | None, decision: Decision) -> tuple[str, str]:
    """Return what is known, and what to check next. `decision` is the app's, if it decided now."""
    if meeting is not None:
        known = (f"the app recorded it as {meeting.state}", "event.decided in the log")
        text, check_next = _BY_STATE.get(meeting.state, known)
        return (f"{text} ({meeting.detail})" if meeting.detail else text), check_next
    if decision.verdict is Verdict.ENABLE:
        return _UNTOUCHED
    by = f" by rule {decision.rule}" if decision.rule else ""
    return (
        f"as Exchange stores it, the rules do not want it: {decision.verdict}{by}, {decision.reason}",
        f"what {decision.reason} means: docs/decisions.md",
    )
