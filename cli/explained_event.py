"""What `joinlink explain` and `events` show: an event, with everything that its decision depends on."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.event import Event
from shared.rules.explain import Explanation, explain
from shared.rules.facts import Facts
from shared.rules.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedEvent:
    """An event, the policy, the facts and the time of the decision, with more facts for the admin.

    `general_notes` are about the mailbox, the rules and the app, and so the same for each of its events.
    """

    event: Event
    policy: Policy
    facts: Facts
    now: datetime
    #: JOINLINK_MODE=report is set
    report_only: bool = False
    general_notes: tuple[str, ...] = ()
    own_notes: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """All notes."""
        return (*self.general_notes, *self.own_notes)


@dataclass(frozen=True, slots=True)
class Explained:
    """An event with its explanation; of a series, `next_start` is that of the next occurrence if known.

    `calendar` is the name of its calendar, empty for the default one, and if that was not asked for.
    """

    explained: ExplainedEvent
    explanation: Explanation
    next_start: datetime | None = None
    calendar: str = ""


def with_explanation(event: ExplainedEvent) -> Explained:
    """Return the event with its explanation, under the brake if that is set."""
    explanation = explain(event.event, event.policy, event.facts, event.now)
    if event.report_only:
        explanation = replace(explanation, decision=explanation.decision.under_brake())
    return Explained(event, explanation)
