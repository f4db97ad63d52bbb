"""Mailboxes are held if many leave at once: a wrong rule, folder or tenant looks the same."""

from datetime import timedelta

import pytest

from sandbox.graph import Fault
from shared import wiring
from shared.worker.mailboxes.removals import HOLD_TIME
from tests.stories.conftest import RunJoinlink, StartStory, Story
from tests.stories.test_health import health
from tests.stories.test_maintenance import maintain, scoped, unwatched, watched

GUEST = "bo@fabrikam.com"
NAMES = [f"P{n:02}" for n in range(13)]
ALL = scoped("{include: all}")
ONE = scoped("{include: [{user: p00@contoso.com}]}")


@pytest.fixture
def story(start_story: StartStory) -> Story:
    """A tenant of thirteen mailboxes, all watched and swept: more than ten leave, also without a deleted one."""
    story = start_story(ALL)
    unwatched(story, *NAMES)
    maintain(story, runs=2)
    assert watched(story) == NAMES
    return story


def narrow(story: Story) -> None:
    """Change the rules so that all mailboxes but one leave, and wait for two runs."""
    (story.rules / "rules.yaml").write_text(ONE)
    for _ in range(2):
        story.wait(timedelta(minutes=1))
        wiring.joinlink().policies.current()
    maintain(story, runs=2)


def held_hash(story: Story) -> str:
    return str(story.log_lines("scope.doubted")[-1]["confirm"])


def test_rules_that_exclude_most_mailboxes_unsubscribe_none(story: Story, run_joinlink: RunJoinlink) -> None:
    """Health, status and log show how many are held, the hash, and what to do."""
    narrow(story)
    status, body = health(story)
    shown = run_joinlink("status")

    assert watched(story) == NAMES
    line = story.log_lines("scope.doubted")[-1]
    assert (line["held"], line["known"]) == (12, True)
    assert status == 503
    [problem] = body["problems"]
    assert problem.startswith("12 mailboxes left the scope in one run and are held")
    assert problem.endswith(f"joinlink maintain --confirm {line['confirm']}")
    assert (body["maintenance"]["held"], body["maintenance"]["confirm"]) == (12, line["confirm"])
    assert f"joinlink maintain --confirm {line['confirm']}" in " ".join(shown.out.split())


def test_nothing_is_written_to_held_mailboxes(story: Story) -> None:
    """Mailboxes in scope get links. A mailbox that returns is swept and gets the missing ones."""
    narrow(story)
    out, kept = story.people["P07"], story.people["P00"]
    missed = story.create_meeting(out, GUEST)
    other = story.create_meeting(kept, GUEST)
    story.run_until_idle()
    assert not story.has_link(out, missed)
    assert story.outcomes(out)[-1] == ("skipped", "not_in_scope")
    assert story.has_link(kept, other)
    (story.rules / "rules.yaml").write_text(ALL)
    for _ in range(2):
        story.wait(timedelta(minutes=1))
        wiring.joinlink().policies.current()
    maintain(story, runs=2)
    story.run_until_idle()

    assert story.has_link(out, missed)
    assert health(story)[0] == 200


def test_held_mailboxes_stay_subscribed_while_the_scope_is_doubtful(story: Story) -> None:
    """Even if the directory fails for longer than a subscription lives."""
    narrow(story)
    story.stage.graph.faults.add(Fault(path="/users", method="GET", status=503, count=None))
    for _ in range(9 * 2):
        story.wait(timedelta(hours=11, minutes=45))
        maintain(story)
    _status, body = health(story)

    assert watched(story) == NAMES
    assert body["maintenance"]["held"] == 12
    assert body["warnings"][0].startswith("the last maintenance could not read which mailboxes are in scope")


def test_a_backfill_skips_held_mailboxes(story: Story, run_joinlink: RunJoinlink) -> None:
    """It shows why: neither with links to come nor as a mailbox without a calendar."""
    narrow(story)
    (story.rules / "rules.yaml").write_text(ALL)
    for _ in range(2):
        story.wait(timedelta(minutes=1))
        wiring.joinlink().policies.current()
    story.create_meeting(story.people["P07"], GUEST)
    shown = run_joinlink("backfill", "--mailbox", "p07@contoso.com", "--dry-run")

    assert shown.exit == 1
    assert "it left the scope with many others and is held" in " ".join(shown.out.split())


