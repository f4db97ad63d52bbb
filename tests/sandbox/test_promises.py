import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.promises import (
    FINAL_REASONS,
    Delivery,
    End,
    LinkRemoved,
    Patch,
    Seen,
    Step,
    Violation,
    is_lost,
    judge_delivery,
    judge_writes,
    may_be_held,
)
from shared.domain.decision import Outcome, Reason

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
WRITE = Patch(was_online=False, is_online=True, is_wanted=True)
OVER_OURS = Patch(was_online=True, is_online=True, is_wanted=True)
RELEASED = Patch(was_online=False, is_online=True, is_wanted=True, is_released=True)
UNWANTED = Patch(was_online=False, is_online=True, is_wanted=False)
NOT_HONORED = Patch(was_online=False, is_online=False, is_wanted=True)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("steps", "violations"),
    [
        pytest.param([WRITE], [], id="one write"),
        pytest.param([WRITE, LinkRemoved()], [], id="removed, and left alone"),
        pytest.param([WRITE, LinkRemoved(), RELEASED], [], id="released by an admin"),
        pytest.param([NOT_HONORED] * 3, [], id="three tries"),
        pytest.param([WRITE, OVER_OURS], [Violation.DOUBLED], id="a second write over our own link"),
        pytest.param([WRITE, LinkRemoved(), WRITE], [Violation.RE_ADDED], id="after a removal"),
        pytest.param([UNWANTED], [Violation.UNWANTED], id="no rule asked for it"),
        pytest.param([NOT_HONORED] * 4, [Violation.TRIED_TOO_OFTEN], id="four tries"),
    ],
)
def test_writes_are_judged(steps: list[Step], violations: list[Violation]) -> None:
    """By what happened to the event, in order."""
    assert list(judge_writes(steps)) == violations


@pytest.mark.parametrize(
    ("delivery", "seen", "violations"),
    [
        (Delivery(lines=[("enabled", "link_added")], leaves_message=False), Seen(was_online=True), []),
        (Delivery(lines=[("delayed", "throttled")], leaves_message=True), Seen(), []),
        (Delivery(lines=[], leaves_message=False, was_killed=True), Seen(), []),
        (Delivery(lines=[("delayed", "throttled")], leaves_message=False), Seen(), [Violation.DROPPED]),
        (Delivery(lines=[], leaves_message=False), Seen(), [Violation.LINES]),
        (
            Delivery(lines=[("gone", "not_found")] * 2, leaves_message=False),
            Seen(was_gone=True),
            [Violation.LINES],
        ),
        (
            Delivery(lines=[("skipped", "cancelled")], leaves_message=False),
            Seen(),
            [Violation.UNJUSTIFIED],
        ),
    ],
)
def test_deliveries_are_judged(delivery: Delivery, seen: Seen, violations: list[Violation]) -> None:
    """One line each, for a final reason that the record justifies, or with a next message."""
    assert list(judge_delivery(delivery, seen)) == violations


def test_an_event_is_lost_without_a_link_and_without_a_justified_reason() -> None:
    """A reason that is not final, or that the record does not justify, does not count."""
    assert is_lost(End(is_wanted=True, is_online=False))
    assert is_lost(End(is_wanted=True, is_online=False, reason="throttled", is_justified=True))
    assert is_lost(End(is_wanted=True, is_online=False, reason="gave_up"))
    assert not is_lost(End(is_wanted=True, is_online=False, reason="gave_up", is_justified=True))
    assert not is_lost(End(is_wanted=False, is_online=False))
    assert not is_lost(End(is_wanted=True, is_online=True))


def test_an_event_is_held_only_after_a_doubt_and_a_change() -> None:
    """A change shortly before the doubt counts as far as reads may be stale."""
    second = timedelta(seconds=1)
    assert may_be_held([NOON], [NOON + second], timedelta(0))
    assert may_be_held([NOON], [NOON - second], second)
    assert not may_be_held([NOON], [NOON - second], timedelta(0))
    assert not may_be_held([NOON], [], second)
    assert not may_be_held([], [NOON], second)


def test_the_docs_have_the_final_reasons() -> None:
    """And the product has their names."""
    shown = re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| (.*) \|$", PAGE.read_text().partition("## What is right")[2], re.MULTILINE
    )

    assert shown == [(final.outcome, reason, final.justified_by) for reason, final in FINAL_REASONS.items()]
    assert {outcome for outcome, _, _ in shown} <= set(Outcome)
    assert {reason for _, reason, _ in shown} <= set(Reason)
