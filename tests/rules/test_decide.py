from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.decision import Reason, Verdict
from shared.domain.event import Attendee, Event, Location, Recurrence
from shared.domain.meeting import Meeting, MeetingState
from shared.rules.decide import decide
from shared.rules.facts import Facts
from shared.rules.policy import Policy

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVERYTHING = "  - {id: all, mode: enforce, when: {}}"
UNKNOWN_DOMAINS = "internal_domains: auto\nrules:\n"
#: whether anybody is external can't be told without the tenant's domains
UNKNOWN = "when: {external_attendees: {at_least: 1}}"


def meeting(state: MeetingState, attempts: int = 0) -> Meeting:
    return Meeting(state=state, at=NOW - HOUR, attempts=attempts)


GUARDS = [
    pytest.param({"is_online_meeting": True}, None, Reason.ALREADY_ONLINE, id="online"),
    pytest.param({"join_url": "https://teams.microsoft.com/l/x"}, None, Reason.ALREADY_ONLINE, id="has a join URL"),
    pytest.param({"is_organizer": False}, None, Reason.NOT_ORGANIZER, id="a guest's copy"),
    pytest.param({"is_cancelled": True}, None, Reason.CANCELLED, id="cancelled"),
    pytest.param({"start": NOW - HOUR, "end": NOW}, None, Reason.ENDED, id="ends this moment"),
    pytest.param({"is_draft": True}, None, Reason.DRAFT, id="draft"),
    pytest.param({"body_preview": "at https://zoom.us/j/123"}, None, Reason.OTHER_JOIN_LINK, id="link in the preview"),
    pytest.param({"locations": (Location(display_name="zoom.us/j/123"),)}, None, Reason.OTHER_JOIN_LINK, id="link as a place"),
    pytest.param({"locations": (Location(display_name="Zoom", uri="https://zoom.us/j/1"),)}, None, Reason.OTHER_JOIN_LINK, id="link behind a place"),
    pytest.param({}, meeting(MeetingState.ENABLED), Reason.REMOVED_BY_USER, id="our link is gone"),
    pytest.param({}, meeting(MeetingState.SEEN_ONLINE), Reason.REMOVED_BY_USER, id="a person's link is gone"),
    pytest.param({}, meeting(MeetingState.NOT_HONORED, 3), Reason.GAVE_UP, id="tried three times"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "known", "reason"), GUARDS)
def test_a_guard_keeps_the_event_as_it_is(
    changes: dict[str, Any], known: Meeting | None, reason: Reason, make_event: Any, make_policy: Any
) -> None:
    """Whatever the rules say, now and if promoted; no rule is asked."""
    decision = decide(make_event(**changes), make_policy(EVERYTHING), Facts(meeting=known), NOW)

    assert (decision.verdict, decision.reason, decision.rule) == (Verdict.SKIP, reason, None)
    assert (decision.projected, decision.projected_reason, decision.projected_rule) == (
        Verdict.SKIP,
        reason,
        None,
    )


def test_the_first_guard_that_holds_decides(make_event: Any, make_policy: Any) -> None:
    """Guards run in the order of their reasons, which is the order that admins read in the docs."""
    changes: dict[str, Any] = {
        "is_online_meeting": True, "is_organizer": False, "is_cancelled": True, "start": NOW - HOUR, "end": NOW - HOUR,
        "is_draft": True, "body_preview": "https://zoom.us/j/1",
    }  # fmt: skip
    undo: list[dict[str, Any]] = [
        {"is_online_meeting": False}, {"is_organizer": True}, {"is_cancelled": False}, {"start": NOW, "end": NOW + HOUR},
        {"is_draft": False}, {"body_preview": ""},
    ]  # fmt: skip
    known = Facts(meeting=meeting(MeetingState.ENABLED, attempts=3))
    reasons = []
    for step in [{}, *undo]:
        changes |= step
        reasons.append(decide(make_event(**changes), make_policy(EVERYTHING), known, NOW).reason)

    assert reasons == list(Reason)[:7]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"end": NOW + timedelta(seconds=1), "start": NOW - HOUR}, id="still running"),
        pytest.param({"body_preview": "see zoom.us/pricing"}, id="a page that is no join link"),
        pytest.param(
            {
                "type": "seriesMaster",
                "start": NOW - timedelta(days=30),
                "end": NOW - timedelta(days=30) + HOUR,
                "recurrence": Recurrence(pattern="daily", occurrences=60),
            },
            id="a series with dates to come",
        ),
    ],
)
def test_no_guard_holds_without_its_reason(
    changes: dict[str, Any], make_event: Any, make_policy: Any
) -> None:
    """Guards stay out of the way where they have nothing to say."""
    decision = decide(make_event(**changes), make_policy(EVERYTHING), Facts(), NOW)

    assert (decision.verdict, decision.reason, decision.rule) == (Verdict.ENABLE, Reason.LINK_ADDED, "all")


