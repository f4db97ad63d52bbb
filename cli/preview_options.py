"""Reads the options of `joinlink preview`."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cli import rule_files
from cli.live import rules_in_force
from cli.output import Refused
from cli.times import parse_time
from shared.desk.preview.mailbox_reader import PreviewWindow
from shared.desk.preview.rule_set import RuleSet
from shared.desk.wiring import Desk
from shared.domain.durations import parse_duration

#: Graph shows five years of a calendar at most.
_LONGEST = timedelta(days=1825)
_MOST_SAMPLED = 100_000
#: the name of the rule set that the settings name
CONFIGURED = "JOINLINK_RULES"


class PreviewFormat(StrEnum):
    """What is printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


def read_format(*, as_json: bool, as_csv: bool, as_markdown: bool) -> PreviewFormat:
    """Return the format. Raises Refused."""
    asked = {
        PreviewFormat.JSON: as_json,
        PreviewFormat.CSV: as_csv,
        PreviewFormat.MARKDOWN: as_markdown,
    }
    chosen = [each for each, is_asked in asked.items() if is_asked]
    if len(chosen) > 1:
        raise Refused("--json, --csv and --markdown exclude each other: use one; --html can be added")
    return chosen[0] if chosen else PreviewFormat.TEXT


def read_sample(number: int | None) -> int | None:
    """Return how many mailboxes to read; None is all. Raises Refused."""
    if number is not None and not 0 < number <= _MOST_SAMPLED:
        raise Refused(f"--sample takes a number of mailboxes from 1 to {_MOST_SAMPLED}, not {number}")
    return number


def read_window(since: str, until: str, now: datetime) -> PreviewWindow:
    """Return the window. Raises Refused."""
    start, end = _moment("--since", since, now, -1), _moment("--until", until, now, 1)
    if not start <= now <= end or start == end:
        raise Refused(f"--since {since} must be past, and --until {until} ahead")
    if end - start > _LONGEST:
        raise Refused("Graph shows five years of a calendar: choose a shorter time with --since and --until")
    return PreviewWindow(start=start, now=now, until=end)


def read_rule_sets(desk: Desk, rules: Path | None, against: Path | None) -> tuple[RuleSet, ...]:
    """Return the rules to hold, and those beside them.

    Raises:
        Refused: a path can't be read.
        Failed: the rules have errors.
    """
    first = RuleSet(rules.as_posix(), rule_files.load_one(rules)) if rules else _configured(desk)
    if against is None:
        return (first,)
    return first, RuleSet(against.as_posix(), rule_files.load_one(against))


def _configured(desk: Desk) -> RuleSet:
    """Return the rules of JOINLINK_RULES; by default they are in the folder rules."""
    if "://" in desk.environ.get(CONFIGURED, "") and not desk.has_storage:
        raise Refused(
            f"{CONFIGURED} is a container, and no storage account is named: name a folder with --rules"
        )
    return RuleSet(CONFIGURED, rules_in_force(desk))


def _moment(option: str, text: str, now: datetime, sign: int) -> datetime:
    days = parse_duration(text, units=("d",))
    try:
        moment = parse_time(text) if days is None else now + sign * days
    except OverflowError:
        moment = None
    if moment is None:
        raise Refused(f'{option} expects 30d or a day such as 2026-12-31, not "{text}"')
    return moment.astimezone(UTC)
