"""What a preview shows with report rules promoted is what the worker does once they are in mode enforce."""

import io
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from cli.app import main
from sandbox.azurite import Azurite
from sandbox.graph import Fault, NotificationDelivery
from shared import logs, wiring
from shared.domain.event import Event
from shared.domain.messages import EventChange, Source
from shared.rules.policy import Policy
from shared.rules.rule_tests import run_tests
from shared.worker.common.world import World
from tests.rules.strategies import loaded
from tests.stories.test_moved_occurrences import OVER, at
from tests.stories.test_one_decision import RunningApp, draw_event, draw_rules, run_app, with_tests

TEAMS = "teamsForBusiness"
PROVIDERS = [(TEAMS, (TEAMS,)), ("unknown", (TEAMS,)), ("unknown", ()), ("skypeForBusiness", (TEAMS,))]
LIMITS = ["per_hour: 1", "per_hour: 2, per_mailbox_per_day: 1", "per_mailbox_per_day: 2"]
#: bodies whose link is behind the preview of 255 characters; the last one is larger than Joinlink reads
BODIES = [f"{'x ' * 200}https://zoom.us/j/{number}" for number in range(3)] + ["x" * ((1 << 20) + 1)]
#: where somebody moves an occurrence of a series that is over: still past, in the window, and behind it
DAYS = ["2026-11-18", "2026-12-01", "2027-03-02"]
SHARED = "team@contoso.com"
CHANCES = st.integers(0, 2**64).map(Random)
cheap = settings(
    max_examples=int(os.environ.get("PREVIEW_EXAMPLES", "4")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a story is too slow to be made smaller
)


def draw_text(chance: Random, *, limits: bool) -> str:
    """Draw a rule file whose rules may have a fallback provider, limits, and a wider scope."""
    further = ["provider: {fallback: teamsForBusiness}"]
    further += [f"limits: {{{chance.choice(LIMITS)}}}"] if limits else []
    lines: list[str] = []
    for line in draw_rules(chance).splitlines():
        lines.append(line)
        if line.strip() == "action: enable":
            lines += [f"    {each}" for each in further if chance.random() < 0.7]
    scope = ["calendars: owned", "mailboxes: {include: all, kinds: [user, shared]}"]
    lines[1:1] = [each for each in scope if chance.random() < 0.6]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Calendars:
    """The running app, whose rules are promoted, and what is in its calendars."""

    app: RunningApp
    folder: Path
    policy: Policy

    def provider(self, chance: Random, *, limits: bool) -> tuple[str, tuple[str, ...]]:
        """Draw the providers of a calendar; with limits, each can have a link."""
        return chance.choice(PROVIDERS[:1] if limits else PROVIDERS)

    def create(self, chance: Random, event: Event, organizer: str | None) -> tuple[str, str]:
        """Create an event, or a series that is over with an occurrence that was moved; maybe with a body."""
        people = self.app.stage.graph.people
        mailbox, created = self.app.create(replace(event, organizer=organizer or event.organizer))
        if chance.random() < 0.15:
            guests = [{"emailAddress": {"address": each.address}} for each in event.attendees]
            created = people.create(mailbox, **OVER, subject="o", attendees=guests)
            people.change_occurrence(mailbox, created, 1, **at(chance.choice(DAYS)))
            if chance.random() < 0.3:
                refusal = Fault(
                    path=quote(created), query="expand", status=chance.choice([403, 400]), count=None
                )
                self.app.stage.graph.faults.add(refusal)
        if chance.random() < 0.25:
            body = chance.choices(BODIES, [5, 5, 5, 1])[0]
            people.edit(mailbox, created, body={"contentType": "text", "content": body})
        return mailbox, created

    def move_to_other_calendars(
        self, chance: Random, created: list[tuple[str, str]], *, limits: bool
    ) -> None:
        """Give each mailbox a second calendar, and move some of its events there."""
        graph = self.app.stage.graph
        others = {
            mailbox: graph.add_calendar(mailbox, "Project", *self.provider(chance, limits=limits))
            for mailbox in dict.fromkeys(mailbox for mailbox, _event in created)
        }
        for mailbox, event in created:
            if chance.random() < 0.4:
                graph.people.move_to_calendar(mailbox, event, others[mailbox])

    def preview(self) -> dict[str, Any]:
        """Return the preview of the rules before they are promoted, with all meetings."""
        output = io.StringIO()
        arguments = ["--all", "--until", "90d", "--meetings", "--rules", str(self.folder), "--json"]
        with (
            mock.patch.dict("os.environ", {**self.app.stage.settings, "XDG_CACHE_HOME": str(self.folder)}),
            mock.patch.object(sys, "argv", ["joinlink", "preview", *arguments]),
            mock.patch("cli.desk.World", return_value=World(now=self.app.stage.clock.now)),
            redirect_stdout(output),
            redirect_stderr(io.StringIO()),
            pytest.raises(SystemExit) as exit_info,
        ):
            main()
        logs.configure("INFO")  # the real command is another process, with another log level
        assert not exit_info.value.code
        document: dict[str, Any] = json.loads(output.getvalue())
        return document

    def enforce(self, mailbox: str, event: str) -> dict[str, Any]:
        """Let the worker handle the event now; return its line."""
        now = self.app.stage.clock.now()
        change = EventChange(mailbox=mailbox, event=event, source=Source.SWEEP, received=now, trace="t")
        self.app.caplog.clear()
        wiring.joinlink().event_messages.handle(change.encode().encode(), 1)
        return self.app.decided(event)


@contextmanager
def calendars(
    chance: Random, azurite: Azurite, folder: Path, caplog: pytest.LogCaptureFixture, *, limits: bool
) -> Iterator[Calendars]:
    """Draw rules and calendars. The app has handled some of the events, and people removed some links."""
    text = draw_text(chance, limits=limits)
    preview_rules = folder / "preview"
    preview_rules.mkdir(exist_ok=True)
    (preview_rules / "rules.yaml").write_text(text)
    members = chance.choice([None, chance.sample(["al", "bo@fabrikam.com", "cy@contoso.com"], 2)])
    promoted = text.replace("mode: report", "mode: enforce")
    sketches = run_tests(loaded(with_tests(promoted, [draw_event(chance) for _ in range(12)], None)))
    with run_app(azurite, folder, promoted, members, caplog) as app:
        drawn = Calendars(app, preview_rules, loaded(promoted))
        graph = app.stage.graph
        graph.delivery = NotificationDelivery(lose=1.0)
        if "shared" in text:
            graph.add_user("team", SHARED, kind="shared")
        for _row, user in graph.people._tenant.directory.users():
            calendar = graph.people._tenant.mailboxes.of(user.id).default_calendar
            calendar.default_provider, calendar.allowed_providers = drawn.provider(chance, limits=limits)
        organizers = [None, SHARED] if "shared" in text else [None]
        created = [drawn.create(chance, each.input.event, chance.choice(organizers)) for each in sketches]
        if "calendars: owned" in text:
            drawn.move_to_other_calendars(chance, created, limits=limits)
        if chance.random() < 0.1:
            graph.faults.add(Fault(path="/organization$", status=403, count=None))
        if not limits:
            for mailbox, event in created[:5]:
                if drawn.enforce(mailbox, event)["outcome"] == "enabled" and chance.random() < 0.6:
                    graph.people.remove_link(mailbox, event)
        app.stage.clock.advance(timedelta(minutes=5))
        yield drawn


@cheap
@given(chance=CHANCES)
def test_preview_against_enforce_is_a_difference_of_zero(
    chance: Random, azurite: Azurite, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """For coming events of random calendars, at one instant: each outcome, reason and rule."""
    with calendars(chance, azurite, tmp_path, caplog, limits=False) as drawn:
        coming = [each for each in drawn.preview()["meetings"] if not each["past"]]
        previewed = {each["event"]: each["decisions"][0]["promoted"] for each in coming}
        lines = {each["event"]: drawn.enforce(each["mailbox"], each["event"]) for each in coming}

    assert coming
    added = {each["event"] for each in coming if each["added"]}
    keys = ("outcome", "reason", "rule")
    assert {event: tuple(line[key] for key in keys) for event, line in lines.items()} == {
        event: ("skipped", "already_online", None) if event in added else tuple(shown[key] for key in keys)
        for event, shown in previewed.items()
    }


@cheap
@given(chance=CHANCES)
def test_within_limits_a_preview_counts_what_enforce_adds(
    chance: Random, azurite: Azurite, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In the same order of events, the links of each rule are equal. In any order, no limit is passed."""
    with calendars(chance, azurite, tmp_path, caplog, limits=True) as drawn:
        report = drawn.preview()
        coming = [(each["mailbox"], each["event"]) for each in report["meetings"] if not each["past"]]
        is_same_order = chance.random() < 0.6
        order = coming if is_same_order else chance.sample(coming, len(coming))
        lines = {each: drawn.enforce(*each) for each in order}

    shown = {x["rule"]: x["within_limits"] for x in report["rule_sets"][0]["promoted"]["limits"]}
    enabled = {each: line["rule"] for each, line in lines.items() if line["outcome"] == "enabled"}
    added = Counter(enabled.values())
    of_day = Counter((mailbox, rule) for (mailbox, _event), rule in enabled.items())
    if is_same_order:
        assert added == {rule: links for rule, links in shown.items() if links}
    for rule in drawn.policy.rules:
        most_of_day = max((links for (_mailbox, each), links in of_day.items() if each == rule.id), default=0)
        assert max(added[rule.id], shown.get(rule.id, 0)) <= (rule.limits.per_hour or 1000)
        assert most_of_day <= (rule.limits.per_mailbox_per_day or 1000)
