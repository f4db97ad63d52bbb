"""Where the rules come from, and which rules are in force while the files have errors."""

from datetime import timedelta

from azure.storage.blob import BlobServiceClient

from sandbox.azurite import Azurite
from shared import wiring
from shared.worker.common.world import World
from tests.stories.conftest import RULES, StartStory, Story

GUEST = "bo@fabrikam.com"
SKIP = "version: 1\nrules: [{id: private, mode: enforce, when: {sensitivity: private}, action: skip}]"
BROKEN = "version: 1\nrules: ]"


def restart(story: Story) -> wiring.Joinlink:
    """Start the app again, without its state in memory."""
    wiring.joinlink().close()
    return wiring.start(wiring.Parts(story.stage.settings, World(now=story.stage.clock.now)))


def test_rules_in_a_container_are_read_again_after_a_change(
    start_story: StartStory, azurite: Azurite
) -> None:
    """Two minutes later they are in force, without a deployment."""
    with BlobServiceClient.from_connection_string(azurite.connection_string) as blobs:
        story = start_story(JOINLINK_RULES=f"{blobs.url}policy")
        blobs.create_container("policy").upload_blob("rules.yaml", RULES.replace("enforce", "report"))
        ada = story.add_person("Ada")
        story.create_meeting(ada, GUEST)
        story.wait()
        blobs.get_blob_client("policy", "rules.yaml").upload_blob(RULES, overwrite=True)
        story.stage.clock.advance(timedelta(minutes=2))
        second = story.create_meeting(ada, GUEST)
        story.run_until_idle()

    assert story.outcomes(ada)[0] == ("would_enable", "report_mode")
    assert story.has_link(ada, second)


def test_an_unfinished_sync_is_not_in_force(start_story: StartStory, azurite: Azurite) -> None:
    """The sync renames a file: it has deleted the old one and not yet uploaded the new one."""
    with BlobServiceClient.from_connection_string(azurite.connection_string) as blobs:
        story = start_story(JOINLINK_RULES=f"{blobs.url}policy")
        policy = blobs.create_container("policy")
        policy.upload_blob("10-skip.yaml", SKIP)
        policy.upload_blob("20-rules.yaml", RULES)
        ada = story.add_person("Ada")
        story.create_meeting(ada, GUEST, sensitivity="private")
        story.wait()
        policy.delete_blob("10-skip.yaml")
        story.stage.clock.advance(timedelta(minutes=2))
        story.create_meeting(ada, GUEST, sensitivity="private")
        story.wait()
        policy.upload_blob("05-skip.yaml", SKIP)
        story.run_until_idle()

    assert story.outcomes(ada)[0] == story.outcomes(ada)[-1] == ("skipped", "rule_skip")
    assert "enabled" not in {outcome for outcome, _reason in story.outcomes(ada)}


def test_after_a_restart_with_an_invalid_file_the_last_good_rules_are_in_force(story: Story) -> None:
    """The log has the error and the policy in force."""
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.run_until_idle()
    (story.rules / "rules.yaml").write_text(BROKEN)
    app = restart(story)
    second = story.create_meeting(ada, GUEST)
    story.run_until_idle()
    app.close()

    assert story.has_link(ada, second)
    before, after = story.log_lines("rules.loaded")
    assert (before["policy"], before["kept"], after["kept"]) == (after["policy"], False, True)
    assert story.log_lines("rules.refused")[0]["policy"] == before["policy"]


def test_after_a_restart_valid_files_replace_the_last_good_rules(story: Story) -> None:
    """Joinlink uses the last good rules only if the files have errors."""
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.run_until_idle()
    (story.rules / "rules.yaml").write_text(RULES.replace("enforce", "report"))
    app = restart(story)
    story.create_meeting(ada, GUEST)
    story.run_until_idle()
    app.close()

    assert story.outcomes(ada)[-1] == ("would_enable", "report_mode")
