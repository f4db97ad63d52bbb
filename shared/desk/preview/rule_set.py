"""A set of rules that a preview holds against calendars, as it stands and with its report rules promoted."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from shared.domain.decision import Mode
from shared.rules.policy import Policy, Rule


class Stance(StrEnum):
    """Which rules count."""

    #: the rules in mode `enforce`
    AS_IT_STANDS = "as_it_stands"
    #: those in mode `report` too, as if all of them were in mode `enforce`
    PROMOTED = "promoted"


class StancePolicies(NamedTuple):
    """The policies of one stance: for meetings that have not ended, and for those that have.

    A past meeting is decided as of its creation, but by the rules that are active now: the admin asks about
    those.
    """

    coming: Policy
    past: Policy


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules, and the name by which an admin knows them, such as a folder."""

    name: str
    policy: Policy

    def policies(self, now: datetime) -> dict[Stance, StancePolicies]:
        """Return the policies of each stance, for a preview at `now`."""
        policies = {Stance.AS_IT_STANDS: self.policy, Stance.PROMOTED: promoted(self.policy)}
        return {stance: StancePolicies(each, _for_past(each, now)) for stance, each in policies.items()}


def promoted(policy: Policy) -> Policy:
    """Return the policy with all its report rules in mode `enforce`."""
    rules = (replace(rule, mode=Mode.ENFORCE) if rule.mode is Mode.REPORT else rule for rule in policy.rules)
    return replace(policy, rules=tuple(rules))


def _for_past(policy: Policy, now: datetime) -> Policy:
    """Return the policy in which the rules that are active now always are, and the others are off."""
    return replace(policy, rules=tuple(_always_or_never(rule, now) for rule in policy.rules))


def _always_or_never(rule: Rule, now: datetime) -> Rule:
    if rule.is_evaluated(now):
        return replace(rule, active=None)
    return replace(rule, mode=Mode.OFF)
