"""What becomes of one meeting: the ordinary ways."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph import DirectoryUser, Fault, NotificationDelivery
from tests.stories.conftest import Story

GUEST = "bo@fabrikam.com"
SERIES = {
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "firstDayOfWeek": "monday"},
        "range": {"type": "numbered", "startDate": "2026-11-24", "numberOfOccurrences": 4},
    }
}


def test_a_meeting_with_a_guest_gets_its_link(story: Story) -> None:
    """Three calls: read the event, read its calendar's provider, write two properties."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.wait()

    assert story.has_link(ada, meeting)
    assert story.event(ada, meeting)["onlineMeetingProvider"] == "teamsForBusiness"
    assert story.ends(ada) == [("enabled", "link_added")]
    assert len(story.calls("GET", ada)) + len(story.calls("PATCH", ada)) == 3


def test_the_echo_of_our_write_costs_one_call(story: Story) -> None:
    """Our PATCH makes Graph notify us; the event is read, found online, and that is all."""
    ada = story.person("Ada")
    story.meeting(ada, GUEST)
    story.play()

    assert story.ends(ada) == [("enabled", "link_added"), ("skipped", "already_online")]
    assert [line["graph_calls"] for line in story.lines()] == [3, 1]


def test_the_log_line_tells_all_that_an_admin_asks(story: Story) -> None:
    """One line: what, why, by which rule and policy, how long it took, which calls."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.wait()
    [line] = story.lines()

    assert line["rule"] == line["projected_rule"] == "external"
    assert (line["source"], line["attempt"]) == ("notification", 0)
    assert 20 <= line["queue_wait_seconds"] <= 25  # by the queue service's clock, which goes on
    assert line["event_id"] == meeting
    assert len(line["graph_request_ids"]) == 3
    assert len(line["policy"]) == 12


def test_the_log_names_nobody(story: Story) -> None:
    """No subject, no address, no link, no key: whatever happened."""
    ada = story.person("Ada")
    story.meeting(ada, GUEST, subject="Merger with Fabrikam")
    story.play()

    said = " ".join(
        record.getMessage() for record in story.caplog.records if record.name == "joinlink"
    ).lower()
    assert [word for word in ("merger", "fabrikam", "@", "http", "bearer") if word in said] == []


def test_ten_copies_of_every_notification_change_nothing(story: Story) -> None:
    """One PATCH, and no further read of what this process has answered."""
    story.stage.graph.delivery = NotificationDelivery(copies=(10, 10), shuffle=True, batch=3)
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.play()

    assert story.has_link(ada, meeting)
    assert len(story.calls("PATCH", ada)) == 1
    # the event, its calendar, and the event again for the echo
    assert len(story.calls("GET", ada)) == 3


Make = Callable[[Story, DirectoryUser], object]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        pytest.param(lambda s, ada: s.meeting(ada, "cy@contoso.com"), ("skipped", "no_rule_matched"), id="an internal one"),
        pytest.param(lambda s, ada: s.meeting(ada, GUEST, subject="Lunch [No Link]"), ("skipped", "rule_skip"), id="an opted-out one"),
        pytest.param(lambda s, ada: s.meeting(ada, "cy@contoso.com", subject="Trial"), ("would_enable", "report_mode"), id="a rule in report mode"),
        pytest.param(lambda s, ada: s.meeting(ada, GUEST, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness"), ("skipped", "already_online"), id="one already online"),
        pytest.param(lambda s, ada: s.meeting(ada, GUEST, location={"displayName": "https://fabrikam.zoom.us/j/5551234"}), ("skipped", "other_join_link"), id="one with a Zoom link"),
        pytest.param(lambda s, ada: s.stage.graph.people.cancel(ada.id, s.meeting(ada, GUEST)), ("skipped", "cancelled"), id="a cancelled one"),
        pytest.param(lambda s, ada: s.meeting(ada, GUEST, start={"dateTime": "2026-11-20T09:00:00", "timeZone": "UTC"}, end={"dateTime": "2026-11-20T10:00:00", "timeZone": "UTC"}), ("skipped", "ended"), id="one gone by"),
        pytest.param(lambda s, ada: s.meeting(ada, GUEST, isDraft=True), ("skipped", "draft"), id="a draft"),
    ],
)  # fmt: skip
def test_a_meeting_that_needs_no_link_is_left_alone(
    story: Story, make: Make, expected: tuple[str, str]
) -> None:
    """One call to see it, none to change it."""
    ada = story.person("Ada")
    make(story, ada)
    story.wait()

    assert set(story.ends(ada)) <= {expected, ("superseded", "read_since")}
    assert story.ends(ada)[0] == expected
    assert len(story.calls("GET", ada)) == 1
    assert story.calls("PATCH", ada) == []


def test_an_attendees_copy_is_left_alone(story: Story) -> None:
    """The organizer's copy drives the meeting; the others follow."""
    ada, cy = story.person("Ada"), story.person("Cy")
    story.meeting(ada, GUEST, cy.address)
    story.play()

    # which of the two depends on whose message comes first, Ada's or Cy's
    assert set(story.ends(cy)) <= {("skipped", "not_organizer"), ("skipped", "already_online")}
    assert story.calls("PATCH", cy) == []


