"""Rows about single events: versions, reads after writes, join URLs, private events, drafts, times."""

from datetime import timedelta

from shared.desk.prove.proof import NoAnswer, Proof, RowAnswer, fails, holds, seconds
from shared.domain.attempt import SETTLED
from shared.errors import EventChanged

_SECOND = timedelta(seconds=1)
_POLL = timedelta(seconds=2)
#: the app reads an event again after this time if its link is missing
_LINK_FOLLOWS = timedelta(minutes=1)
#: the clocks of Graph and of this machine differ
_MODIFIED_NOW = timedelta(hours=1)
_NO_MEETING = "Graph accepted the write and created no online meeting: use a mailbox with a Teams licence"


def if_match(proof: Proof) -> RowAnswer:
    """Write with an ETag that is out of date, then with the current one."""
    first = proof.create()
    changed = proof.trial.update(first.id, {"showAs": "tentative"})
    if changed.etag == first.etag:
        raise NoAnswer("the event's ETag stayed the same after a change")
    try:
        proof.trial.update(first.id, {"showAs": "busy"}, etag=first.etag)
    except EventChanged as error:
        refused = f"status {error.status} {error.code}".strip()
    else:
        return fails("Graph accepted a write with an ETag that was out of date")
    try:
        proof.trial.update(first.id, {"showAs": "busy"}, etag=proof.trial.event(first.id).etag)
    except EventChanged as error:
        raise NoAnswer(
            "Graph refuses the current ETag, too; it may have changed meanwhile: try again"
        ) from error
    return holds(f"{refused} for an ETag that was out of date; the current one was accepted")


def read_after_write(proof: Proof) -> RowAnswer:
    """Write the two properties, and read until a read shows them."""
    event = proof.create()
    if not proof.enable(event).is_online_meeting:
        raise NoAnswer(_NO_MEETING)
    took = proof.wait_until(
        lambda: proof.trial.event(event.id).is_online_meeting, at_most=SETTLED, every=_SECOND
    )
    if took is None:
        return fails(f"reads show the event as it was before for longer than {seconds(SETTLED)}")
    return holds(f"a read shows the write after {seconds(took)}")


def join_url(proof: Proof) -> RowAnswer:
    """Write the two properties, and read until there is a join URL."""
    answer = proof.enable(proof.create())
    if answer.join_url:
        return holds("the join URL is in the answer to the PATCH")
    seen = answer

    def read() -> bool:
        nonlocal seen
        seen = proof.trial.event(answer.id)
        return bool(seen.join_url)

    took = proof.wait_until(read, at_most=_LINK_FOLLOWS, every=_POLL)
    if took is not None:
        return holds(f"the join URL appears {seconds(took)} after the answer to the PATCH")
    if not seen.is_online_meeting:
        raise NoAnswer(_NO_MEETING)
    return fails(f"the event is online, and has no join URL {seconds(_LINK_FOLLOWS)} after the PATCH")


def private_events(proof: Proof) -> RowAnswer:
    """Create a private event, and read it as the app does."""
    subject = f"Joinlink proof {proof.new_id()[:8]}"
    event = proof.trial.event(proof.create(subject=subject, sensitivity="private").id)
    if event.subject == subject:
        return holds("a private event is read with its subject")
    return fails("a private event is read without its own subject")


def drafts(proof: Proof) -> RowAnswer:
    """Create an event that is not sent yet, to the mailbox itself, and read it."""
    attendees = [{"type": "required", "emailAddress": {"address": proof.address}}]
    event = proof.trial.event(proof.create(isDraft=True, attendees=attendees).id)
    return holds("isDraft is true") if event.is_draft else fails("isDraft is false")


def last_modified(proof: Proof) -> RowAnswer:
    """Read an event as the app does, and compare the time of its last change with the clock."""
    event = proof.trial.event(proof.create().id)
    if event.last_modified is None:
        return fails("lastModifiedDateTime is not there")
    if abs(event.last_modified - proof.trial.waiting.now()) > _MODIFIED_NOW:
        return fails(f"lastModifiedDateTime of a new event is {event.last_modified.isoformat()}")
    return holds("lastModifiedDateTime is when the event was created")
