"""Builds the checkup of the app's health, for `GET /api/health` and for `joinlink status`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from shared.errors import SettingsError, Unauthorized
from shared.settings import read_settings
from shared.storage.queues import POISON_SUFFIX
from shared.storage.settings_fingerprint import SettingsFingerprint
from shared.version import VERSION
from shared.wiring.parts import Parts
from shared.worker.health.checkup import Checkup
from shared.worker.health.facts import APP, HELD_EVENTS, MAINTENANCE, MEMORY, RULES, STOP, TOKEN
from shared.worker.health.rules_health import rules_in_force

Readers = Mapping[str, Callable[[], object]]


def build_app_checkup(parts: Parts) -> Checkup:
    """Return the app's checkup; wrong settings are part of its result."""
    problems = settings_problems(parts)
    app = SettingsFingerprint(tenant="", endpoint="", version=VERSION)
    try:
        readers = _readers(parts, sees_rules=not problems)
    except SettingsError:  # the storage settings are wrong, too, so nothing can be read
        return _checkup(parts, app, problems, {})
    if not problems:
        readers = {**readers, TOKEN: partial(_token_problem, parts)}
        report_only = parts.process.settings.report_only
        app = replace(app, report_only=report_only, rules_place=parts.rules_place)
    return _checkup(parts, app, problems, readers)


def build_desk_checkup(parts: Parts) -> Checkup:
    """Return the checkup of an admin's desk, which needs the storage settings alone.

    It asks for no token, since that would be another identity's. It reads the rules that the app has in
    force; new rules only if they are in a container, because a desk does not see the app's own folder.

    Raises:
        SettingsError: the storage settings are wrong.
    """
    sees_rules = not settings_problems(parts) and "://" in parts.process.settings.rules
    app: Readers = {APP: parts.storage.settings_fingerprints.read}
    return _checkup(parts, None, (), {**_readers(parts, sees_rules=sees_rules), **app})


def settings_problems(parts: Parts) -> tuple[str, ...]:
    """Return what is wrong with the settings."""
    try:
        read_settings(parts.process.environ)
    except SettingsError as error:
        return tuple(map(str, error.problems))
    return ()


def _checkup(
    parts: Parts, app: SettingsFingerprint | None, problems: tuple[str, ...], readers: Readers
) -> Checkup:
    queues = (EVENT_CHANGES, MAILBOX_TASKS) if readers else ()
    metrics_reader = parts.storage.metrics_reader
    return Checkup(
        now=parts.process.world.now,
        app=app,
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


def _token_problem(parts: Parts) -> str:
    try:
        parts.graph.tokens.token(parts.process.settings.cloud.graph)
    except Unauthorized as error:
        return str(error)
    return ""
