"""`joinlink replay`: shows what is in the poison queues, and puts it back on the queues."""

from collections import deque
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from cli.desk import open_desk
from cli.desk_options import SettingsFile
from cli.formats import replay_json, replay_text
from cli.output import AsJson, Exit, Refused, ask, counted, print_json, talk
from cli.times import parse_time_or_age
from shared.desk.replay import QUEUES, PoisonMessage, Replay
from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS


class QueueName(StrEnum):
    """The queues that have a poison queue."""

    EVENT_CHANGES = EVENT_CHANGES
    MAILBOX_TASKS = MAILBOX_TASKS


def replay(
    queue: Annotated[
        QueueName | None,
        typer.Option(
            "--queue", "-q", help="Only messages of this queue. Default: of both.", show_default=False
        ),
    ] = None,
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="TIME", help="Only messages moved since: 24h, 7d, 2026-12-31T09:00Z."
        ),
    ] = "",
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only show the messages, even with --yes.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Put them back without asking.")] = False,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """Show the poison queues, and put their messages back.

    Shows why each message is there, and asks before it puts each of them back on its queue once. Fix the
    cause first, or the messages return. A message that can't be read is shown and stays.

    Exit code 0: nothing is left. 1: messages are left. 2: wrong arguments, or settings are missing.
    """
    with open_desk(settings, writes=not dry_run) as desk:
        moment = _since(since, desk.world.now())
        part = desk.replay()
        messages = part.lease((queue,) if queue else QUEUES, moment)
        out = talk(as_json=as_json)
        replay_text.show(out, messages)
        left = _put_back_if_agreed(part, messages, out, dry_run=dry_run, yes=yes)
    if as_json:
        print_json(replay_json.document(messages, left))
    raise typer.Exit(Exit.ERRORS if left else Exit.OK)


def _since(text: str, now: datetime) -> datetime | None:
    moment = parse_time_or_age(text, now) if text else None
    if text and moment is None:
        raise Refused(f'--since expects 24h, 7d or a time such as 2026-12-31T09:00Z, not "{text}"')
    return moment


def _put_back_if_agreed(
    part: Replay, messages: list[PoisonMessage], out: Console, *, dry_run: bool, yes: bool
) -> list[PoisonMessage]:
    """Return the messages that are left."""
    unreadable = [message for message in messages if message.message is None]
    left = deque(message for message in messages if message.message is not None)
    try:
        if left and not dry_run and (yes or _is_agreed(len(left))):
            _put_back(part, left, out)
    finally:
        part.release([*unreadable, *left])
    return [*unreadable, *left]


def _is_agreed(number: int) -> bool:
    hint = "--yes puts the messages back, --dry-run only shows them"
    return ask(f"Put {counted(number, 'message')} back?", hint)


def _put_back(part: Replay, left: deque[PoisonMessage], out: Console) -> None:
    """Put messages back one by one; those that remain in `left` are not back."""
    number = len(left)
    try:
        for _each in track(range(number), "Putting back", console=out, disable=out.soft_wrap):
            part.put_back(left[0])
            left.popleft()
    finally:
        out.print(f"{counted(number - len(left), 'message')} put back.")
