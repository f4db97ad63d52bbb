from collections import Counter

from sandbox.demo.__main__ import RULES
from sandbox.demo.contoso import PEOPLE
from sandbox.demo.day import DAY
from shared.domain.decision import Mode, Outcome, Reason
from shared.rule_files.loader import load_policy
from shared.storage.rule_folder import RuleFolder

SCENES = [scene for act in DAY for scene in act.scenes]


def test_contosos_rules_are_valid() -> None:
    """They load without a problem, and only the rule on trial is in report mode."""
    loaded = load_policy(RuleFolder(RULES).read())

    assert loaded.problems == ()
    assert loaded.policy is not None
    assert {rule.id: rule.mode for rule in loaded.policy.rules} == {
        "opted-out": Mode.ENFORCE,
        "external-meetings": Mode.ENFORCE,
        "interviews": Mode.REPORT,
    }


def test_the_days_scenes_fit_together() -> None:
    """Acts in order of time; everyone has a scene; a copy comes after its original."""
    assert [act.at for act in DAY] == sorted(act.at for act in DAY)
    assert {scene.who for scene in SCENES} == set(PEOPLE)
    known: set[str] = set()
    for scene in SCENES:
        assert not scene.is_copy or scene.subject in known
        known.add(scene.subject)


def test_the_day_shows_the_common_outcomes() -> None:
    """Links added and confirmed, report mode, skips for many reasons, no link from Graph, deleted events."""
    endings = Counter(ending for scene in SCENES for ending in scene.endings)

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
