"""How all formats of a preview call things."""

from collections.abc import Iterator
from datetime import timedelta

from cli.output import counted
from shared.desk.preview.counts import SIZES, Result
from shared.desk.preview.previewed import PreviewedDecision, ReadStatus
from shared.desk.preview.report import LARGE, PreviewReport
from shared.desk.preview.rule_set import RuleSet, Stance
from shared.domain.decision import Outcome, Reason

STANCES = {
    Stance.AS_IT_STANDS: "as it stands",
    Stance.PROMOTED: "with report rules promoted",
}
_OUTCOMES = {
    Outcome.ENABLED: "link",
    Outcome.WOULD_ENABLE: "link if promoted",
    Outcome.SKIPPED: "no link",
    Outcome.DELAYED: "decided later",
}
_REASONS = {
    Reason.NO_RULE_MATCHED: "no rule matches",
    Reason.NO_PROVIDER: "the calendar has no default provider, and the rule names no fallback",
    Reason.PROVIDER_NOT_ALLOWED: "the calendar does not allow its provider",
    Reason.INSUFFICIENT_DATA: "a fact that a rule needs is not known",
    Reason.AWAITING_DATA: "a fact that a rule needs is not known yet",
    Reason.LIMIT_REACHED: "the limit of the rule is reached",
    Reason.WRITE_UNCONFIRMED: "an earlier write is not confirmed yet",
}
_MINUTE = 60
_UNITS = ((86_400, "day"), (3600, "hour"), (_MINUTE, "minute"))
#: a time of fewer hours or days is shown in the smaller unit
_FEW = 2


def outcome_words(outcome: Outcome) -> str:
    """Return what happens to a meeting."""
    return _OUTCOMES[outcome]


def result_words(result: Result) -> str:
    """Return a decision in a few words, with the words of logs and docs for its reason."""
    if result.outcome is Outcome.ENABLED:
        return f"link by {result.rule}"
    rule = f" by {result.rule}" if result.rule else ""
    return f"{result.reason}{rule}"


def first_line(decision: PreviewedDecision, rules: RuleSet) -> str:
    """Return why the decision is so, in one line."""
    if decision.why:
        return decision.why
    if decision.reason in _REASONS:
        rule = f" ({decision.rule})" if decision.rule else ""
        return f"{_REASONS[decision.reason]}{rule}"
    if decision.rule is None:
        return decision.reason
    description = rules.policy.rule(decision.rule).description
    return f"{decision.rule}: {' '.join(description.split())}" if description else decision.rule


def size_names() -> list[str]:
    """Return the names of the classes of sizes: `0`, `1`, `2 to 5` … `more than 100`."""
    lowest = [0, *(most + 1 for most in SIZES)]
    names = [
        str(most) if low == most else f"{low} to {most}" for low, most in zip(lowest, SIZES, strict=False)
    ]
    return [*names, f"more than {SIZES[-1]}"]


def duration_words(time: timedelta) -> str:
    """Return about how long something takes."""
    seconds = time.total_seconds()
    if seconds < _MINUTE:
        return "less than a minute"
    unit, name = next(each for each in _UNITS if seconds >= _FEW * each[0] or each[0] == _MINUTE)
    return f"about {counted(round(seconds / unit), name)}"


def times(report: PreviewReport) -> Iterator[str]:
    """Yield how long it takes to read all mailboxes, if some were not read, and those of a large tenant."""
    whole, large = report.time_for(report.in_scope), report.time_for(LARGE)
    if whole is None or large is None:
        return
    if report.is_partial:
        yield f"To read all {report.in_scope:,} mailboxes takes {duration_words(whole)}."
    yield f"{LARGE:,} mailboxes like these take {duration_words(large)}."


def notes(report: PreviewReport) -> Iterator[str]:
    """Yield what an admin should know of this preview."""
    totals = report.totals
    if report.is_stopped:
        yield "stopped: these are the numbers of the mailboxes that were read"
    if report.memory_unknown:
        yield (
            f"the memory of past writes is unknown ({report.memory_unknown}): meetings that are online count"
            " as already_online, also those whose link Joinlink has added, and links that people removed"
            " count again"
        )
    if report.is_sample:
        yield (
            f"a sample of {report.chosen} of {counted(report.in_scope, 'mailbox', 'mailboxes')}: all numbers"
            " are those of the sample"
        )
    yield from report.notes
    if totals.copies:
        yield f"{counted(totals.copies, 'meeting')} of other organizers: their own mailboxes decide"
    if totals.unreadable:
        yield f"{counted(totals.unreadable, 'event')} skipped: Joinlink does not understand their format"
    if totals.unread_calendars:
        yield f"{counted(totals.unread_calendars, 'calendar')} could not be read"
    if number := totals.statuses[ReadStatus.NO_CALENDAR]:
        yield (
            f"{counted(number, 'mailbox', 'mailboxes')} without a calendar: guests, disabled accounts, no"
            " licence"
        )
