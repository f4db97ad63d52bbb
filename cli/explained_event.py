"""What `joinlink explain` explains: an event, with everything that its decision depends on."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.event import Event
from shared.rules.facts import Facts
from shared.rules.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedEvent:
    """An event, the policy, the facts and the time of the decision; `notes` are more facts for the admin."""

    event: Event
    policy: Policy
    facts: Facts
    now: datetime
    #: JOINLINK_MODE=report is set
    report_only: bool = False
    notes: tuple[str, ...] = ()
