"""Previewed mailboxes that are drawn at random, without Graph."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from shared.desk.preview.mailbox_reader import PreviewWindow
from shared.desk.preview.previewed import (
    Alternatives,
    PreviewedDecision,
    PreviewedMailbox,
    PreviewedMeeting,
    ReadStatus,
)
from shared.desk.preview.rule_set import RuleSet, Stance
from shared.domain.decision import Outcome, Reason
from shared.rule_files.loader import RuleFile, load_policy
from shared.rules.policy import Policy

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
WINDOW = PreviewWindow(start=NOW - timedelta(days=30), now=NOW, until=NOW + timedelta(days=30))
RULES = """
version: 1
rules:
  - {id: opted-out, mode: enforce, when: {subject: no link}, action: skip, description: The organizer asked for none}
  - {id: customers, mode: enforce, when: {subject: customer}, limits: {per_hour: 5, per_mailbox_per_day: 2}}
  - {id: partners, mode: report, when: {subject: partner}, limits: {per_hour: 3}}
  - {id: others, mode: report, when: {}, description: Everything else}
  - {id: sleeping, mode: off, when: {}}
"""


def policy(text: str = RULES) -> Policy:
    loaded = load_policy([RuleFile("rules.yaml", text.encode())])
    assert loaded.policy, loaded.problems
    return loaded.policy


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 -- repeatable, not for secrets


SET = RuleSet("rules", policy())
SKIP = PreviewedDecision(Outcome.SKIPPED, Reason.RULE_SKIP, "opted-out")
ONLINE = PreviewedDecision(Outcome.SKIPPED, Reason.ALREADY_ONLINE, why="it is an online meeting")


def link(rule: str, *, beside: bool = False) -> PreviewedDecision:
    return PreviewedDecision(Outcome.ENABLED, Reason.LINK_ADDED, rule, has_other_link=beside)


def full(rule: str) -> PreviewedDecision:
    return PreviewedDecision(Outcome.SKIPPED, Reason.LIMIT_REACHED, rule)


PROMOTED: tuple[Alternatives, ...] = (
    (SKIP,),
    (ONLINE,),
    (link("others", beside=True),),
    (link("customers"), full("customers")),
    (link("customers"), link("partners"), link("others")),
    (link("partners"), full("partners")),
)


def as_it_stands(promoted: Alternatives) -> Alternatives:
    """Return what the enforced rules alone do."""
    first = promoted[0]
    if first.rule in {"partners", "others"}:
        return (PreviewedDecision(Outcome.WOULD_ENABLE, Reason.REPORT_MODE, first.rule),)
    return promoted


def meeting(chance: Random, number: int, organizer: str, **values: Any) -> PreviewedMeeting:
    """Return a meeting with a random decision."""
    start = NOW + timedelta(hours=chance.randint(-700, 700))
    promoted = chance.choice(PROMOTED)
    drawn: dict[str, Any] = {
        "id": f"event-{number}",
        "organizer": organizer,
        "start": start,
        "created": min(NOW, start - timedelta(hours=chance.randint(1, 900))),
        "mails": chance.choice([0, 1, 3, 20, 200]),
        "is_past": start < NOW,
        "is_series": chance.random() < 0.2,
        "is_added": chance.random() < 0.1 and promoted[0].adds_link,
        "decisions": ({Stance.AS_IT_STANDS: as_it_stands(promoted), Stance.PROMOTED: promoted},),
    }
    return PreviewedMeeting(**{**drawn, **values})


def mailboxes(chance: Random, number: int, most_meetings: int = 12) -> list[PreviewedMailbox]:
    """Return mailboxes with random meetings."""
    return [
        PreviewedMailbox(
            mailbox=f"id-{at}",
            status=ReadStatus.READ,
            copies=chance.randint(0, 3),
            meetings=tuple(
                meeting(chance, each, f"p{at}@contoso.com")
                for each in range(chance.randint(0, most_meetings))
            ),
        )
        for at in range(number)
    ]
