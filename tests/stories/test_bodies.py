"""The whole body counts. It is read only where a decision depends on it, and never kept or logged."""

import gc
import json
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.graph import DirectoryUser, Fault, NotificationDelivery
from shared.domain.event import Event
from shared.domain.messages import TaskKind, TaskReason
from shared.graph.client import Graph
from tests.stories.conftest import RULES, RunJoinlink, StartStory, Story
from tests.stories.test_sweep import subscribed, sweep

GUEST, COLLEAGUE = "bo@fabrikam.com", "cy@contoso.com"
ZOOM = "https://fabrikam.zoom.us/j/5551234567"
#: more than the 255 characters that a preview shows
AGENDA = "Agenda. " * 60
LOSE_ALL = NotificationDelivery(lose=1.0)


IN_A_CLIENT = {
    "subject": "Review",
    "start": {"dateTime": "2026-11-24T09:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2026-11-24T10:00:00", "timeZone": "UTC"},
    "attendees": [{"type": "required", "emailAddress": {"address": GUEST}}],
}


def text(content: str) -> dict[str, str]:
    return {"contentType": "text", "content": content}


def page(content: str) -> dict[str, str]:
    return {"contentType": "html", "content": content}


#: the query of a read with the body
WITH_BODY = r",body\b"
DEEP = text(f"{AGENDA}\n{ZOOM}")
TOO_LARGE = text("x" * (1 << 20) + "y")


def bodies_read(story: Story) -> int:
    """Return how many times the app read an event with its body."""
    selected = (
        dict(parse_qsl(urlsplit(call.url).query)).get("$select", "") for call in story.stage.graph.calls
    )
    return sum("body" in names.split(",") for names in selected)


def by_reason(story: Story) -> dict[str, int]:
    """Return the number of Graph calls of each message, by reason."""
    return {line["reason"]: line["graph_calls"] for line in story.log_lines()}


def test_the_body_is_read_only_where_the_decision_depends_on_it(story: Story) -> None:
    """A link far down prevents a second link, also for a rule in report mode; other skips take one call."""
    ada = story.add_person("Ada")
    linked = story.create_meeting(ada, GUEST, body=text(AGENDA))
    deep = story.create_meeting(ada, GUEST, body=DEEP)
    story.create_meeting(ada, COLLEAGUE, body=DEEP)
    story.create_meeting(ada, GUEST, subject="[no link]", body=DEEP)
    story.create_meeting(ada, COLLEAGUE, subject="trial")
    story.wait()

    assert by_reason(story) == {
        "link_added": 4, "other_join_link": 2, "no_rule_matched": 1, "rule_skip": 1, "report_mode": 2,
    }  # fmt: skip
    assert (story.has_link(ada, linked), story.has_link(ada, deep)) == (True, False)
    assert bodies_read(story) == 3
    trial = story.create_meeting(ada, COLLEAGUE, subject="trial", body=DEEP)
    story.run_until_idle()
    [line] = [line for line in story.log_lines() if line["event_id"] == trial]
    assert (line["reason"], line["projected"]) == ("other_join_link", "skip")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(page(f"<div>{AGENDA}<a href='{ZOOM}'>join"), id="tags that are not closed"),
        pytest.param(page(f'<<p>{AGENDA}<a href="{ZOOM}"<img src=<td></table>'), id="tags in tags"),
        pytest.param(page(f"<!-- {AGENDA} <style>a{{}}</p <area href={ZOOM}"), id="a comment without end"),
    ],
)  # fmt: skip
def test_a_link_in_broken_html_is_found(story: Story, body: dict[str, str]) -> None:
    """Joinlink reads the HTML as it is: a conversion to text could lose the link."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST, body=body)
    story.wait()

    assert story.outcomes(ada) == [("skipped", "other_join_link")]
    assert not story.has_link(ada, meeting)


def test_an_event_whose_body_is_too_large_is_left_as_it_is(story: Story) -> None:
    """Nobody can tell what a body of 10 MB contains. Its first bytes are enough to know that it is too large."""
    ada = story.add_person("Ada")
    huge = story.stage.graph.people.create(ada.id, **IN_A_CLIENT, body=text("x" * 10_000_000))
    over = story.create_meeting(ada, GUEST, body=TOO_LARGE)
    internal = story.create_meeting(ada, COLLEAGUE, body=TOO_LARGE)
    other = story.create_meeting(ada, GUEST)
    story.run_until_idle()

    lines = {line["event_id"]: line for line in story.log_lines() if line["reason"] != "already_online"}
    assert [lines[event]["reason"] for event in (huge, over, internal, other)] == [
        "insufficient_data", "insufficient_data", "no_rule_matched", "link_added",
    ]  # fmt: skip
    assert lines[huge]["detail"] == "there may be a join link in the body, which is larger than 1 MiB"
    assert (lines[huge]["rule"], lines[huge]["graph_calls"], lines[huge]["level"]) == (
        "external",
        2,
        "warning",
    )
    assert len(story.calls("PATCH", ada)) == 1


def test_a_body_that_graph_withholds_is_not_empty(story: Story) -> None:
    """Without the right to read bodies, Graph leaves them out."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(query=WITH_BODY, edit=lambda event: event.pop("body")))
    story.wait()

    assert story.outcomes(ada) == [("skipped", "insufficient_data")]
    assert not story.has_link(ada, meeting)