def test_a_changed_occurrence_is_judged_by_its_series(story: Story) -> None:
    """The link is the series' own: one PATCH, on the master, whatever the message named."""
    ada = story.person("Ada")
    master = story.meeting(ada, GUEST, **SERIES)
    story.stage.graph.people.change_occurrence(ada.id, master, 1, subject="Moved")
    story.play()

    assert story.has_link(ada, master)
    assert len(story.calls("PATCH", ada)) == 1


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        pytest.param({"default_provider": "skypeForBusiness", "allowed_providers": ("skypeForBusiness",)}, ("enabled", "link_added"), id="Skype by default"),
        pytest.param({"default_provider": "unknown", "allowed_providers": ("teamsForBusiness",)}, ("enabled", "link_added"), id="no default, Teams allowed"),
        pytest.param({"default_provider": "unknown", "allowed_providers": ("skypeForBusiness",)}, ("skipped", "provider_not_allowed"), id="the fallback is not allowed"),
        pytest.param({"default_provider": "unknown", "allowed_providers": ()}, ("skipped", "provider_not_allowed"), id="nothing allowed"),
    ],
)  # fmt: skip
def test_the_provider_is_the_one_of_the_events_calendar(
    story: Story, calendar: dict[str, Any], expected: tuple[str, str]
) -> None:
    """The default first, then the rule's fallback, and never one that the calendar does not allow."""
    ada = story.person("Ada", **calendar)
    story.meeting(ada, GUEST)
    story.wait()

    assert story.ends(ada) == [expected]


def test_no_provider_is_asked_for_where_neither_calendar_nor_rule_names_one(
    begin: Callable[[str], Story],
) -> None:
    """Then the event is left as it is, and the rule's limit is not charged."""
    story = begin(
        "version: 1\nrules: [{id: all, mode: enforce, when: {attendees: {at_least: 1}}, limits: {per_hour: 1}}]"
    )
    ada = story.person("Ada", default_provider="unknown")
    bo = story.person("Bo")
    story.meeting(ada, GUEST)
    story.wait()
    story.meeting(bo, GUEST)
    story.wait()

    assert story.ends(ada) == [("skipped", "no_provider")]
    assert story.ends(bo)[0] == ("enabled", "link_added")


