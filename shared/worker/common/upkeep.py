"""What maintenance does for the queues: create missing ones, and keep what the Functions host gave up.

The host moves a message to the poison queue by itself where the process ended over it again and again, or
where its text is not base64. There it expires after seven days, and no line of ours says that it is there.
So it is put into an envelope of ours, which stays: sent first, deleted then. Whoever is killed between the
two leaves both, and the next run knows the one by the id of the other.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from shared.deadline import deadline
from shared.domain.decision import Reason
from shared.domain.messages import decoded
from shared.domain.poisoned import read_poison, whole_poison_text
from shared.domain.queue_port import ManagedQueue
from shared.errors import OutOfTime, QueueUnavailable
from shared.logs import logger, place_of
from shared.storage.poison_queue import LeasedMessage, PoisonQueue
from shared.worker.common.ending_delivery import log_poisoned

#: messages of one poison queue that a run looks at; what it leaves comes behind the others, for the next run
MOST = 320
#: A run that was killed gives its messages back so soon.
_LEASE = timedelta(minutes=2)
_TIME = timedelta(seconds=60)
_DETAIL = "the Functions host moved it: the process ended over it, or its text is not base64"


class Upkeep:
    """Looks after the queues, by the names of those that functions listen on."""

    def __init__(self, queues: Sequence[ManagedQueue], poison: Mapping[str, PoisonQueue]) -> None:
        self._queues = queues
        self._poison = poison

    def __call__(self) -> None:
        """Do it, within a minute; what can't be done is logged, and the next run's."""
        tasks: list[Callable[[], None]] = [queue.ensure for queue in self._queues]
        tasks += [partial(_take_over, name, poison) for name, poison in self._poison.items()]
        with deadline(_TIME):
            for task in tasks:
                try:
                    task()
                except (QueueUnavailable, OutOfTime) as error:
                    logger().warning("maintenance.queues_left", detail=str(error))
                except Exception as error:  # noqa: BLE001 -- mailboxes must be looked after all the same
                    logger().error("maintenance.queues_left", detail=place_of(error))


def _take_over(queue: str, poison: PoisonQueue) -> None:
    """Put what the host moved beside `queue` into envelopes of ours."""
    if poison.has_nothing_that_expires():
        return
    leased = list(poison.lease(_LEASE, most=MOST))
    moved = {envelope.moved for each in leased if (envelope := read_poison(each.body))}
    left = [each for each in leased if not each.expires]
    try:
        for each in leased:
            if each.expires:
                _keep(queue, poison, each, is_kept=each.id in moved)
    finally:
        for each in left:
            poison.release(each)


def _keep(queue: str, poison: PoisonQueue, leased: LeasedMessage, *, is_kept: bool) -> None:
    """Keep one message for good; `is_kept`, an earlier run has sent its envelope already."""
    if not is_kept:
        poison.add(_text(leased))
        log_poisoned(queue, Reason.MOVED_BY_THE_HOST, _DETAIL, decoded(queue, leased.body))
    poison.delete(leased)


def _text(leased: LeasedMessage) -> str:
    """Return the envelope of a message; where that is too long for a queue, the message as it is."""
    if read_poison(leased.body):  # an envelope of ours, by a hand that let it expire
        return leased.content
    text = whole_poison_text(
        leased.body, reason=Reason.MOVED_BY_THE_HOST, detail=_DETAIL, at=leased.since, moved=leased.id
    )
    return leased.content if text is None else b64encode(text.encode()).decode()
