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
#: without the tenant's domains it is unknown whether an invitee is external
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
def test_an_event_is_skipped_if_a_guard_applies(
    changes: dict[str, Any], known: Meeting | None, reason: Reason, make_event: Any, make_policy: Any
) -> None:
    """Whatever the rules say, now and if promoted."""
    decision = decide(make_event(**changes), make_policy(EVERYTHING), Facts(meeting=known), NOW)

    assert (decision.verdict, decision.reason, decision.rule) == (Verdict.SKIP, reason, None)
    assert (decision.projected, decision.projected_reason, decision.projected_rule) == (
        Verdict.SKIP,
        reason,
        None,
    )


def test_the_first_guard_that_applies_decides(make_event: Any, make_policy: Any) -> None:
    """Guards are checked in the order of their reasons, as in the docs."""
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
        pytest.param({"body_preview": "see zoom.us/pricing"}, id="a page that is not a join link"),
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
def test_no_guard_applies_to_an_ordinary_event(
    changes: dict[str, Any], make_event: Any, make_policy: Any
) -> None:
    """Then the rules decide."""
    decision = decide(make_event(**changes), make_policy(EVERYTHING), Facts(), NOW)

    assert (decision.verdict, decision.reason, decision.rule) == (Verdict.ENABLE, Reason.LINK_ADDED, "all")


def test_a_series_has_ended_after_its_last_occurrence(make_event: Any, make_policy: Any) -> None:
    """The end of the series master is only the end of the first occurrence."""
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
def test_two_guards_can_be_turned_off(
    setting: str, changes: dict[str, Any], make_event: Any, make_policy: Any
) -> None:
    """Their settings have the value `ignore`."""
    policy = make_policy(f"{setting}\nrules:\n{EVERYTHING}")

    assert decide(make_event(**changes), policy, Facts(), NOW).verdict is Verdict.ENABLE


def test_an_event_with_a_link_that_may_be_a_join_link_is_skipped(make_event: Any, make_policy: Any) -> None:
    """A link scanner hides the target, and a write can't be undone."""
    event = make_event(body_preview="https://protect-eu.mimecast.com/s/AbC?domain=fabrikam.zoom.us")

    assert decide(event, make_policy(EVERYTHING), Facts(), NOW).reason is Reason.OTHER_JOIN_LINK


def test_failed_attempts_allow_a_third_one(make_event: Any, make_policy: Any) -> None:
    """After three, the guard `gave_up` applies."""
    known = Facts(meeting=meeting(MeetingState.NOT_HONORED, attempts=2))

    assert decide(make_event(), make_policy(EVERYTHING), known, NOW).verdict is Verdict.ENABLE


YES, NO = "when: {}", "when: {is_all_day: true}"
FOLDS = [
    pytest.param([("enforce", "enable", YES)], "enable link_added r0", "enable link_added r0", id="enforce"),
    pytest.param([("report", "enable", YES)], "would_enable report_mode r0", "enable link_added r0", id="report"),
    pytest.param([("off", "enable", YES)], "skip no_rule_matched None", "skip no_rule_matched None", id="off"),
    pytest.param([("enforce", "enable", NO)], "skip no_rule_matched None", "skip no_rule_matched None", id="no match"),
    pytest.param([("enforce", "skip", YES), ("enforce", "enable", YES)], "skip rule_skip r0", "skip rule_skip r0", id="the first match wins"),
    pytest.param([("enforce", "skip", NO), ("enforce", "enable", YES)], "enable link_added r1", "enable link_added r1", id="a rule that does not match is passed over"),
    pytest.param([("report", "skip", YES), ("enforce", "enable", YES)], "enable link_added r1", "skip rule_skip r0", id="a report skip rule does not protect yet"),
    pytest.param([("report", "enable", YES), ("enforce", "skip", YES)], "would_enable report_mode r0", "enable link_added r0", id="a report enable rule before an enforced skip rule"),
    pytest.param([("enforce", "skip", YES), ("report", "enable", YES)], "skip rule_skip r0", "skip rule_skip r0", id="an enforced skip rule before a report enable rule"),
    pytest.param([("report", "enable", YES), ("enforce", "enable", YES)], "enable link_added r1", "enable link_added r0", id="both enable, by different rules"),
]  # fmt: skip


