"""Adds the join link to an event: at most once, and within the limits of the rule.

Before the PATCH, the rule's limits are charged and the attempt is recorded: the limits only once the provider
is known, or events without one would use them up. After it, the answer is confirmed
(`shared.worker.events.link_confirmation`). An attempt without a conclusive answer stays recorded, and later
reads of the event show its effect (`shared.worker.events.attempt_review`).
"""

from dataclasses import replace

from shared.domain.decision import Outcome, Reason
from shared.domain.meeting import AWAITING_LINK
from shared.domain.messages import Source
from shared.errors import JoinlinkError
from shared.graph.client import Graph
from shared.logs import logger
from shared.rules.policy import Rule
from shared.storage.counters import Charge, Counters, LimitReached
from shared.worker.common import delays
from shared.worker.common.ending import Ending, retry_later, retry_with_backoff
from shared.worker.common.world import World
from shared.worker.events.attempts import Attempts
from shared.worker.events.event_read import EventRead
from shared.worker.events.link_confirmation import LinkConfirmation
from shared.worker.events.missed_changes import MissedChanges
from shared.worker.events.patch_errors import needs_read, proves_no_effect
from shared.worker.events.providers import choose_provider


class Enabler:
    """Writes to events. `enable` may raise StateChanged: then read the event again."""

    def __init__(
        self,
        *,
        world: World,
        counters: Counters,
        attempts: Attempts,
        confirmation: LinkConfirmation,
        missed: MissedChanges,
    ) -> None:
        self._world = world
        self._counters = counters
        self._attempts = attempts
        self._confirmation = confirmation
        self._missed = missed

    def enable(self, rule: Rule, read: EventRead, graph: Graph) -> Ending:
        """Add the join link of the calendar's provider to the event.

        Raises:
            StateChanged, StorageUnavailable: the row of the event, or the limits.
            GraphError, OutOfTime: Graph's answer to a read; or to the PATCH, where a retry may help.
        """
        if ending := self.refusal(rule, read):
            return ending
        calendar = graph.calendar_of(read.change.mailbox, read.event.id)
        provider = choose_provider(calendar, rule.provider)
        if isinstance(provider, Reason):
            return Ending(outcome=Outcome.SKIPPED, reason=provider, rule=rule.id)
        charge = self._charge(rule, read)
        if reached := self._counters.charge(charge):
            return _report_limit(charge, reached)
        return self._write(charge, provider, read, graph)

    def refusal(self, rule: Rule, read: EventRead) -> Ending | None:
        """Return how the message ends if `enable` can't write now, as far as that is known without Graph.

        Raises:
            StateChanged, StorageUnavailable: the row of the event, or the limits.
        """
        if ending := self._end_without_write(read):
            return ending
        charge = self._charge(rule, read)
        reached = self._counters.limit_reached(charge)
        return _report_limit(charge, reached) if reached else None

    def _charge(self, rule: Rule, read: EventRead) -> Charge:
        return Charge(rule=rule.id, mailbox=read.change.mailbox, limits=rule.limits, at=self._world.now())

    def _end_without_write(self, read: EventRead) -> Ending | None:
        """Return how the message ends if no rule may write to the event now."""
        meeting = read.stored.meeting
        if meeting and meeting.state in AWAITING_LINK:
            return self._confirmation.await_link(read, meeting)
        if not names_a_version(read.event.etag):
            detail = "the event came without an ETag that a write could name"
            return retry_with_backoff(
                read.change, Reason.GRAPH_UNAVAILABLE, self._world.uniform, detail=detail
            )
        if read.change.source is Source.VERIFY:
            # The message was sent to confirm an attempt. That attempt is over; other messages start new ones.
            return Ending(outcome=Outcome.SUPERSEDED, reason=Reason.READ_SINCE)
        return None

    def _write(self, charge: Charge, provider: str, read: EventRead, graph: Graph) -> Ending:
        attempt = self._attempts.begin(read, charge, provider)
        try:
            event = graph.enable_online_meeting(charge.mailbox, read.event, provider)
        except JoinlinkError as error:
            self._attempts.end_with_error(attempt, error)
            if not proves_no_effect(error):
                self._missed.note(read)
            if not needs_read(error):
                raise
            retry = retry_later(
                read.change, Reason.WRITE_UNCONFIRMED, delays.SETTLED_DELAY, detail=str(error)
            )
            return replace(retry, rule=charge.rule, provider=provider)
        self._missed.note(read)
        return self._confirmation.confirm_answer(replace(attempt, event=event), charge.rule, provider)


def names_a_version(etag: str) -> bool:
    """Return whether an ETag names one version of the event (RFC 9110, 8.8.3): Graph's are `W/"..."`."""
    return etag.removeprefix("W/").strip('"*') != "" and etag.endswith('"')


def _report_limit(charge: Charge, reached: LimitReached) -> Ending:
    """Return the ending for a limit that is reached; log a warning the first time in its window."""
    if reached.is_first:
        logger().warning("rule.limit_reached", rule=charge.rule, window=reached.window, limit=reached.limit)
    detail = ""
    if reached.is_unreadable:
        detail = f"the counter of {reached.window} can't be read, so it counts as full"
    return Ending(outcome=Outcome.SKIPPED, reason=Reason.LIMIT_REACHED, rule=charge.rule, detail=detail)
