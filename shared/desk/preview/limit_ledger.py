"""Counts links against the limits of rules, for meetings that are all handled in the same hour. Pure."""

from collections import Counter

from shared.desk.preview.previewed import Alternatives, PreviewedDecision
from shared.rules.policy import Policy


class LimitLedger:
    """What the limits of one policy allow, in the order in which meetings are handled.

    That is what happens when a rule is promoted and the next sweep finds all meetings that it wants.
    """

    def __init__(self, policy: Policy) -> None:
        self._limits = {rule.id: rule.limits for rule in policy.rules}
        self._of_hour: Counter[str] = Counter()
        self._mailbox = ""
        self._of_day: Counter[str] = Counter()

    def decide(self, mailbox: str, alternatives: Alternatives) -> PreviewedDecision:
        """Return the decision that the limits leave, and count its link.

        Calls for one mailbox follow each other: only its numbers are kept.
        """
        if mailbox != self._mailbox:
            self._mailbox = mailbox
            self._of_day.clear()
        for decision in alternatives:
            if not decision.adds_link or self._charge(decision.rule or ""):
                return decision
        return alternatives[-1]

    def _charge(self, rule: str) -> bool:
        limits = self._limits[rule]
        most_of_hour, most_of_day = limits.per_hour, limits.per_mailbox_per_day
        if most_of_day is not None and self._of_day[rule] >= most_of_day:
            return False
        if most_of_hour is not None and self._of_hour[rule] >= most_of_hour:
            return False
        self._of_day[rule] += 1
        self._of_hour[rule] += 1
        return True