def rules(*parts: tuple[str, str, str]) -> str:
    return "".join(
        f"  - id: r{number}\n    mode: {mode}\n    action: {action}\n    {rest}\n"
        for number, (mode, action, rest) in enumerate(parts)
    )


def decided(event: Event, policy: Policy, facts: Facts | None = None) -> tuple[str, str]:
    decision = decide(event, policy, facts or Facts(), NOW)
    return (
        f"{decision.verdict} {decision.reason} {decision.rule}",
        f"{decision.projected} {decision.projected_reason} {decision.projected_rule}",
    )


@pytest.mark.parametrize(("parts", "now", "promoted"), FOLDS)
def test_rules_decide_for_now_and_for_the_projection(
    parts: list[tuple[str, str, str]], now: str, promoted: str, make_event: Any, make_policy: Any
) -> None:
    """Only `enforce` counts now; `report` counts in the projection too."""
    assert decided(make_event(), make_policy(rules(*parts))) == (now, promoted)


RETRY = "\n    on_missing: retry"
MISSING = [
    pytest.param([("enforce", "enable", UNKNOWN)], "skip insufficient_data r0", id="an unknown enable rule does not enable"),
    pytest.param([("enforce", "enable", UNKNOWN), ("enforce", "enable", YES)], "enable link_added r1", id="a later rule may enable, because both would"),
    pytest.param([("enforce", "enable", UNKNOWN), ("enforce", "skip", YES)], "skip rule_skip r1", id="a later rule may skip"),
    pytest.param([("enforce", "skip", UNKNOWN), ("enforce", "enable", YES)], "skip insufficient_data r0", id="after an unknown skip rule, no later rule may enable"),
    pytest.param([("enforce", "skip", UNKNOWN), ("enforce", "skip", YES)], "skip rule_skip r1", id="after an unknown skip rule, a later rule may skip"),
    pytest.param([("enforce", "enable", "when: {}\n    un" + UNKNOWN.replace("when", "less"))], "skip insufficient_data r0", id="with an unknown unless, a rule does not enable"),
    pytest.param([("enforce", "enable", UNKNOWN + RETRY)], "retry awaiting_data r0", id="retry delays the decision"),
    pytest.param([("enforce", "enable", UNKNOWN + RETRY), ("enforce", "skip", YES)], "retry awaiting_data r0", id="retry if a later rule would skip"),
    pytest.param([("enforce", "skip", UNKNOWN + RETRY), ("enforce", "enable", YES)], "retry awaiting_data r0", id="retry if a later rule would enable"),
    pytest.param([("enforce", "enable", UNKNOWN + RETRY), ("enforce", "enable", YES)], "enable link_added r1", id="no retry if both would enable"),
    pytest.param([("enforce", "skip", UNKNOWN + RETRY)], "skip insufficient_data r0", id="no retry if nothing could enable"),
    pytest.param([("enforce", "skip", UNKNOWN + RETRY), ("enforce", "skip", YES)], "skip rule_skip r1", id="no retry if both would skip"),
    pytest.param([("enforce", "skip", YES), ("enforce", "enable", UNKNOWN + RETRY)], "skip rule_skip r0", id="no retry if an earlier rule decides"),
    pytest.param([("report", "skip", UNKNOWN), ("enforce", "enable", YES)], "enable link_added r1", id="an unknown rule in report mode has no effect now"),
    pytest.param([("enforce", "enable", "when: {external_attendees: {at_least: 1}, is_all_day: true}")], "skip no_rule_matched None", id="a rule that fails in any case needs no fact"),
    pytest.param([("enforce", "enable", "when: {any: [{external_attendees: {at_least: 1}}, {is_all_day: false}]}")], "enable link_added r0", id="a rule that matches in any case needs no fact"),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "expected"), MISSING)
