"""A preview as JSON."""

import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.clean import as_json
from cli.formats.preview.words import first_line, size_names
from shared.desk.preview.counts import LimitUse, MeetingCount, Result, StanceCounts
from shared.desk.preview.previewed import PreviewedDecision, ReadStatus
from shared.desk.preview.report import LARGE, PreviewReport
from shared.desk.preview.rule_set import RuleSet
from shared.desk.preview.totals import ListedMeeting
from shared.domain.decision import Action, Mode


def pieces(report: PreviewReport) -> Iterator[str]:
    """Yield the document in pieces: the list of meetings may be long."""
    yield as_json(document(report)).removesuffix("\n}")
    yield ',\n  "meetings": ['
    separator = "\n"
    for listed in report.meetings():
        yield separator + textwrap.indent(as_json(_meeting(listed, report)), "    ")
        separator = ",\n"
    yield "\n  ]\n}\n"


def document(report: PreviewReport) -> dict[str, Any]:
    """Return everything but the list of meetings."""
    totals = report.totals
    return {
        "at": _time(report.window.now),
        "since": _time(report.window.start),
        "until": _time(report.window.until),
        "stopped": report.is_stopped,
        "mailboxes": {
            "in_scope": report.in_scope,
            "chosen": report.chosen,
            **{status.value: totals.statuses[status] for status in ReadStatus},
        },
        "left": totals.left,
        "meetings_read": totals.meetings,
        "copies": totals.copies,
        "unreadable": totals.unreadable,
        "unread_calendars": totals.unread_calendars,
        "memory_unknown": report.memory_unknown,
        "notes": list(report.notes),
        "unknowable": list(report.unknowable),
        "seconds_for_all": _seconds(report.time_for(report.in_scope)),
        "seconds_for_40000_mailboxes": _seconds(report.time_for(LARGE)),
        "rule_sets": [_rule_set(each, position, report) for position, each in enumerate(report.sets)],
        "changes": None
        if len(report.sets) == 1
        else {
            stance.value: [
                {"from": _result(before), "to": _result(after), **_count(count)}
                for (before, after), count in sorted(changes.items(), key=lambda each: -each[1].meetings)
            ]
            for stance, changes in totals.changes.items()
        },
        "meetings_left_out": report.left_out,
    }


def _rule_set(rules: RuleSet, position: int, report: PreviewReport) -> dict[str, Any]:
    return {
        "name": rules.name,
        "policy": rules.policy.hash,
        **{stance.value: _stance(rules, counts) for stance, counts in report.totals.counts[position].items()},
    }


def _stance(rules: RuleSet, counts: StanceCounts) -> dict[str, Any]:
    return {
        "links": _count(counts.links),
        "rules": [
            {"rule": rule.id, "mode": rule.mode, **_count(counts.of_rule(rule.id))}
            for rule in rules.policy.rules
            if rule.action is Action.ENABLE and rule.mode is not Mode.OFF
        ],
        "without_link": [{**_result(result), **_count(count)} for result, count in counts.without_link()],
        "days": [
            {"day": day.isoformat(), "rule": rule, "links": links}
            for (day, rule), links in sorted(counts.days.items())
        ],
        "sizes": [{"attendees": name, "links": counts.sizes[at]} for at, name in enumerate(size_names())],
        "most_concerned": [
            {"mailbox": each.name, "links": each.links, "attendees": each.attendees} for each in counts.most
        ],
        "limits": [_limit_use(each) for each in counts.limit_uses(rules.policy)],
    }


def _limit_use(use: LimitUse) -> dict[str, Any]:
    hour, day = use.busiest_hour, use.busiest_day
    return {
        "rule": use.rule,
        "per_hour": use.limits.per_hour,
        "per_mailbox_per_day": use.limits.per_mailbox_per_day,
        "busiest_hour": {"links": hour[0], "at": _time(hour[1])} if hour else None,
        "busiest_day": {"links": day.links, "day": day.day.isoformat(), "mailbox": day.mailbox}
        if day
        else None,
        "to_add": use.to_add,
        "within_limits": use.within_limits,
    }


def _count(count: MeetingCount) -> dict[str, int]:
    return asdict(count)


def _result(result: Result) -> dict[str, Any]:
    return result._asdict()


def _meeting(listed: ListedMeeting, report: PreviewReport) -> dict[str, Any]:
    meeting = listed.meeting
    return {
        "mailbox": listed.mailbox,
        "event": meeting.id,
        "organizer": meeting.organizer,
        **({"subject": meeting.subject} if report.with_subjects else {}),
        "start": _time(meeting.start),
        "created": _time(meeting.created) if meeting.created else None,
        "past": meeting.is_past,
        "series": meeting.is_series,
        "added": meeting.is_added,
        "attendees": meeting.mails,
        "decisions": [
            {
                stance.value: {**_decision(alternatives[0]), "first_line": first_line(alternatives[0], rules)}
                for stance, alternatives in decisions.items()
            }
            for rules, decisions in zip(report.sets, meeting.decisions, strict=True)
        ],
    }


def _decision(decision: PreviewedDecision) -> dict[str, Any]:
    return {
        "outcome": decision.outcome,
        "reason": decision.reason,
        "rule": decision.rule,
        "other_link": decision.has_other_link,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _seconds(time: timedelta | None) -> float | None:
    return None if time is None else time.total_seconds()
