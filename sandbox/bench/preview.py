"""Measures time and memory of `joinlink preview`, in a process of its own, against the stand-in Graph.

`python -m sandbox.bench.preview` prints all rows, in some minutes. Budget: 40 mailboxes with 2,000 meetings
in a minute, and memory that grows neither with mailboxes nor with the meetings of one mailbox.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, NamedTuple

from sandbox.azurite import Azurite, azurite
from sandbox.stage import Stage, stage

#: mailboxes, and meetings in each. The preview reads the bodies of about half of the meetings one by one;
#: with more than 10,000 calls to one mailbox in ten minutes it waits as long as Graph asks.
SIZES = ((40, 50), (400, 50), (1, 2_000), (1, 10_000))
_RULES = """
version: 1
internal_domains: [contoso.com]
rules:
  - {id: customers, mode: enforce, when: {external_attendees: {at_least: 1}}, limits: {per_hour: 30}}
  - {id: reviews, mode: report, when: {subject: Review}}
"""
#: runs the command, and writes the peak of its own memory: that which wait4 returns includes the parent's
_COMMAND = """
import sys
from pathlib import Path
from cli.app import main
from sandbox.simulate.memory import peak
file = Path(sys.argv.pop(1))
try:
    main()
finally:
    file.write_text(str(peak()))
"""
_DAYS = 29
_SUBJECTS = ("Review", "Planning", "Offer")
_ZOOM = {"contentType": "text", "content": "x " * 200 + "https://zoom.us/j/1"}
_WEEKLY = {"type": "weekly", "interval": 1, "firstDayOfWeek": "monday"}


@dataclass(frozen=True, slots=True)
class PreviewCost:
    """What a preview needed: `megabytes` is the peak of its memory, with all imports."""

    mailboxes: int
    meetings: int
    seconds: float
    cpu_seconds: float
    megabytes: float
    links: int


class Ran(NamedTuple):
    """What a process used; `megabytes` is the peak of its memory."""

    seconds: float
    cpu_seconds: float
    megabytes: float


def main() -> None:
    """Print what previews of several sizes need."""
    print("mailboxes  meetings  seconds  CPU, s  peak, MB  of the first")
    first = 0.0
    with azurite() as storage:
        for each in costs(storage, SIZES):
            first = first or each.megabytes
            print(
                f"{each.mailboxes:9,} {each.meetings:9,} {each.seconds:8.1f} {each.cpu_seconds:7.1f}"
                f" {each.megabytes:9.1f} {each.megabytes / first:13.2f}",
                flush=True,
            )


def costs(storage: Azurite, sizes: tuple[tuple[int, int], ...]) -> Iterator[PreviewCost]:
    """Yield what a preview of each size costs, with a page, JSON and the memory of past writes."""
    for mailboxes, each in sizes:
        with (
            TemporaryDirectory() as folder,
            stage(storage, _rules(Path(folder)), start=_now(), ticks=True) as played,
        ):
            _fill(played, mailboxes, each)
            ran = _run(played, Path(folder))
            document = json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))
        read, links = document["meetings_read"], document["rule_sets"][0]["promoted"]["links"]["meetings"]
        yield PreviewCost(mailboxes, read, *ran, links)


def _now() -> datetime:
    return datetime.now(UTC)


def _rules(folder: Path) -> Path:
    rules = folder / "rules"
    rules.mkdir()
    (rules / "rules.yaml").write_text(_RULES, encoding="utf-8")
    return rules


def _fill(played: Stage, mailboxes: int, each: int) -> None:
    """Create people and their meetings: single ones, series, online ones, and links in bodies."""
    chance = Random(7)  # noqa: S311 -- repeatable, not for secrets
    for number in range(mailboxes):
        owner = played.graph.add_user(f"P{number}", f"p{number}@contoso.com")
        for _ in range(each):
            played.graph.people.create(owner.id, **_meeting(chance))


def _meeting(chance: Random) -> dict[str, Any]:
    start = _now() + timedelta(minutes=chance.randint(-_DAYS * 1440, _DAYS * 1440))
    kind = chance.random()
    series = {
        "pattern": {**_WEEKLY, "daysOfWeek": [f"{start:%A}".lower()]},
        "range": {"type": "noEnd", "startDate": f"{start:%Y-%m-%d}"},
    }
    return {
        "subject": chance.choice(_SUBJECTS),
        "start": {"dateTime": f"{start:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
        "end": {"dateTime": f"{start + timedelta(minutes=30):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
        "attendees": [
            {"emailAddress": {"address": f"g{n}@{chance.choice(('contoso', 'fabrikam'))}.com"}}
            for n in range(chance.randint(1, 8))
        ],
        **({"recurrence": series} if kind < 0.1 else {}),  # noqa: PLR2004 -- one of ten
        **({"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"} if kind > 0.75 else {}),  # noqa: PLR2004 -- a quarter
        **({"body": _ZOOM} if 0.6 < kind < 0.65 else {}),  # noqa: PLR2004 -- one of twenty
    }


def _run(played: Stage, folder: Path) -> Ran:
    identity = {name: os.environ[name] for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")}
    peak = folder / "peak"
    command = [sys.executable, "-c", _COMMAND, str(peak), "preview", "--all", "--json"]
    command += ["--html", str(folder / "page.html"), "--output", str(folder / "report.json")]
    environ = {**os.environ, **played.settings, **identity, "XDG_CACHE_HOME": str(folder)}
    began = perf_counter()
    process = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)  # noqa: S603 -- our own code
    _id, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the preview ended with {process.returncode}")
    megabytes = int(peak.read_text(encoding="utf-8")) / 1e6
    return Ran(perf_counter() - began, used.ru_utime + used.ru_stime, megabytes)


if __name__ == "__main__":
    main()