def test_the_second_read_decides_and_its_etag_is_written_by(story: Story) -> None:
    """The event is edited between the two reads: its new subject counts, and the write needs no third read."""
    ada = story.add_person("Ada")
    opted_out = story.create_meeting(ada, GUEST)
    edit_before_body(story, ada, opted_out, subject="[no link]")
    story.wait()
    renamed = story.create_meeting(ada, GUEST)
    edit_before_body(story, ada, renamed, subject="Renamed")
    story.wait()

    assert story.outcomes(ada)[0] == ("skipped", "rule_skip")
    assert ("enabled", "link_added") in story.outcomes(ada)
    [write] = [call for call in story.stage.graph.calls if call.method == "PATCH" and call.by == "app"]
    assert write.status == 200


def edit_before_body(story: Story, owner: DirectoryUser, event: str, **changes: Any) -> None:
    """Let the owner edit an event between the app's read without its body and the one with it."""
    people = story.stage.graph.people
    edit = partial(people.edit, owner.id, event, **changes)
    story.stage.graph.faults.add(Fault(query=WITH_BODY, meanwhile=edit))


def test_a_rule_over_its_limit_reads_no_body(start_story: StartStory) -> None:
    """One call, whatever the body has; the limit is logged once."""
    story = start_story(RULES.replace("per_hour: 5", "per_hour: 1"))
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.run_until_idle()
    before = bodies_read(story)
    story.create_meeting(ada, GUEST)
    story.create_meeting(ada, GUEST, body=DEEP)
    story.run_until_idle()

    lines = story.log_lines()[-2:]
    assert [(x["outcome"], x["reason"], x["rule"], x["graph_calls"]) for x in lines] == [
        ("skipped", "limit_reached", "external", 1)
    ] * 2
    assert bodies_read(story) == before
    assert len(story.log_lines("rule.limit_reached")) == 1


