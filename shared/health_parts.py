"""How the health is put together: as the app answers it, and as an admin's desk reads it.

Heavy modules are imported inside the builders: the webhook must not pay for what only the health needs.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from shared.errors import SettingsError, Unauthorized
from shared.parts import Parts
from shared.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.worker.health.checkup import Checkup


class HealthParts(Parts):
    """The ways in that are about health."""

    def checkup(self) -> "Checkup":
        """Return what tells the app's health; wrong settings are part of that."""
        with self._worker_lock:
            return self._checkup

    def checkup_at_the_desk(self) -> "Checkup":
        """Return the same for the admin's command, which needs the storage settings alone.

        No token is asked for, since it would be another identity's; and the rules are those that the worker
        kept, unless they lie in a container: the app's own folder is out of sight. Raises SettingsError.
        """
        with self._worker_lock:
            sees_rules = not self._settings_problems() and "://" in self._settings.rules
            return self._build_checkup((), self._health_parts(sees_rules=sees_rules))

    @cached_property
    def _checkup(self) -> "Checkup":
        from shared.worker.health.checkup import TOKEN

        problems = self._settings_problems()
        try:
            parts = self._health_parts(sees_rules=not problems)
        except SettingsError:  # not even the storage account is known: the problems say so
            return self._build_checkup(problems, {})
        return self._build_checkup(problems, parts if problems else {**parts, TOKEN: self._token_problem})

    def _build_checkup(
        self, problems: tuple[str, ...], parts: "dict[str, Callable[[], object]]"
    ) -> "Checkup":
        from shared.storage.queues import POISON_SUFFIX
        from shared.worker.health.checkup import Checkup

        queues = (EVENT_CHANGES, MAILBOX_TASKS) if parts else ()
        return Checkup(
            now=self._world.now,
            settings_problems=problems,
            parts=parts,
            queues={name: self._gauge(name) for name in queues},
            poison={name + POISON_SUFFIX: self._gauge(name + POISON_SUFFIX) for name in queues},
        )

    def _health_parts(self, *, sees_rules: bool) -> "dict[str, Callable[[], object]]":
        from shared.worker.health.checkup import HELD_EVENTS, MAINTENANCE, MEMORY, RULES
        from shared.worker.health.rules_health import rules_in_force

        kept, last_runs = self._kept_rules, self._last_runs
        source = self._rule_source if sees_rules else None
        stored = {
            MAINTENANCE: last_runs.read,
            MEMORY: self._memory_start.state,
            HELD_EVENTS: self._held.count,
        }
        return {RULES: lambda: rules_in_force(source, kept), **stored}

    def _settings_problems(self) -> tuple[str, ...]:
        try:
            read_settings(self._environ)
        except SettingsError as error:
            return tuple(map(str, error.problems))
        return ()

    def _token_problem(self) -> str:
        try:
            self._tokens.token(self._settings.cloud.graph)
        except Unauthorized as error:
            return str(error)
        return ""
