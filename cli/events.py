"""`joinlink events`: lists the coming meetings of a mailbox, with the verdict and the ids to copy."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.coming import LONGEST_TIME, Listing, read_coming
from cli.desk_options import SettingsFile
from cli.explained_event import Explained
from cli.formats import events_text
from cli.ids import checked
from cli.output import AsJson, Exit, Refused, console, print_json
from shared.domain.durations import parse_duration

_MOST = 500


def events(
    *,
    mailbox: Annotated[
        str,
        typer.Option(
            "--mailbox",
            "-m",
            metavar="MAILBOX",
            help="Object id or address of a mailbox.",
            show_default=False,
        ),
    ],
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="How far ahead: 8h, 7d, 90d.")] = "7d",
    most: Annotated[
        int, typer.Option("--most", metavar="NUMBER", min=1, max=_MOST, help="How many events to list.")
    ] = 50,
    with_subjects: Annotated[
        bool, typer.Option("--with-subjects", help="Show the subjects, too; they may be private.")
    ] = False,
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules",
            "-r",
            metavar="PATH",
            help="The rules to use. Default: JOINLINK_RULES.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """List the coming meetings of a mailbox, with their verdicts.

    Shows the next events, each series once, with the id that joinlink explain takes. Reads the default
    calendar, and with calendars: owned in the rules all others that the mailbox owns. The decision is the
    same as in the cloud. Nothing is written to Graph or storage.

    Exit code 0: shown. 1: Graph or the storage account fails, a calendar can't be read, or the rules have
    errors. 2: wrong arguments, or settings are missing.
    """
    name = checked("--mailbox", mailbox)
    if not name:
        raise Refused("--mailbox is empty: name a mailbox by its object id or address")
    listing = read_coming(name, _ahead(until), most, rules, settings)
    if as_json:
        print_json(_document(listing, with_subjects=with_subjects))
    else:
        _show(listing, until, with_subjects=with_subjects)
    raise typer.Exit(Exit.ERRORS if listing.unread_calendars else Exit.OK)


def _ahead(text: str) -> timedelta:
    ahead = parse_duration(text, units=("h", "d"))
    if ahead is None or not timedelta(0) < ahead <= LONGEST_TIME:
        raise Refused(f'--until expects a time from now such as 8h or 7d, at most five years, not "{text}"')
    return ahead


def _show(listing: Listing, until: str, *, with_subjects: bool) -> None:
    out = console()
    for unread in listing.unread_calendars:
        out.print(f"The {unread.calendar} can't be read: {unread.why}", style="warn")
    if not listing.events and not listing.unreadable:
        out.print(f"No event in the next {until}.")
        return
    if listing.events:
        for note in listing.events[0].explained.general_notes:
            out.print(f"note  {note}", style="warn")
        events_text.show(listing.events, with_subjects=with_subjects)
    if listing.more:
        out.print(f"and {listing.more} more: --most lists up to {_MOST}, --until selects.")
    if listing.is_cut:
        out.print(
            "The mailbox has more events in this time than are read at once, so some of the first may be"
            " missing. Use a shorter --until.",
            style="warn",
        )
    for item in listing.unreadable:
        out.print(f"{item.id or 'an event without an id'} can't be read: {item.detail}", style="warn")
    if listing.events:
        out.print("joinlink explain --mailbox … --event-id ID shows every guard and rule.", style="dim")


def _document(listing: Listing, *, with_subjects: bool) -> dict[str, Any]:
    return {
        "events": [_event(each, with_subjects=with_subjects) for each in listing.events],
        "unreadable": [{"event": item.id, "detail": item.detail} for item in listing.unreadable],
        "unread_calendars": [
            {"calendar": each.calendar, "detail": each.why} for each in listing.unread_calendars
        ],
        "more": listing.more,
        "is_cut": listing.is_cut,
    }


def _event(shown: Explained, *, with_subjects: bool) -> dict[str, Any]:
    event, decision = shown.explained.event, shown.explanation.decision
    return {
        "event": event.id,
        **({"subject": event.subject} if with_subjects else {}),
        "start": (shown.next_start or event.start).isoformat(),
        "minutes": round((event.end - event.start).total_seconds() / 60),
        "series": event.type == "seriesMaster",
        "calendar": shown.calendar or None,
        "attendees": len(event.attendees),
        "verdict": decision.verdict,
        "reason": decision.reason,
        "rule": decision.rule,
        "why": events_text.verdict_of(shown.explanation).plain,
        "projected": decision.projected,
        "projected_rule": decision.projected_rule,
        "notes": list(shown.explained.notes),
    }
