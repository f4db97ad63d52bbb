"""Compares what is at hand with what the app has in force, and waits until the app has taken it."""

from contextlib import suppress
from datetime import timedelta
from time import sleep

from cli.output import Failed, note
from shared.desk.in_force import RulesWait
from shared.desk.wiring import Desk
from shared.errors import DeskDiffers, SettingsError, SignInFailed, StorageUnavailable
from shared.rule_files.loader import load_policy
from shared.rules.policy import Policy
from shared.settings import is_brake_on
from shared.version import VERSION
from shared.worker.health.verdict import ago

#: Maintenance runs every quarter of an hour.
_LATE = timedelta(hours=1)


def differences_here(desk: Desk) -> list[str]:
    """Return how the settings and the rules here differ from the app's, as far as both can be read.

    No secret is read for it.
    """
    with suppress(SettingsError, SignInFailed, StorageUnavailable):
        policy = _policy_here(desk)
        found = desk.in_force().differences(
            policy=policy.hash if policy else "", report_only=is_brake_on(desk.environ), version=VERSION
        )
        return list(found)
    return []


def differences_from(desk: Desk, policy: Policy) -> list[str]:
    """Return how a policy and the brake here differ from the app's. Raises StorageUnavailable."""
    return list(desk.in_force().differences(policy=policy.hash, report_only=desk.is_report_only))


def wait_for_rules(desk: Desk, policy: Policy) -> None:
    """Return when the app has a policy in force. Raises DeskDiffers, StorageUnavailable."""
    wait = RulesWait(in_force=desk.policy_in_force(), now=desk.world.now, sleep=sleep)
    if wait.is_over(policy.hash):
        return
    age = desk.age_of_maintenance()
    if age is None or age > _LATE:
        last = "has never finished" if age is None else f"was {ago(age)} ago"
        note(f"the app's maintenance {last}: is the app running? Only the app takes the rules")
    wait.wait(policy.hash, note)


def valid_rules(desk: Desk) -> Policy:
    """Return the rules here, which the app could take.

    Raises:
        Failed: they have errors.
        DeskDiffers: they can't be read.
    """
    try:
        loaded = load_policy(desk.rules.read())
    except OSError as error:
        raise DeskDiffers(f"the rules of JOINLINK_RULES can't be read: {error.strerror}") from error
    if loaded.policy is None:
        raise Failed(f"the app does not take rules with errors; the first: {loaded.errors[0]}")
    return loaded.policy


def _policy_here(desk: Desk) -> Policy | None:
    with suppress(OSError):
        return load_policy(desk.rules.read()).policy
    return None