def test_a_series_is_over_after_its_last_occurrence(make_event: Any, make_policy: Any) -> None:
    """The master's own end is only the end of the first."""
    start = NOW - timedelta(days=30)
    event = make_event(
        type="seriesMaster",
        start=start,
        end=start + HOUR,
        recurrence=Recurrence(pattern="daily", occurrences=30),
    )

    assert decide(event, make_policy(EVERYTHING), Facts(), NOW).reason is Reason.ENDED


@pytest.mark.parametrize(
    ("setting", "changes"),
    [
        pytest.param("drafts: ignore", {"is_draft": True}, id="drafts"),
        pytest.param("other_join_links: ignore", {"body_preview": "https://zoom.us/j/1"}, id="other links"),
    ],
)
def test_two_guards_can_be_switched_off(
    setting: str, changes: dict[str, Any], make_event: Any, make_policy: Any
) -> None:
    """Their settings say `ignore`."""
    policy = make_policy(f"{setting}\nrules:\n{EVERYTHING}")

    assert decide(make_event(**changes), policy, Facts(), NOW).verdict is Verdict.ENABLE


def test_a_link_that_may_be_a_join_link_keeps_an_event_as_it_is(make_event: Any, make_policy: Any) -> None:
    """A link scanner hides where it leads, and a write can't be undone."""
    event = make_event(body_preview="https://protect-eu.mimecast.com/s/AbC?domain=fabrikam.zoom.us")

    assert decide(event, make_policy(EVERYTHING), Facts(), NOW).reason is Reason.OTHER_JOIN_LINK


def test_memory_without_a_link_does_not_stop_a_retry(make_event: Any, make_policy: Any) -> None:
    """Two attempts that brought no link leave a third."""
    known = Facts(meeting=meeting(MeetingState.NOT_HONORED, attempts=2))

    assert decide(make_event(), make_policy(EVERYTHING), known, NOW).verdict is Verdict.ENABLE


YES, NO = "when: {}", "when: {is_all_day: true}"
FOLDS = [
    pytest.param([("enforce", "enable", YES)], "enable link_added r0", "enable link_added r0", id="enforce"),
    pytest.param([("report", "enable", YES)], "would_enable report_mode r0", "enable link_added r0", id="report"),
    pytest.param([("off", "enable", YES)], "skip no_rule_matched None", "skip no_rule_matched None", id="off"),
    pytest.param([("enforce", "enable", NO)], "skip no_rule_matched None", "skip no_rule_matched None", id="no match"),
    pytest.param([("enforce", "skip", YES), ("enforce", "enable", YES)], "skip rule_skip r0", "skip rule_skip r0", id="the first match wins"),
    pytest.param([("enforce", "skip", NO), ("enforce", "enable", YES)], "enable link_added r1", "enable link_added r1", id="a rule that fails is passed"),
    pytest.param([("report", "skip", YES), ("enforce", "enable", YES)], "enable link_added r1", "skip rule_skip r0", id="a reported skip protects nobody yet"),
    pytest.param([("report", "enable", YES), ("enforce", "skip", YES)], "would_enable report_mode r0", "enable link_added r0", id="a reported enable stands before an enforced skip"),
    pytest.param([("enforce", "skip", YES), ("report", "enable", YES)], "skip rule_skip r0", "skip rule_skip r0", id="an enforced skip stands before a reported enable"),
    pytest.param([("report", "enable", YES), ("enforce", "enable", YES)], "enable link_added r1", "enable link_added r0", id="both enable, by different rules"),
]  # fmt: skip


