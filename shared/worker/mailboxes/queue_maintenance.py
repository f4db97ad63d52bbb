"""Maintains the queues: creates missing ones, and keeps the messages that the Functions host gave up.

The host itself moves a message to the poison queue if the process died several times while handling it, or if
its text is not base64. Such a message expires after seven days, and Joinlink has not logged it. This module
puts it into an envelope that never expires: it sends the envelope first, then deletes the message. A kill
between the two leaves both. The envelope has the message's id, so the next run sends no second one.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from shared.deadline import deadline
from shared.domain.decision import Reason
from shared.domain.messages import decode_or_none
from shared.domain.poison_envelope import full_envelope_text, read_envelope
from shared.domain.queue_port import ManagedQueue
from shared.errors import OutOfTime, QueueUnavailable
from shared.logs import logger, place_of
from shared.storage.poison_queue import LeasedMessage, PoisonQueue
from shared.worker.common.ending_delivery import log_poisoned

#: How many messages of a poison queue one run leases. Those that it puts back go to the end of the queue.
MAX_MESSAGES = 320
#: After a run was killed, its messages are visible again when this lease ends.
_LEASE = timedelta(minutes=2)
_TIME_LIMIT = timedelta(seconds=60)
_DETAIL = "the Functions host moved it: the process died several times on it, or its text is not base64"


class QueueMaintenance:
    """Maintains the queues that functions listen on; `poison` has their poison queues, by their names."""

    def __init__(self, queues: Sequence[ManagedQueue], poison: Mapping[str, PoisonQueue]) -> None:
        self._queues = queues
        self._poison = poison

    def run(self) -> None:
        """Maintain the queues, for at most a minute. Log what fails; the next run tries again."""
        tasks: list[Callable[[], None]] = [queue.ensure for queue in self._queues]
        tasks += [partial(_keep_expiring, name, poison) for name, poison in self._poison.items()]
        with deadline(_TIME_LIMIT):
            for task in tasks:
                try:
                    task()
                except (QueueUnavailable, OutOfTime) as error:
                    logger().warning("maintenance.queues_left", detail=str(error))
                except Exception as error:  # noqa: BLE001 -- the maintenance of mailboxes must follow
                    logger().error("maintenance.queues_left", detail=place_of(error))


def _keep_expiring(queue: str, poison: PoisonQueue) -> None:
    """Put the messages that the host moved to the poison queue of `queue` into envelopes."""
    if poison.has_nothing_that_expires():
        return
    leased = list(poison.lease(_LEASE, most=MAX_MESSAGES))
    enveloped = {envelope.moved for each in leased if (envelope := read_envelope(each.body))}
    try:
        for each in leased:
            if each.expires:
                _keep(queue, poison, each, is_enveloped=each.id in enveloped)
    finally:
        for each in leased:
            if not each.expires:
                poison.release(each)


def _keep(queue: str, poison: PoisonQueue, leased: LeasedMessage, *, is_enveloped: bool) -> None:
    """Replace one message with its envelope; `is_enveloped`: an earlier run has sent the envelope."""
    if not is_enveloped:
        poison.add(_envelope(leased))
        log_poisoned(queue, Reason.MOVED_BY_THE_HOST, _DETAIL, decode_or_none(queue, leased.body))
    poison.delete(leased)


def _envelope(leased: LeasedMessage) -> str:
    """Return the envelope of a message; if it is too long for a queue, the message unchanged."""
    if read_envelope(leased.body):  # already an envelope, which somebody sent so that it expires
        return leased.content
    text = full_envelope_text(
        leased.body, reason=Reason.MOVED_BY_THE_HOST, detail=_DETAIL, at=leased.since, moved=leased.id
    )
    return leased.content if text is None else b64encode(text.encode()).decode()
