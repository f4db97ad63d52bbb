"""Bugs to plant in the product, to see that the machine finds each: `make machine ARGS="--plant NAME"`."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import httpx

from shared.auth.token_source import Token, TokenSource
from shared.domain.attempt import Effect, Evidence, evidence
from shared.domain.event import Event
from shared.domain.meeting import Meeting, MeetingState
from shared.errors import GraphError
from shared.graph.protocol import notifications
from shared.rules.policy import Policy
from shared.storage.counters import Charge, Counters, LimitReached
from shared.worker.common.ending_delivery import EndingDelivery
from shared.worker.common.policy_reloader import PolicyReloader
from shared.worker.common.received_message import HandledMessage
from shared.worker.events import attempt_review, cached_set
from shared.worker.events.attempts import Attempts
from shared.worker.events.cached_set import CachedSet
from shared.worker.events.deciding import EventDecider
from shared.worker.events.event_read import EventRead
from shared.worker.events.recent_reads import RecentReads
from shared.worker.mailboxes.maintenance_run import MaintenanceRun


def _skip_the_etag() -> AbstractContextManager[object]:
    stream = httpx.Client.stream

    def without_if_match(client: httpx.Client, method: str, url: str, **options: Any) -> Any:
        headers = {name: value for name, value in options.pop("headers").items() if name != "If-Match"}
        return stream(client, method, url, headers=headers, **options)

    return mock.patch.object(httpx.Client, "stream", without_if_match)


def _forget_to_record_the_attempt() -> AbstractContextManager[object]:
    save = Attempts.save

    def save_others(attempts: Attempts, read: EventRead, meeting: Meeting) -> EventRead:
        if meeting.state is MeetingState.ATTEMPTED:
            return replace(read, stored=replace(read.stored, meeting=meeting))
        return save(attempts, read, meeting)

    return mock.patch.object(Attempts, "save", save_others)


def _count_limits_in_each_process() -> AbstractContextManager[object]:
    counts: Counter[tuple[int, str, str]] = Counter()

    def charge(counters: Counters, charge: Charge) -> LimitReached | None:
        for window, limit in charge.windows:
            if counts[id(counters), charge.rule, window] >= limit:
                return LimitReached(window, limit, is_first=False)
        counts.update((id(counters), charge.rule, window) for window, _ in charge.windows)
        return None

    return mock.patch.object(Counters, "charge", charge)


def _drop_a_message(*reasons: str) -> AbstractContextManager[object]:
    send = EndingDelivery._send  # noqa: SLF001 -- a bug is planted inside

    def send_others(delivery: EndingDelivery, handled: HandledMessage[Any]) -> None:
        if handled.ending.reason not in reasons:
            send(delivery, handled)

    return mock.patch.object(EndingDelivery, "_send", send_others)


def _decide_with_stale_rules() -> AbstractContextManager[object]:
    current = PolicyReloader.current

    def first(reloader: PolicyReloader) -> Policy | None:
        known: Policy | None = vars(reloader).get("_first") or current(reloader)
        vars(reloader)["_first"] = known
        return known

    return mock.patch.object(PolicyReloader, "current", first)


def _never_refund() -> AbstractContextManager[object]:
    return mock.patch.object(Counters, "refund", return_value=None)


def _ignore_the_lease() -> AbstractContextManager[object]:
    def shown(meeting: Meeting, event: Event, age: timedelta) -> Evidence:
        if meeting.lease and not event.is_online_meeting:
            return Evidence(Effect.NO_EFFECT)
        return evidence(meeting, event, age)

    return mock.patch.object(attempt_review, "evidence", shown)


def _accept_any_key() -> AbstractContextManager[object]:
    return mock.patch.object(notifications, "mailbox_of", lambda state, _keys: state.partition(".")[0])


def _write_in_the_brake() -> AbstractContextManager[object]:
    begin = EventDecider.__init__

    def without_brake(decider: EventDecider, **parts: Any) -> None:
        begin(decider, **{**parts, "report_only": False})

    return mock.patch.object(EventDecider, "__init__", without_brake)


def _superseded_by_any_read() -> AbstractContextManager[object]:
    def is_known(reads: RecentReads, mailbox: str, event: str, _queued: datetime | None) -> bool:
        return reads.last(mailbox, event) is not None

    return mock.patch.object(RecentReads, "since", is_known)


def _never_refresh_a_group() -> AbstractContextManager[object]:
    return mock.patch.object(cached_set, "REFRESH_AFTER", timedelta(days=1000))


def _take_a_group_that_fails_for_empty() -> AbstractContextManager[object]:
    current = CachedSet.current

    def empty_on_error(known: CachedSet) -> frozenset[str] | None:
        try:
            return current(known)
        except GraphError:
            return frozenset()

    return mock.patch.object(CachedSet, "current", empty_on_error)


def _never_let_a_mailbox_go() -> AbstractContextManager[object]:
    return mock.patch.object(MaintenanceRun, "is_scope_certain", new=False)


def _keep_a_refused_token() -> AbstractContextManager[object]:
    token = TokenSource.token

    def first(source: TokenSource, resource: str, *, refused: str = "") -> Token:
        del refused
        return token(source, resource)

    return mock.patch.object(TokenSource, "token", first)


PLANTED: Mapping[str, Callable[[], AbstractContextManager[object]]] = {
    "none": nullcontext,
    "skip-etag": _skip_the_etag,
    "forget-attempt": _forget_to_record_the_attempt,
    "limits-per-process": _count_limits_in_each_process,
    "drop-on-503": lambda: _drop_a_message("graph_unavailable", "throttled"),
    "drop-on-401": lambda: _drop_a_message("unauthorized"),
    "stale-rules": _decide_with_stale_rules,
    "keep-charge": _never_refund,
    "ignore-lease": _ignore_the_lease,
    "any-key": _accept_any_key,
    "no-brake": _write_in_the_brake,
    "superseded": _superseded_by_any_read,
    "stale-group": _never_refresh_a_group,
    "empty-group": _take_a_group_that_fails_for_empty,
    "keep-mailbox": _never_let_a_mailbox_go,
    "keep-token": _keep_a_refused_token,
}
