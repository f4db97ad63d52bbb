"""What the app has in force, compared with what a command has at hand. Only what is in force counts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.desk.desk_check import PolicyInForce
from shared.errors import DeskDiffers, StorageUnavailable
from shared.rule_files.loader import rules_hash
from shared.storage.settings_fingerprint import SettingsFingerprint

#: A busy app reads its rules every minute. An idle one reads them at its next maintenance, a quarter of an
#: hour later, and takes them when it has seen them twice.
_LONGEST_WAIT = timedelta(minutes=35)
_POLL_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AppInForce:
    """What the app has in force; every part may be missing before its first run."""

    #: what the app noted at its last maintenance
    app: SettingsFingerprint | None
    #: the hash of its rules; empty if it has none
    policy: str

    def in_words(self) -> str:
        """Return version, rules and brake of the app; there was a maintenance."""
        assert self.app is not None
        policy = f"policy {self.policy}" if self.policy else "no rules"
        place = f" from {self.app.rules_place}" if self.app.rules_place else ""
        brake = {True: "the brake on", False: "the brake off", None: "a brake that is not known"}
        version = f"version {self.app.version or 'before 0.2'}"
        return f"{version} of the app has {policy}{place}, and {brake[self.app.report_only]}"

    def differences(self, *, policy: str, report_only: bool, version: str = "") -> Iterator[str]:
        """Yield how the rules with the hash `policy`, the brake and the version here differ from the app's.

        What is not known of the app is left out, and so is an empty `policy` or `version`.
        """
        if policy and self.policy and policy != self.policy:
            yield (
                f"the rules here (policy {policy}) differ from the rules that the app has in force (policy"
                f" {self.policy}): the app decides by its own"
            )
        if self.app is None:
            return
        if self.app.report_only is not None and self.app.report_only is not report_only:
            here, there = ("set", "not set") if report_only else ("not set", "set")
            yield (
                f"JOINLINK_MODE=report is {here} here, and was {there} in the app at its last maintenance:"
                f" the app {'writes' if report_only else 'writes nothing'}"
            )
        if version and self.app.version and self.app.version != version:
            yield f"this command is version {version}, and the app is {self.app.version}: use the same"


def read_in_force(app: Callable[[], SettingsFingerprint | None], in_force: PolicyInForce) -> AppInForce:
    """Return what the app has in force. Raises StorageUnavailable."""
    files = in_force.files()
    return AppInForce(app=app(), policy=rules_hash(files) if files else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesWait:
    """Waits until the app has taken rules."""

    in_force: PolicyInForce
    now: Callable[[], datetime]
    #: waits for a number of seconds
    sleep: Callable[[float], None]

    def is_over(self, policy: str) -> bool:
        """Return whether the app has the rules with this hash in force. Raises StorageUnavailable."""
        return self._policy() == policy

    def wait(self, policy: str, say: Callable[[str], None]) -> None:
        """Return when the app has the rules with this hash in force; `say` shows what is waited for.

        Raises:
            DeskDiffers: it has not taken them after half an hour.
            StorageUnavailable: its rules can't be read then.
        """
        there = self._policy()
        if there == policy:
            return
        has = f"has policy {there}" if there else "has no rules"
        say(
            f"waiting until the app has policy {policy} in force: it {has}, and reads the rules within 15"
            " minutes; Ctrl-C ends the wait"
        )
        ends = self.now() + _LONGEST_WAIT
        while True:
            self.sleep(_POLL_SECONDS)
            is_over = self.now() >= ends
            try:
                there = self._policy()
            except StorageUnavailable:
                if is_over:
                    raise
                continue
            if there == policy:
                say(f"the app has policy {policy} in force")
                return
            if is_over:
                raise DeskDiffers(
                    f"the app has not taken policy {policy} within {_LONGEST_WAIT.seconds // 60} minutes: is"
                    " it running, and are these the rules that it reads? joinlink status shows where they are"
                )

    def _policy(self) -> str:
        files = self.in_force.files()
        return rules_hash(files) if files else ""
