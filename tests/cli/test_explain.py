import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.domain.event import Attendee, Event
from tests.cli import graph_json
from tests.cli.samples import RULES

START = datetime(2026, 12, 1, 10, tzinfo=UTC)
EVENT = Event(
    id="AAMkAD=",
    etag='W/"1"',
    subject="Review",
    organizer="al@contoso.com",
    start=START,
    end=START + timedelta(minutes=90),
    attendees=(Attendee(address="bo@fabrikam.com"),),
)
GUARDS = """\
Guards: the first that applies decides
  already_online   it is not online
  not_organizer    this is the organizer's copy
  cancelled        it was not cancelled
  ended            it ends at 2026-12-01 11:30 UTC
  draft            it is not a draft
  other_join_link  no other join link was found
  removed_by_user  there is no record of an earlier link
  write_unknown    the effect of all writes is known
  gave_up          0 of 3 attempts failed
  not_in_scope     mailboxes: exclude does not name the organizer
"""


_NAME_ONE = "name an event: --event FILE, or --mailbox with --event-id; --mailbox alone offers those to come"
_NO_REFERENCE = "--event-id takes an event's id, iCalUId or link from Outlook or Teams:"
_NO_ID = (
    "takes an id or a user principal name as Graph shows it, without spaces, slashes and percent signs, and "
    "not only dots; copy it again"
)


@pytest.fixture
def event_file(write: Any) -> None:
    write(**{"rules/a.yaml": RULES, "event.json": json.dumps(graph_json.of_event(EVENT))})


@pytest.mark.usefixtures("event_file")
def test_the_answer_comes_first_then_every_guard_rule_and_condition(joinlink: Any) -> None:
    """Like What If of Conditional Access: everything is shown, with a mark at what decides."""
    result = joinlink("explain", "--event", "event.json", "--at", "2026-11-01T09:00Z")
    policy = json.loads(joinlink("validate", "--format", "json").out)["policies"][0]["hash"]

    assert result.exit == 0
    assert (
        result.out
        == f"""\
Review
Tue 2026-12-01 10:00 UTC, for 1 h 30 min, organized by al@contoso.com
decided for 2026-11-01 09:00 UTC, with policy {policy}

now          gets no join link: rule external would add one, but is in report mode (report_mode)
if promoted  gets a join link from rule external, if its limits and the calendar allow it (link_added)

{GUARDS}
Rules: the first that matches decides

  opted-out  enforce skip  does not match
    when is not met
      ✗ subject contains "[no link]"  "Review"

▶ external  report enable  matches, would decide if promoted
    when is met
      ✓ external_attendees at least 1        1
    unless is not met
      ✗ any of
        ✗ has_room true                      false
        ✗ sensitivity private, confidential  normal

  later  off enable  is off, so it is not evaluated
    when every event
"""
    )


@pytest.mark.usefixtures("event_file")
def test_a_guard_that_decides_is_marked(joinlink: Any) -> None:
    """The rules are shown too."""
    result = joinlink("explain", "--event", "event.json", "--at", "2027-01-01")

    assert "now          gets no join link: it ended at 2026-12-01 11:30 UTC (ended)\n" in result.out
    assert "▶ ended            it ended at 2026-12-01 11:30 UTC\n" in result.out
    assert "  A guard decides, so these results do not count.\n" in result.out


@pytest.mark.usefixtures("event_file")
def test_json_has_the_same_facts(joinlink: Any) -> None:
    """Scripts get verdict and reason as in the log."""
    explained = json.loads(joinlink("explain", "--event", "event.json", "--at", "2026-11-01", "--json").out)

    assert (explained["verdict"], explained["reason"], explained["rule"]) == (
        "would_enable",
        "report_mode",
        "external",
    )
    assert (explained["projected"], explained["projected_rule"]) == ("enable", "external")
    assert explained["rules"][1]["when"]["conditions"] == [
        {"condition": "external_attendees", "expected": "at least 1", "actual": "1", "holds": True}
    ]


def test_unknown_conditions_are_shown_as_unknown(joinlink: Any, write: Any) -> None:
    """Without the tenant's domains it is not known who is external; a note shows the option that sets them."""
    rules = RULES.replace("internal_domains: [contoso.com]\n", "")
    write(**{"rules/a.yaml": rules, "event.json": json.dumps(graph_json.of_event(EVENT))})
    unknown = joinlink("explain", "--event", "event.json", "--at", "2026-11-01").out
    known = joinlink("explain", "--event", "event.json", "--at", "2026-11-01", "--domain", "Contoso.com").out

    assert "      · external_attendees at least 1" in unknown
    assert (
        "note  internal_domains is auto: to know who is external, give the tenant's domains with --domain\n"
        in unknown
    )
    assert "      ✓ external_attendees at least 1" in known
    assert "note" not in known


