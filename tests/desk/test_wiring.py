"""The desk can read the rules in force, but not replace them."""

from collections.abc import Callable, Iterator
from functools import partial
from types import FunctionType, MethodType
from typing import Any

import pytest

from shared.desk.desk_check import DeskCheck
from shared.desk.wiring import Desk
from shared.storage.last_good_rules import LastGoodRules, LastGoodRulesStore
from shared.wiring import Joinlink, Parts
from shared.worker.common.policy_reloader import PolicyReloader
from shared.worker.common.world import World

ENVIRON = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "JOINLINK_TENANT_ID": "c0ffee00-0000-4000-8000-000000000001",
    "JOINLINK_CLIENT_ID": "c0ffee00-0000-4000-8000-000000000002",
    "JOINLINK_CLIENT_SECRET": "a secret",
    "JOINLINK_CLIENT_STATE_KEY": "k" * 32,
    "JOINLINK_NOTIFICATION_URL": "https://joinlink.example/api/notifications?code=x",
}
BUILDERS: dict[str, Callable[[Desk], object]] = {
    "app_log": lambda desk: desk.app_log("c0ffee00-0000-4000-8000-000000000003"),
    "backfill": lambda desk: desk.backfill(lambda _seconds: None),
    "checkup": Desk.checkup,
    "decision_log": lambda desk: desk.decision_log("c0ffee00-0000-4000-8000-000000000003"),
    "doctor": Desk.doctor,
    "event_reader": Desk.event_reader,
    "graph": Desk.graph,
    "held_events": Desk.held_events,
    "maintenance": Desk.maintenance,
    "meetings": Desk.meetings,
    "memory": Desk.memory,
    "policy_in_force": Desk.policy_in_force,
    "preview": Desk.preview,
    "readiness": Desk.readiness,
    "replay": Desk.replay,
    "storage_trial": Desk.storage_trial,
    "trial_mailbox": lambda desk: desk.trial_mailbox("ada@contoso.com", lambda _seconds: None),
    "unsubscription": Desk.unsubscription,
    "write_history": Desk.write_history,
}
NOT_BUILDERS = {
    "age_of_maintenance",
    "client_state",
    "clock_problem",
    "close",
    "environ",
    "has_storage",
    "is_report_only",
    "in_force",
    "rights",
    "rules",
    "settings",
    "user",
    "world",
}


def reachable(root: object) -> Iterator[object]:
    """Yield all our objects that `root` refers to: in attributes, containers, closures and arguments."""
    seen: set[int] = set()
    left: list[Any] = [root]
    while left:
        found = left.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        match found:
            case dict():
                left += [*found.keys(), *found.values()]
            case list() | tuple() | set() | frozenset():
                left += found
            case MethodType():
                left += [found.__self__, found.__func__]
            case FunctionType():
                left += [cell.cell_contents for cell in found.__closure__ or ()]
            case partial():
                left += [found.func, *found.args, *found.keywords.values()]
            case _ if type(found).__module__.startswith("shared."):
                left += vars(found).values() if hasattr(found, "__dict__") else ()
                left += [getattr(found, name, None) for name in getattr(type(found), "__slots__", ())]


def writers(root: object) -> list[object]:
    return [found for found in reachable(root) if isinstance(found, LastGoodRulesStore | PolicyReloader)]


@pytest.mark.parametrize("name", BUILDERS)
def test_the_desk_cannot_replace_the_rules_in_force(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of its objects refers to a writer of the last good rules."""
    monkeypatch.setattr(DeskCheck, "check", lambda _check: None)
    desk = Desk(Parts(ENVIRON, World()))
    built = BUILDERS[name](desk)

    assert writers([built, desk]) == []
    desk.close()


def test_every_builder_of_the_desk_is_tested() -> None:
    """A new method of `Desk` needs a row above."""
    public = {name for name in vars(Desk) if not name.startswith("_")}

    assert public == {*BUILDERS, *NOT_BUILDERS}


def test_the_search_finds_the_apps_writer() -> None:
    """So the tests above would fail if the desk had one. Both read the rules in force."""
    app, desk = Joinlink(Parts(ENVIRON, World())), Desk(Parts(ENVIRON, World()))

    assert writers(app.event_messages)
    assert any(isinstance(found, LastGoodRules) for found in reachable(desk.policy_in_force()))
    app.close()
    desk.close()
