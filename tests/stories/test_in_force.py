"""In force is what counts: the desk shows how what is at hand differs, and waits until the app has taken it."""

import json
from datetime import timedelta
from itertools import count

import pytest

from shared import wiring
from shared.desk.desk_check import PolicyInForce
from shared.desk.in_force import AppInForce, RulesWait
from shared.errors import DeskDiffers, StorageUnavailable
from shared.rule_files.loader import RuleFile
from shared.storage.settings_fingerprint import SettingsFingerprint
from shared.version import VERSION
from tests.stories.conftest import RULES, RunJoinlink, Story
from tests.stories.test_at_most_once import GUEST
from tests.stories.test_maintenance import maintain

OTHER_RULES = RULES.replace("per_hour: 5", "per_hour: 6")


@pytest.fixture
def slept(story: Story, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the waits of the command: the story's clock moves on instead, and the app's timer runs."""
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        story.stage.clock.advance(timedelta(seconds=60))
        if len(waits) % 15 == 0:
            story.stage.host.run_timer("maintenance")

    monkeypatch.setattr("cli.in_force.sleep", sleep)
    return waits


def change_rules(story: Story) -> None:
    """Deploy other rules: the app has not read them yet."""
    (story.rules / "rules.yaml").write_text(OTHER_RULES)


def test_status_and_doctor_show_what_the_app_has_in_force(story: Story, run_joinlink: RunJoinlink) -> None:
    """Version, brake, policy and where the rules are; no difference where there is none."""
    story.add_person("Ada")
    maintain(story)
    policy = wiring.joinlink().policies.current()
    status, doctor = run_joinlink("status").out, run_joinlink("doctor").out
    assert policy

    assert f"version               {VERSION}\n" in status
    assert "brake                 off: rules in enforce mode write\n" in status
    assert f"rules from            {story.rules}\n" in status
    assert (
        f"version {VERSION} of the app has policy {policy.hash} from {story.rules}, and the brake off"
        in doctor
    )
    assert f"policy {policy.hash}, 3 of them, in {story.rules}\n" in doctor
    assert "difference" not in doctor
    assert f"JOINLINK_RULES                      {story.rules}\n" in doctor


def test_what_differs_here_is_shown_by_every_command_that_decides(
    story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules and brake: the app goes by its own."""
    ada = story.add_person("Ada")
    maintain(story)
    meeting = story.create_meeting(ada, GUEST)
    change_rules(story)
    monkeypatch.setenv("JOINLINK_MODE", "report")
    rules, brake = (
        "differ from the rules that the app has in force",
        "JOINLINK_MODE=report is set here, and was not set in the app",
    )
    commands = [
        ("status",),
        ("doctor",),
        ("events", "--mailbox", ada.id),
        ("explain", "--mailbox", ada.id, "--event-id", meeting),
        ("backfill", "--all", "--dry-run"),
    ]
    for command in commands:
        out = run_joinlink(*command).out

        assert (command, rules in out, brake in out) == (command, True, True)
    differences = json.loads(run_joinlink("status", "--json").out)["differences"]
    assert len(differences) == 2


def test_the_brake_of_the_app_is_shown(story: Story, run_joinlink: RunJoinlink) -> None:
    """Whatever this machine's setting is."""
    story.restart(JOINLINK_MODE="report")
    maintain(story)
    status = run_joinlink("status").out

    assert "brake                 on: JOINLINK_MODE=report is set, so nothing is written\n" in status
    assert "is not set here, and was set in the app at its last maintenance: the app writes nothing" in status


def test_before_the_apps_first_maintenance_nothing_is_claimed(run_joinlink: RunJoinlink) -> None:
    """Neither of the brake nor of a difference."""
    status, doctor = run_joinlink("status").out, run_joinlink("doctor").out

    assert "brake                 not known before the app's next maintenance\n" in status
    assert "not known before the app's first maintenance" in doctor
    assert "differ" not in status


@pytest.mark.parametrize(
    "command",
    [pytest.param(["maintain"], id="maintain"), pytest.param(["backfill", "--all", "--yes"], id="backfill")],
)
def test_with_wait_a_command_does_it_when_the_app_has_taken_the_rules(
    story: Story, run_joinlink: RunJoinlink, slept: list[float], command: list[str]
) -> None:
    """It says what it waits for. Without --wait it is refused, and names the option."""
    story.create_meeting(story.add_person("Ada"), GUEST)
    maintain(story)
    change_rules(story)
    refused = run_joinlink(*command)
    done = run_joinlink(*command, "--wait")
    again = run_joinlink(*command, "--wait")

    assert (refused.exit, done.exit, again.exit) == (2, 0, 0)
    assert "deploy yours and use --wait" in refused.err
    assert "waiting until the app has policy" in done.err
    assert "joinlink: the app has policy" in done.err
    assert "waiting" not in again.err
    assert slept


def test_a_wait_for_rules_with_errors_does_not_begin(
    story: Story, run_joinlink: RunJoinlink, slept: list[float]
) -> None:
    """The app would never take them."""
    maintain(story)
    (story.rules / "rules.yaml").write_text(f"{RULES}nonsense: 1\n")
    for command in (["maintain", "--wait"], ["backfill", "--all", "--yes", "--wait"]):
        result = run_joinlink(*command)

        assert (result.exit, "nonsense" in result.err) == (1, True)
    assert slept == []


def test_a_wait_ends_after_half_an_hour(
    story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The app does not run; the sentence says what to check."""
    maintain(story)
    change_rules(story)
    monkeypatch.setattr("cli.in_force.sleep", lambda _: story.stage.clock.advance(timedelta(minutes=5)))
    result = run_joinlink("maintain", "--wait")

    assert result.exit == 2
    assert "has not taken policy" in result.err
    assert "is the app running?" not in result.err


def test_a_wait_for_an_app_that_has_stopped_says_so_at_once(
    story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends the wait; nothing was done."""

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    story.create_meeting(story.add_person("Ada"), GUEST)
    maintain(story)
    change_rules(story)
    story.stage.clock.advance(timedelta(days=1))
    waiting = story.stage.host.waiting()
    monkeypatch.setattr("cli.in_force.sleep", interrupted)
    for command in (["maintain", "--wait"], ["backfill", "--all", "--yes", "--wait"]):
        result = run_joinlink(*command)

        assert (command, result.exit, result.out) == (command, 130, "")
        assert "the app's maintenance was 24 h ago: is the app running?" in result.err
    assert story.stage.host.waiting() == waiting


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        pytest.param(2, StorageUnavailable, id="away at the end"),
        pytest.param(20, DeskDiffers, id="back again, and the rules are others"),
    ],
)
def test_storage_that_fails_for_a_moment_does_not_end_a_wait(
    story: Story, answers: int, error: type[Exception]
) -> None:
    """Only if it fails at the end."""
    clock, asked = story.stage.clock, count()

    class FlakyPolicy(PolicyInForce):
        def files(self) -> tuple[RuleFile, ...]:
            number = next(asked)
            if number == 1 or number >= answers:
                raise StorageUnavailable("away")
            return ()

    wait = RulesWait(
        in_force=FlakyPolicy(wiring.joinlink().parts.last_good_rules),
        now=clock.now,
        sleep=lambda _: clock.advance(timedelta(minutes=5)),
    )
    with pytest.raises(error):
        wait.wait("x", lambda _: None)


def test_what_an_earlier_version_did_not_record_is_left_out() -> None:
    """A row without brake and policy is no difference."""
    app = SettingsFingerprint(tenant="t", endpoint="e", version="0.1.0")
    found = list(AppInForce(app=app, policy="").differences(policy="p", report_only=True, version=VERSION))

    assert found == [f"this command is version {VERSION}, and the app is 0.1.0: use the same"]
