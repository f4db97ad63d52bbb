"""How fast tasks come due, so that Graph's limits are never reached. Pure."""

from collections import Counter
from datetime import timedelta

from shared.domain.messages import TaskKind
from shared.worker.mailboxes.plans import Plan

#: One run's tasks are spread over the time until the next.
SPREAD = timedelta(minutes=15)
#: Graph takes 500 writes to subscriptions in 20 s, and as many reads of single ones; a replacement is two
#: writes, and lifecycle notifications want their share (https://learn.microsoft.com/graph/throttling-limits).
_A_SECOND = 10


class Pace:
    """Gives each task of a run its delay."""

    def __init__(self) -> None:
        self._asked: Counter[bool] = Counter()

    def delay(self, planned: Plan) -> timedelta | None:
        """Return when a task shall be done, None where that is a later run's business."""
        if planned.task is None:
            return timedelta(0)
        is_sweep = planned.task is TaskKind.SWEEP
        delay = timedelta(seconds=self._asked[is_sweep] / _A_SECOND)
        if delay >= SPREAD:
            return None
        self._asked[is_sweep] += 1
        return delay
