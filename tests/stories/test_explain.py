"""`joinlink explain` for live events: it shows what the worker then does, and writes nothing."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from cli.app import main
from tests.stories.conftest import StartStory, Story

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
def story(start_story: StartStory) -> Story:
    return start_story(RULES)


@pytest.fixture
def explain(story: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Explain:
    """Return a function that runs the command with the app's settings, at the story's time."""
    for name, value in story.stage.settings.items():
        monkeypatch.setenv(name, value)

    def run(mailbox: str, event: str) -> dict[str, Any]:
        arguments = [
            "--mailbox",
            mailbox,
            "--event-id",
            event,
            "--at",
            story.stage.clock.now().isoformat(),
            "--json",
        ]
        monkeypatch.setattr(sys, "argv", ["joinlink", "explain", *arguments])
        with pytest.raises(SystemExit) as exit_info:
            main()
        output = capsys.readouterr()
        if exit_info.value.code == 0:
            explained: dict[str, Any] = json.loads(output.out)
            return explained
        return {"exit": exit_info.value.code, "message": output.err.splitlines()[-1]}

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
    """Verdict, reason and rule are the same as in the log; if the verdict is enable, the event gets a link."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, *guests, **properties)
    explained = explain("ada@contoso.com", meeting)
    story.wait()
    line = story.log_lines()[0]

    outcomes = {"enable": "enabled", "would_enable": "would_enable", "skip": "skipped"}
    assert (line["outcome"], line["reason"], line["rule"]) == (
        outcomes[explained["verdict"]],
        explained["reason"],
        explained["rule"],
    )
    assert line["policy"] == explained["policy"]
    assert explained["verdict"] == "enable" or not story.calls("PATCH", ada)


def test_the_brake_is_part_of_the_explanation(
    start_story: StartStory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text and JSON have the reason `brake`, as in the log."""
    story = start_story(RULES, JOINLINK_MODE="report")
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, "bo@fabrikam.com")
    for name, value in story.stage.settings.items():
        monkeypatch.setenv(name, value)
    outputs = []
    for extra in ([], ["--json"]):
        arguments = ["--mailbox", ada.id, "--event-id", meeting, "--at", "2026-11-23", *extra]
        monkeypatch.setattr(sys, "argv", ["joinlink", "explain", *arguments])
        with pytest.raises(SystemExit):
            main()
        outputs.append(capsys.readouterr().out)
    text, explained = outputs[0], json.loads(outputs[1])
    story.run_until_idle()
    line = story.log_lines()[0]

    assert (explained["verdict"], explained["reason"], explained["rule"]) == (
        "would_enable",
        "brake",
        "external",
    )
    assert (line["outcome"], line["reason"], line["rule"]) == ("would_enable", "brake", "external")
    assert (explained["projected"], explained["projected_rule"]) == (
        line["projected"],
        line["projected_rule"],
    )
    assert (
        "now          gets no join link: rule external would add one, but JOINLINK_MODE=report is set (brake)\n"
        in text
    )


def test_what_joinlink_has_recorded_is_part_of_the_explanation(story: Story, explain: Explain) -> None:
    """Joinlink does not add a removed link again; a note shows what it has recorded."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, "bo@fabrikam.com")
    story.run_until_idle()
    before = explain(ada.id, meeting)
    story.stage.graph.people.remove_link(ada.id, meeting)
    after = explain(ada.id, meeting)

    assert before["reason"] == "already_online"
    assert after["reason"] == "removed_by_user"
    assert after["notes"] == ["recorded at 2026-11-23 07:00 UTC: enabled by external"]


def test_explain_writes_nothing(story: Story, explain: Explain) -> None:
    """Neither to Graph nor to the table, so the first message is handled as without it."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, "bo@fabrikam.com")
    for _ in range(2):
        explain(ada.id, meeting)

    assert {call.method for call in story.stage.graph.calls if ada.id in call.path} == {"GET"}
    story.wait()
    assert story.outcomes(ada) == [("enabled", "link_added")]


def test_an_event_that_graph_does_not_return_leads_to_one_sentence(story: Story, explain: Explain) -> None:
    """With Graph's own error code, for support."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, "bo@fabrikam.com")
    gone = explain(story.add_person("Bea").id, meeting)
    malformed = explain(ada.id, "nonsense")

    assert (gone["exit"], malformed["exit"]) == (1, 1)
    assert gone["message"].startswith("joinlink: Graph finds no such event in this mailbox; ")
    assert malformed["message"].startswith(
        "joinlink: Graph refuses the call; check that mailbox and event id are complete "
    )


def test_rules_with_errors_are_not_used(story: Story, explain: Explain) -> None:
    """The message has the first error, even if there are warnings before it."""
    (story.rules / "rules.yaml").write_text(f"{RULES}nonsense: 1\n")
    explained = explain("ada@contoso.com", "AAMk")

    assert explained["exit"] == 1
    assert "the first error:" in explained["message"]
    assert 'unknown key "nonsense"' in " ".join(explained["message"].split())
    assert "warning" not in explained["message"]


def test_a_group_that_cannot_be_read_is_named(
    start_story: StartStory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is unknown whether the rule matches, and a note shows why."""
    story = start_story(
        f"version: 1\nrules:\n  - {{id: pilot, mode: enforce, when: {{organizer: {{member_of: {GROUP}}}}}}}\n"
    )
    for name, value in story.stage.settings.items():
        monkeypatch.setenv(name, value)
    ada = story.add_person("Ada")
    arguments = [
        "--mailbox",
        ada.id,
        "--event-id",
        story.create_meeting(ada, "bo@fabrikam.com"),
        "--at",
        "2026-11-23",
    ]
    monkeypatch.setattr(sys, "argv", ["joinlink", "explain", *arguments])
    with pytest.raises(SystemExit):
        main()
    output = capsys.readouterr()

    assert (
        "now          gets no join link: it is unknown whether rule pilot matches (insufficient_data)\n"
        in output.out
    )
    assert f"note  the members of group {GROUP} can't be read\n" in output.out
    assert "Traceback" not in output.err
