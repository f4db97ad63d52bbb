from collections import Counter

from sandbox.demo.__main__ import RULES
from sandbox.demo.contoso import CAST
from sandbox.demo.day import DAY
from shared.domain.decision import Mode, Outcome, Reason
from shared.rule_files.loader import load_policy
from shared.storage.rule_source import RuleFolder

SCENES = [scene for act in DAY for scene in act.scenes]


def test_contosos_rules_are_good_ones() -> None:
    """They load without a problem, and those that write are in force."""
    loaded = load_policy(RuleFolder(RULES).read())

    assert loaded.problems == ()
    assert loaded.policy is not None
    assert {rule.id: rule.mode for rule in loaded.policy.rules} == {
        "opted-out": Mode.ENFORCE,
        "external-meetings": Mode.ENFORCE,
        "interviews": Mode.REPORT,
    }


def test_the_day_is_played_in_order_by_people_of_the_cast() -> None:
    """Whoever plans a meeting has a mailbox that is watched; a copy comes after its original."""
    assert [act.at for act in DAY] == sorted(act.at for act in DAY)
    assert {scene.who for scene in SCENES} == set(CAST)
    known: set[str] = set()
    for scene in SCENES:
        assert scene.copy_of in known | {""}
        known.add(scene.subject)


def test_the_day_shows_every_outcome_that_an_admin_meets_early() -> None:
    """Links added and confirmed, would-be links, skips for many reasons, refusals, events gone."""
    endings = Counter(ending for scene in SCENES for ending in scene.story)

    assert {outcome for outcome, _ in endings} == {
        Outcome.ENABLED,
        Outcome.WOULD_ENABLE,
        Outcome.SKIPPED,
        Outcome.NOT_HONORED,
        Outcome.GONE,
    }
    assert {reason for outcome, reason in endings if outcome == Outcome.SKIPPED} >= {
        Reason.ALREADY_ONLINE,
        Reason.NOT_ORGANIZER,
        Reason.CANCELLED,
        Reason.OTHER_JOIN_LINK,
        Reason.REMOVED_BY_USER,
        Reason.RULE_SKIP,
        Reason.NO_RULE_MATCHED,
        Reason.NO_PROVIDER,
    }
