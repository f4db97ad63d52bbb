"""`joinlink replay`: show what is in the poison queues, and put it back."""

import sys
from collections import deque
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.progress import track

from cli import parts
from cli.formats import replay_text
from cli.output import Exit, Failed, Refused, console, counted
from cli.times import parse_time_or_age
from shared.desk.replay import QUEUES, Replay, SetAside
from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from shared.errors import QueueUnavailable, StorageUnavailable


class Queue(StrEnum):
    """The queues that have a poison queue beside them."""

    EVENT_CHANGES = EVENT_CHANGES
    MAILBOX_TASKS = MAILBOX_TASKS


def replay(
    queue: Annotated[
        Queue | None,
        typer.Option(
            "--queue", "-q", help="Only messages of this queue. Default: of both.", show_default=False
        ),
    ] = None,
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="TIME", help="Only what came there since: 24h, 7d, 2026-12-31T09:00Z."
        ),
    ] = "",
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only show what is there, whatever else is given.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Put it back without asking.")] = False,
) -> None:
    """Show what is in the poison queues and why, and put each message back on its queue once.

    Fix the cause first, or the messages come back. What can't be read stays and is shown.

    Exit code 0: nothing is left. 1: something stays there. 2: wrong arguments, or settings are missing.
    """
    try:
        opened = parts.opened if dry_run else parts.opened_to_write
        with opened() as (joinlink, world):
            moment = _since(since, world.now())
            part = joinlink.replay()
            found = part.find((queue,) if queue else QUEUES, moment)
            replay_text.show(found)
            _go_on(part, found, dry_run=dry_run, yes=yes)
    except (QueueUnavailable, StorageUnavailable) as error:
        raise Failed(f"the storage account does not answer ({error}); nothing is lost, try again") from error


def _since(text: str, now: datetime) -> datetime | None:
    moment = parse_time_or_age(text, now) if text else None
    if text and moment is None:
        raise Refused(f'--since takes 24h, 7d or a time such as 2026-12-31T09:00Z, and "{text}" is none')
    return moment


def _go_on(part: Replay, found: list[SetAside], *, dry_run: bool, yes: bool) -> None:
    stay = [each for each in found if each.message is None]
    wanted = deque(each for each in found if each.message is not None)
    try:
        if wanted and not dry_run and _agreed(len(wanted), yes=yes):
            _put_back(part, wanted)
    finally:
        part.give_back([*stay, *wanted])
    if stay or wanted:
        raise typer.Exit(Exit.ERRORS)


def _agreed(number: int, *, yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        raise Refused("nobody is here to ask; --yes puts the messages back, --dry-run only shows them")
    return typer.confirm(f"Put {counted(number, 'message')} back?")


def _put_back(part: Replay, wanted: deque[SetAside]) -> None:
    """Put back one by one; what is left in `wanted` was not."""
    out = console()
    number = len(wanted)
    try:
        for _each in track(range(number), "Putting back", console=out, disable=out.soft_wrap):
            part.put_back(wanted[0])
            wanted.popleft()
    finally:
        out.print(f"{counted(number - len(wanted), 'message')} put back.")
