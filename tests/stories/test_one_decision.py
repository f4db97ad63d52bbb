"""The worker, `joinlink explain` and the tests inside rules decide the same."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from cli.app import main
from sandbox.azurite import Azurite
from sandbox.graph.directory import DirectoryGroup
from sandbox.stage import Stage, stage
from shared.domain.decision import Outcome, Reason, Verdict
from shared.domain.event import Event
from shared.rules.rule_tests import RuleTestResult, run_tests
from tests.cli import graph_json
from tests.rules.strategies import GROUP, LEAF_TEXTS, loaded

PEOPLE = ["al", "cy@contoso.com", "bo@fabrikam.com", "bo@northwind.com", "dee@sub.contoso.com"]
#: of the people who organize
DEPARTMENTS = {"al": "Legal", "cy@contoso.com": ""}
SETTLE = timedelta(seconds=60)
AT = "2026-11-23 07:01"
WORDS = ["Review", "https://zoom.us/j/1", "o", "x", "Überblick"]
CONDITIONS = [*LEAF_TEXTS, "{is_recurring: true}", "{is_all_day: true}", "{categories: o}", "{organizer: {address_in: cy@contoso.com}}"]  # fmt: skip
#: the keys of a test's event: how often each is drawn, and its values
KEYS: dict[str, tuple[float, Callable[[Random], Any]]] = {
    "attendees": (0.8, lambda chance: chance.sample(PEOPLE, chance.randint(1, 4))),
    "rooms": (0.2, lambda _: ["boardroom"]),
    "subject": (0.5, lambda chance: chance.choice(WORDS)),
    "body": (0.2, lambda chance: chance.choice(WORDS)),
    "location": (0.4, lambda chance: chance.sample(WORDS, chance.randint(1, 2))),
    "start": (0.6, lambda chance: chance.choice(["mon 23:30", "sun 05:00", "in 30m", "in 2h", "2026-11-23 06:00"])),
    "duration": (0.4, lambda chance: chance.choice(["30m", "90m", "3d"])),
    "recurring": (0.2, lambda _: True),
    "categories": (0.2, lambda chance: chance.sample(WORDS, chance.randint(1, 2))),
    "sensitivity": (0.2, lambda _: "private"),
    "draft": (0.1, lambda _: True),
    "online": (0.05, lambda _: True),
}  # fmt: skip


def draw_event(chance: Random) -> dict[str, Any]:
    """Draw an event as a test inside a rule describes it."""
    if chance.random() < 0.1:
        return {
            "organizer": "al",
            "department": DEPARTMENTS["al"],
            "all_day": True,
            "attendees": ["bo@fabrikam.com"],
        }
    drawn = {key: make(chance) for key, (share, make) in KEYS.items() if chance.random() < share}
    organizer = chance.choice(list(DEPARTMENTS))
    return {"organizer": organizer, "department": DEPARTMENTS[organizer], **drawn}


def draw_condition(chance: Random) -> str:
    """Draw a condition; sometimes inside `not`, `any` or `all`."""
    first, second = chance.sample(CONDITIONS, 2)
    return chance.choice([first, first, f"{{not: {first}}}", f"{{any: [{first}, {second}]}}", f"{{all: [{first}, {second}]}}"])  # fmt: skip


def draw_rules(chance: Random) -> str:
    """Draw a rule file that ends with its last rule."""
    lines = [
        "version: 1",
        f"internal_domains: {chance.choice(['auto', '[contoso.com]', '[contoso.com, partners]'])}",
        f"drafts: {chance.choice(['skip', 'ignore'])}",
        f"other_join_links: {chance.choice(['skip', 'ignore', '{look_in: body}'])}",
        "lists: {partners: [fabrikam.com, bo@northwind.com]}",
        "rules:",
    ]
    for number in range(chance.randint(3, 6)):
        lines += [
            f"  - id: r{number}",
            f"    mode: {chance.choice(['off', 'report', 'enforce', 'enforce', 'enforce'])}",
            f"    action: {chance.choice(['enable', 'enable', 'skip'])}",
            f"    when: {draw_condition(chance)}",
            *([f"    unless: {draw_condition(chance)}"] if chance.random() < 0.3 else []),
            *(["    active: {until: 2026-06-01}"] if chance.random() < 0.1 else []),
            f"    on_missing: {chance.choice(['skip', 'retry'])}",
        ]
    return "\n".join(lines) + "\n"


OUTCOMES = {
    Verdict.ENABLE: Outcome.ENABLED,
    Verdict.WOULD_ENABLE: Outcome.WOULD_ENABLE,
    Verdict.SKIP: Outcome.SKIPPED,
    Verdict.RETRY: Outcome.DELAYED,
}


@dataclass(frozen=True)
class RunningApp:
    """The whole app with one policy, and its log."""

    stage: Stage
    caplog: pytest.LogCaptureFixture

    def create(self, event: Event) -> tuple[str, str]:
        """Create the event in its organizer's client; return mailbox and event id."""
        written = graph_json.of_event(event)
        if event.recurrence is not None:
            written["recurrence"]["pattern"]["daysOfWeek"] = [f"{event.start:%A}".lower()]
            written["recurrence"]["range"]["startDate"] = f"{event.start:%Y-%m-%d}"
        if event.is_online_meeting:
            written["onlineMeetingProvider"] = "teamsForBusiness"
        else:
            del written["onlineMeetingProvider"]
        mine = {name: value for name, value in written.items() if not name.startswith("@")}
        owner = self.stage.graph.directory.owner(event.organizer)
        return owner.id, self.stage.graph.people.create(owner.id, **mine)

    def explain(self, mailbox: str, event_id: str) -> dict[str, Any]:
        """Return what the command shows for the event at the time at which the worker will read it."""
        at = (self.stage.clock.now() + SETTLE).isoformat()
        arguments = ["--mailbox", mailbox, "--event-id", event_id, "--at", at, "--json"]
        output = io.StringIO()
        with (
            mock.patch.dict("os.environ", self.stage.settings),
            mock.patch.object(sys, "argv", ["joinlink", "explain", *arguments]),
            redirect_stdout(output),
            pytest.raises(SystemExit) as exit_info,
        ):
            main()
        assert not exit_info.value.code
        document: dict[str, Any] = json.loads(output.getvalue())
        return document

    def decided(self, event_id: str) -> dict[str, Any]:
        """Return the worker's first line about the event."""
        logged = [json.loads(r.getMessage()) for r in self.caplog.records if r.name == "joinlink"]
        return next(
            line for line in logged if line["event"] == "event.decided" and line["event_id"] == event_id
        )


