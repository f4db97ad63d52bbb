"""`joinlink held`: the events that Joinlink leaves alone because a write to them has an unknown end."""

import sys
from typing import Annotated, Any

import typer
from rich.text import Text

from cli import parts
from cli.output import Exit, Failed, Refused, console, counted, print_json
from shared.desk.held_events import HeldEvents
from shared.errors import QueueUnavailable, StateChanged, StorageUnavailable
from shared.storage.held_event_index import HeldEvent

_SHOWN = 200
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
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the events whose write has an unknown end, or release one of them.

    Joinlink wrote to these events, Graph did not confirm the write, and the event changed before it could be
    read. Whether it had a link that a person removed can't be told, so Joinlink leaves it alone.

    Exit code 0: nothing is held, or the event was released. 1: events are held. 2: wrong arguments, or
    settings are missing.
    """
    if release and as_json:
        raise Refused("--json prints the list; --release prints none, so give one of them")
    try:
        with parts.opened_to_write() if release else parts.opened() as (joinlink, _world):
            part = joinlink.held_events()
            found = part.all()
            if release:
                _release(part, _named(release, found), yes=yes)
                return
    except (StorageUnavailable, QueueUnavailable) as error:
        raise Failed(f"the storage account does not answer ({error}); try again") from error
    if as_json:
        print_json([_document(each) for each in found])
    else:
        _show(found)
    raise typer.Exit(Exit.ERRORS if found else Exit.OK)


def _show(found: list[HeldEvent]) -> None:
    out = console()
    if not found:
        out.print("No event is held.", style="good")
        return
    out.print(Text(f"{counted(len(found), 'event')} held: a write to each has an unknown end.", "bold"))
    for each in found[:_SHOWN]:
        meeting = each.meeting
        rule = f"  rule {meeting.rule}" if meeting and meeting.rule else ""
        since = f"  since {meeting.at:%Y-%m-%d %H:%M} UTC" if meeting else ""
        out.print(Text.assemble((f"  {each.id}", "rule"), f"  mailbox {each.mailbox}{rule}{since}"))
        out.print(Text(f"      event {each.event}", "dim"))
        out.print(Text(f"      {_why(each)}", "dim"))
    if len(found) > _SHOWN:
        out.print(f"  and {len(found) - _SHOWN} more: joinlink held --json")
    out.print("Look at the event in its calendar. joinlink held --release ID allows one more write.")


def _why(event: HeldEvent) -> str:
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
        "answer": _why(event),
    }


def _named(word: str, found: list[HeldEvent]) -> HeldEvent:
    """Return the event that has just this id, as the list shows it or as Graph has it."""
    # The beginning of an id is not enough: a typing error must not release another event.
    named = next((each for each in found if word in {each.id, each.event}), None)
    if named is None:
        raise Refused(f'no held event has the id "{word}": joinlink held lists them')
    return named


def _release(part: HeldEvents, event: HeldEvent, *, yes: bool) -> None:
    out = console()
    out.print(_WARNING, style="warn")
    if not yes:
        if not sys.stdin.isatty():
            raise Refused("nobody is here to ask; --yes releases the event")
        if not typer.confirm(f"Release {event.id}?"):
            raise typer.Exit(Exit.ERRORS)
    try:
        part.release(event)
    except StateChanged as error:
        raise Failed("the event changed meanwhile; look at joinlink held again") from error
    except QueueUnavailable:
        out.print(f"{event.id} is released. The queue did not answer: the next sweep reads the event.")
        return
    out.print(f"{event.id} is released. The app reads it now and decides by the rules in force.")
