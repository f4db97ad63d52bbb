"""Where facts are missing or an earlier write is not settled, a preview shows what the worker does."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from sandbox.graph import DirectoryUser, Fault
from shared import wiring
from shared.desk.preview.parallel_reading import StopSignal
from shared.domain.meeting import Answer, Meeting, MeetingState
from shared.domain.messages import EventChange, Source
from shared.storage.meetings import StoredMeeting
from shared.worker.events.moved_occurrences import TRIES
from tests.stories.conftest import RunJoinlink, Story
from tests.stories.test_moved_occurrences import REFUSED, create_quietly, move
from tests.stories.test_preview import cache, document, results

__all__ = ["cache"]

GUEST = "bo@fabrikam.com"
GROUP = "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"
Ended = tuple[str, str, str | None]


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """Nothing waits; returns for how long it would."""
    found: list[timedelta] = []
    monkeypatch.setattr(StopSignal, "wait", lambda _signal, time: found.append(time))
    return found


def worked(story: Story, owner: DirectoryUser, event: str) -> Ended:
    """Let the worker handle the event, for the last time before it gives up; return how it ends."""
    now = story.stage.clock.now()
    change = EventChange(
        mailbox=owner.id, event=event, source=Source.SWEEP, received=now, trace="t", attempt=TRIES
    )
    wiring.joinlink().event_messages.handle(change.encode().encode(), 1)
    line = [each for each in story.log_lines() if each["event_id"] == event][-1]
    return line["outcome"], line["reason"], line["rule"]


@pytest.mark.parametrize("day", ["2026-11-24", "2027-02-01"], ids=["in the window", "behind the window"])
@pytest.mark.parametrize("fault", REFUSED)
def test_a_series_whose_moved_occurrences_can_not_be_read(
    fault: Fault, day: str, story: Story, run_joinlink: RunJoinlink
) -> None:
    """It is not known whether it has ended, unless the window shows that an occurrence is ahead."""
    ada = story.add_person("Ada", watched=False)
    master = create_quietly(story, ada)
    move(story, ada, master, day)
    story.stage.graph.faults.add(fault)
    report = document(run_joinlink, "--all")
    [listed] = report["meetings"]

    unknown: Ended = ("skipped", "insufficient_data", None)
    shown = results(report)[master]
    assert shown == (("enabled", "link_added", "external") if day.startswith("2026") else unknown)
    assert not listed["past"]
    if shown == unknown:
        assert listed["decisions"][0]["promoted"]["first_line"]
        assert worked(story, ada, master) == unknown


def test_a_series_whose_moved_occurrences_are_shown_later(
    story: Story, run_joinlink: RunJoinlink, waits: list[timedelta]
) -> None:
    """Graph fails as often as the worker bears."""
    ada = story.add_person("Ada", watched=False)
    master = create_quietly(story, ada)
    move(story, ada, master, "2027-02-01")
    story.stage.graph.faults.add(Fault(query="expand", status=503, count=2 * TRIES))

    assert results(document(run_joinlink, "--all"))[master] == ("enabled", "link_added", "external")
    assert len([each for each in waits if each]) == TRIES


def rows() -> Iterator[dict[str, Any]]:
    """Yield rows of events that are not online: by state, version, number of doubts, answer and state before."""
    pending = (MeetingState.ATTEMPTED, MeetingState.UNCONFIRMED)
    yield from ({"state": state} for state in MeetingState)
    for state, doubts in product(pending, (0, 1)):
        yield {"state": state, "etag": 'W/"before"', "doubts": doubts}
    for answer, before in (
        (Answer.FORBIDDEN, ""),
        (Answer.REFUSED, ""),
        (Answer.PASSING, MeetingState.RELEASED),
    ):
        yield {"state": MeetingState.ATTEMPTED, "answer": answer, "before": before}
    yield {"state": MeetingState.ATTEMPTED, "lease": "x"}
    yield {"state": MeetingState.NOT_HONORED, "attempts": 3}


def test_earlier_writes_count_as_in_the_worker(story: Story, run_joinlink: RunJoinlink) -> None:
    """Whatever is known of them, new and old ones; also of a meeting that no rule wants."""
    (story.rules / "rules.yaml").write_text(
        "version: 1\ninternal_domains: [contoso.com]\n"
        "rules: [{id: external, mode: enforce, when: {external_attendees: 1}}]\n"
    )
    ada = story.add_person("Ada", watched=False)
    parts, names = wiring.joinlink().parts, dict[str, str]()
    for age in (timedelta(minutes=10), timedelta(0)):
        for values in rows():
            event = story.create_meeting(
                ada, GUEST if values.get("answer") != Answer.PASSING else "cy@contoso.com"
            )
            etag = parts.graph.new_client().event(ada.id, event).etag
            row = Meeting(**{"at": story.stage.clock.now(), "rule": "external", "etag": etag, **values})
            parts.storage.meetings.write(ada.id, event, row, after=StoredMeeting())
            names[event] = f"{age} {values}"
        story.stage.clock.advance(age)
    shown = results(document(run_joinlink, "--all"))

    found = {names[event]: ending for event, ending in shown.items()}
    assert found == {names[event]: worked(story, ada, event) for event in names}
    assert len(set(found.values())) > 5


def test_what_one_meeting_can_not_show_concerns_that_meeting(story: Story, run_joinlink: RunJoinlink) -> None:
    """Graph refuses a body for ever: the worker poisons the message, and the others count."""
    (story.rules / "rules.yaml").write_text(
        "version: 1\nother_join_links: {look_in: body}\nrules: [{id: external, mode: enforce, when: {}}]\n"
    )
    ada = story.add_person("Ada", watched=False)
    long = {"contentType": "text", "content": "x " * 500}
    broken, other = (story.create_meeting(ada, GUEST, body=long) for _ in range(2))
    refusal = Fault(path=broken, query="body", status=400, code="ErrorInvalidRequest", count=None)
    story.stage.graph.faults.add(refusal)
    found = results(document(run_joinlink, "--all"))

    assert found == {
        broken: ("failed", "unexpected_answer", None),
        other: ("enabled", "link_added", "external"),
    }
    assert worked(story, ada, broken) == found[broken]


def test_a_body_counts_only_for_the_decision_that_depends_on_it(
    story: Story, run_joinlink: RunJoinlink, tmp_path: Path
) -> None:
    """As it stands, the rules want a link, so the body is read; promoted, they wait for a fact and don't."""
    rules = (
        "version: 1\nrules:\n"
        "  - {id: outside, mode: report, action: skip, when: {external_attendees: 1}, on_missing: retry}\n"
        "  - {id: all, mode: enforce, when: {}}\n"
    )
    other = tmp_path / "other"
    other.mkdir()
    (other / "rules.yaml").write_text(rules)
    (story.rules / "rules.yaml").write_text(rules.replace("report", "enforce"))
    ada = story.add_person("Ada", watched=False)
    body = {"contentType": "text", "content": "x " * 200 + "https://zoom.us/j/1"}
    event = story.create_meeting(ada, GUEST, body=body)
    story.stage.graph.faults.add(Fault(path="/organization$", status=403, count=None))
    report = document(run_joinlink, "--all", "--rules", str(other))

    assert results(report, "as_it_stands")[event] == ("skipped", "other_join_link", None)
    assert results(report)[event] == ("delayed", "awaiting_data", "outside") == worked(story, ada, event)


