"""Many who leave at once are held: a wrong rule, folder or tenant looks just like that."""

from datetime import timedelta

import pytest

from sandbox.graph import Fault
from shared import wiring
from shared.worker.mailboxes.removals import HOLD_TIME
from tests.stories.conftest import AtTheDesk, Begin, Story
from tests.stories.test_health import health
from tests.stories.test_maintenance import maintain, scoped, strangers, watched

GUEST = "bo@fabrikam.com"
NAMES = [f"P{n:02}" for n in range(30)]
ALL = scoped("{include: all}")
ONE = scoped("{include: [{user: p00@contoso.com}]}")


@pytest.fixture
def story(begin: Begin) -> Story:
    """A tenant of thirty, all of them watched and swept."""
    story = begin(ALL)
    strangers(story, *NAMES)
    maintain(story, runs=2)
    assert watched(story) == NAMES
    return story


def narrow(story: Story) -> None:
    """Put rules in force that leave out all but one, and let two runs see it."""
    (story.rules / "rules.yaml").write_text(ONE)
    for _ in range(2):
        story.wait(timedelta(minutes=1))
        wiring.joinlink()._policies.current()
    maintain(story, runs=2)


def held_hash(story: Story) -> str:
    return str(story.lines("scope.doubted")[-1]["confirm"])


def test_rules_that_leave_out_nearly_all_unsubscribe_nobody(story: Story, at_the_desk: AtTheDesk) -> None:
    """Health, status and log say how many, by which hash, and what to do."""
    narrow(story)
    status, told = health(story)
    shown = at_the_desk("status")

    assert watched(story) == NAMES
    line = story.lines("scope.doubted")[-1]
    assert (line["held"], line["known"]) == (29, True)
    assert status == 503
    [problem] = told["problems"]
    assert problem.startswith("29 mailboxes left the scope at once and are held")
    assert problem.endswith(f"joinlink maintain --confirm {line['confirm']}")
    assert (told["maintenance"]["held"], told["maintenance"]["confirm"]) == (29, line["confirm"])
    assert f"joinlink maintain --confirm {line['confirm']}" in " ".join(shown.out.split())


def test_nothing_is_written_to_who_is_held(story: Story) -> None:
    """From that moment; who is still in scope gets links, and who returns gets what came meanwhile."""
    narrow(story)
    out, kept = story.people["P07"], story.people["P00"]
    missed = story.meeting(out, GUEST)
    other = story.meeting(kept, GUEST)
    story.play()
    assert not story.has_link(out, missed)
    assert story.ends(out)[-1] == ("skipped", "not_in_scope")
    assert story.has_link(kept, other)
    (story.rules / "rules.yaml").write_text(ALL)
    for _ in range(2):
        story.wait(timedelta(minutes=1))
        wiring.joinlink()._policies.current()
    maintain(story, runs=2)
    story.play()

    assert story.has_link(out, missed)
    assert health(story)[0] == 200


def test_who_is_held_stays_subscribed_however_long_the_scope_is_doubtful(story: Story) -> None:
    """The directory is away for longer than a subscription lives: nobody leaves, nobody runs out."""
    narrow(story)
    story.stage.graph.faults.add(Fault(path="/users", method="GET", status=503, count=None))
    for _ in range(9 * 2):
        story.wait(timedelta(hours=11, minutes=45))
        maintain(story)
    _status, told = health(story)

    assert watched(story) == NAMES
    assert told["maintenance"]["held"] == 29
    assert told["warnings"][0].startswith("the last maintenance could not tell who is in scope")


def test_a_backfill_leaves_out_who_is_held(story: Story, at_the_desk: AtTheDesk) -> None:
    """It says so, instead of promising links or taking the mailbox for one without a calendar."""
    narrow(story)
    (story.rules / "rules.yaml").write_text(ALL)
    for _ in range(2):
        story.wait(timedelta(minutes=1))
        wiring.joinlink()._policies.current()
    story.meeting(story.people["P07"], GUEST)
    shown = at_the_desk("backfill", "--mailbox", "p07@contoso.com", "--dry-run")

    assert shown.exit == 1
    assert "it left the scope with many others and is held" in " ".join(shown.out.split())