def test_a_missing_fact_never_leads_to_a_write(
    parts: list[tuple[str, str, str]], expected: str, make_event: Any, make_policy: Any
) -> None:
    """If the result depends on the missing fact, nothing is written."""
    policy = make_policy(UNKNOWN_DOMAINS + rules(*parts))

    assert decided(make_event(), policy)[0] == expected


def test_a_retry_is_projected_as_a_skip(make_event: Any, make_policy: Any) -> None:
    """A projection is enable or skip."""
    policy = make_policy(UNKNOWN_DOMAINS + rules(("report", "enable", UNKNOWN + RETRY)))

    assert decided(make_event(), policy) == ("skip no_rule_matched None", "skip awaiting_data r0")


def test_a_fact_of_the_event_itself_is_not_retried(make_event: Any, make_policy: Any) -> None:
    """An address without a domain will not have one later, so the message must not be retried for a day."""
    policy = make_policy(rules(("enforce", "enable", UNKNOWN + RETRY)))
    event = make_event(attendees=(Attendee(address="/o=ExchangeLabs/cn=bo"),))

    assert decided(event, policy)[0] == "skip insufficient_data r0"


def test_auto_means_the_tenants_domains(make_event: Any, make_policy: Any) -> None:
    """If they are known, the rule matches or does not match."""
    policy = make_policy(UNKNOWN_DOMAINS + rules(("enforce", "enable", UNKNOWN)))
    facts = Facts(tenant_domains=frozenset({"Contoso.com"}))

    assert decided(make_event(), policy, facts)[0] == "enable link_added r0"
    assert decided(make_event(attendees=(Attendee(address="bo@contoso.com"),)), policy, facts)[0] == "skip no_rule_matched None"  # fmt: skip


def test_an_empty_set_of_domains_counts_as_unknown(make_event: Any, make_policy: Any) -> None:
    """Otherwise everyone would be external."""
    policy = make_policy(UNKNOWN_DOMAINS + rules(("enforce", "enable", UNKNOWN)))

    assert decided(make_event(), policy, Facts(tenant_domains=frozenset()))[0] == "skip insufficient_data r0"


@pytest.mark.parametrize(
    ("at", "verdict"),
    [
        pytest.param(datetime(2026, 6, 9, 23, 59, 59, tzinfo=UTC), Verdict.SKIP, id="before"),
        pytest.param(datetime(2026, 6, 10, tzinfo=UTC), Verdict.ENABLE, id="from its first midnight"),
        pytest.param(datetime(2026, 6, 19, 23, 59, 59, tzinfo=UTC), Verdict.ENABLE, id="to its last second"),
        pytest.param(datetime(2026, 6, 20, tzinfo=UTC), Verdict.SKIP, id="until is not included"),
    ],
)
def test_a_rule_is_evaluated_only_in_its_active_time(
    at: datetime, verdict: Verdict, make_event: Any, make_policy: Any
) -> None:
    """Otherwise it has no effect."""
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
def test_a_condition_on_a_time_in_an_unknown_zone_is_unknown(
    make_event: Any, make_policy: Any, now: datetime, condition: str, action: str
) -> None:
    """As UTC the time could be wrong by hours. So an enable rule does not enable, and a skip rule skips."""
    policy = make_policy(
        f"rules:\n  - {{id: a, mode: enforce, action: {action}, when: {{{condition}}}}}\n"
        + ("  - {id: b, mode: enforce, when: {}}" if action == "skip" else "")
    )
    decision = decide(make_event(unknown_zone="tzone://Microsoft/Custom"), policy, Facts(), now)

    assert decision.reason is Reason.INSUFFICIENT_DATA
