"""Checks that a command which changes something uses the app's own rules, tenant and notification URL.

With another folder of rules or another tenant, every mailbox would look as if it had left the scope.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import DeskDiffers, StorageUnavailable
from shared.rule_files.loader import RuleFile, load_policy, rules_hash
from shared.rules.policy import Policy
from shared.storage.last_good_rules import LastGoodRules
from shared.storage.settings_fingerprint import SettingsFingerprint
from shared.worker.common.rule_ports import RuleSource, read_problem

#: the largest difference to the storage service's clock at which a command may write
CLOCKS_APART = timedelta(seconds=60)


class PolicyInForce:
    """Reads the rules that the app has in force."""

    def __init__(self, rules: LastGoodRules) -> None:
        self._rules = rules

    def files(self) -> tuple[RuleFile, ...]:
        """Return the files; none if the app never had rules in force. Raises StorageUnavailable."""
        return self._rules.read()

    def current(self) -> Policy | None:
        """Return the policy; None if the app has none. Raises StorageUnavailable."""
        return load_policy(self.files()).policy


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskCheck:
    """Compares the settings and rules of this machine with the app's."""

    desk: SettingsFingerprint
    #: reads what the app's timer recorded
    app: Callable[[], SettingsFingerprint | None]
    rules: RuleSource
    in_force: PolicyInForce

    def check(self) -> None:
        """Return if maintenance here does the same as the app's timer.

        Raises:
            DeskDiffers: it does not; the text says why, and what to do.
            StorageUnavailable: the app's rules or settings can't be read.
        """
        app = self.app()
        if app is None:
            raise DeskDiffers(
                "the app's timer has not run on this storage account yet: wait for 15 minutes, or"
                " check AzureWebJobsStorage"
            )
        if app.tenant != self.desk.tenant:
            raise DeskDiffers(
                f"JOINLINK_TENANT_ID is {self.desk.tenant} here and {app.tenant} in the app:"
                " set it to the app's value"
            )
        if app.endpoint != self.desk.endpoint:
            raise DeskDiffers(
                "JOINLINK_NOTIFICATION_URL or JOINLINK_CLIENT_STATE_KEY differs from the app's: set it to"
                " the app's value. If you have just changed it in the app, wait for the app's next run"
            )
        try:
            files = self.rules.read()
        except (OSError, StorageUnavailable) as error:
            raise DeskDiffers(f"the rules of JOINLINK_RULES can't be read: {read_problem(error)}") from error
        if difference := rules_difference(rules_hash(files), self.in_force):
            raise DeskDiffers(difference)


def rules_difference(desk: str, in_force: PolicyInForce) -> str:
    """Return how rules with the hash `desk` differ from those in force; empty if they are the same.

    Raises:
        StorageUnavailable: the app's rules can't be read.
    """
    files = in_force.files()
    if not files:
        return f"the app has no rules in force yet, and here is policy {desk}: deploy the app first"
    app = rules_hash(files)
    if app == desk:
        return ""
    return (
        f"the rules here (policy {desk}) differ from the rules that the app has in force (policy {app}):"
        " set JOINLINK_RULES to the app's rules, or deploy yours and use --wait"
    )


def clock_problem(ours: datetime, theirs: datetime | None) -> str:
    """Return how far this machine's clock differs from the storage service's; empty if by little."""
    if theirs is None or abs(ours - theirs) <= CLOCKS_APART:
        return ""
    apart = ours - theirs
    side = "ahead of" if apart > timedelta(0) else "behind"
    seconds = abs(apart).total_seconds()
    return f"this machine's clock is {seconds:.0f} s {side} the storage service's: set it, then try again"
