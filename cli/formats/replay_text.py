"""The messages in the poison queues, as text: by queue and reason, then each that can't be put back."""

from collections import defaultdict
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from cli import lines
from cli.lines import Line
from cli.output import counted
from shared.desk.replay import PoisonMessage
from shared.storage.queues import POISON_SUFFIX

#: Messages that can't be read are listed by id, up to this many; others are only counted.
_MOST_SHOWN = 20


def show(out: Console, messages: Iterable[PoisonMessage]) -> None:
    """Print the messages of each poison queue by reason, the most frequent first."""
    queues: dict[str, list[PoisonMessage]] = defaultdict(list)
    for message in messages:
        queues[message.queue].append(message)
    if not queues:
        out.print("The poison queues are empty.", style="good")
    for queue, its_messages in queues.items():
        out.print(
            Text.assemble((queue + POISON_SUFFIX, "bold"), f": {counted(len(its_messages), 'message')}")
        )
        _show_reasons(out, its_messages)
        _show_unreadable(out, [each for each in its_messages if each.message is None])


def _show_reasons(out: Console, messages: list[PoisonMessage]) -> None:
    reasons: dict[str, list[PoisonMessage]] = defaultdict(list)
    for each in messages:
        reasons[each.reason].append(each)
    rows = sorted(reasons.items(), key=lambda item: -len(item[1]))
    lines.show(out, [_reason(reason, each) for reason, each in rows])


def _reason(reason: str, messages: list[PoisonMessage]) -> Line:
    first = min(each.at for each in messages)
    last = max(messages, key=lambda each: each.at)
    when = f"{first:%Y-%m-%d %H:%M}" if len(messages) == 1 else f"since {first:%Y-%m-%d %H:%M}"
    why = f"; {'the last: ' if len(messages) > 1 else ''}{last.detail}" if last.detail else ""
    left = Text.assemble(f"{len(messages):>7}  ", (reason, "rule"))
    return Line(left, Text(f"{when} UTC{why}"))


def _show_unreadable(out: Console, messages: list[PoisonMessage]) -> None:
    if not messages:
        return
    number = counted(len(messages), "message")
    out.print(Text.assemble(("  ✗ ", "bad"), f"{number} can't be read, so not put back; by id:"))
    for each in messages[:_MOST_SHOWN]:
        out.print(Text(f"      {each.leased.id}  {each.at:%Y-%m-%d %H:%M} UTC", "dim"))
    if len(messages) > _MOST_SHOWN:
        out.print(Text(f"      and {len(messages) - _MOST_SHOWN} more", "dim"))
