"""Errors while one meeting is handled: nothing is lost, nothing is done twice."""

from datetime import timedelta

import pytest

from sandbox.graph import Drop, Fault
from shared import wiring
from shared.settings import StorageSettings
from shared.storage.mailboxes import Mailboxes, MailboxState
from shared.storage.tables import Table
from shared.worker.common.world import World
from tests.stories.conftest import StartStory, Story

GUEST = "bo@fabrikam.com"
UNCONFIRMED = ("delayed", "write_unconfirmed")
ADDED, CONFIRMED, ECHO = (
    ("enabled", "link_added"),
    ("enabled", "link_confirmed"),
    ("skipped", "already_online"),
)


@pytest.mark.parametrize(
    ("fault", "before"),
    [
        pytest.param(Fault(method="GET", status=429, retry_after=120), [("delayed", "throttled")], id="throttled"),
        pytest.param(Fault(method="PATCH", status=429, retry_after=2), [("delayed", "throttled"), UNCONFIRMED], id="a throttled write"),
        pytest.param(Fault(method="GET", status=503, retry_after=30), [("delayed", "throttled")], id="busy, with Retry-After"),
        pytest.param(Fault(method="GET", status=503), [], id="busy once: a quick retry"),
        pytest.param(Fault(method="GET", status=500, count=2), [("delayed", "graph_unavailable")], id="an error twice"),
        pytest.param(Fault(method="GET", drop=Drop.BEFORE), [], id="a connection that breaks"),
        pytest.param(Fault(method="PATCH", drop=Drop.BEFORE, count=4), [UNCONFIRMED] * 4, id="a write that never arrives"),
        pytest.param(Fault(method="PATCH", status=412), [], id="the event changed before our write"),
        pytest.param(Fault(method="PATCH", status=412, count=3), [("delayed", "changed_meanwhile")], id="it changed three times"),
        pytest.param(Fault(method="GET", status=403, code="ErrorQuotaExceeded"), [("delayed", "mailbox_full")], id="a full mailbox"),
        pytest.param(Fault(method="GET", status=403, code="Stray"), [("delayed", "second_look")], id="one stray 403"),
        pytest.param(Fault(method="GET", status=423, code="Locked", count=2), [("delayed", "graph_unavailable")], id="locked"),
        pytest.param(Fault(method="GET", path="events", status=404), [("delayed", "not_found_yet")], id="being moved between folders"),
    ],
)  # fmt: skip
def test_a_temporary_error_delays_the_link(story: Story, fault: Fault, before: list[tuple[str, str]]) -> None:
    """Joinlink retries the message, and adds the link once."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(fault)
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert story.outcomes(ada) == [*before, ADDED, ECHO]
    assert story.poison_messages() == []


def test_a_throttled_mailbox_gets_no_calls_until_retry_after(story: Story) -> None:
    """Also not for its other events: each call would count against the limit."""
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="GET", status=429, retry_after=600))
    story.wait()
    story.create_meeting(ada, GUEST)
    story.wait()

    assert [(line["reason"], line["graph_calls"]) for line in story.log_lines()] == [
        ("throttled", 1),
        ("throttled", 0),
    ]
    assert all(line["again_in_seconds"] >= 500 for line in story.log_lines())


def test_a_write_with_a_lost_answer_is_confirmed(story: Story) -> None:
    """The write took effect: the next read finds the link and records it as Joinlink's."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", drop=Drop.AFTER))
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert story.outcomes(ada) == [CONFIRMED, ECHO]
    assert [c.status for c in story.stage.graph.calls if c.method == "PATCH"].count(200) == 1


def test_joinlink_gives_up_after_three_writes_without_effect(story: Story) -> None:
    """Graph answers 200 and adds no link: Joinlink reads again after a minute, and writes three times at most."""
    ada = story.add_person("Ada", honors_online_meeting=False)
    meeting = story.create_meeting(ada, GUEST)
    story.run_until_idle()
    assert story.outcomes(ada)[:1] == [("delayed", "awaiting_join_link")]
    assert ("not_honored", "no_join_link") in story.outcomes(ada)

    for subject in ("Second", "Third", "Fourth"):
        story.stage.graph.people.edit(ada.id, meeting, subject=subject)
        story.run_until_idle()

    assert story.outcomes(ada).count(("not_honored", "no_join_link")) == 3
    assert story.outcomes(ada)[-1] == ("skipped", "gave_up")
    assert len(story.calls("PATCH", ada)) == 3


def test_joinlink_waits_for_a_late_join_url(story: Story) -> None:
    """It is not in the answer, but there a minute later."""
    ada = story.add_person("Ada", join_url_delay=timedelta(seconds=45))
    meeting = story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert CONFIRMED in story.outcomes(ada)
    assert len(story.calls("PATCH", ada)) == 1


