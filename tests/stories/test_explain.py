"""`joinlink explain` on live events: what it says is what the worker then does, and it touches nothing."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from cli.app import main
from tests.stories.conftest import Begin, Story

RULES = """
version: 1
mailboxes: {include: all}
rules:
  - id: opted-out
    mode: enforce
    when: {subject: "[no link]"}
    action: skip
  - id: trial
    mode: report
    when: {subject: "trial"}
  - id: external
    mode: enforce
    when: {external_attendees: {at_least: 1}}
    provider: {fallback: teamsForBusiness}
"""
GROUP = "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"
Explain = Callable[..., dict[str, Any]]


@pytest.fixture
def story(begin: Begin) -> Story:
    return begin(RULES)


@pytest.fixture
def explain(story: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Explain:
    """Return what runs the command with the app's settings, at the story's time."""
    for name, value in story.stage.settings.items():
        monkeypatch.setenv(name, value)

    def run(mailbox: str, event: str) -> dict[str, Any]:
        words = [
            "--mailbox",
            mailbox,
            "--event-id",
            event,
            "--at",
            story.stage.clock.now().isoformat(),
            "--json",
        ]
        monkeypatch.setattr(sys, "argv", ["joinlink", "explain", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return json.loads(said.out) if ended.value.code == 0 else {"exit": ended.value.code, "said": said.err}

    return run


MEETINGS = [
    pytest.param({}, ["bo@fabrikam.com"], id="a guest"),
    pytest.param({}, ["cy@contoso.com"], id="colleagues"),
    pytest.param({"subject": "Lunch [no link]"}, ["bo@fabrikam.com"], id="opted out"),
    pytest.param({"subject": "trial"}, ["cy@contoso.com"], id="report mode"),
    pytest.param({"body": {"contentType": "text", "content": "https://zoom.us/j/1"}}, ["bo@fabrikam.com"], id="on Zoom"),
    pytest.param({"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}, ["bo@fabrikam.com"], id="online"),
]  # fmt: skip


@pytest.mark.parametrize(("properties", "guests"), MEETINGS)
def test_the_worker_does_what_explain_says(
    properties: dict[str, Any], guests: list[str], story: Story, explain: Explain
) -> None:
    """Verdict, reason and rule are those of the log line; a verdict of enable ends in a link."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, *guests, **properties)
    told = explain("ada@contoso.com", meeting)
    story.wait()
    line = story.lines()[0]

    outcomes = {"enable": "enabled", "would_enable": "would_enable", "skip": "skipped"}
    assert (line["outcome"], line["reason"], line["rule"]) == (
        outcomes[told["verdict"]],
        told["reason"],
        told["rule"],
    )
    assert line["policy"] == told["policy"]
    assert told["verdict"] == "enable" or not story.calls("PATCH", ada)


def test_the_brake_is_part_of_the_answer(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever would be written: in the words of the log line, for people and for scripts."""
    story = begin(RULES, JOINLINK_MODE="report")
    ada = story.person("Ada")
    meeting = story.meeting(ada, "bo@fabrikam.com")
    for name, value in story.stage.settings.items():
        monkeypatch.setenv(name, value)
    said = []
    for extra in ([], ["--json"]):
        words = ["--mailbox", ada.id, "--event-id", meeting, "--at", "2026-11-23", *extra]
        monkeypatch.setattr(sys, "argv", ["joinlink", "explain", *words])
        with pytest.raises(SystemExit):
            main()
        said.append(capsys.readouterr().out)
    text, told = said[0], json.loads(said[1])
    story.play()
    line = story.lines()[0]

    assert (told["verdict"], told["reason"], told["rule"]) == ("would_enable", "brake", "external")
    assert (line["outcome"], line["reason"], line["rule"]) == ("would_enable", "brake", "external")
    assert (told["projected"], told["projected_rule"]) == (line["projected"], line["projected_rule"])
    assert (
        "now          gets no join link: rule external would add one, but JOINLINK_MODE=report is set (brake)\n"
        in text
    )


def test_what_joinlink_remembers_is_part_of_the_answer(story: Story, explain: Explain) -> None:
    """A link that a person took away stays away; the note tells since when."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, "bo@fabrikam.com")
    story.play()
    before = explain(ada.id, meeting)
    story.stage.graph.people.remove_link(ada.id, meeting)
    after = explain(ada.id, meeting)

    assert before["reason"] == "already_online"
    assert after["reason"] == "removed_by_user"
    assert after["notes"] == ["recorded at 2026-11-23 07:00 UTC: enabled by external"]


def test_explain_writes_nothing(story: Story, explain: Explain) -> None:
    """Not to Graph, and not to the table: the first message finds everything as it would have."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, "bo@fabrikam.com")
    for _ in range(2):
        explain(ada.id, meeting)

    assert {call.method for call in story.stage.graph.calls if ada.id in call.path} == {"GET"}
    story.wait()
    assert story.ends(ada) == [("enabled", "link_added")]


def test_an_event_that_graph_does_not_show_is_told_in_a_sentence(story: Story, explain: Explain) -> None:
    """With Graph's own words behind it, for support."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, "bo@fabrikam.com")
    gone = explain(story.person("Bea").id, meeting)
    malformed = explain(ada.id, "nonsense")

    assert (gone["exit"], malformed["exit"]) == (1, 1)
    assert gone["said"].startswith("joinlink: Graph finds no such event in this mailbox; ")
    assert malformed["said"].startswith(
        "joinlink: Graph refuses the call; check that mailbox and event id are complete "
    )


def test_rules_with_errors_are_not_asked(story: Story, explain: Explain) -> None:
    """The first error is named; warnings that stand before it are none."""
    (story.rules / "rules.yaml").write_text(f"{RULES}nonsense: 1\n")
    told = explain("ada@contoso.com", "AAMk")

    assert told["exit"] == 1
    assert "the first error:" in told["said"]
    assert 'unknown key "nonsense"' in " ".join(told["said"].split())
    assert "warning" not in told["said"]


def test_a_group_that_cannot_be_read_is_named(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rule can't be told, and the note says why."""
    story = begin(
        f"version: 1\nrules:\n  - {{id: pilot, mode: enforce, when: {{organizer: {{member_of: {GROUP}}}}}}}\n"
    )
    for name, value in story.stage.settings.items():
        monkeypatch.setenv(name, value)
    ada = story.person("Ada")
    words = ["--mailbox", ada.id, "--event-id", story.meeting(ada, "bo@fabrikam.com"), "--at", "2026-11-23"]
    monkeypatch.setattr(sys, "argv", ["joinlink", "explain", *words])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr()

    assert (
        "now          gets no join link: it is unknown whether rule pilot matches (insufficient_data)\n"
        in said.out
    )
    assert f"note  the members of group {GROUP} can't be read\n" in said.out
    assert said.err == ""
