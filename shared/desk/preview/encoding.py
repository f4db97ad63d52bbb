"""Writes the meetings of a mailbox as JSON and reads them back, to resume a preview that was stopped."""

import json
from datetime import datetime
from typing import Any

from shared.desk.preview.previewed import (
    Alternatives,
    PreviewedDecision,
    PreviewedMailbox,
    PreviewedMeeting,
    PreviewedMeetings,
    ReadStatus,
)
from shared.desk.preview.rule_set import Stance
from shared.domain.decision import Outcome, Reason

_TEXTS = ("id", "organizer", "subject")
_NUMBERS = ("mails", "is_past", "is_series", "is_added")


def encode(mailbox: PreviewedMailbox) -> str:
    """Return a mailbox as JSON, without its meetings."""
    return json.dumps(
        {
            "mailbox": mailbox.mailbox,
            "status": mailbox.status,
            "why": mailbox.why,
            "copies": mailbox.copies,
            "unreadable": mailbox.unreadable,
            "unread_calendars": mailbox.unread_calendars,
        },
        separators=(",", ":"),
    )


def decode(text: str, meetings: PreviewedMeetings) -> PreviewedMailbox:
    """Return the mailbox that `encode` wrote, with its meetings."""
    values = json.loads(text)
    return PreviewedMailbox(**{**values, "status": ReadStatus(values["status"])}, meetings=meetings)


def encode_meeting(meeting: PreviewedMeeting) -> str:
    """Return a meeting as JSON in one line."""
    return json.dumps(
        {
            **{name: getattr(meeting, name) for name in (*_TEXTS, *_NUMBERS)},
            "start": meeting.start.isoformat(),
            "created": meeting.created.isoformat() if meeting.created else None,
            "decisions": [
                {stance: [_decision(each) for each in found] for stance, found in decisions.items()}
                for decisions in meeting.decisions
            ],
        },
        separators=(",", ":"),
    )


def decode_meeting(text: str) -> PreviewedMeeting:
    """Return the meeting that `encode_meeting` wrote."""
    values = json.loads(text)
    return PreviewedMeeting(
        **{name: values[name] for name in (*_TEXTS, *_NUMBERS)},
        start=datetime.fromisoformat(values["start"]),
        created=datetime.fromisoformat(values["created"]) if values["created"] else None,
        decisions=tuple(
            {Stance(stance): _read_alternatives(found) for stance, found in decisions.items()}
            for decisions in values["decisions"]
        ),
    )


def _decision(decision: PreviewedDecision) -> list[Any]:
    return [decision.outcome, decision.reason, decision.rule, decision.why, decision.has_other_link]


def _read_alternatives(found: list[Any]) -> Alternatives:
    return tuple(
        PreviewedDecision(Outcome(outcome), Reason(reason), rule, why, has_other_link)
        for outcome, reason, rule, why, has_other_link in found
    )