@contextmanager
def run_app(
    azurite: Azurite, folder: Path, text: str, members: list[str] | None, caplog: pytest.LogCaptureFixture
) -> Iterator[RunningApp]:
    """Run the app with this rule file; `members` are those of its group, None if Graph does not know the group."""
    rules = folder / "rules"
    rules.mkdir(exist_ok=True)
    (rules / "rules.yaml").write_text(text)
    caplog.clear()
    with stage(azurite, rules, {"JOINLINK_SETTLE": "60s"}) as running:
        graph = running.graph
        users = {
            name: graph.add_user(
                name, name if "@" in name else f"{name}@contoso.com", department=DEPARTMENTS.get(name, "")
            )
            for name in PEOPLE
        }
        for name in DEPARTMENTS:
            running.watch(users[name])
        if members is not None:
            ids = tuple(users[name].id for name in members)
            graph.directory.put_group(DirectoryGroup(id=GROUP, name="pilot", members=ids))
        yield RunningApp(running, caplog)


def with_tests(text: str, events: list[dict[str, Any]], members: list[str] | None) -> str:
    """Return the rule file with a test for each event in its last rule."""
    known = "" if members is None else f", members: {{{GROUP}: {json.dumps(members)}}}"
    tests = [
        f"      - {{name: e{number}, at: {AT}, expect: enable, event: {json.dumps(event)}{known}}}\n"
        for number, event in enumerate(events)
    ]
    return f"{text}    tests:\n{''.join(tests)}"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.integers(0, 2**64).map(Random))  # drawn evenly, so that simple cases are frequent
def test_worker_explain_and_rule_tests_decide_alike(
    chance: Random, azurite: Azurite, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """For random rules and events. The worker uses Graph, queues and tables; a rule test only a few keys."""
    caplog.set_level(logging.DEBUG, "joinlink")
    members = chance.choice([None, chance.sample(PEOPLE, chance.randint(1, 2))])
    whole = with_tests(draw_rules(chance), [draw_event(chance) for _ in range(8)], members)
    policy = loaded(whole)
    tested = run_tests(policy)
    with run_app(azurite, tmp_path, whole, members, caplog) as app:
        created = [app.create(result.input.event) for result in tested]
        explanations = [app.explain(*each) for each in created]
        app.stage.graph.deliver()
        app.stage.clock.advance(SETTLE)
        app.stage.host.drain()
        lines = [app.decided(event_id) for _, event_id in created]

    for line, explained, result in zip(lines, explanations, tested, strict=True):
        assert line["policy"] == explained["policy"] == policy.hash
        assert (line["outcome"], line["reason"], line["rule"]) == (
            OUTCOMES[Verdict(explained["verdict"])], explained["reason"], explained["rule"],
        )  # fmt: skip
        keys = ["projected", "projected_reason", "projected_rule"]
        assert [line[key] for key in keys] == [explained[key] for key in keys]
        if policy.rules[-1].mode != "off":  # a test uses its rule even if the rule is off
            assert [line[key] for key in keys] == projection_of(result)


def projection_of(result: RuleTestResult) -> list[str | None]:
    """Return a rule test's result as the three values of a projection."""
    decision = result.decision
    verdict = Verdict.SKIP if decision.reason is Reason.AWAITING_DATA else decision.verdict
    return [verdict, decision.reason, decision.rule]
