"""Every setting by its name: set, left at its default, missing, or wrong. Values are not told."""

from collections.abc import Iterator, Mapping

from shared.desk.findings import Finding, untold, well, wrong
from shared.errors import SettingProblem, SettingsError
from shared.settings import STORAGE, read_settings

#: as local.settings.sample.json has them; the words are what holds where they are not set
_NAMES = {
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
    "JOINLINK_LOG_LEVEL": "info",
}


def look(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield each setting; one line for each problem of it."""
    problems = _problems(environ)
    for name, default in _NAMES.items():
        own = [problem for problem in problems if _is_about(problem, name)]
        if own:
            yield from (
                wrong(name, problem.text if problem.setting == name else str(problem)) for problem in own
            )
        elif _is_set(environ, name):
            yield well(name, "set")
        else:
            yield untold(name, f"not set: {default}" if default else "not set")


def _problems(environ: Mapping[str, str]) -> tuple[SettingProblem, ...]:
    try:
        read_settings(environ)
    except SettingsError as error:
        return error.problems
    return ()


def _is_about(problem: SettingProblem, name: str) -> bool:
    return problem.setting == name or (name == STORAGE and problem.setting.startswith(f"{STORAGE}__"))


def _is_set(environ: Mapping[str, str], name: str) -> bool:
    return any(
        value.strip()
        for key, value in environ.items()
        if key == name or (name == STORAGE and key.startswith(f"{STORAGE}__"))
    )