def test_facts_that_can_not_be_read_are_unknown(story: Story, run_joinlink: RunJoinlink) -> None:
    """Domains, members of a group, and departments: the permissions are missing."""
    (story.rules / "rules.yaml").write_text(
        "version: 1\nrules:\n"
        "  - {id: outside, mode: enforce, when: {subject: outside, external_attendees: 1}}\n"
        f"  - {{id: group, mode: enforce, when: {{subject: group, organizer: {{member_of: {GROUP}}}}}}}\n"
        "  - {id: legal, mode: enforce, when: {subject: legal, organizer: {department_in: legal}}}\n"
        "  - {id: late, mode: enforce, when: {subject: late, external_attendees: 1}, on_missing: retry}\n"
    )
    ada = story.add_person("Ada", watched=False)
    events = [
        story.create_meeting(ada, GUEST, subject=each) for each in ("outside", "group", "legal", "late")
    ]
    faults = [
        Fault(path="/organization$", status=403, count=None),
        Fault(path="/groups/", status=403, count=None),
        Fault(path=f"/users/{ada.id}$", query="department", status=403, count=None),
    ]
    for fault in faults:
        story.stage.graph.faults.add(fault)
    found = results(document(run_joinlink, "--mailbox", ada.id))

    assert found == {event: worked(story, ada, event) for event in events}
    assert {outcome for outcome, _reason, _rule in found.values()} == {"skipped", "delayed"}


def test_the_last_known_purpose_counts_and_throttling_is_no_answer(
    story: Story, run_joinlink: RunJoinlink, waits: list[timedelta]
) -> None:
    """As in the app, a shared mailbox stays one while Graph does not say what it is for."""
    ada = story.add_person("Ada", watched=False)
    event = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(path="mailboxSettings", status=429, retry_after=30, count=2))
    assert results(document(run_joinlink, "--all"))[event][0] == "enabled"
    assert [each.total_seconds() for each in waits if each] == [30, 30]

    story.stage.graph.faults.add(Fault(path="mailboxSettings", status=503, count=None))
    assert results(document(run_joinlink, "--all"))[event][0] == "enabled"
    mailboxes = wiring.joinlink().parts.storage.mailboxes
    mailboxes.update(ada.id, purpose="room", purpose_read=story.stage.clock.now())
    assert results(document(run_joinlink, "--all"))[event] == ("skipped", "not_in_scope", None)
