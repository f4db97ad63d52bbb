"""One decision, many readers: the live worker, `joinlink explain` and the tests inside rules, side by side."""

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
SETTLE = timedelta(seconds=60)
AT = "2026-11-23 07:01"
WORDS = ["Review", "https://zoom.us/j/1", "o", "x", "Überblick"]
CONDITIONS = [*LEAF_TEXTS, "{is_recurring: true}", "{is_all_day: true}", "{categories: o}", "{organizer: {address_in: cy@contoso.com}}"]  # fmt: skip
#: what a test may say of its event, and how often it does
SAID: dict[str, tuple[float, Callable[[Random], Any]]] = {
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


def event_said(chance: Random) -> dict[str, Any]:
    """Draw an event as a test inside a rule says it."""
    if chance.random() < 0.1:
        return {"organizer": "al", "all_day": True, "attendees": ["bo@fabrikam.com"]}
    said = {key: make(chance) for key, (share, make) in SAID.items() if chance.random() < share}
    return {"organizer": chance.choice(["al", "cy@contoso.com"]), **said}


def condition_said(chance: Random) -> str:
    """Draw a condition: mostly a plain one, sometimes turned round, sometimes one of several."""
    first, second = chance.sample(CONDITIONS, 2)
    return chance.choice([first, first, f"{{not: {first}}}", f"{{any: [{first}, {second}]}}", f"{{all: [{first}, {second}]}}"])  # fmt: skip


def rules_said(chance: Random) -> str:
    """Draw a rule file; its last line is the last rule's."""
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
            f"    when: {condition_said(chance)}",
            *([f"    unless: {condition_said(chance)}"] if chance.random() < 0.3 else []),
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
class Scene:
    """The whole app with one policy, and what it logged."""

    stage: Stage
    caplog: pytest.LogCaptureFixture

    def create(self, event: Event) -> tuple[str, str]:
        """Have the organizer's client make the event; return mailbox and event id."""
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
        """Ask the command about the event as it lies there, as at the moment at which the worker will look."""
        at = (self.stage.clock.now() + SETTLE).isoformat()
        words = ["--mailbox", mailbox, "--event-id", event_id, "--at", at, "--json"]
        said = io.StringIO()
        with (
            mock.patch.dict("os.environ", self.stage.settings),
            mock.patch.object(sys, "argv", ["joinlink", "explain", *words]),
            redirect_stdout(said),
            pytest.raises(SystemExit) as ended,
        ):
            main()
        assert not ended.value.code
        told: dict[str, Any] = json.loads(said.getvalue())
        return told

    def decided(self, event_id: str) -> dict[str, Any]:
        """Return the worker's first line about the event."""
        said = [json.loads(r.getMessage()) for r in self.caplog.records if r.name == "joinlink"]
        return next(
            line for line in said if line["event"] == "event.decided" and line["event_id"] == event_id
        )


@contextmanager
def scene(
    azurite: Azurite, folder: Path, text: str, members: list[str] | None, caplog: pytest.LogCaptureFixture
) -> Iterator[Scene]:
    """Play with this rule file; `members` are those of the one group, None where Graph does not tell: nobody in it is no answer."""
    rules = folder / "rules"
    rules.mkdir(exist_ok=True)
    (rules / "rules.yaml").write_text(text)
    caplog.clear()
    with stage(azurite, rules, {"JOINLINK_SETTLE": "60s"}) as everything:
        graph = everything.graph
        users = {
            name: graph.add_user(name, name if "@" in name else f"{name}@contoso.com") for name in PEOPLE
        }
        for name in ("al", "cy@contoso.com"):
            everything.watch(users[name])
        if members is not None:
            ids = tuple(users[name].id for name in members)
            graph.directory.put_group(DirectoryGroup(id=GROUP, name="pilot", members=ids))
        yield Scene(everything, caplog)


def with_tests(text: str, events: list[dict[str, Any]], members: list[str] | None) -> str:
    """Return the rule file with a test for each event in its last rule."""
    known = "" if members is None else f", members: {{{GROUP}: {json.dumps(members)}}}"
    tests = [
        f"      - {{name: e{number}, at: {AT}, expect: enable, event: {json.dumps(event)}{known}}}\n"
        for number, event in enumerate(events)
    ]
    return f"{text}    tests:\n{''.join(tests)}"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.integers(0, 2**64).map(Random))  # evenly drawn: what is simple comes often enough
def test_worker_explain_and_rule_tests_decide_alike(
    chance: Random, azurite: Azurite, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the rules and the event: through Graph, queue and tables; at the desk; and from three words in a file."""
    caplog.set_level(logging.DEBUG, "joinlink")
    members = chance.choice([None, chance.sample(PEOPLE, chance.randint(1, 2))])
    whole = with_tests(rules_said(chance), [event_said(chance) for _ in range(8)], members)
    policy = loaded(whole)
    tested = run_tests(policy)
    with scene(azurite, tmp_path, whole, members, caplog) as play:
        made = [play.create(result.input.event) for result in tested]
        told = [play.explain(*each) for each in made]
        play.stage.graph.deliver()
        play.stage.clock.advance(SETTLE)
        play.stage.host.drain()
        lines = [play.decided(event_id) for _, event_id in made]

    for line, explained, result in zip(lines, told, tested, strict=True):
        assert line["policy"] == explained["policy"] == policy.hash
        assert (line["outcome"], line["reason"], line["rule"]) == (
            OUTCOMES[Verdict(explained["verdict"])], explained["reason"], explained["rule"],
        )  # fmt: skip
        promised = ["projected", "projected_reason", "projected_rule"]
        assert [line[key] for key in promised] == [explained[key] for key in promised]
        if policy.rules[-1].mode != "off":  # a test counts its rule even so
            assert [line[key] for key in promised] == promised_by(result)


def promised_by(result: RuleTestResult) -> list[str | None]:
    """Return what a rule test says of the policy as if promoted, in the words of a projection."""
    decision = result.decision
    verdict = Verdict.SKIP if decision.reason is Reason.AWAITING_DATA else decision.verdict
    return [verdict, decision.reason, decision.rule]