def test_a_scope_that_stands_for_a_day_is_believed(story: Story) -> None:
    """By the storage service's time, and the subscriptions end then."""
    narrow(story)
    story.wait(HOLD_TIME - timedelta(hours=1))
    maintain(story)
    assert watched(story) == NAMES
    story.wait(timedelta(hours=1))
    maintain(story, runs=2)

    assert watched(story) == ["P00"]
    assert [line["confirmed"] for line in story.lines("scope.released")] == [False]
    assert health(story)[0] == 200


def test_a_scope_that_changes_begins_its_day_again(story: Story) -> None:
    """One more who leaves makes it another scope."""
    narrow(story)
    before = held_hash(story)
    story.wait(HOLD_TIME - timedelta(hours=1))
    story.stage.graph.remove_user(story.people["P00"])
    (story.rules / "rules.yaml").write_text(ONE.replace("p00", "p01"))
    for _ in range(2):
        story.wait(timedelta(minutes=1))
        wiring.joinlink()._policies.current()
    maintain(story, runs=2)
    story.wait(timedelta(hours=2))
    maintain(story)

    assert len(watched(story)) == 30
    assert held_hash(story) != before


def test_an_admin_confirms_just_this_scope(story: Story, at_the_desk: AtTheDesk) -> None:
    """Once: another hash is refused, and so is the same one for a scope that has changed."""
    narrow(story)
    (story.rules / "rules.yaml").write_text(ONE)
    wrong = at_the_desk("maintain", "--confirm", "0123456789abcdef")
    assert (wrong.exit, "is not the hash of those held now" in wrong.out) == (1, True)
    assert watched(story) == NAMES
    right = at_the_desk("maintain", "--confirm", held_hash(story))
    story.wait(timedelta(minutes=3))

    assert (right.exit, right.out.splitlines()[-1]) == (0, "Tasks for the app: 29 to unsubscribe.")
    assert watched(story) == ["P00"]
    assert [line["confirmed"] for line in story.lines("scope.released")] == []  # the desk logs errors alone


def test_accounts_that_are_disabled_in_numbers_are_held(story: Story) -> None:
    """They are in scope, and the directory says in one answer that none of them keeps a calendar."""
    for user in story.people.values():
        story.stage.graph.change_user(user, account_enabled=False)
    maintain(story)

    assert watched(story) == NAMES
    assert story.lines("scope.doubted")[-1]["held"] == 30


def test_ten_who_leave_are_let_go(story: Story) -> None:
    """So few are no reason to ask."""
    for name in NAMES[:10]:
        story.stage.graph.remove_user(story.people[name])
    maintain(story, runs=3)

    assert watched(story) == NAMES[10:]
    assert not story.lines("scope.doubted")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        pytest.param(("JOINLINK_TENANT_ID", "c0ffee00-0000-4000-8000-00000000dead"), "JOINLINK_TENANT_ID is", id="another tenant"),
        pytest.param(("JOINLINK_CLIENT_STATE_KEY", "another-key-that-is-long-enough-to-be-taken"), "is not the app's", id="another key"),
        pytest.param(("JOINLINK_RULES", "/nowhere/at/all"), "can't be read", id="no folder"),
    ],
)  # fmt: skip
def test_a_desk_of_another_app_changes_nothing(
    story: Story, at_the_desk: AtTheDesk, monkeypatch: pytest.MonkeyPatch, setting: tuple[str, str], said: str
) -> None:
    """It names what differs, and neither a row nor a task comes of it."""
    monkeypatch.setenv(*setting)
    for _ in range(3):
        ran = at_the_desk("maintain")
        story.wait(timedelta(minutes=15))

    assert (ran.exit, said in ran.err) == (2, True)
    assert watched(story) == NAMES


def test_a_desk_with_another_folder_neither_acts_nor_replaces_the_rules_in_force(
    story: Story, at_the_desk: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both hashes are named; the app's last good rules stay what they were."""
    kept = wiring.joinlink()._kept_rules.read()
    other = story.rules / "desk"
    other.mkdir()
    (other / "rules.yaml").write_text(ONE)
    monkeypatch.setenv("JOINLINK_RULES", str(other))
    for _ in range(3):
        ran = at_the_desk("maintain")
        story.wait(timedelta(minutes=15))

    assert ran.exit == 2
    assert "are not those that the app has in force" in ran.err
    assert wiring.joinlink()._kept_rules.read() == kept
    assert watched(story) == NAMES