def test_a_hold_is_released_after_a_day(story: Story) -> None:
    """By the storage service's time. Then the subscriptions end."""
    narrow(story)
    story.wait(HOLD_TIME - timedelta(hours=1))
    maintain(story)
    assert watched(story) == NAMES
    story.wait(timedelta(hours=1))
    maintain(story, runs=2)

    assert watched(story) == ["P00"]
    assert [line["confirmed"] for line in story.log_lines("scope.released")] == [False]
    assert health(story)[0] == 200


def test_another_removal_starts_the_day_again(story: Story) -> None:
    """It is another set of mailboxes."""
    narrow(story)
    before = held_hash(story)
    story.wait(HOLD_TIME - timedelta(hours=1))
    story.stage.graph.remove_user(story.people["P00"])
    (story.rules / "rules.yaml").write_text(ONE.replace("p00", "p01"))
    for _ in range(2):
        story.wait(timedelta(minutes=1))
        wiring.joinlink().policies.current()
    maintain(story, runs=2)
    story.wait(timedelta(hours=2))
    maintain(story)

    assert len(watched(story)) == 13
    assert held_hash(story) != before


def test_an_admin_confirms_exactly_these_mailboxes(story: Story, run_joinlink: RunJoinlink) -> None:
    """Another hash is refused, and so is the same hash for another set."""
    narrow(story)
    (story.rules / "rules.yaml").write_text(ONE)
    wrong = run_joinlink("maintain", "--confirm", "0123456789abcdef")
    assert (wrong.exit, "is not the hash of the held mailboxes" in wrong.out) == (1, True)
    assert watched(story) == NAMES
    right = run_joinlink("maintain", "--confirm", held_hash(story))
    story.wait(timedelta(minutes=3))

    assert (right.exit, right.out.splitlines()[-1]) == (0, "Tasks for the app: 12 to unsubscribe.")
    assert watched(story) == ["P00"]
    assert [
        line["confirmed"] for line in story.log_lines("scope.released")
    ] == []  # the desk logs errors only


def test_many_disabled_accounts_are_held(story: Story) -> None:
    """They are in scope, but according to one answer of the directory none of them has a calendar."""
    for user in story.people.values():
        story.stage.graph.change_user(user, account_enabled=False)
    maintain(story)

    assert watched(story) == NAMES
    assert story.log_lines("scope.doubted")[-1]["held"] == 13


def test_ten_mailboxes_may_leave_at_once(story: Story) -> None:
    """So few need no confirmation."""
    for name in NAMES[:10]:
        story.stage.graph.remove_user(story.people[name])
    maintain(story, runs=3)

    assert watched(story) == NAMES[10:]
    assert not story.log_lines("scope.doubted")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        pytest.param(("JOINLINK_TENANT_ID", "c0ffee00-0000-4000-8000-00000000dead"), "JOINLINK_TENANT_ID is", id="another tenant"),
        pytest.param(("JOINLINK_CLIENT_STATE_KEY", "another-key-that-is-long-enough-to-be-taken"), "differs from the app's", id="another key"),
        pytest.param(("JOINLINK_RULES", "/nowhere/at/all"), "can't be read", id="no folder"),
    ],
)  # fmt: skip
def test_a_desk_with_other_settings_changes_nothing(
    story: Story,
    run_joinlink: RunJoinlink,
    monkeypatch: pytest.MonkeyPatch,
    setting: tuple[str, str],
    message: str,
) -> None:
    """It names the difference, and creates neither a row nor a task."""
    monkeypatch.setenv(*setting)
    for _ in range(3):
        result = run_joinlink("maintain")
        story.wait(timedelta(minutes=15))

    assert (result.exit, message in result.err) == (2, True)
    assert watched(story) == NAMES


def test_a_desk_with_other_rules_changes_nothing(
    story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names both hashes; the app's last good rules stay the same."""
    kept = wiring.joinlink().parts.last_good_rules.read()
    other = story.rules / "desk"
    other.mkdir()
    (other / "rules.yaml").write_text(ONE)
    monkeypatch.setenv("JOINLINK_RULES", str(other))
    for _ in range(3):
        result = run_joinlink("maintain")
        story.wait(timedelta(minutes=15))

    assert result.exit == 2
    assert "differ from the rules that the app has in force" in result.err
    assert wiring.joinlink().parts.last_good_rules.read() == kept
    assert watched(story) == NAMES
