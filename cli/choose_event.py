"""Offers the coming events of a mailbox, for an admin to choose one."""

import sys
from datetime import datetime, timedelta
from pathlib import Path

import typer

from cli.coming import read_coming
from cli.explained_event import ExplainedEvent
from cli.formats import events_text
from cli.output import Refused, note

_AHEAD = timedelta(days=14)
_MOST = 20


def choose(mailbox: str, rules: Path | None, at: datetime | None, settings: Path | None) -> ExplainedEvent:
    """Return the event that the admin chooses on the terminal.

    Raises:
        Refused: there is no terminal to choose on, or nothing to choose.
        Failed: the rules have errors, or Graph or storage fail.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused(
            "there is no terminal to choose an event on: name it with --event-id; joinlink events lists the"
            " coming ones with their ids"
        )
    listing = read_coming(mailbox, _AHEAD, _MOST, rules, settings, at=at)
    for unread in listing.unread_calendars:
        note(f"the {unread.calendar} can't be read: {unread.why}")
    if not listing.events:
        raise Refused(f"the mailbox has no event in the next {_AHEAD.days} days: name one with --event-id")
    events_text.show(listing.events, with_subjects=True, numbered=True)
    if listing.more:
        note(f"{listing.more} more: joinlink events --most lists them")
    return listing.events[_number(len(listing.events)) - 1].explained


def _number(most: int) -> int:
    """Return the number of an event that the admin enters."""
    while True:
        number = int(typer.prompt(f"Which one, 1 to {most}", type=int, err=True))
        if 1 <= number <= most:
            return number
