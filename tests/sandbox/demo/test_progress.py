import io
from collections import Counter
from dataclasses import replace

import pytest
from rich.console import Console

from sandbox.demo.progress import progress, scene_state
from sandbox.demo.record import EventRecord
from sandbox.demo.texts import Ending
from sandbox.demo.verdict import DayRecord
from tests.sandbox.demo.records import ADA, ADDED, BUSY, COPY, ONLINE, call, line, played, post

SCENE = played(ADDED)
RECORD = DayRecord(
    lines=[],
    calls=[],
    posts=[post("1")],
    calendars=frozenset({ADA.id}),
    with_two_calendars=frozenset(),
    watched=[ADA.id],
    links={},
    mails=[],
    mails_by_people=Counter(),
    others=[],
    files=[],
    secrets=[],
)


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        pytest.param([], "queued", id="notified"),
        pytest.param([BUSY, COPY], "queued", id="copies wait for each other"),
        pytest.param([("delayed", "throttled"), BUSY], "delayed · throttled, 31 s", id="Graph makes it wait"),
        pytest.param([("delayed", "throttled"), ADDED, ONLINE, COPY], "enabled · link_added", id="decided"),
    ],
)  # fmt: skip
def test_a_scenes_state_is_its_last_outcome_or_its_wait(lines: list[Ending], state: str) -> None:
    """Copies of a message and echoes of our write change nothing."""
    event = EventRecord(lines=[line(one, again_in_seconds=31.0) for one in lines], notifications=1)

    assert scene_state(SCENE, event).text.plain == state


def test_plain_output_has_a_line_per_change() -> None:
    """A scene whose state is the same is not printed again, though it took another Graph call."""
    decided = replace(RECORD, lines=[line(ADDED, 3)], calls=[call()])
    console = Console(file=io.StringIO(), width=140)
    with progress(console) as shown:
        for record in (RECORD, replace(RECORD, calls=[call()]), decided):
            shown.show("The morning", "09:00:00", [SCENE], record)

    assert isinstance(console.file, io.StringIO)
    assert [" ".join(text.split()) for text in console.file.getvalue().splitlines()[1:]] == [
        "09:00:00 The morning",
        "09:00:00 1 calendar watched",
        "09:00:00 Ada Review a guest queued",
        "09:00:00 Ada Review a guest enabled · link_added",
    ]


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_shows_a_table_that_fits(width: int) -> None:
    """The latest rows are shown if the screen is too low for all."""
    console = Console(file=io.StringIO(), width=width, height=24, force_terminal=True, color_system=None)
    scenes = [played(ADDED, key=f"event-{n}") for n in range(50)]
    with progress(console) as shown:
        shown.show("The morning", "09:00:00", scenes, RECORD)
        assert isinstance(console.file, io.StringIO)
        assert console.file.getvalue().count("planned") == 24 - 7
