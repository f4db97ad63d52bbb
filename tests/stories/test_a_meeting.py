"""How Joinlink handles one meeting."""

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


def test_a_meeting_with_a_guest_gets_a_link(story: Story) -> None:
    """It takes four calls: read the event, its body, its calendar's provider, and write two properties."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.wait()

    assert story.has_link(ada, meeting)
    assert story.event(ada, meeting)["onlineMeetingProvider"] == "teamsForBusiness"
    assert story.outcomes(ada) == [("enabled", "link_added")]
    assert len(story.calls("GET", ada)) + len(story.calls("PATCH", ada)) == 4


def test_the_notification_of_our_own_write_costs_one_call(story: Story) -> None:
    """Joinlink reads the event and skips it, because it is online."""
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert story.outcomes(ada) == [("enabled", "link_added"), ("skipped", "already_online")]
    assert [line["graph_calls"] for line in story.log_lines()] == [4, 1]


def test_the_log_line_explains_the_decision(story: Story) -> None:
    """It has the rule, the policy, the wait in the queue and the ids of the Graph calls."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.wait()
    [line] = story.log_lines()

    assert line["rule"] == line["projected_rule"] == "external"
    assert (line["source"], line["attempt"]) == ("notification", 0)
    assert 20 <= line["queue_wait_seconds"] <= 25  # by the queue service's clock, which does not stop
    assert line["event_id"] == meeting
    assert len(line["graph_request_ids"]) == 4
    assert len(line["policy"]) == 12


def test_the_log_has_no_personal_data(story: Story) -> None:
    """No subject, address, link or token."""
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST, subject="Merger with Fabrikam")
    story.run_until_idle()

    logged = " ".join(
        record.getMessage() for record in story.caplog.records if record.name == "joinlink"
    ).lower()
    assert [word for word in ("merger", "fabrikam", "@", "http", "bearer") if word in logged] == []


def test_duplicate_notifications_cause_one_write(story: Story) -> None:
    """Ten copies of each cause one PATCH, and no read beyond those for one copy."""
    story.stage.graph.delivery = NotificationDelivery(copies=(10, 10), shuffle=True, batch=3)
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert len(story.calls("PATCH", ada)) == 1
    # the event, its body, its calendar, and the event again after our own write
    assert len(story.calls("GET", ada)) == 4


Make = Callable[[Story, DirectoryUser], object]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        pytest.param(lambda s, ada: s.create_meeting(ada, "cy@contoso.com"), ("skipped", "no_rule_matched"), id="internal"),
        pytest.param(lambda s, ada: s.create_meeting(ada, GUEST, subject="Lunch [No Link]"), ("skipped", "rule_skip"), id="opted out"),
        pytest.param(lambda s, ada: s.create_meeting(ada, "cy@contoso.com", subject="Trial"), ("would_enable", "report_mode"), id="a rule in report mode"),
        pytest.param(lambda s, ada: s.create_meeting(ada, GUEST, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness"), ("skipped", "already_online"), id="already online"),
        pytest.param(lambda s, ada: s.create_meeting(ada, GUEST, location={"displayName": "https://fabrikam.zoom.us/j/5551234"}), ("skipped", "other_join_link"), id="a Zoom link"),
        pytest.param(lambda s, ada: s.stage.graph.people.cancel(ada.id, s.create_meeting(ada, GUEST)), ("skipped", "cancelled"), id="cancelled"),
        pytest.param(lambda s, ada: s.create_meeting(ada, GUEST, start={"dateTime": "2026-11-20T09:00:00", "timeZone": "UTC"}, end={"dateTime": "2026-11-20T10:00:00", "timeZone": "UTC"}), ("skipped", "ended"), id="ended"),
        pytest.param(lambda s, ada: s.create_meeting(ada, GUEST, isDraft=True), ("skipped", "draft"), id="a draft"),
    ],
)  # fmt: skip
def test_a_meeting_that_needs_no_link_is_not_changed(
    story: Story, make: Make, expected: tuple[str, str]
) -> None:
    """One call reads it, or two if its body decides; none writes it."""
    ada = story.add_person("Ada")
    make(story, ada)
    story.wait()

    assert set(story.outcomes(ada)) <= {expected, ("superseded", "read_since")}
    assert story.outcomes(ada)[0] == expected
    assert len(story.calls("GET", ada)) == (2 if expected[1] == "report_mode" else 1)
    assert story.calls("PATCH", ada) == []