def test_a_sweep_reads_the_bodies_of_candidates_only(story: Story) -> None:
    """A deep link is neither queued nor counted as missed, at every sweep."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    story.wait(timedelta(hours=1))
    for body in (DEEP, TOO_LARGE):
        story.create_meeting(ada, GUEST, body=body)
    for guest, subject in ((COLLEAGUE, "internal"), (GUEST, "[no link]")):
        story.create_meeting(ada, guest, subject=subject, body=DEEP)
    story.create_meeting(ada, COLLEAGUE, subject="trial", body=DEEP)
    meeting = story.create_meeting(ada, GUEST, body=text(AGENDA))
    story.wait(timedelta(hours=1))
    sweep(story, ada)
    read = bodies_read(story)
    sweep(story, ada)

    assert story.has_link(ada, meeting)
    first, second = story.log_lines("mailbox.swept")[-2:]
    assert (first["events"], first["queued"], first["would_enable"]) == (6, 1, 0)
    assert (second["queued"], second["would_enable"]) == (0, 0)
    assert [line["event_id"] for line in story.log_lines("event.missed")] == [meeting]
    assert read == 5  # four candidates in the sweep, and one by the worker
    assert bodies_read(story) == read + 3


def test_if_a_body_cannot_be_read_the_worker_decides(story: Story) -> None:
    """The sweep queues the event, and goes on with the others."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    deep = story.create_meeting(ada, GUEST, body=DEEP)
    other = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(path=deep, query=WITH_BODY, status=500, count=2))
    sweep(story, ada)

    assert story.log_lines("mailbox.swept")[-1]["queued"] == 2
    assert (story.has_link(ada, deep), story.has_link(ada, other)) == (False, True)
    assert ("skipped", "other_join_link") in story.outcomes(ada)


def test_a_backfill_counts_only_meetings_without_a_link_in_the_body(
    story: Story, run_joinlink: RunJoinlink
) -> None:
    """As the app decides later."""
    ada = story.add_person("Ada")
    for body in (DEEP, TOO_LARGE, text(AGENDA)):
        story.create_meeting(ada, GUEST, body=body)
    counted = json.loads(run_joinlink("backfill", "--all", "--until", "30d", "--dry-run", "--json").out)

    assert counted["links"] == 1
    assert bodies_read(story) == 3


@pytest.fixture
def bodies_alive(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note at each answer with a body how many events with bodies are alive."""
    alive: list[int] = []
    read = Graph.event_with_body

    def noted(graph: Graph, mailbox: str, event: str) -> Event:
        answer = read(graph, mailbox, event)
        gc.collect()
        alive.append(sum(isinstance(each, Event) and bool(each.body) for each in gc.get_objects()))
        return answer

    monkeypatch.setattr(Graph, "event_with_body", noted)
    return alive


def test_a_sweep_keeps_no_bodies(story: Story, bodies_alive: list[int]) -> None:
    """At most one at any time, so that memory doesn't grow with the calendar."""
    ada = subscribed(story)
    story.stage.graph.delivery = LOSE_ALL
    for n in range(5):
        story.create_meeting(ada, GUEST, subject=f"Meeting {n}", body=text(AGENDA))
    story.enqueue_task(TaskKind.SWEEP, ada, TaskReason.SCHEDULE)
    story.wait(timedelta(0))

    assert bodies_alive[:5] == [1] * 5


def test_bodies_are_never_logged(story: Story) -> None:
    """Whatever the decision."""
    ada = story.add_person("Ada")
    for body in (DEEP, TOO_LARGE, text(AGENDA)):
        story.create_meeting(ada, GUEST, body=body)
    story.run_until_idle()

    logged = " ".join(record.getMessage() for record in story.caplog.records if record.name == "joinlink")
    assert [word for word in ("Agenda", "zoom", "xxx") if word in logged] == []


def test_explain_reads_the_body_where_the_worker_does(story: Story, run_joinlink: RunJoinlink) -> None:
    """The command names the link that only the body has, and says what can't be told."""
    ada = story.add_person("Ada")
    deep, huge, internal = (
        story.create_meeting(ada, guest, body=body)
        for guest, body in ((GUEST, DEEP), (GUEST, TOO_LARGE), (COLLEAGUE, DEEP))
    )

    shown = {event: explained(run_joinlink, ada, event) for event in (deep, huge, internal)}
    assert "it has a join link of Zoom (other_join_link)" in shown[deep]
    assert "it is unknown whether the body has a join link (insufficient_data)" in shown[huge]
    assert "which is larger than 1 MiB" in shown[huge]
    assert "no rule matches (no_rule_matched)" in shown[internal]
    assert bodies_read(story) == 2


def explained(run_joinlink: RunJoinlink, owner: DirectoryUser, event: str) -> str:
    result = run_joinlink("explain", "--mailbox", owner.id, "--event-id", event)
    assert result.exit == 0
    return " ".join(result.out.split())
