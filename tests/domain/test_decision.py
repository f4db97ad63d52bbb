import pytest

from shared.domain.decision import Decision, Level, Reason, Verdict


def decision(verdict: Verdict, reason: Reason) -> Decision:
    return Decision(
        verdict=verdict,
        reason=reason,
        rule="calls",
        enforced_rule="calls",
        projected=Verdict.ENABLE,
        projected_reason=Reason.LINK_ADDED,
        projected_rule="calls",
    )


@pytest.mark.parametrize(
    ("reason", "level"),
    [
        (Reason.LINK_ADDED, Level.INFO),
        (Reason.NO_RULE_MATCHED, Level.INFO),
        (Reason.THROTTLED, Level.INFO),
        (Reason.READ_SINCE, Level.INFO),
        (Reason.LIMIT_REACHED, Level.WARNING),
        (Reason.WRITE_UNKNOWN, Level.WARNING),
        (Reason.ACCESS_DENIED, Level.WARNING),
        (Reason.NO_VALID_RULES, Level.WARNING),
        (Reason.UNAUTHORIZED, Level.ERROR),
        (Reason.UNEXPECTED_ERROR, Level.ERROR),
        (Reason.SETTINGS_REFUSED, Level.ERROR),
        (Reason.MEMORY_MISSING, Level.ERROR),
    ],
)
def test_a_reason_has_the_level_of_what_an_admin_has_to_do(reason: Reason, level: Level) -> None:
    """Info needs nothing, a warning needs a fix, an error needs a person now."""
    assert reason.level is level


@pytest.mark.parametrize("reason", [Reason.BRAKE, Reason.MEMORY_MISSING])
def test_under_the_brake_a_write_becomes_a_report(reason: Reason) -> None:
    """The reason says what stopped it; rule and projection stay as they were decided."""
    braked = decision(Verdict.ENABLE, Reason.LINK_ADDED).under_brake(reason)

    assert (braked.verdict, braked.reason) == (Verdict.WOULD_ENABLE, reason)
    assert (braked.rule, braked.enforced_rule) == ("calls", "calls")
    assert (braked.projected, braked.projected_reason, braked.projected_rule) == (
        Verdict.ENABLE,
        Reason.LINK_ADDED,
        "calls",
    )


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (Verdict.WOULD_ENABLE, Reason.REPORT_MODE),
        (Verdict.SKIP, Reason.RULE_SKIP),
        (Verdict.RETRY, Reason.AWAITING_DATA),
    ],
)
def test_under_the_brake_a_decision_without_a_write_stays(verdict: Verdict, reason: Reason) -> None:
    """Its own reason says more than the brake."""
    decided = decision(verdict, reason)

    assert decided.under_brake() is decided
