"""Builds the checkup of the app's health, for `GET /api/health` and for `joinlink status`."""

from collections.abc import Callable, Mapping
from functools import partial

from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from shared.errors import SettingsError, Unauthorized
from shared.settings import read_settings
from shared.storage.queues import POISON_SUFFIX
from shared.version import VERSION
from shared.wiring.parts import Parts
from shared.worker.health.checkup import Checkup
from shared.worker.health.facts import APP_VERSION, HELD_EVENTS, MAINTENANCE, MEMORY, RULES, STOP, TOKEN
from shared.worker.health.rules_health import rules_in_force

Readers = Mapping[str, Callable[[], object]]


def build_app_checkup(parts: Parts) -> Checkup:
    """Return the app's checkup; wrong settings are part of its result."""
    problems = settings_problems(parts)
    try:
        readers = _readers(parts, sees_rules=not problems)
    except SettingsError:  # the storage settings are wrong, too, so nothing can be read
        return _checkup(parts, VERSION, problems, {})
    if not problems:
        readers = {**readers, TOKEN: partial(_token_problem, parts)}
    return _checkup(parts, VERSION, problems, readers)


def build_desk_checkup(parts: Parts) -> Checkup:
    """Return the checkup of an admin's desk, which needs the storage settings alone.

    It asks for no token, since that would be another identity's. It reads the rules that the app has in
    force; new rules only if they are in a container, because a desk does not see the app's own folder.

    Raises:
        SettingsError: the storage settings are wrong.
    """
    sees_rules = not settings_problems(parts) and "://" in parts.process.settings.rules
    version: Readers = {APP_VERSION: partial(_app_version, parts)}
    return _checkup(parts, None, (), {**_readers(parts, sees_rules=sees_rules), **version})


def settings_problems(parts: Parts) -> tuple[str, ...]:
    """Return what is wrong with the settings."""
    try:
        read_settings(parts.process.environ)
    except SettingsError as error:
        return tuple(map(str, error.problems))
    return ()


def _checkup(parts: Parts, version: str | None, problems: tuple[str, ...], readers: Readers) -> Checkup:
    queues = (EVENT_CHANGES, MAILBOX_TASKS) if readers else ()
    metrics_reader = parts.storage.metrics_reader
    return Checkup(
        now=parts.process.world.now,
        version=version,
        settings_problems=problems,
        readers=readers,
        queues={name: metrics_reader(name) for name in queues},
        poison={name + POISON_SUFFIX: metrics_reader(name + POISON_SUFFIX) for name in queues},
    )


def _readers(parts: Parts, *, sees_rules: bool) -> Readers:
    source = parts.rule_source if sees_rules else None
    return {
        RULES: partial(rules_in_force, source, parts.last_good_rules),
        MAINTENANCE: parts.storage.maintenance_reports.read,
        MEMORY: parts.memory.state,
        STOP: parts.storage.watch_stop.is_set,
        HELD_EVENTS: parts.storage.held_events.count,
    }


def _app_version(parts: Parts) -> str | None:
    """Return the version that the app recorded at its last run of maintenance; None if it has not."""
    app = parts.storage.settings_fingerprints.read()
    return (app.version or None) if app else None


def _token_problem(parts: Parts) -> str:
    try:
        parts.graph.tokens.token(parts.process.settings.cloud.graph)
    except Unauthorized as error:
        return str(error)
    return ""
