"""`joinlink held`: lists the events that Joinlink does not touch because the result of a write is unknown."""

from typing import Annotated, Any

import typer
from rich.text import Text

from cli.desk import open_desk
from cli.desk_options import SettingsFile
from cli.output import AsJson, Exit, Failed, Refused, ask, console, counted, print_json, talk
from shared.desk.held_events import HeldEvents
from shared.errors import QueueUnavailable, StateChanged
from shared.storage.held_event_index import HeldEvent

_MOST_SHOWN = 200
_WARNING = (
    "A person may have removed this link on purpose. A release allows one more write to the event, and that"
    " may send a mail to every attendee."
)


def held(
    release: Annotated[
        str,
        typer.Option(
            "--release", metavar="ID", help="Allow one more write to this event.", show_default=False
        ),
    ] = "",
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Release it without asking.")] = False,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """List held events, or allow one more write to one of them.

    Joinlink wrote to these events, Graph did not confirm the write, and the event changed before Joinlink
    could read it. A person may have removed the link since, so Joinlink does not touch the event.

    Exit code 0: nothing is held, or the event was released. 1: events are held. 2: wrong arguments, or
    settings are missing.
    """
    with open_desk(settings, writes=bool(release)) as desk:
        held_events = desk.held_events()
        events = held_events.all()
        if release:
            _release(held_events, _by_id(release, events), yes=yes, as_json=as_json)
            return
    if as_json:
        print_json([_document(event) for event in events])
    else:
        _show(events)
    raise typer.Exit(Exit.ERRORS if events else Exit.OK)


def _show(events: list[HeldEvent]) -> None:
    out = console()
    if not events:
        out.print("No event is held.", style="good")
        return
    number = counted(len(events), "event")
    out.print(Text(f"{number} held because the result of a write is unknown.", "bold"))
    for event in events[:_MOST_SHOWN]:
        meeting = event.meeting
        rule = f"  rule {meeting.rule}" if meeting and meeting.rule else ""
        since = f"  since {meeting.at:%Y-%m-%d %H:%M} UTC" if meeting else ""
        out.print(Text.assemble((f"  {event.id}", "rule"), f"  mailbox {event.mailbox}{rule}{since}"))
        out.print(Text(f"      event {event.event}", "dim"))
        out.print(Text(f"      {_answer(event)}", "dim"))
    if len(events) > _MOST_SHOWN:
        out.print(f"  and {len(events) - _MOST_SHOWN} more: joinlink held --json")
    out.print("Check the event in its calendar. joinlink held --release ID allows one more write.")


def _answer(event: HeldEvent) -> str:
    if event.meeting is None:
        return "its row can't be read: it is damaged, or a later version of Joinlink wrote it"
    return f"Graph answered: {event.meeting.detail or 'nothing that came to us'}"


def _document(event: HeldEvent) -> dict[str, Any]:
    meeting = event.meeting
    return {
        "id": event.id,
        "mailbox": event.mailbox,
        "event": event.event,
        "rule": meeting.rule if meeting else None,
        "provider": meeting.provider if meeting else None,
        "held_since": meeting.at.isoformat(timespec="seconds") if meeting else None,
        "answer": _answer(event),
    }


def _by_id(wanted: str, events: list[HeldEvent]) -> HeldEvent:
    """Return the event that has exactly this id, as the list shows it or as Graph has it."""
    # A prefix is not enough: a typing error must not release another event.
    event = next((event for event in events if wanted in {event.id, event.event}), None)
    if event is None:
        raise Refused(f'no held event has the id "{wanted}": joinlink held lists them')
    return event


def _release(held_events: HeldEvents, event: HeldEvent, *, yes: bool, as_json: bool) -> None:
    out = talk(as_json=as_json)
    out.print(_WARNING, style="warn")
    if not yes and not ask(f"Release {event.id}?", "--yes releases the event"):
        raise typer.Exit(Exit.ERRORS)
    next_step = "The app reads it now and decides by the rules in force."
    try:
        held_events.release(event)
    except StateChanged as error:
        raise Failed("the event has changed since; run joinlink held again") from error
    except QueueUnavailable:
        next_step = "The queue did not answer: the next sweep reads the event."
    out.print(f"{event.id} is released. {next_step}")
    if as_json:
        print_json({"released": event.id})
