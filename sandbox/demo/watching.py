"""How Joinlink looks after the calendars it watches, from its log lines and Graph's POSTs. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sandbox.demo.happenings import Key, lifecycle_events
from sandbox.demo.journal import Line
from sandbox.graph import Exchange
from shared.domain.decision import Reason
from shared.domain.messages import Source, TaskReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """Counts of a day: of subscriptions unless the name tells otherwise."""

    made: int
    #: removed by Graph, which said so
    removed: int
    #: that Graph wanted reauthorized
    doubted: int
    remade: int
    #: put in the place of one that no notification came from
    replaced: int
    renewed: int
    sweeps: int
    #: events of which a sweep told first
    found: frozenset[Key]
    #: events that sweeps had looked at though a notification should have brought them to their link
    missed: int
    #: mailboxes that the timer, when it last ran, knew as having no calendar
    parked: int


def watching(lines: Sequence[Line], posts: Iterable[Exchange]) -> Watching:
    """Return the counts."""
    told = lifecycle_events(posts)
    named = Counter(line["event"] for line in lines)
    subscribed = Counter(
        (line["how"], line["because"]) for line in lines if line["event"] == "mailbox.subscribed"
    )
    counts = [line["mailboxes"] for line in lines if line["event"] == "maintenance.finished"]
    return Watching(
        made=subscribed[Reason.SUBSCRIPTION_CREATED, TaskReason.NEW],
        removed=told["subscriptionRemoved"],
        doubted=told["reauthorizationRequired"],
        remade=subscribed[Reason.SUBSCRIPTION_CREATED, TaskReason.SUBSCRIPTION_REMOVED],
        replaced=subscribed[Reason.SUBSCRIPTION_REPLACED, TaskReason.QUIET],
        renewed=named["mailbox.renewed"],
        sweeps=named["mailbox.swept"],
        found=frozenset(key for key, source in _first_sources(lines).items() if source == Source.SWEEP),
        missed=sum(line["missed"] for line in lines if line["event"] == "mailbox.swept"),
        parked=counts[-1].get("unusable", 0) if counts else 0,
    )


def _first_sources(lines: Iterable[Line]) -> dict[Key, str]:
    """Return what made Joinlink look at each event first."""
    sources: dict[Key, str] = {}
    for line in lines:
        if line["event"] == "event.decided":
            sources.setdefault((line["mailbox"], line["event_id"]), line["source"])
    return sources
