"""What others wrote into queues, the directory and answers of Graph is not obeyed by an admin's terminal."""

import json
from datetime import timedelta

import pytest

from sandbox.graph import Fault
from shared import wiring
from shared.domain.messages import EventChange, Source
from tests.hostile import HOSTILE, obeyed
from tests.stories.conftest import AtTheDesk, Story

each = pytest.mark.parametrize("text", [pytest.param(text, id=repr(text)[1:-1][:24]) for text in HOSTILE])


@each
def test_what_is_in_a_poison_queue(story: Story, at_the_desk: AtTheDesk, text: str) -> None:
    """Whoever may write to the queue writes no line of ours."""
    now = story.stage.clock.now()
    change = EventChange(mailbox=text, event=text, source=Source.REPLAY, received=now, trace=text)
    for message in (change.encode(), text):
        envelope = {"message": message, "reason": text, "detail": text, "at": now.isoformat()}
        story.set_aside(json.dumps(envelope))
    shown = at_the_desk("replay", "--dry-run")
    put_back = at_the_desk("replay", "--yes")

    for ran in (shown, put_back):
        assert obeyed(ran.out) == obeyed(ran.err) == []


@each
def test_what_the_directory_and_graph_say(story: Story, at_the_desk: AtTheDesk, text: str) -> None:
    """Names of people, codes of errors, and what an admin pasted."""
    ada = story.person("Ada", signs_in_as=f"ada{text}@contoso.com")
    story.meeting(ada, "bo@fabrikam.com", subject=text)
    story.wait()
    assert wiring.joinlink().policies.current()
    story.stage.clock.advance(timedelta(seconds=1))
    runs = [
        at_the_desk("backfill", "--mailbox", ada.id, "--dry-run"),
        at_the_desk("backfill", "--mailbox", ada.id, "--dry-run", "--json"),
        at_the_desk("backfill", "--mailbox", text, "--dry-run"),
        at_the_desk("explain", "--mailbox", text, "--event-id", text),
        at_the_desk("doctor", "--mailbox", text),
        at_the_desk("maintain", "--confirm", text),
        at_the_desk("status"),
    ]
    story.stage.graph.faults.add(Fault(path="/users", status=400, code=text, count=None))
    runs += [
        at_the_desk("backfill", "--mailbox", ada.id, "--dry-run"),
        at_the_desk("doctor", "--mailbox", ada.id),
        at_the_desk("explain", "--mailbox", ada.id, "--event-id", "E1"),
    ]

    assert [line for ran in runs for line in (*obeyed(ran.out), *obeyed(ran.err))] == []