def test_an_attendees_copy_is_not_changed(story: Story) -> None:
    """Joinlink writes to the organizer's copy only."""
    ada, cy = story.add_person("Ada"), story.add_person("Cy")
    story.create_meeting(ada, GUEST, cy.address)
    story.run_until_idle()

    # the reason depends on which message comes first, Ada's or Cy's
    assert set(story.outcomes(cy)) <= {("skipped", "not_organizer"), ("skipped", "already_online")}
    assert story.calls("PATCH", cy) == []


def test_a_changed_occurrence_is_decided_by_its_series(story: Story) -> None:
    """The link belongs to the series: one PATCH to the series master."""
    ada = story.add_person("Ada")
    master = story.create_meeting(ada, GUEST, **SERIES)
    story.stage.graph.people.change_occurrence(ada.id, master, 1, subject="Moved")
    story.run_until_idle()

    assert story.has_link(ada, master)
    assert len(story.calls("PATCH", ada)) == 1


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        pytest.param({"default_provider": "skypeForBusiness", "allowed_providers": ("skypeForBusiness",)}, ("enabled", "link_added"), id="Skype by default"),
        pytest.param({"default_provider": "unknown", "allowed_providers": ("teamsForBusiness",)}, ("enabled", "link_added"), id="no default, Teams allowed"),
        pytest.param({"default_provider": "unknown", "allowed_providers": ("skypeForBusiness",)}, ("skipped", "provider_not_allowed"), id="fallback not allowed"),
        pytest.param({"default_provider": "unknown", "allowed_providers": ()}, ("skipped", "provider_not_allowed"), id="nothing allowed"),
    ],
)  # fmt: skip
def test_the_calendar_decides_which_provider_is_used(
    story: Story, calendar: dict[str, Any], expected: tuple[str, str]
) -> None:
    """Its default, or else the rule's fallback, but never a provider that it does not allow."""
    ada = story.add_person("Ada", **calendar)
    story.create_meeting(ada, GUEST)
    story.wait()

    assert story.outcomes(ada) == [expected]


def test_without_a_provider_the_event_is_skipped(
    start_story: Callable[[str], Story],
) -> None:
    """The rule's limit is not charged."""
    story = start_story(
        "version: 1\nrules: [{id: all, mode: enforce, when: {attendees: {at_least: 1}}, limits: {per_hour: 1}}]"
    )
    ada = story.add_person("Ada", default_provider="unknown")
    bo = story.add_person("Bo")
    story.create_meeting(ada, GUEST)
    story.wait()
    story.create_meeting(bo, GUEST)
    story.wait()

    assert story.outcomes(ada) == [("skipped", "no_provider")]
    assert story.outcomes(bo)[0] == ("enabled", "link_added")


