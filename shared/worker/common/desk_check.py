"""A command at a desk that changes something goes by the app's own rules, tenant and address, or not at all.

Another folder of rules or another tenant would make everybody look as if they had left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import DeskDiffers, StorageUnavailable
from shared.rule_files.loader import RuleFile, load_policy, rules_hash
from shared.rules.policy import Policy
from shared.storage.last_good_rules import LastGoodRules
from shared.storage.settings_fingerprint import SettingsFingerprint
from shared.worker.common.policies import RuleSource, unreadable

#: as far as the clock of a desk that writes may be from the storage service's
CLOCKS_APART = timedelta(seconds=60)
_DIFFER = (
    "the rules at this desk (policy {desk}) are not those that the app has in force (policy {app}): point"
    " JOINLINK_RULES to the app's rules, or deploy yours and wait two minutes"
)


class KeptPolicy:
    """The rules that the app has in force, as the app kept them. Nothing here writes."""

    def __init__(self, kept: LastGoodRules) -> None:
        self._kept = kept

    def files(self) -> tuple[RuleFile, ...]:
        """Return the files; none while the app never had rules in force. Raises StorageUnavailable."""
        return self._kept.read()

    def current(self) -> Policy | None:
        """Return the policy; None while the app has none. Raises StorageUnavailable."""
        return load_policy(self.files()).policy


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskCheck:
    """Compares the desk with the app."""

    desk: SettingsFingerprint
    #: reads what the app's timer noted
    app: Callable[[], SettingsFingerprint | None]
    rules: RuleSource
    kept: KeptPolicy

    def check(self) -> None:
        """Return if a run at this desk does what the app's timer would do.

        Raises:
            DeskDiffers: it would not; the text says why, and what to do.
            StorageUnavailable: the app's rules or notes can't be read.
        """
        app = self.app()
        if app is None:
            raise DeskDiffers(
                "the app's own timer has not run on this storage account yet: wait a quarter of an hour, or"
                " check AzureWebJobsStorage"
            )
        if app.tenant != self.desk.tenant:
            raise DeskDiffers(
                f"JOINLINK_TENANT_ID is {self.desk.tenant} at this desk and {app.tenant} in the app:"
                " set the app's"
            )
        if app.endpoint != self.desk.endpoint:
            raise DeskDiffers(
                "JOINLINK_NOTIFICATION_URL or JOINLINK_CLIENT_STATE_KEY is not the app's: set the app's, or"
                " wait for the app's next run if you have just changed them there"
            )
        try:
            files = self.rules.read()
        except (OSError, StorageUnavailable) as error:
            raise DeskDiffers(f"the rules of JOINLINK_RULES can't be read: {unreadable(error)}") from error
        if differ := difference(rules_hash(files), self.kept):
            raise DeskDiffers(differ)


def difference(desk: str, kept: KeptPolicy) -> str:
    """Return how rules with the hash `desk` differ from those in force; empty where they are the same.

    Raises:
        StorageUnavailable: the app's rules can't be read.
    """
    files = kept.files()
    if not files:
        return f"the app has no rules in force yet, and this desk has policy {desk}: deploy the app first"
    app = rules_hash(files)
    return "" if app == desk else _DIFFER.format(desk=desk, app=app)


def clock_problem(ours: datetime, theirs: datetime | None) -> str:
    """Return what is wrong with this machine's clock beside the service's; empty where nothing is."""
    if theirs is None or abs(ours - theirs) <= CLOCKS_APART:
        return ""
    apart = ours - theirs
    side = "ahead of" if apart > timedelta(0) else "behind"
    seconds = abs(apart).total_seconds()
    return f"this machine's clock is {seconds:.0f} s {side} the storage service's: set it, then try again"
