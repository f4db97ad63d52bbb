"""The facts that the verdict on the app's health depends on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.storage.maintenance_report import MaintenanceReport
from shared.storage.queue_metrics import QueueMetrics
from shared.worker.health.rules_health import RulesInForce
from shared.worker.mailboxes.write_memory import MemoryState

#: names of what is read, besides queues; problems show them
RULES, MAINTENANCE, TOKEN = "rules", "maintenance", "token"
APP = "what the app recorded of itself"
STOP = "whether Joinlink is stopped"
MEMORY, HELD_EVENTS = "the memory of past writes", "the list of held events"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthFacts:
    """What was read. A fact that could not be read is missing, and `unread` has the reason by its name."""

    now: datetime
    #: the app's version of Joinlink; None before its first run of maintenance
    version: str | None = None
    #: whether the brake, JOINLINK_MODE=report, is on in the app; None if that is not known
    brake: bool | None = None
    #: where the app reads its rules; empty if that is not known
    rules_place: str = ""
    settings_problems: tuple[str, ...] = ()
    rules: RulesInForce | None = None
    last_run: MaintenanceReport | None = None
    #: whether the record of past writes is complete
    memory: MemoryState | None = None
    #: whether an admin stopped Joinlink
    is_stopped: bool = False
    #: how many events are held for an admin, counted up to `MOST_COUNTED`
    held_events: int | None = None
    queues: Mapping[str, QueueMetrics] = field(default_factory=dict)
    poison: Mapping[str, QueueMetrics] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    #: why the token service refuses a token; empty if it gives one
    token_refused: str = ""
