"""`joinlink history`: lists what Joinlink did to events, from its memory of past writes."""

import json
from datetime import timedelta
from typing import Any

import pytest

from shared import wiring
from shared.storage.meetings import MEETINGS
from tests.stories.conftest import RunJoinlink, Story
from tests.stories.test_at_most_once import GUEST
from tests.stories.test_the_desk import snapshot


@pytest.fixture
def meetings(story: Story) -> dict[str, str]:
    """Return one meeting with a link on each of two days, one of another mailbox, and one held."""
    ada, bea = story.add_person("Ada"), story.add_person("Bea")
    found = {"old": story.create_meeting(ada, GUEST)}
    story.create_meeting(ada, GUEST, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    story.run_until_idle()
    story.stage.clock.advance(timedelta(hours=12))
    found |= {"new": story.create_meeting(ada, GUEST), "bea": story.create_meeting(bea, GUEST)}
    story.run_until_idle()
    found["held"] = story.create_meeting(bea, GUEST)
    story.lose_next_answer()
    story.wait()
    story.stage.graph.people.remove_link(bea.id, found["held"])
    story.run_until_idle()
    return found


def listed(run_joinlink: RunJoinlink, *arguments: str) -> dict[str, Any]:
    """Return what the command prints as JSON."""
    result = run_joinlink("history", *arguments, "--json")
    assert result.exit == 0, result.err
    document: dict[str, Any] = json.loads(result.out)
    return document


def test_writes_are_listed_newest_first_and_counted(
    story: Story, meetings: dict[str, str], run_joinlink: RunJoinlink
) -> None:
    """Each with its mailbox, rule and result; not what was online without Joinlink. Nothing is written."""
    before = snapshot(story)
    everything = listed(run_joinlink)
    text = run_joinlink("history", "--most", "1").out
    ada, bea = story.people["Ada"].id, story.people["Bea"].id

    assert everything["events"][0]["event"] == meetings["held"]
    assert everything["events"][-1]["event"] == meetings["old"]
    assert {one["event"] for one in everything["events"]} == set(meetings.values())
    assert everything["states"] == {"enabled": 3, "write_unknown": 1}
    assert everything["links_by_rule"] == {"external": 3}
    assert everything["events"][-1]["mailbox"] == ada
    assert everything["events"][-1]["provider"] == "teamsForBusiness"
    assert "held, result unknown  rule external\n" in text
    assert f"mailbox   {bea}\n" in text
    assert "and 3 more" in text
    assert "4 events\n" in text
    assert snapshot(story) == before


def test_time_rule_mailbox_and_event_select(
    story: Story, meetings: dict[str, str], run_joinlink: RunJoinlink
) -> None:
    """A mailbox by object id or by address; an event at any time, and whatever is remembered of it."""
    ada = story.people["Ada"]

    def chosen(*arguments: str) -> set[str]:
        return {one["event"] for one in listed(run_joinlink, *arguments)["events"]}

    assert chosen("--since", "6h") == set(meetings.values()) - {meetings["old"]}
    assert chosen("--mailbox", ada.id.upper()) == {meetings["old"], meetings["new"]}
    assert chosen("--mailbox", "ada@contoso.com") == {meetings["old"], meetings["new"]}
    assert chosen("--rule", "external", "--mailbox", ada.id) == {meetings["old"], meetings["new"]}
    assert chosen("--event", meetings["old"], "--since", "1h") == {meetings["old"]}
    [online] = set(story.events(ada)) - set(meetings.values())
    assert listed(run_joinlink, "--event", online)["states"] == {"seen_online": 1}


@pytest.mark.usefixtures("meetings")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["--rule", "it's"], 1, "No event was found", id="no such rule, with a quotation mark"),
        pytest.param(["--event", "AAMk"], 1, "No event was found", id="no such event"),
        pytest.param(["--mailbox", "nobody@contoso.com"], 1, "Graph", id="no such mailbox"),
        pytest.param(["--mailbox", "a/b"], 2, "--mailbox takes an id", id="no name of a mailbox"),
        pytest.param(["--since", "soon"], 2, "--since expects", id="no time"),
        pytest.param(["--since", "2999-01-01"], 2, "a past time", id="a time to come"),
        pytest.param(["--most", "0"], 2, "", id="nothing to list"),
    ],
)
def test_what_is_not_found_is_one_sentence(
    run_joinlink: RunJoinlink, arguments: list[str], code: int, said: str
) -> None:
    """With the documented exit code."""
    result = run_joinlink("history", *arguments)

    assert (result.exit, said in result.out + result.err) == (code, True)
    assert "Traceback" not in result.err


def test_a_row_that_cannot_be_read_is_counted(meetings: dict[str, str], run_joinlink: RunJoinlink) -> None:
    """The others are listed."""
    table = wiring.joinlink().parts.storage.table(MEETINGS)
    [row] = [each for each in table.rows() if each.get("event") == meetings["new"]]
    table.merge(row["PartitionKey"], row["RowKey"], {"state": "of a later version"})
    result = run_joinlink("history")

    assert result.exit == 0
    assert "3 events\n" in result.out
    assert "1 row can't be read" in result.out


def test_a_row_without_the_id_of_its_event_is_listed(
    meetings: dict[str, str], run_joinlink: RunJoinlink
) -> None:
    """Earlier versions did not keep it."""
    table = wiring.joinlink().parts.storage.table(MEETINGS)
    [row] = [each for each in table.rows() if each.get("event") == meetings["new"]]
    table.merge(row["PartitionKey"], row["RowKey"], {"event": ""})
    text = run_joinlink("history").out

    assert "4 events\n" in text
    assert text.count("event     its id was not kept") == 1
    assert None in {one["event"] for one in listed(run_joinlink)["events"]}


def test_a_missing_memory_is_named(story: Story, run_joinlink: RunJoinlink) -> None:
    """An empty list does not mean that nothing was written."""
    story.add_person("Ada")
    story.stage.host.run_timer("maintenance")
    wiring.joinlink().parts.storage.table(MEETINGS)._client.delete_table()
    result = run_joinlink("history")

    assert result.exit == 1
    assert "memory of past writes is missing" in result.err.replace("\n", " ")