def test_a_rule_that_decides_while_unknown_is_shown_as_unknown(joinlink: Any, write: Any) -> None:
    """Otherwise it would look like a match."""
    rules = "version: 1\nrules: [{id: g, when: {organizer: {member_of: 5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e}}, mode: enforce, action: skip}]"
    write(**{"rules/a.yaml": rules, "event.json": json.dumps(graph_json.of_event(EVENT))})
    result = joinlink("explain", "--event", "event.json", "--at", "2026-11-01", "--domain", "contoso.com")

    assert "▶ g  enforce skip  it is unknown whether it matches, which decides\n" in result.out


def test_an_enforced_rule_and_a_report_rule_are_shown_separately(joinlink: Any, write: Any) -> None:
    """Only enforced rules decide what happens now."""
    rules = "version: 1\nrules:\n  - {id: tried, when: {}}\n  - {id: live, mode: enforce, action: skip, when: {}}\n"
    write(**{"rules/a.yaml": rules, "event.json": json.dumps(graph_json.of_event(EVENT))})
    result = joinlink("explain", "--event", "event.json", "--at", "2026-11-01")

    assert (
        "now          gets no join link: rule live decides; rule tried would add one, but is in report mode (report_mode)\n"
        in result.out
    )
    assert "▶ tried  report enable  matches, would decide if promoted\n" in result.out
    assert "▶ live  enforce skip  matches, decides now\n" in result.out