def rules(*parts: tuple[str, str, str]) -> str:
    return "".join(
        f"  - id: r{number}\n    mode: {mode}\n    action: {action}\n    {rest}\n"
        for number, (mode, action, rest) in enumerate(parts)
    )


def told(event: Event, policy: Policy, facts: Facts | None = None) -> tuple[str, str]:
    decision = decide(event, policy, facts or Facts(), NOW)
    return (
        f"{decision.verdict} {decision.reason} {decision.rule}",
        f"{decision.projected} {decision.projected_reason} {decision.projected_rule}",
    )


@pytest.mark.parametrize(("parts", "now", "promoted"), FOLDS)
def test_rules_are_folded_for_now_and_for_later(
    parts: list[tuple[str, str, str]], now: str, promoted: str, make_event: Any, make_policy: Any
) -> None:
    """Only `enforce` counts now; `report` counts in the projection too."""
    assert told(make_event(), make_policy(rules(*parts))) == (now, promoted)


RETRY = "\n    on_missing: retry"
MISSING = [
    pytest.param([("enforce", "enable", UNKNOWN)], "skip insufficient_data r0", id="an open enable rule does not enable"),
    pytest.param([("enforce", "enable", UNKNOWN), ("enforce", "enable", YES)], "enable link_added r1", id="a later rule may enable, for both would"),
    pytest.param([("enforce", "enable", UNKNOWN), ("enforce", "skip", YES)], "skip rule_skip r1", id="a later rule may skip"),
    pytest.param([("enforce", "skip", UNKNOWN), ("enforce", "enable", YES)], "skip insufficient_data r0", id="an open skip rule keeps later ones from enabling"),
    pytest.param([("enforce", "skip", UNKNOWN), ("enforce", "skip", YES)], "skip rule_skip r1", id="an open skip rule does not keep later ones from skipping"),
    pytest.param([("enforce", "enable", "when: {}\n    un" + UNKNOWN.replace("when", "less"))], "skip insufficient_data r0", id="an open unless does not enable"),
    pytest.param([("enforce", "enable", UNKNOWN + RETRY)], "retry awaiting_data r0", id="retry puts the decision off"),
    pytest.param([("enforce", "enable", UNKNOWN + RETRY), ("enforce", "skip", YES)], "retry awaiting_data r0", id="retry where a later rule would skip"),
    pytest.param([("enforce", "skip", UNKNOWN + RETRY), ("enforce", "enable", YES)], "retry awaiting_data r0", id="retry where a later rule would enable"),
    pytest.param([("enforce", "enable", UNKNOWN + RETRY), ("enforce", "enable", YES)], "enable link_added r1", id="no retry where both would enable"),
    pytest.param([("enforce", "skip", UNKNOWN + RETRY)], "skip insufficient_data r0", id="no retry where nothing could enable"),
    pytest.param([("enforce", "skip", UNKNOWN + RETRY), ("enforce", "skip", YES)], "skip rule_skip r1", id="no retry where both would skip"),
    pytest.param([("enforce", "skip", YES), ("enforce", "enable", UNKNOWN + RETRY)], "skip rule_skip r0", id="no retry where an earlier rule decides"),
    pytest.param([("report", "skip", UNKNOWN), ("enforce", "enable", YES)], "enable link_added r1", id="an open rule in report mode is no caution now"),
    pytest.param([("enforce", "enable", "when: {external_attendees: {at_least: 1}, is_all_day: true}")], "skip no_rule_matched None", id="what fails anyhow needs no fact"),
    pytest.param([("enforce", "enable", "when: {any: [{external_attendees: {at_least: 1}}, {is_all_day: false}]}")], "enable link_added r0", id="what holds anyhow needs no fact"),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "expected"), MISSING)
