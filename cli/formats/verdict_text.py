"""A decision in words, with the reason as in logs and docs."""

from datetime import timedelta

from rich.text import Text

from shared.domain.decision import Reason


def verdict_text(reason: Reason, rule: str | None, why: str, enforced: str | None = None) -> Text:
    """Return the result and its cause in words, with the reason as in logs and docs.

    `why` is that of the guard that decides. `enforced` is the rule that decides now, if that is another one.
    """
    text: tuple[tuple[str, str], str]
    other = f"rule {enforced} decides; " if enforced else ""
    match reason:
        case Reason.LINK_ADDED:
            text = ("gets a join link", "good"), f" from rule {rule}, if its limits and the calendar allow it"
        case Reason.REPORT_MODE:
            text = ("gets no join link", "warn"), f": {other}rule {rule} would add one, but is in report mode"
        case Reason.BRAKE:
            text = (
                ("gets no join link", "warn"),
                f": rule {rule} would add one, but JOINLINK_MODE=report is set",
            )
        case Reason.RULE_SKIP:
            text = ("gets no join link", "bad"), f": rule {rule} skips it"
        case Reason.NO_RULE_MATCHED:
            text = ("gets no join link", "bad"), ": no rule matches"
        case Reason.INSUFFICIENT_DATA:
            text = ("gets no join link", "bad"), f": it is unknown whether rule {rule} matches"
        case Reason.AWAITING_DATA:
            unknown = f": it is unknown whether rule {rule} matches, and the rule has on_missing: retry"
            text = ("is decided later", "warn"), unknown
        case _:
            text = ("gets no join link", "bad"), f": {why}"
    return Text.assemble(*text, (f" ({reason})", "dim"))


def hours(length: timedelta) -> str:
    """Return a length in hours and minutes: `30 min`, `1 h 05 min`."""
    minutes = round(length.total_seconds() / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004 -- an hour
