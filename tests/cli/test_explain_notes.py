"""Notes of `joinlink explain` show what a file of an event leaves unknown."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.event import Event, Recurrence
from tests.cli import graph_json
from tests.cli.samples import RULES
from tests.cli.test_explain import EVENT, START

GROUP = "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"


MASTER = "this is an occurrence of a series; the worker decides for its series master, and the result may differ: save that event (seriesMasterId) and explain it"


OUT = "not_in_scope: exclude names this mailbox, so the worker skips the event"


OPEN = "it is not known here whether this mailbox is in scope; if it is not, the event is skipped"


NOTES = [
    pytest.param(EVENT, "", [], id="nothing to note"),
    pytest.param(replace(EVENT, type="occurrence", series_master_id="M"), "", [MASTER], id="an occurrence"),
    pytest.param(replace(EVENT, type="seriesMaster", recurrence=Recurrence(pattern="daily")), "", [], id="a series master"),
    pytest.param(EVENT, "mailboxes: {include: [{user: Al@contoso.com}]}", [], id="included"),
    pytest.param(EVENT, "mailboxes: {include: [{user: cy@contoso.com}]}", [OPEN], id="not included by address, but perhaps by user principal name"),
    pytest.param(EVENT, "mailboxes: {exclude: [{user: al@contoso.com}]}", [OUT], id="excluded"),
    pytest.param(EVENT, "mailboxes: {exclude: [{user: cy@contoso.com}]}", [OPEN], id="excluded perhaps by user principal name"),
    pytest.param(EVENT, f"mailboxes: {{exclude: [{{group: {GROUP}}}, {{user: al@contoso.com}}]}}", [OUT], id="excluded, and in a group perhaps"),
    pytest.param(EVENT, f"mailboxes: {{include: [{{group: {GROUP}}}]}}", [OPEN], id="a group that a file does not know"),
    pytest.param(EVENT, f"mailboxes: {{include: [{{user: {GROUP}}}]}}", [OPEN], id="a mailbox by its object id"),
    pytest.param(replace(EVENT, is_organizer=False), "mailboxes: {include: [{user: cy@contoso.com}]}", [], id="an attendee's copy of an unknown mailbox"),
    pytest.param(EVENT, f"lists: {{}}\n  - {{id: g, when: {{organizer: {{member_of: {GROUP}}}}}}}", [f"the members of group {GROUP} are not known from a file; --mailbox and --event-id read Graph"], id="a condition on a group"),
    pytest.param(EVENT, f"lists: {{}}\n  - {{id: g, mode: off, when: {{organizer: {{member_of: {GROUP}}}}}}}", [], id="a condition on a group, in a rule that is off"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "setting", "noted"), NOTES)
def test_notes_show_what_the_worker_knows_and_a_file_does_not(
    event: Event, setting: str, noted: list[str], joinlink: Any, write: Any
) -> None:
    """The worker decides for series masters, knows groups, and skips mailboxes that are not in scope."""
    setting, _, rule = setting.partition("\n")
    rules = RULES.replace("version: 1\n", f"version: 1\n{setting}\n") + rule
    write(**{"rules/a.yaml": rules, "event.json": json.dumps(graph_json.of_event(event))})
    explained = json.loads(joinlink("explain", "--event", "event.json", "--at", "2026-11-01", "--json").out)

    assert explained["notes"] == noted


LACKS = "the file does not have {}; they count as empty, false or normal, and may have other values in Graph"

NO_BODY = "the file does not have the body, which may have a join link: save the whole event"

LACKING = [
    pytest.param(["attendees"], "", [LACKS.format("attendees")], id="a property that conditions test"),
    pytest.param(["sensitivity", "categories", "isOnlineMeeting", "locations"], "", [LACKS.format("sensitivity, categories, locations, isOnlineMeeting")], id="several, in the order of the request to Graph"),
    pytest.param(["onlineMeetingProvider", "id", "@odata.etag"], "", [], id="properties that no decision depends on"),
    pytest.param(["body"], "other_join_links: {look_in: preview}", [], id="the body, which the rules do not search"),
    pytest.param(["body"], "", [NO_BODY], id="the body, which the rules search"),
]  # fmt: skip


@pytest.mark.parametrize(("lacking", "setting", "noted"), LACKING)
def test_properties_that_a_file_does_not_have_are_named(
    lacking: list[str], setting: str, noted: list[str], joinlink: Any, write: Any
) -> None:
    """The decision for an incomplete copy, or for one read with `$select`, may differ."""
    incomplete = {name: value for name, value in graph_json.of_event(EVENT).items() if name not in lacking}
    write(**{"rules/a.yaml": f"{RULES}{setting}\n", "event.json": json.dumps(incomplete)})
    result = joinlink("explain", "--event", "event.json", "--at", "2026-11-01", "--json")

    assert json.loads(result.out)["notes"] == noted


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        pytest.param({"unknown_zone": "tzone://Microsoft/Custom"}, 'of start and end, "tzone://Microsoft/Custom"', id="start and end"),
        pytest.param({"recurrence": Recurrence(pattern="daily", occurrences=3, time_zone="Moon")}, 'of the series, "Moon"', id="series"),
        pytest.param({"recurrence": Recurrence(pattern="daily", occurrences=3, time_zone="")}, "of the series, which is not in the event", id="series without a zone"),
        pytest.param({"recurrence": Recurrence(pattern="daily", occurrences=3, time_zone="Moon"), "original_zone": "Asia/Tokyo"}, 'the event\'s own zone, "Asia/Tokyo", is used', id="series with the event's own zone"),
        pytest.param({"is_all_day": True, "start": START.replace(hour=0), "end": START.replace(hour=0) + timedelta(days=1)}, "organizer's time zone, which is not in the event", id="whole days"),
        pytest.param({"recurrence": Recurrence(pattern="daily", time_zone="Moon")}, None, id="not where nothing depends on it"),
        pytest.param({}, None, id="not where all are known"),
    ],
)  # fmt: skip
def test_an_unknown_time_zone_has_a_note(
    write: Any, joinlink: Any, changes: dict[str, Any], note: str | None
) -> None:
    """Otherwise wrong times would look correct."""
    event = graph_json.of_event(replace(EVENT, **changes))
    write(**{"rules/a.yaml": RULES, "event.json": json.dumps(event)})
    notes = " ".join(json.loads(joinlink("explain", "--event", "event.json", "--json").out)["notes"])

    assert (note in notes) if note else ("time zone" not in notes)
