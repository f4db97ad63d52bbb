"""What is in the poison queues, for a person: by queue and reason, and what can't be put back one by one."""

from collections import defaultdict
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from cli import lines
from cli.lines import Line
from cli.output import console, counted
from shared.desk.replay import SetAside
from shared.storage.queues import POISON_SUFFIX

#: a message that can't be read is shown by its id; the others are only counted
_MOST_SHOWN = 20


def show(found: Iterable[SetAside]) -> None:
    """Print the messages of each poison queue by reason, the most frequent first."""
    out = console()
    queues: dict[str, list[SetAside]] = defaultdict(list)
    for each in found:
        queues[each.queue].append(each)
    if not queues:
        out.print("The poison queues are empty.", style="good")
    for queue, messages in queues.items():
        out.print(Text.assemble((queue + POISON_SUFFIX, "bold"), f": {counted(len(messages), 'message')}"))
        _reasons(out, messages)
        _unreadable(out, [each for each in messages if each.message is None])


def _reasons(out: Console, messages: list[SetAside]) -> None:
    reasons: dict[str, list[SetAside]] = defaultdict(list)
    for each in messages:
        reasons[each.reason].append(each)
    rows = sorted(reasons.items(), key=lambda item: -len(item[1]))
    lines.show(out, [_reason(reason, each) for reason, each in rows])


def _reason(reason: str, messages: list[SetAside]) -> Line:
    first = min(each.at for each in messages)
    last = max(messages, key=lambda each: each.at)
    when = f"{first:%Y-%m-%d %H:%M}" if len(messages) == 1 else f"since {first:%Y-%m-%d %H:%M}"
    why = f"; {'the last: ' if len(messages) > 1 else ''}{last.detail}" if last.detail else ""
    left = Text.assemble(f"{len(messages):>7}  ", (reason, "rule"))
    return Line(left, Text(f"{when} UTC{why}"))


def _unreadable(out: Console, messages: list[SetAside]) -> None:
    if not messages:
        return
    stay = "stay, for they can't be read" if len(messages) > 1 else "stays, for it can't be read"
    out.print(Text.assemble(("  ✗ ", "bad"), f"{counted(len(messages), 'message')} {stay}; read it by id:"))
    for each in messages[:_MOST_SHOWN]:
        out.print(Text(f"      {each.leased.id}  {each.at:%Y-%m-%d %H:%M} UTC", "dim"))
    if len(messages) > _MOST_SHOWN:
        out.print(Text(f"      and {len(messages) - _MOST_SHOWN} more", "dim"))
