"""The row about mail: whether a write of the link alone mails the attendees."""

from datetime import timedelta

from shared.desk.prove.proof import NoAnswer, Proof, RowAnswer, fails, holds, seconds
from shared.errors import Forbidden

_PATIENCE, _POLL = timedelta(minutes=3), timedelta(seconds=5)
_ONE_MINUTE = timedelta(minutes=1)


def attendee_mail(proof: Proof) -> RowAnswer:
    """Invite the guest, write the two properties, and count the guest's messages."""
    assert proof.guest
    subject = f"Joinlink proof {proof.new_id()[:8]}"
    since = proof.trial.waiting.now() - _ONE_MINUTE

    def messages() -> int:
        assert proof.guest
        return proof.guest.subjects_of_messages(since).count(subject)

    try:
        messages()
    except Forbidden as error:
        raise NoAnswer(f"this identity needs Mail.Read for the guest's mailbox ({error})") from error
    event = proof.create(
        subject=subject,
        attendees=[{"type": "required", "emailAddress": {"address": proof.guest_address}}],
    )
    if proof.wait_until(lambda: messages() > 0, at_most=_PATIENCE, every=_POLL) is None:
        raise NoAnswer(f"the guest got no invitation within {seconds(_PATIENCE)}")
    event, invited = proof.trial.event(event.id), messages()
    if event.is_online_meeting:
        raise NoAnswer("the app added the link first: run this row with the brake on, or in another mailbox")
    proof.enable(event)
    took = proof.wait_until(lambda: messages() > invited, at_most=_PATIENCE, every=_POLL)
    if took is None:
        return fails(f"the guest got no further message within {seconds(_PATIENCE)} after the PATCH")
    return holds(f"the guest got a message {seconds(took)} after the PATCH")