@pytest.mark.usefixtures("event_file")
def test_all_events_of_a_calendar_view_are_explained(joinlink: Any, write: Any) -> None:
    """Each gets a line with its verdict; --json has the whole explanation of each, and --event-id selects one."""
    other = replace(EVENT, id="AAMkOther=", subject="Lunch [no link]", is_cancelled=True)
    page = {"@odata.context": "…", "value": [graph_json.of_event(EVENT), graph_json.of_event(other)]}
    write(**{"view.json": json.dumps(page)})
    at = ["--at", "2026-11-01T09:00Z"]
    text = joinlink("explain", "--event", "view.json", *at)
    explained = json.loads(joinlink("explain", "--event", "view.json", *at, "--json").out)
    one = joinlink("explain", "--event", "view.json", "--event-id", other.id, *at)
    alone = json.loads(joinlink("explain", "--event", "event.json", *at, "--json").out)

    assert text.exit == 0
    assert "Tue 2026-12-01 10:00 UTC  1 h 30 min, 1 attendee  Review\n" in text.out
    assert "    gets no join link: it was cancelled (cancelled)\n    AAMkOther=\n" in text.out
    assert "of 2 events get" in text.out
    assert [each["event"] for each in explained] == [EVENT.id, other.id]
    assert explained[0] == alone
    assert one.out.startswith("Lunch [no link]\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([], _NAME_ONE, id="no arguments"),
        pytest.param(["--mailbox", "al@contoso.com"], "there is no terminal to choose an event on: name it with --event-id; joinlink events lists the coming ones with their ids", id="a mailbox without an event, and no terminal"),
        pytest.param(["--event", "event.json", "--mailbox", "al", "--event-id", "e"], _NAME_ONE, id="two events"),
        pytest.param(["--event", "event.json", "--mailbox", "al"], _NAME_ONE, id="a file, and a mailbox that would be ignored"),
        pytest.param(["--event", "nope.json"], "nope.json does not exist", id="no such file"),
        pytest.param(["--event", "rules/a.yaml"], "rules/a.yaml is not JSON; see line 1; save the response of GET /users/…/events/… in it", id="not JSON"),
        pytest.param(["--event", "list.json"], "list.json is a list without events; save the response of GET /users/…/events/… in it", id="an empty list"),
        pytest.param(["--event", "page.json"], "page.json does not contain a single event; save the response of GET /users/…/events/… in it", id="a batch of answers"),
        pytest.param(["--event", "error.json"], "error.json contains an error response of Graph (ErrorItemNotFound), not an event; save the response of GET /users/…/events/… in it when it succeeds", id="an error answer of Graph"),
        pytest.param(["--event", "deep.json"], "deep.json contains an error response of Graph (NotThere), not an event; save the response of GET /users/…/events/… in it when it succeeds", id="an error answer with an inner error"),
        pytest.param(["--event", "token.json"], "token.json contains an error response of Graph, not an event; save the response of GET /users/…/events/… in it when it succeeds", id="an error answer of the sign-in service"),
        pytest.param(["--event", "odd.json"], "odd.json contains an error response of Graph, not an event; save the response of GET /users/…/events/… in it when it succeeds", id="an error answer with an invalid code"),
        pytest.param(["--mailbox", "al@contoso.com", "--event-id", ".."], f"{_NO_REFERENCE} it is neither an id of Graph's nor a link", id="an id that changes the path"),
        pytest.param(["--mailbox", "al@contoso.com", "--event-id", "https://example.com/?itemid=AAMk"], f"{_NO_REFERENCE} a link to example.com names no event: copy the event's link in Outlook or Teams", id="a link to another site"),
        pytest.param(["--event", "many.json"], "many.json has more than 1,000 events; save fewer of them in it", id="too many events"),
        pytest.param(["--event", "second.json"], "second.json, event 2, does not contain an event as Graph returns it: unexpected shape at end, start", id="a list with an incomplete event"),
        pytest.param(["--event", "event.json", "--event-id", "AAMk-other"], "event.json has no event with the id that --event-id names", id="an id that the file does not have"),
        pytest.param(["--mailbox", "al/../bo@contoso.com", "--event-id", "e"], f"--mailbox {_NO_ID}", id="a mailbox that changes the path"),
        pytest.param(["--event", "half.json"], "half.json does not contain an event as Graph returns it: unexpected shape at end, start", id="an incomplete event"),
        pytest.param(["--event", "event.json", "--domain", "contoso.com", "--domain", "no domain"], '"no domain" is not a mail domain such as contoso.com', id="no domain"),
        pytest.param(["--event", "event.json", "--at", "noon"], '--at takes a time such as 2026-12-31T09:00Z, and "noon" is not a time', id="no time"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("event_file")
def test_what_cannot_be_explained_is_refused_with_one_sentence(
    arguments: list[str], message: str, joinlink: Any, write: Any
) -> None:
    """With exit code 2, and no traceback."""
    error = {"code": "ErrorItemNotFound", "message": "secret"}
    write(
        **{
            "list.json": '{"value": []}',
            "many.json": json.dumps([{}] * 1001),
            "second.json": json.dumps([graph_json.of_event(EVENT), {"id": "x"}]),
            "half.json": '{"id": "x"}',
            "page.json": '{"responses": []}',
            "error.json": json.dumps({"error": error}),
            "deep.json": json.dumps({"error": {**error, "innerError": {"code": "NotThere"}}}),
            "token.json": json.dumps({"error": "invalid_client", "error_description": "secret"}),
            "odd.json": json.dumps({"error": {"code": "a secret: 7"}}),
        }
    )
    result = joinlink("explain", *arguments)

    assert (result.exit, result.out, result.err) == (2, "", f"joinlink: {message}\n")


@pytest.mark.usefixtures("event_file")
def test_rules_with_errors_fail_as_in_every_command(joinlink: Any, write: Any) -> None:
    """The command was right, so it is not exit code 2; joinlink validate has the details."""
    write(**{"bad.yaml": "version: 2\n"})
    result = joinlink("explain", "--event", "event.json", "--rules", "bad.yaml")

    message = "joinlink: the rules in bad.yaml have errors; joinlink validate bad.yaml shows them\n"
    assert (result.exit, result.out, result.err) == (1, "", message)


def test_text_in_an_event_cannot_control_the_terminal(joinlink: Any, write: Any) -> None:
    """Neither as text nor as JSON, and neither in the event nor in the values of conditions."""
    evil = "\x1b]0;you\x07\x9b2J@contoso.com"
    event = replace(
        EVENT,
        subject=evil,
        organizer=evil,
        attendees=(Attendee(address=f"al{evil}"),),
        categories=(evil,),
        sensitivity=evil,
    )
    rules = """version: 1
internal_domains: [contoso.com]
rules:
  - {id: a, when: {attendee: {address_in: x@y.com}, organizer: {address_in: x@y.com}, categories: x, subject: x, rollout: 5%}}
  - {id: b, when: {sensitivity: private}}
"""
    write(**{"rules/a.yaml": rules, "event.json": json.dumps(graph_json.of_event(event))})
    text = joinlink("explain", "--event", "event.json", "--at", "2026-11-01").out
    explained = json.loads(joinlink("explain", "--event", "event.json", "--at", "2026-11-01", "--json").out)
    seen = [condition["actual"] for rule in explained["rules"] for condition in rule["when"]["conditions"]]

    assert text.replace("\n", "").isprintable()
    assert len(seen) == 6
    assert all(actual.isprintable() and "]0;you" in actual for actual in seen)


def test_any_text_can_be_printed(write: Any, folder: Path) -> None:
    """For example half an emoji, which JSON allows, into a pipe with 256 characters, as on Windows."""
    odd = replace(EVENT, id="\ud83d", subject="Gr\u00fc\u00dfe \ud83d", categories=("\ud83d",))
    write(**{"rules/a.yaml": RULES.replace('subject: "[no link]"', "categories: x", 1)})
    (folder / "event.json").write_text(json.dumps(graph_json.of_event(odd)))
    command = [sys.executable, "-m", "cli", "explain", "--event", "event.json"]
    environ = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONPATH": str(Path(__file__).parents[2])}
    for arguments, expected in (([], "Gr\u00fc\u00dfe"), (["--json"], "\\ud83d")):
        result = subprocess.run([*command, *arguments], env=environ, capture_output=True, check=False)  # noqa: S603 -- ours

        assert (result.returncode, result.stderr) == (0, b"")
        assert expected in result.stdout.decode()