def test_a_revoked_token_is_replaced(story: Story) -> None:
    """With a new token the same call succeeds."""
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.run_until_idle()
    story.stage.graph.identity.revoke_all()
    second = story.create_meeting(ada, GUEST)
    story.wait()

    assert story.has_link(ada, second)


def test_a_refused_credential_waits_for_an_admin(story: Story) -> None:
    """Each retry logs an error until the credential is fixed; the message is kept."""
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(status=401, count=4))
    story.run_until_idle()

    assert story.has_link(ada, meeting)
    assert story.outcomes(ada)[:2] == [("delayed", "unauthorized")] * 2
    assert story.log_lines()[0]["level"] == "error"


@pytest.mark.parametrize(
    ("fault", "expected", "state"),
    [
        pytest.param(Fault(status=403, count=None), ("forbidden", "access_denied"), MailboxState.FORBIDDEN, id="no access"),
        pytest.param(Fault(status=404, code="MailboxNotEnabledForRESTAPI", count=None), ("mailbox_unusable", "no_usable_mailbox"), MailboxState.UNUSABLE, id="no mailbox"),
    ],
)  # fmt: skip
def test_an_inaccessible_mailbox_is_marked(
    story: Story, fault: Fault, expected: tuple[str, str], state: MailboxState
) -> None:
    """A retry would not help: one call, and the mailbox's row has the reason."""
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.stage.graph.faults.add(fault)
    story.run_until_idle()

    storage = StorageSettings(connection_string=story.stage.settings["AzureWebJobsStorage"])
    table = Table.connect("mailboxes", storage, None)
    assert story.outcomes(ada) == [expected]
    assert Mailboxes(table, story.stage.clock.now).read(ada.id).state is state
    table.close()


def test_messages_wait_until_there_is_a_valid_rule_file(start_story: StartStory) -> None:
    """A typo loses nothing: once it is fixed, every message is handled."""
    story = start_story("version: 1\nrules: [{id: all, wen: {attendees: 1}}]")
    ada = story.add_person("Ada")
    meeting = story.create_meeting(ada, GUEST)
    story.wait()
    assert story.outcomes(ada) == [("delayed", "no_valid_rules")]
    assert story.calls("GET", ada) == []
    assert 'unknown key "wen"' in str(story.log_lines("rules.refused")[0]["problems"])

    (story.rules / "rules.yaml").write_text(
        "version: 1\nrules: [{id: all, mode: enforce, when: {attendees: 1}}]"
    )
    story.run_until_idle()

    assert story.has_link(ada, meeting)


def test_an_invalid_rule_file_leaves_the_last_valid_policy_in_force(story: Story) -> None:
    """The log has an error with the problem and the policy in force."""
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.run_until_idle()
    (story.rules / "rules.yaml").write_text("version: 1\nrules: ]")
    story.stage.clock.advance(timedelta(minutes=2))
    second = story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert story.has_link(ada, second)
    [refused] = story.log_lines("rules.refused")
    assert refused["policy"] == story.log_lines("rules.loaded")[0]["policy"]
    assert refused["level"] == "error"


def test_an_outage_of_four_hours_loses_nothing(story: Story) -> None:
    """Once Graph is back, every meeting gets its link."""
    ada = story.add_person("Ada")
    meetings = [story.create_meeting(ada, GUEST) for _ in range(3)]
    story.stage.graph.faults.add(Fault(status=500, count=None))
    story.wait()
    for _ in range(16):
        story.wait(timedelta(minutes=15))
    story.stage.graph.faults.clear()
    story.run_until_idle()

    assert all(story.has_link(ada, meeting) for meeting in meetings)
    assert story.poison_messages() == []


def test_a_queue_that_takes_no_messages_makes_graph_deliver_again(story: Story) -> None:
    """The webhook answers 503; it acknowledges only what is queued."""
    ada = story.add_person("Ada")
    connection = story.stage.settings["AzureWebJobsStorage"]
    broken = connection.replace("QueueEndpoint=http://127.0.0.1", "QueueEndpoint=http://127.0.0.1:9/gone")

    world = World(now=story.stage.clock.now)
    app = wiring.start(wiring.Parts({**story.stage.settings, "AzureWebJobsStorage": broken}, world))
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.deliver()
    assert [line["status"] for line in story.log_lines("notification.rejected")] == [503]

    app.close()
    wiring.start(wiring.Parts(story.stage.settings, world))
    story.run_until_idle()
    wiring.joinlink().close()

    assert story.has_link(ada, meeting)