def test_a_link_that_a_person_removed_is_not_added_again(story: Story) -> None:
    """Neither a link that Joinlink added nor one that a person added."""
    ada = story.add_person("Ada")
    ours = story.create_meeting(ada, GUEST)
    theirs = story.create_meeting(ada, GUEST, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    story.run_until_idle()
    for meeting in (ours, theirs):
        story.stage.graph.people.remove_link(ada.id, meeting)
        story.stage.clock.advance(timedelta(days=1) / 4)
    story.run_until_idle()

    assert story.outcomes(ada)[-2:] == [("skipped", "removed_by_user")] * 2
    assert not story.has_link(ada, ours)
    assert not story.has_link(ada, theirs)
    assert len(story.calls("PATCH", ada)) == 1


def test_a_deleted_event_is_read_three_times(story: Story) -> None:
    """It may be moving between folders, so Joinlink reads again after 30 seconds and after 5 minutes.

    Duplicate notifications cause no further reads.
    """
    story.stage.graph.delivery = NotificationDelivery(copies=(4, 4))
    ada = story.add_person("Ada")
    story.stage.graph.people.delete(ada.id, story.create_meeting(ada, GUEST))
    story.run_until_idle()

    lines = [line for line in story.log_lines() if line["outcome"] != "superseded"]
    assert [line["reason"] for line in lines] == ["not_found_yet", "not_found_yet", "not_found"]
    assert [line["again_in_seconds"] for line in lines] == [30, 300, None]
    assert len(story.calls("GET", ada)) == 3


def test_a_rule_stops_at_its_limit(story: Story) -> None:
    """Five links an hour are allowed. The sixth event is skipped; in the next hour there are links again."""
    ada = story.add_person("Ada")
    for _ in range(6):
        story.create_meeting(ada, GUEST)
    story.run_until_idle()

    reasons = [reason for _outcome, reason in story.outcomes(ada)]
    assert reasons.count("link_added") == 5
    assert reasons.count("limit_reached") == 1
    assert [line["limit"] for line in story.log_lines("rule.limit_reached")] == [5]
    story.stage.clock.advance(timedelta(hours=1))
    later = story.create_meeting(ada, GUEST)
    story.run_until_idle()
    assert story.has_link(ada, later)


def test_after_a_rule_reached_its_limit_the_next_rule_decides(start_story: Callable[[str], Story]) -> None:
    """The rule then acts as in report mode."""
    story = start_story("""
version: 1
rules:
  - {id: first, mode: enforce, when: {attendees: {at_least: 1}}, limits: {per_hour: 1}}
  - {id: reviews, mode: enforce, when: {subject: review}, limits: {per_hour: 1}}
""")
    ada = story.add_person("Ada")
    for subject in ("Planning", "Review", "Lunch"):
        story.create_meeting(ada, GUEST, subject=subject)
        story.wait()
    decisions = [
        (line["reason"], line["rule"]) for line in story.log_lines() if line["reason"] != "already_online"
    ]

    assert decisions == [("link_added", "first"), ("link_added", "reviews"), ("limit_reached", "first")]


def test_after_a_rule_reached_its_limit_a_rule_without_data_delays_the_decision(
    start_story: Callable[[str], Story],
) -> None:
    """It is unknown whether the later rule matches, so the event is decided again later."""
    story = start_story("""
version: 1
rules:
  - {id: first, mode: enforce, when: {attendees: {at_least: 1}}, limits: {per_hour: 1}}
  - {id: pilot, mode: enforce, when: {organizer: {member_of: GROUP}}, on_missing: retry}
""")
    ada = story.add_person("Ada")
    group = story.stage.graph.add_group("Pilot", [ada])
    (story.rules / "rules.yaml").write_text((story.rules / "rules.yaml").read_text().replace("GROUP", group))
    story.stage.graph.faults.add(Fault(path="transitiveMembers", status=403))
    story.create_meeting(ada, GUEST)
    story.wait()
    second = story.create_meeting(ada, GUEST)
    story.wait()

    [line] = [line for line in story.log_lines() if line["event_id"] == second]
    assert (line["outcome"], line["reason"], line["rule"]) == ("delayed", "awaiting_data", "pilot")
    story.run_until_idle()
    assert story.has_link(ada, second)
    assert len(story.log_lines("rule.limit_reached")) == 1


def test_report_mode_in_the_settings_prevents_every_write(start_story: Callable[..., Story]) -> None:
    """JOINLINK_MODE=report overrides the mode of the rules."""
    story = start_story(JOINLINK_MODE="report")
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert story.outcomes(ada) == [("would_enable", "brake")]
    assert story.calls("PATCH", ada) == []


def test_a_rule_for_a_group_applies_to_its_members_only(start_story: Callable[[str], Story]) -> None:
    """Graph returns 1,500 members in two pages, and Joinlink caches them."""
    story = start_story(
        "version: 1\nrules: [{id: pilot, mode: enforce, when: {organizer: {member_of: GROUP}}}]"
    )
    ada, bo = story.add_person("Ada"), story.add_person("Bo")
    others = [story.stage.graph.add_user(f"U{n}", f"u{n}@contoso.com", mailbox=False) for n in range(1_500)]
    group = story.stage.graph.add_group("Pilot", [*others, ada])
    (story.rules / "rules.yaml").write_text((story.rules / "rules.yaml").read_text().replace("GROUP", group))
    story.create_meeting(ada, "cy@contoso.com")
    story.create_meeting(bo, "cy@contoso.com")
    story.wait()

    assert story.outcomes(ada)[0] == ("enabled", "link_added")
    assert story.outcomes(bo)[0] == ("skipped", "no_rule_matched")
    assert len([c for c in story.stage.graph.calls if "transitiveMembers" in c.path]) == 2