def test_a_link_that_a_person_took_away_stays_away(story: Story) -> None:
    """Ours or theirs: what was online once and is no more was made so by a person."""
    ada = story.person("Ada")
    ours = story.meeting(ada, GUEST)
    theirs = story.meeting(ada, GUEST, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    story.play()
    for meeting in (ours, theirs):
        story.stage.graph.people.remove_link(ada.id, meeting)
        story.stage.clock.advance(timedelta(days=1) / 4)
    story.play()

    assert story.ends(ada)[-2:] == [("skipped", "removed_by_user")] * 2
    assert not story.has_link(ada, ours)
    assert not story.has_link(ada, theirs)
    assert len(story.calls("PATCH", ada)) == 1


def test_a_deleted_event_is_looked_for_twice_more(story: Story) -> None:
    """It may be on the move: thirty seconds and five minutes later it is taken for gone.

    One search goes on, however many notifications there were.
    """
    story.stage.graph.delivery = NotificationDelivery(copies=(4, 4))
    ada = story.person("Ada")
    story.stage.graph.people.delete(ada.id, story.meeting(ada, GUEST))
    story.play()

    searched = [line for line in story.lines() if line["outcome"] != "superseded"]
    assert [line["reason"] for line in searched] == ["not_found_yet", "not_found_yet", "not_found"]
    assert [line["again_in_seconds"] for line in searched] == [30, 300, None]
    assert len(story.calls("GET", ada)) == 3


def test_a_rule_stops_at_its_limit(story: Story) -> None:
    """Five in an hour are allowed; the sixth waits for nobody, and the next hour begins anew."""
    ada = story.person("Ada")
    for _ in range(6):
        story.meeting(ada, GUEST)
    story.play()

    reasons = [reason for _outcome, reason in story.ends(ada)]
    assert reasons.count("link_added") == 5
    assert reasons.count("limit_reached") == 1
    assert [line["limit"] for line in story.lines("rule.limit_reached")] == [5]
    story.stage.clock.advance(timedelta(hours=1))
    later = story.meeting(ada, GUEST)
    story.play()
    assert story.has_link(ada, later)


def test_a_rule_at_its_limit_lets_the_next_one_decide(begin: Callable[[str], Story]) -> None:
    """It acts as in report mode: a later rule that enables does, one that skips does not count as a link."""
    story = begin("""
version: 1
rules:
  - {id: first, mode: enforce, when: {attendees: {at_least: 1}}, limits: {per_hour: 1}}
  - {id: reviews, mode: enforce, when: {subject: review}, limits: {per_hour: 1}}
""")
    ada = story.person("Ada")
    for subject in ("Planning", "Review", "Lunch"):
        story.meeting(ada, GUEST, subject=subject)
        story.wait()
    ends = [(line["reason"], line["rule"]) for line in story.lines() if line["reason"] != "already_online"]

    assert ends == [("link_added", "first"), ("link_added", "reviews"), ("limit_reached", "first")]


def test_a_rule_at_its_limit_leaves_the_decision_to_one_that_waits_for_data(
    begin: Callable[[str], Story],
) -> None:
    """As in report mode: whether a later rule enables can't be told yet, so the event is looked at again."""
    story = begin("""
version: 1
rules:
  - {id: first, mode: enforce, when: {attendees: {at_least: 1}}, limits: {per_hour: 1}}
  - {id: pilot, mode: enforce, when: {organizer: {member_of: GROUP}}, on_missing: retry}
""")
    ada = story.person("Ada")
    group = story.stage.graph.add_group("Pilot", [ada])
    (story.rules / "rules.yaml").write_text((story.rules / "rules.yaml").read_text().replace("GROUP", group))
    story.stage.graph.faults.add(Fault(path="transitiveMembers", status=403))
    story.meeting(ada, GUEST)
    story.wait()
    second = story.meeting(ada, GUEST)
    story.wait()

    [line] = [line for line in story.lines() if line["event_id"] == second]
    assert (line["outcome"], line["reason"], line["rule"]) == ("delayed", "awaiting_data", "pilot")
    story.play()
    assert story.has_link(ada, second)
    assert len(story.lines("rule.limit_reached")) == 1


def test_the_brake_stops_every_write(begin: Callable[..., Story]) -> None:
    """With JOINLINK_MODE=report nothing is written, whatever the rules say."""
    story = begin(JOINLINK_MODE="report")
    ada = story.person("Ada")
    story.meeting(ada, GUEST)
    story.play()

    assert story.ends(ada) == [("would_enable", "brake")]
    assert story.calls("PATCH", ada) == []


def test_a_pilot_group_is_asked_of_graph(begin: Callable[[str], Story]) -> None:
    """Only members get links; 1,500 of them come in pages, and are kept for hours."""
    story = begin("version: 1\nrules: [{id: pilot, mode: enforce, when: {organizer: {member_of: GROUP}}}]")
    ada, bo = story.person("Ada"), story.person("Bo")
    crowd = [story.stage.graph.add_user(f"U{n}", f"u{n}@contoso.com", mailbox=False) for n in range(1_500)]
    group = story.stage.graph.add_group("Pilot", [*crowd, ada])
    (story.rules / "rules.yaml").write_text((story.rules / "rules.yaml").read_text().replace("GROUP", group))
    story.meeting(ada, "cy@contoso.com")
    story.meeting(bo, "cy@contoso.com")
    story.wait()

    assert story.ends(ada)[0] == ("enabled", "link_added")
    assert story.ends(bo)[0] == ("skipped", "no_rule_matched")
    assert len([c for c in story.stage.graph.calls if "transitiveMembers" in c.path]) == 2
