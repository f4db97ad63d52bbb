"""What happened to events and messages in one run of the machine: what the judge reads."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from sandbox.promises import Step
from sandbox.simulate.queue import QueuedText

_State = TypeVar("_State")


class GroupUse(StrEnum):
    """What rules use the group of organizers for."""

    NONE = "none"
    #: the rule matches only what a member organizes
    RULE = "rule"
    #: only the mailboxes of members are in scope
    SCOPE = "scope"


@dataclass(frozen=True, slots=True)
class TenantRules:
    """The rules of the tenant, by what may change in them. The second mailbox may be excluded."""

    mode: str = "enforce"
    excludes_second: bool = False
    per_hour: int | None = None
    per_mailbox_per_day: int | None = None
    uses_group: GroupUse = GroupUse.NONE

    @property
    def limits(self) -> tuple[int, ...]:
        """The limits that it has."""
        return tuple(limit for limit in (self.per_hour, self.per_mailbox_per_day) if limit is not None)

    def text(self, group: str = "") -> str:
        """Return the rule file; `group` is the object id of the group, if it uses one."""
        limits = ", ".join(
            f"{name}: {limit}"
            for name, limit in (
                ("per_hour", self.per_hour),
                ("per_mailbox_per_day", self.per_mailbox_per_day),
            )
            if limit is not None
        )
        exclude = ", exclude: [{user: p1@contoso.com}]" if self.excludes_second else ""
        include = f"[{{group: {group}}}]" if self.uses_group is GroupUse.SCOPE else "all"
        organizer = f"organizer: {{member_of: {group}}}, " if self.uses_group is GroupUse.RULE else ""
        return f"""version: 1
internal_domains: [contoso.com]
mailboxes: {{include: {include}{exclude}}}
calendars: owned
rules:
  - id: opted-out
    mode: enforce
    when: {{subject: "[no link]"}}
    action: skip
  - id: external
    mode: "{self.mode}"
    when: {{{organizer}external_attendees: {{at_least: 1}}}}
{f"    limits: {{{limits}}}" if limits else ""}
"""


@dataclass(frozen=True, slots=True)
class EventState:
    """What matters of an event at one time."""

    is_external: bool
    is_opted_out: bool = False
    is_cancelled: bool = False
    is_gone: bool = False
    is_online: bool = False


@dataclass(slots=True)
class MeetingRecord:
    """One event: its states with the times at which they began, and what was done to it.

    Attributes:
        uid: what its copies in other calendars have in common with it.
        steps: our PATCHes, and the removals of links that we could know of.
        doubts: when a delivery began, and left an attempt without a trustworthy answer.
        changes: when it got another version, but not by us.
        is_released: an admin allows one more write.
        is_known_online: Joinlink wrote its link, or saw it.
        last_reason: of its last line with a final reason, with whether the record justified it then.
    """

    id: str
    owner: int
    states: list[tuple[datetime, EventState]]
    uid: str = ""
    is_series: bool = False
    steps: list[Step] = field(default_factory=list)
    doubts: list[datetime] = field(default_factory=list)
    changes: list[datetime] = field(default_factory=list)
    is_released: bool = False
    is_known_online: bool = False
    was_removed: bool = False
    last_reason: tuple[str, bool] = ("", False)

    @property
    def now(self) -> EventState:
        """The state of the event now."""
        return self.states[-1][1]

    def since(self, moment: datetime) -> list[EventState]:
        """Return every state that the event had at or after a moment."""
        return since(self.states, moment)


@dataclass(slots=True)
class RuleHistory:
    """The rules, with the times at which they began."""

    sets: list[tuple[datetime, TenantRules]]

    @property
    def now(self) -> TenantRules:
        """The rules now."""
        return self.sets[-1][1]

    def since(self, moment: datetime) -> list[TenantRules]:
        """Return all rules that applied at or after a moment."""
        return since(self.sets, moment)

    def between(self, begin: datetime, end: datetime) -> list[TenantRules]:
        """Return all rules that applied at some time between the two."""
        return since([one for one in self.sets if one[0] <= end] or self.sets[:1], begin)


@dataclass(slots=True, kw_only=True)
class DeliveryRecord:
    """One delivery of a message to a worker."""

    queue: str
    message: QueuedText
    worker: int
    began: datetime
    #: the worker's own time
    own_began: datetime
    event: MeetingRecord | None = None
    is_attendees_copy: bool = False
    lines: list[tuple[str, str]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    #: the number of the mailbox that a task unsubscribes
    unsubscribes: int | None = None
    was_braked: bool = False
    was_killed: bool = False
    is_left_to_host: bool = False
    #: the other worker handled a message at the same time
    has_overlapped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """A PATCH of a delivery: its mailbox, and when it was sent by its worker's own clock.

    `is_refused`: Graph answered that the event has another version.
    """

    delivery: DeliveryRecord
    mailbox: int
    sent: datetime
    is_successful: bool
    is_refused: bool

    @property
    def may_count(self) -> bool:
        """Whether a limit may still count it: it does not once the worker has rolled it back undisturbed."""
        return not self.is_refused or self.delivery.has_overlapped or self.delivery.was_killed


def since(states: list[tuple[datetime, _State]], moment: datetime) -> list[_State]:
    """Return every state that applied at or after a moment."""
    began_before = [index for index, (at, _) in enumerate(states) if at < moment]
    return [state for _, state in states[began_before[-1] if began_before else 0 :]]
