"""Control characters in queues, the directory and Graph's answers do not reach an admin's terminal."""

import json
from datetime import timedelta

import pytest

from sandbox.graph import Fault
from shared import wiring
from shared.domain.messages import EventChange, Source
from tests.hostile import HOSTILE, obeyed
from tests.stories.conftest import RunJoinlink, Story

each = pytest.mark.parametrize("text", [pytest.param(text, id=repr(text)[1:-1][:24]) for text in HOSTILE])


@each
def test_a_poison_queue_cannot_control_the_terminal(
    story: Story, run_joinlink: RunJoinlink, text: str
) -> None:
    """Nor can it forge a line of ours."""
    now = story.stage.clock.now()
    change = EventChange(mailbox=text, event=text, source=Source.REPLAY, received=now, trace=text)
    for message in (change.encode(), text):
        envelope = {"message": message, "reason": text, "detail": text, "at": now.isoformat()}
        story.add_poison(json.dumps(envelope))
    shown = run_joinlink("replay", "--dry-run")
    put_back = run_joinlink("replay", "--yes")

    for result in (shown, put_back):
        assert obeyed(result.out) == obeyed(result.err) == []


@each
def test_the_directory_and_graph_cannot_control_the_terminal(
    story: Story, run_joinlink: RunJoinlink, text: str
) -> None:
    """Through names of people, error codes, or an argument that an admin pasted."""
    ada = story.add_person("Ada", signs_in_as=f"ada{text}@contoso.com")
    story.create_meeting(ada, "bo@fabrikam.com", subject=text)
    story.wait()
    assert wiring.joinlink().policies.current()
    story.stage.clock.advance(timedelta(seconds=1))
    runs = [
        run_joinlink("backfill", "--mailbox", ada.id, "--dry-run"),
        run_joinlink("backfill", "--mailbox", ada.id, "--dry-run", "--json"),
        run_joinlink("backfill", "--mailbox", text, "--dry-run"),
        run_joinlink("explain", "--mailbox", text, "--event-id", text),
        run_joinlink("doctor", "--mailbox", text),
        run_joinlink("maintain", "--confirm", text),
        run_joinlink("status"),
    ]
    story.stage.graph.faults.add(Fault(path="/users", status=400, code=text, count=None))
    runs += [
        run_joinlink("backfill", "--mailbox", ada.id, "--dry-run"),
        run_joinlink("doctor", "--mailbox", ada.id),
        run_joinlink("explain", "--mailbox", ada.id, "--event-id", "E1"),
    ]

    assert [line for result in runs for line in (*obeyed(result.out), *obeyed(result.err))] == []