def test_a_missing_fact_never_leads_to_a_write(
    parts: list[tuple[str, str, str]], expected: str, make_event: Any, make_policy: Any
) -> None:
    """Where the missing fact could make the difference, the answer is the one that writes nothing."""
    policy = make_policy(UNKNOWN_DOMAINS + rules(*parts))

    assert told(make_event(), policy)[0] == expected


def test_a_retry_is_projected_as_a_skip(make_event: Any, make_policy: Any) -> None:
    """A projection is enable or skip; what waits is not enabled."""
    policy = make_policy(UNKNOWN_DOMAINS + rules(("report", "enable", UNKNOWN + RETRY)))

    assert told(make_event(), policy) == ("skip no_rule_matched None", "skip awaiting_data r0")


def test_what_an_event_itself_leaves_open_is_not_waited_for(make_event: Any, make_policy: Any) -> None:
    """An address without a domain has none tomorrow, either; nothing ends in a poison queue for it."""
    policy = make_policy(rules(("enforce", "enable", UNKNOWN + RETRY)))
    event = make_event(attendees=(Attendee(address="/o=ExchangeLabs/cn=bo"),))

    assert told(event, policy)[0] == "skip insufficient_data r0"


def test_the_tenants_domains_stand_for_auto(make_event: Any, make_policy: Any) -> None:
    """With them known, the open rule is told."""
    policy = make_policy(UNKNOWN_DOMAINS + rules(("enforce", "enable", UNKNOWN)))
    facts = Facts(tenant_domains=frozenset({"Contoso.com"}))

    assert told(make_event(), policy, facts)[0] == "enable link_added r0"
    assert told(make_event(attendees=(Attendee(address="bo@contoso.com"),)), policy, facts)[0] == "skip no_rule_matched None"  # fmt: skip


def test_a_tenant_without_domains_is_not_known(make_event: Any, make_policy: Any) -> None:
    """An empty answer does not make everybody external."""
    policy = make_policy(UNKNOWN_DOMAINS + rules(("enforce", "enable", UNKNOWN)))

    assert told(make_event(), policy, Facts(tenant_domains=frozenset()))[0] == "skip insufficient_data r0"


@pytest.mark.parametrize(
    ("at", "verdict"),
    [
        pytest.param(datetime(2026, 6, 9, 23, 59, 59, tzinfo=UTC), Verdict.SKIP, id="before"),
        pytest.param(datetime(2026, 6, 10, tzinfo=UTC), Verdict.ENABLE, id="from its first midnight"),
        pytest.param(datetime(2026, 6, 19, 23, 59, 59, tzinfo=UTC), Verdict.ENABLE, id="to its last second"),
        pytest.param(datetime(2026, 6, 20, tzinfo=UTC), Verdict.SKIP, id="until is not included"),
    ],
)
def test_a_rule_counts_in_its_time(at: datetime, verdict: Verdict, make_event: Any, make_policy: Any) -> None:
    """Out of its time it is as if it were not there."""
    policy = make_policy(
        rules(("enforce", "enable", YES + "\n    active: {from: 2026-06-10, until: 2026-06-20}"))
    )
    decision = decide(make_event(start=at + HOUR, end=at + 2 * HOUR), policy, Facts(), at)

    assert decision.verdict is verdict


@pytest.mark.parametrize(
    "condition",
    [
        'starts_between: {from: "08:00", to: "18:00", timezone: America/Los_Angeles}',
        "starts_in: {at_least: 1h}",
    ],
)
@pytest.mark.parametrize("action", ["enable", "skip"])
def test_a_time_in_an_unknown_zone_cannot_be_told(
    make_event: Any, make_policy: Any, now: datetime, condition: str, action: str
) -> None:
    """Read as UTC it would be hours off: an enable rule writes nothing, and a skip rule protects."""
    policy = make_policy(
        f"rules:\n  - {{id: a, mode: enforce, action: {action}, when: {{{condition}}}}}\n"
        + ("  - {id: b, mode: enforce, when: {}}" if action == "skip" else "")
    )
    decision = decide(make_event(unknown_zone="tzone://Microsoft/Custom"), policy, Facts(), now)

    assert decision.reason is Reason.INSUFFICIENT_DATA
