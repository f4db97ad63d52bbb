"""A tenant in which a test runs a canary: its small app adds a link to each event that it is notified of."""

from datetime import timedelta
from typing import Any

from shared.desk.canary.canary import Canary
from shared.desk.canary.canary_plan import CanaryPlan, CanaryWish, Judge, plan_canary
from shared.desk.canary.hops import HopResult
from shared.domain.meeting import Meeting, MeetingState
from shared.rule_files.loader import RuleFile, load_policy
from shared.rules.facts import Facts
from tests.canary_rules import RULES
from tests.desk.trial_tenant import TrialTenant
from tests.sandbox.graph.world import GO_ONLINE

TEAMS = "teamsForBusiness"


class CanaryTenant(TrialTenant):
    """`state` is what the app records when it has written; it writes only if `writes`."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = True
        self.state = MeetingState.ENABLED
        self._recorded: dict[str, Meeting] = {}
        policy = load_policy([RuleFile("rules.yaml", RULES.encode())]).policy
        assert policy
        self.judge = Judge(policy=policy, facts=Facts(), has_brake=False)

    def sleep(self, seconds: float) -> None:
        """Let the time pass, and the app handle what it was notified of."""
        super().sleep(seconds)
        items = [item for _url, body in self.posts for item in body["value"]]
        for event in [item["resourceData"]["id"] for item in items]:
            if self.writes and event not in self._recorded:
                self.patch(self.ada, event, GO_ONLINE)
                self._recorded[event] = Meeting(state=self.state, at=self.clock.now, rule="external")

    def plan(self, **wish: Any) -> CanaryPlan:
        """Plan a canary in Ada's mailbox. Raises NoCanary."""
        wanted = CanaryWish(organizer="ada@contoso.com", **wish)
        return plan_canary(wanted, self.judge, now=self.clock.now, transaction="transaction-1")

    def canary(self) -> Canary:
        """Return a canary that waits a minute for the link, without the app's log."""
        return Canary(
            trial=self.trial(self.ada),
            judge=self.judge,
            record=self._recorded.get,
            log=None,
            timeout=timedelta(minutes=1),
            settle=timedelta(seconds=5),
            say=lambda _text: None,
        )

    def run(self, plan: CanaryPlan) -> list[HopResult]:
        """Run a canary to its end."""
        return list(self.canary().run(plan, TEAMS))
