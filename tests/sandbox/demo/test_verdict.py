from collections import Counter
from dataclasses import replace

import pytest

from sandbox.demo.contoso import Missed
from sandbox.demo.day import PlayedScene
from sandbox.demo.verdict import DayRecord, judge
from sandbox.graph import Mail
from tests.sandbox.demo.records import (
    ADA,
    ADDED,
    COPY,
    EVENT,
    KEY,
    ONLINE,
    call,
    counted_as_missed,
    lifecycle_post,
    line,
    maintained,
    played,
    post,
    subscribed,
    swept,
)

TEAMS = "teamsForBusiness"
ENABLED = played(ADDED, link=TEAMS)
GOOD = DayRecord(
    lines=[
        subscribed(),
        maintained(active=1, unusable=3),
        line(ADDED, 3, ids=("a", "b", "c")),
        line(COPY, 0),
        line(ONLINE, 1, ids=("d",)),
    ],
    calls=[call(request_id="a"), call(request_id="b"), call("PATCH", request_id="c"), call(request_id="d")],
    posts=[post("1", "1"), post("2")],
    calendars=frozenset({ADA.id}),
    with_two_calendars=frozenset(),
    watched=[ADA.id],
    links={KEY: TEAMS},
    mails=[Mail(EVENT, 1)],
    mails_by_people=Counter(),
    others=[],
    files=['{"event": "event.decided"}'],
    secrets=["s3cret"],
)


def test_a_day_as_expected_has_no_complaints() -> None:
    """Four calls, one PATCH, one mail; three notifications of two changes."""
    verdict = judge([ENABLED], GOOD)

    assert verdict.complaints == []
    assert (verdict.scenes[0].calls, verdict.scenes[0].patches) == (4, 1)
    assert any(fact.text.startswith("Graph sent 3 notifications of 2 changes") for fact in verdict.facts)


@pytest.mark.parametrize(
    ("expected", "record", "complaint"),
    [
        pytest.param(played(ONLINE, link=TEAMS), GOOD, "got enabled · link_added", id="another outcome"),
        pytest.param(ENABLED, replace(GOOD, lines=[], calls=[]), "got no outcome", id="no log line"),
        pytest.param(ENABLED, replace(GOOD, links={KEY: None}), "found none", id="no link in Graph"),
        pytest.param(played(ADDED), GOOD, "expected no link in Graph", id="a link too many"),
        pytest.param(ENABLED, replace(GOOD, calls=[*GOOD.calls, call("PATCH")]), "written more often", id="a second write"),
        pytest.param(ENABLED, replace(GOOD, calls=GOOD.calls[1:]), "the log counts 4 Graph calls, Graph counts 3", id="the log and Graph disagree"),
        pytest.param(ENABLED, replace(GOOD, lines=[*GOOD.lines, line(COPY, 1)]), "a copy of a handled message took 1", id="over budget"),
        pytest.param(ENABLED, replace(GOOD, posts=[post("1", status=503)]), "answered 0 with 202", id="a notification refused"),
        pytest.param(ENABLED, replace(GOOD, lines=[*GOOD.lines, {"event": "message.poisoned", "level": "error"}]), "Log lines at level error: 1", id="poison"),
        pytest.param(ENABLED, replace(GOOD, mails=[Mail(EVENT, 1)] * 2), "2 because of Joinlink", id="two mails for one write"),
        pytest.param(ENABLED, replace(GOOD, mails=[Mail("another", 1)]), "1 because of Joinlink", id="a mail without a write"),
        pytest.param(ENABLED, replace(GOOD, watched=[]), "0 calendars watched", id="no calendar is watched"),
        pytest.param(ENABLED, replace(GOOD, watched=[ADA.id] * 2), "2 calendars watched", id="a duplicate subscription"),
        pytest.param(ENABLED, replace(GOOD, posts=[*GOOD.posts, lifecycle_post("subscriptionRemoved")]), "1 removed by Graph and 0 created again", id="not created again"),
        pytest.param(ENABLED, replace(GOOD, posts=[*GOOD.posts, lifecycle_post("reauthorizationRequired")]), "0 renewed because Graph asked", id="a missing renewal"),
        pytest.param(ENABLED, replace(GOOD, lines=[*GOOD.lines, counted_as_missed()]), "counts 1 as missed", id="missed without a loss"),
        pytest.param(ENABLED, replace(GOOD, files=["a s3cret"]), "The log and the HAR", id="a secret"),
        pytest.param(ENABLED, replace(GOOD, others=["urllib3: oh"]), "urllib3: oh", id="a warning of another logger"),
    ],
)  # fmt: skip
def test_each_difference_is_a_complaint(expected: PlayedScene, record: DayRecord, complaint: str) -> None:
    """A sentence for each."""
    assert any(complaint in text for text in judge([expected], record).complaints)


def test_mails_that_people_cause_are_not_counted_for_joinlink() -> None:
    """A person's edit sends update mails too."""
    record = replace(GOOD, mails=[Mail(EVENT, 1)] * 2, mails_by_people=Counter({EVENT: 1}))

    assert judge([ENABLED], record).complaints == []


def test_a_patch_with_a_lost_answer_counts_as_a_write() -> None:
    """It took effect, so a second write would be one too many."""
    calls = [call("PATCH", lost=True), call("PATCH", status=412)]
    [scene] = judge([ENABLED], replace(GOOD, calls=calls)).scenes

    assert scene.patches == 2
    assert scene.errors == ["lost", "412"]
    assert not any("written more" in text for text in scene.complaints)


def test_a_patch_that_failed_after_taking_effect_counts_as_a_write() -> None:
    """Effects count, not answers: the second write is one too many."""
    calls = [call("PATCH", status=503, is_done=True), call("PATCH")]
    [scene] = judge([ENABLED], replace(GOOD, calls=calls)).scenes

    assert "written more often than necessary" in scene.complaints


def test_a_write_may_follow_one_that_added_no_link() -> None:
    """Each attempt has its own outcome in the log; more writes than outcomes are too many."""
    no_link = ("not_honored", "no_join_link")
    lines = [
        *GOOD.lines[:2],
        line(no_link, 2, ids=("a", "b")),
        line(no_link, 2, ids=("c", "d"), source="sweep"),
    ]
    twice = [call("PATCH", request_id=name) if name in "ac" else call(request_id=name) for name in "abcd"]
    record = replace(GOOD, lines=lines, calls=twice, links={KEY: None}, mails=[])

    def judged(record: DayRecord) -> list[str]:
        return [text for text in judge([played(no_link)], record).complaints if "without need: 1" in text]

    assert judged(record) == []
    assert len(judged(replace(record, calls=[*twice, call("PATCH")]))) == 1


def test_an_event_without_notifications_must_be_found_by_a_sweep() -> None:
    """Its first line names the sweep, and Joinlink counts it as missed."""
    lost = played(ADDED, link=TEAMS, missed=Missed.LOST)
    by_sweep = [line(ADDED, 3, ids=("a", "b", "c"), source="sweep"), line(ONLINE, 1, ids=("d",))]
    found = replace(GOOD, lines=[*GOOD.lines[:2], swept(), counted_as_missed(), *by_sweep])

    assert judge([lost], found).complaints == []
    assert "found 0" in judge([lost], GOOD).complaints[0]
