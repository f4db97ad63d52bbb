from collections import Counter
from dataclasses import replace

import pytest

from sandbox.demo.contoso import Meeting, Unheard
from sandbox.demo.verdict import Record, judge
from sandbox.graph import Mail
from tests.sandbox.demo.record import (
    ADA,
    ADDED,
    COPY,
    EVENT,
    KEY,
    ONLINE,
    call,
    lifecycle_post,
    line,
    maintained,
    meeting,
    post,
    subscribed,
    swept,
)

TEAMS = "teamsForBusiness"
ENABLED = meeting(ADDED, link=TEAMS)
GOOD = Record(
    lines=[
        subscribed(),
        maintained(active=1, unusable=1),
        line(ADDED, 3, ids=("a", "b", "c")),
        line(COPY, 0),
        line(ONLINE, 1, ids=("d",)),
    ],
    calls=[call(request_id="a"), call(request_id="b"), call("PATCH", request_id="c"), call(request_id="d")],
    posts=[post("1", "1"), post("2")],
    calendars=frozenset({ADA.id}),
    watched=[ADA.id],
    parked=["a room"],
    links={KEY: TEAMS},
    mails=[Mail(EVENT, 1)],
    mails_of_people=Counter(),
    others=[],
    files=['{"event": "event.decided"}'],
    secrets=["s3cret"],
)


def test_a_day_as_it_should_be_has_no_complaints() -> None:
    """Four calls, one PATCH, one mail; three notifications of two changes."""
    verdict = judge([ENABLED], GOOD)

    assert verdict.complaints == []
    assert (verdict.cases[0].calls, verdict.cases[0].patches) == (4, 1)
    assert any(fact.text.startswith("Graph sent 3 notifications of 2 changes") for fact in verdict.facts)


@pytest.mark.parametrize(
    ("expected", "record", "complaint"),
    [
        pytest.param(meeting(ONLINE, link=TEAMS), GOOD, "became enabled · link_added", id="another outcome"),
        pytest.param(ENABLED, replace(GOOD, lines=[], calls=[]), "became nothing", id="nothing at all"),
        pytest.param(ENABLED, replace(GOOD, links={KEY: None}), "found none", id="no link in Graph"),
        pytest.param(meeting(ADDED), GOOD, "expected no link in Graph", id="a link too many"),
        pytest.param(ENABLED, replace(GOOD, calls=[*GOOD.calls, call("PATCH")]), "written to more often", id="a second write"),
        pytest.param(ENABLED, replace(GOOD, calls=GOOD.calls[1:]), "the log tells of 4 Graph calls, Graph of 3", id="the log and Graph disagree"),
        pytest.param(ENABLED, replace(GOOD, lines=[*GOOD.lines, line(COPY, 1)]), "a copy of what was answered took 1", id="over budget"),
        pytest.param(ENABLED, replace(GOOD, posts=[post("1", status=503)]), "of which 0 were answered 202", id="a notification refused"),
        pytest.param(ENABLED, replace(GOOD, lines=[*GOOD.lines, {"event": "message.poisoned", "level": "error"}]), "Lines at level error: 1", id="poison"),
        pytest.param(ENABLED, replace(GOOD, mails=[Mail(EVENT, 1)] * 2), "2 by Joinlink's writes", id="two mails for one write"),
        pytest.param(ENABLED, replace(GOOD, mails=[Mail("another", 1)]), "1 by Joinlink's writes", id="a mail without a write"),
        pytest.param(ENABLED, replace(GOOD, watched=[]), "0 calendars watched", id="nobody is watched"),
        pytest.param(ENABLED, replace(GOOD, watched=[ADA.id] * 2), "2 calendars watched", id="a duplicate subscription"),
        pytest.param(ENABLED, replace(GOOD, posts=[*GOOD.posts, lifecycle_post("subscriptionRemoved")]), "1 removed by Graph and 0 created again", id="a gap that stays"),
        pytest.param(ENABLED, replace(GOOD, posts=[*GOOD.posts, lifecycle_post("reauthorizationRequired")]), "0 renewed as Graph asked", id="a renewal owed"),
        pytest.param(ENABLED, replace(GOOD, lines=[*GOOD.lines, swept(1)]), "count of the missed: 1", id="missed without a loss"),
        pytest.param(ENABLED, replace(GOOD, files=["a s3cret"]), "Log and HAR", id="a secret"),
        pytest.param(ENABLED, replace(GOOD, others=["urllib3: oh"]), "urllib3: oh", id="a warning of somebody else's"),
    ],
)  # fmt: skip
def test_whatever_differs_is_told(expected: Meeting, record: Record, complaint: str) -> None:
    """In words, so that the last line may count them."""
    assert any(complaint in text for text in judge([expected], record).complaints)


def test_mails_that_people_cause_are_theirs() -> None:
    """A person's edit mails the attendees as well; Joinlink is not blamed for it."""
    record = replace(GOOD, mails=[Mail(EVENT, 1)] * 2, mails_of_people=Counter({EVENT: 1}))

    assert judge([ENABLED], record).complaints == []


def test_an_answer_that_got_lost_counts_as_a_write() -> None:
    """Graph did what was asked; a second write would be one too many."""
    calls = [call("PATCH", lost=True), call("PATCH", status=412)]
    [case] = judge([ENABLED], replace(GOOD, calls=calls)).cases

    assert case.patches == 2
    assert case.troubles == ("lost", "412")
    assert not any("written to" in text for text in case.complaints)


def test_a_refusal_that_came_after_the_effect_counts_as_a_write() -> None:
    """Effects are counted, not answers: the second write was one too many."""
    calls = [call("PATCH", status=503, is_done=True), call("PATCH")]
    [case] = judge([ENABLED], replace(GOOD, calls=calls)).cases

    assert "written to more often than it should be" in case.complaints


def test_a_write_may_follow_one_that_brought_no_link() -> None:
    """Each attempt has its own end in the log; one more write than ends is one too many."""
    told = ("not_honored", "no_join_link")
    lines = [*GOOD.lines[:2], line(told, 2, ids=("a", "b")), line(told, 2, ids=("c", "d"), source="sweep")]
    twice = [call("PATCH", request_id=name) if name in "ac" else call(request_id=name) for name in "abcd"]
    record = replace(GOOD, lines=lines, calls=twice, links={KEY: None}, mails=[])

    def judged(record: Record) -> list[str]:
        return [text for text in judge([meeting(told)], record).complaints if "without need: 1" in text]

    assert judged(record) == []
    assert len(judged(replace(record, calls=[*twice, call("PATCH")]))) == 1


def test_what_only_a_sweep_can_find_is_found() -> None:
    """Its first line names the sweep, and Joinlink itself counts it as missed."""
    lost = meeting(ADDED, link=TEAMS, unheard=Unheard.LOST)
    by_sweep = [line(ADDED, 3, ids=("a", "b", "c"), source="sweep"), line(ONLINE, 1, ids=("d",))]
    found = replace(GOOD, lines=[*GOOD.lines[:2], swept(1), *by_sweep])

    assert judge([lost], found).complaints == []
    assert "found 0" in judge([lost], GOOD).complaints[0]
