"""Checks each setting: set, default, missing or wrong. Of those that may be secret it shows no value."""

from collections.abc import Callable, Iterator, Mapping

from shared.desk.findings import Finding, failed, passed, unknown
from shared.errors import SettingProblem, SettingsError, SignInFailed
from shared.settings import STORAGE, Settings

#: every setting of local.settings.sample.json, with what holds if it is not set
_DEFAULTS = {
    STORAGE: "",
    "JOINLINK_TENANT_ID": "",
    "JOINLINK_CLIENT_ID": "the system-assigned managed identity",
    "JOINLINK_CLIENT_SECRET": "",
    "JOINLINK_CLIENT_CERTIFICATE": "",
    "JOINLINK_CLOUD": "global",
    "JOINLINK_GRAPH_URL": "the cloud's own",
    "JOINLINK_NOTIFICATION_URL": "",
    "JOINLINK_CLIENT_STATE_KEY": "",
    "JOINLINK_CLIENT_STATE_KEY_PREVIOUS": "",
    "JOINLINK_RULES": "the folder rules",
    "JOINLINK_SETTLE": "20s",
    "JOINLINK_MODE": "the rules' own modes",
    "JOINLINK_CALENDAR_SUBSCRIPTIONS": "off",
    "JOINLINK_LOG_LEVEL": "info",
}


#: settings whose values are not secret
_PLAIN = frozenset(
    {
        "JOINLINK_TENANT_ID",
        "JOINLINK_CLIENT_ID",
        "JOINLINK_CLOUD",
        "JOINLINK_GRAPH_URL",
        "JOINLINK_RULES",
        "JOINLINK_SETTLE",
        "JOINLINK_MODE",
        "JOINLINK_LOG_LEVEL",
    }
)
_EFFECTS = {("JOINLINK_MODE", "report"): ": the brake is on here, so nothing is written"}


def check(environ: Mapping[str, str], read: Callable[[], Settings]) -> Iterator[Finding]:
    """Yield one finding for each setting, or one for each of its problems; `read` reads and checks all."""
    problems: tuple[SettingProblem, ...] = ()
    try:
        read()
    except SettingsError as error:
        problems = error.problems
    except SignInFailed as error:
        yield failed("Key Vault", str(error))
    for name, default in _DEFAULTS.items():
        own = [problem for problem in problems if _is_part_of(name, problem.setting)]
        if own:
            yield from (
                failed(name, problem.text if problem.setting == name else str(problem)) for problem in own
            )
        elif any(value.strip() for key, value in environ.items() if _is_part_of(name, key)):
            yield passed(name, _shown(name, environ))
        else:
            yield unknown(name, f"not set: {default}" if default else "not set")


def _shown(name: str, environ: Mapping[str, str]) -> str:
    """Return what a setting is; only that it is set, where it is or may contain a secret."""
    value = environ.get(name, "").strip().partition("?")[0]
    if name not in _PLAIN or value.startswith("@"):
        return "set"
    return f"{value}{_EFFECTS.get((name, value.lower()), '')}"


def _is_part_of(name: str, key: str) -> bool:
    """Return whether a key is the setting of this name; the storage setting may have several keys."""
    return key == name or (name == STORAGE and key.startswith(f"{STORAGE}__"))
