"""Errors while one meeting is handled: nothing is lost, nothing is done twice."""

from datetime import timedelta

import pytest
from azure.storage.queue import QueueClient, TextBase64DecodePolicy, TextBase64EncodePolicy

from sandbox.graph import Drop, Fault
from shared import wiring
from shared.domain.later_message import LaterMessage
from shared.domain.messages import EventChange, Source
from shared.settings import StorageSettings
from shared.storage.mailboxes import Mailboxes, MailboxState
from shared.storage.tables import Table
from shared.worker.common.world import World
from tests.stories.conftest import Begin, Story

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
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.faults.add(fault)
    story.play()

    assert story.has_link(ada, meeting)
    assert story.ends(ada) == [*before, ADDED, ECHO]
    assert story.poison() == []


def test_a_throttled_mailbox_gets_no_calls_until_retry_after(story: Story) -> None:
    """Also not for its other events: each call would count against the limit."""
    ada = story.person("Ada")
    story.meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="GET", status=429, retry_after=600))
    story.wait()
    story.meeting(ada, GUEST)
    story.wait()

    assert [(line["reason"], line["graph_calls"]) for line in story.lines()] == [
        ("throttled", 1),
        ("throttled", 0),
    ]
    assert all(line["again_in_seconds"] >= 500 for line in story.lines())


def test_a_write_with_a_lost_answer_is_confirmed(story: Story) -> None:
    """The write took effect: the next read finds the link and records it as Joinlink's."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", drop=Drop.AFTER))
    story.play()

    assert story.has_link(ada, meeting)
    assert story.ends(ada) == [CONFIRMED, ECHO]
    assert [c.status for c in story.stage.graph.calls if c.method == "PATCH"].count(200) == 1


def test_joinlink_gives_up_after_three_writes_without_effect(story: Story) -> None:
    """Graph answers 200 and adds no link: Joinlink reads again after a minute, and writes three times at most."""
    ada = story.person("Ada", honors_online_meeting=False)
    meeting = story.meeting(ada, GUEST)
    story.play()
    assert story.ends(ada)[:1] == [("delayed", "awaiting_join_link")]
    assert ("not_honored", "no_join_link") in story.ends(ada)

    for subject in ("Second", "Third", "Fourth"):
        story.stage.graph.people.edit(ada.id, meeting, subject=subject)
        story.play()

    assert story.ends(ada).count(("not_honored", "no_join_link")) == 3
    assert story.ends(ada)[-1] == ("skipped", "gave_up")
    assert len(story.calls("PATCH", ada)) == 3


def test_joinlink_waits_for_a_late_join_url(story: Story) -> None:
    """It is not in the answer, but there a minute later."""
    ada = story.person("Ada", join_url_delay=timedelta(seconds=45))
    meeting = story.meeting(ada, GUEST)
    story.play()

    assert story.has_link(ada, meeting)
    assert CONFIRMED in story.ends(ada)
    assert len(story.calls("PATCH", ada)) == 1


def test_a_revoked_token_is_replaced(story: Story) -> None:
    """With a new token the same call succeeds."""
    ada = story.person("Ada")
    story.meeting(ada, GUEST)
    story.play()
    story.stage.graph.identity.revoke_all()
    second = story.meeting(ada, GUEST)
    story.wait()

    assert story.has_link(ada, second)


def test_a_refused_credential_waits_for_an_admin(story: Story) -> None:
    """Each retry logs an error until the credential is fixed; the message is kept."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(status=401, count=4))
    story.play()

    assert story.has_link(ada, meeting)
    assert story.ends(ada)[:2] == [("delayed", "unauthorized")] * 2
    assert story.lines()[0]["level"] == "error"


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
    ada = story.person("Ada")
    story.meeting(ada, GUEST)
    story.stage.graph.faults.add(fault)
    story.play()

    storage = StorageSettings(connection_string=story.stage.settings["AzureWebJobsStorage"])
    table = Table.connect("mailboxes", storage, None)
    assert story.ends(ada) == [expected]
    assert Mailboxes(table, story.stage.clock.now).read(ada.id).state is state
    table.close()


def test_a_permanent_refusal_goes_to_the_poison_queue(story: Story) -> None:
    """A 400 is an error of ours: the poison queue has the whole message and the reason."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="GET", status=400, code="ErrorInvalidIdMalformed"))
    story.play()
    [poison] = story.poison()

    assert story.ends(ada) == [("failed", "unexpected_answer")]
    assert poison["reason"] == "unexpected_answer"
    assert "ErrorInvalidIdMalformed" in poison["detail"]
    assert meeting in poison["message"]


def queue_of(story: Story) -> QueueClient:
    """Return the queue of the events' messages."""
    return QueueClient.from_connection_string(
        story.stage.settings["AzureWebJobsStorage"],
        "event-changes",
        message_encode_policy=TextBase64EncodePolicy(),
        message_decode_policy=TextBase64DecodePolicy(),
    )


def put(story: Story, text: str) -> None:
    """Put a text on the queue."""
    with queue_of(story) as queue:
        queue.send_message(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param('{"v":0,"mailbox":"m"}', "version 0", id="an unknown version"),
        pytest.param("hello", "not JSON", id="not JSON"),
    ],
)
def test_an_unreadable_message_goes_to_the_poison_queue(story: Story, text: str, problem: str) -> None:
    """At once, with the reason and its text."""
    put(story, text)
    story.stage.host.drain()
    [poison] = story.poison()

    assert [(line["outcome"], line["reason"]) for line in story.lines()] == [("failed", "unreadable_message")]
    assert poison["message"] == text
    assert problem in poison["detail"]


def test_a_message_of_a_later_version_waits_for_a_day(story: Story) -> None:
    """A roll-out may take that long. Then the poison queue gets the whole message, and replay enqueues it."""
    text = '{"v":2,"events":["a","b"]}'
    put(story, text)
    for _ in range(23):
        story.wait(timedelta(hours=1))
    assert {(line["outcome"], line["reason"]) for line in story.lines()} == {("delayed", "later_version")}
    assert story.poison() == []

    for _ in range(2):
        story.wait(timedelta(hours=1))
    [poison] = story.poison()

    assert (story.lines()[-1]["outcome"], poison["reason"]) == ("failed", "later_version")
    assert poison["message"] == text
    assert sum(story.stage.host.waiting().values()) == 0


def test_a_waiting_message_is_handled_by_its_version(story: Story) -> None:
    """Both versions read the envelope; here this version can read the message."""
    ada = story.person("Ada")
    change = EventChange(
        mailbox=ada.id,
        event=story.meeting(ada, GUEST),
        source=Source.SWEEP,
        received=story.stage.clock.now(),
        trace="t",
    )
    put(story, LaterMessage(change.encode(), story.stage.clock.now()).encode())
    story.stage.host.drain()

    assert story.ends(ada) == [ADDED]


def test_a_message_that_kills_the_process_goes_to_the_poison_queue(story: Story) -> None:
    """It comes back without an error: Joinlink enqueues it alone, and gives up after four returns."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    body = EventChange(
        mailbox=ada.id, event=meeting, source=Source.SWEEP, received=story.stage.clock.now(), trace="killer"
    ).encode()
    with queue_of(story) as queue:
        queue.send_message(body)
        for _ in range(4):
            story.stage.clock.advance(timedelta(minutes=5))
            lost = queue.receive_message(visibility_timeout=1)  # the process dies
            assert lost is not None
            story.stage.clock.advance(timedelta(minutes=1))
            story.stage.host.drain()
    [poison] = story.poison()

    assert story.ends(ada) == [("delayed", "worker_lost")] * 3 + [("failed", "worker_lost")]
    assert poison["reason"] == "worker_lost"
    assert story.calls("GET", ada) == []


def test_a_message_lost_with_another_one_is_handled(story: Story) -> None:
    """Its count of returns starts again whenever it was handled to its end."""
    ada = story.person("Ada", watched=False)
    change = EventChange(
        mailbox=ada.id,
        event=story.meeting(ada, GUEST),
        source=Source.SWEEP,
        received=story.stage.clock.now(),
        trace="t",
        returns=3,
    )
    story.stage.graph.faults.add(Fault(method="GET", status=500, count=2))
    put(story, change.encode())
    story.stage.host.drain()
    with queue_of(story) as queue:
        story.stage.clock.advance(timedelta(hours=1))
        assert [EventChange.decode(message.content).returns for message in queue.peek_messages()] == [0]
    story.play()

    assert story.ends(ada) == [("delayed", "graph_unavailable"), ADDED]


@pytest.mark.parametrize("seconds", [60, -60])
def test_a_wrong_clock_of_the_webhook_changes_nothing(story: Story, seconds: int) -> None:
    """Ten duplicates make one read, and a change after that read is not lost."""
    ada = story.person("Ada", watched=False)
    meeting = story.meeting(ada, "cy@contoso.com")

    def notify() -> None:
        received = story.stage.clock.now() + timedelta(seconds=seconds)
        change = EventChange(
            mailbox=ada.id, event=meeting, source=Source.NOTIFICATION, received=received, trace="t"
        )
        with queue_of(story) as queue:
            queue.send_message(change.encode(), visibility_timeout=20)

    for _ in range(10):
        notify()
    story.wait()
    assert len(story.calls("GET", ada)) == 1
    assert story.ends(ada) == [("skipped", "no_rule_matched")] + [("superseded", "read_since")] * 9

    story.stage.graph.people.edit(ada.id, meeting, subject="Changed within the minute")
    notify()
    story.wait()

    assert story.ends(ada)[10:] == [("skipped", "no_rule_matched")]
    assert all(line["queue_wait_seconds"] >= 20 for line in story.lines())


def test_an_unexpected_error_is_retried_four_times(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the message goes to the poison queue. The log leaves out the error's text."""
    ada = story.person("Ada")
    story.meeting(ada, GUEST)

    def fails(*_arguments: object) -> None:
        raise ValueError("secret nonsense")

    monkeypatch.setattr("shared.worker.events.deciding.decide", fails)
    story.play()
    [poison] = story.poison()

    assert story.ends(ada) == [("delayed", "unexpected_error")] * 4 + [("failed", "unexpected_error")]
    assert "ValueError at" in poison["detail"]
    assert "secret nonsense" not in story.caplog.text


def test_messages_wait_until_there_is_a_valid_rule_file(begin: Begin) -> None:
    """A typo loses nothing: once it is fixed, every message is handled."""
    story = begin("version: 1\nrules: [{id: all, wen: {attendees: 1}}]")
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.wait()
    assert story.ends(ada) == [("delayed", "no_valid_rules")]
    assert story.calls("GET", ada) == []
    assert 'unknown key "wen"' in str(story.lines("rules.refused")[0]["problems"])

    (story.rules / "rules.yaml").write_text(
        "version: 1\nrules: [{id: all, mode: enforce, when: {attendees: 1}}]"
    )
    story.play()

    assert story.has_link(ada, meeting)


def test_an_invalid_rule_file_leaves_the_last_valid_policy_in_force(story: Story) -> None:
    """The log has an error with the problem and the policy in force."""
    ada = story.person("Ada")
    story.meeting(ada, GUEST)
    story.play()
    (story.rules / "rules.yaml").write_text("version: 1\nrules: ]")
    story.stage.clock.advance(timedelta(minutes=2))
    second = story.meeting(ada, GUEST)
    story.play()

    assert story.has_link(ada, second)
    [refused] = story.lines("rules.refused")
    assert refused["policy"] == story.lines("rules.loaded")[0]["policy"]
    assert refused["level"] == "error"


def test_an_outage_of_four_hours_loses_nothing(story: Story) -> None:
    """Once Graph is back, every meeting gets its link."""
    ada = story.person("Ada")
    meetings = [story.meeting(ada, GUEST) for _ in range(3)]
    story.stage.graph.faults.add(Fault(status=500, count=None))
    story.wait()
    for _ in range(16):
        story.wait(timedelta(minutes=15))
    story.stage.graph.faults.clear()
    story.play()

    assert all(story.has_link(ada, meeting) for meeting in meetings)
    assert story.poison() == []


def test_a_queue_that_takes_no_messages_makes_graph_deliver_again(story: Story) -> None:
    """The webhook answers 503; it acknowledges only what is queued."""
    ada = story.person("Ada")
    connection = story.stage.settings["AzureWebJobsStorage"]
    broken = connection.replace("QueueEndpoint=http://127.0.0.1", "QueueEndpoint=http://127.0.0.1:9/gone")

    world = World(now=story.stage.clock.now)
    app = wiring.start(wiring.Parts({**story.stage.settings, "AzureWebJobsStorage": broken}, world))
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.deliver()
    assert [line["status"] for line in story.lines("notification.rejected")] == [503]

    app.close()
    wiring.start(wiring.Parts(story.stage.settings, world))
    story.play()
    wiring.joinlink().close()

    assert story.has_link(ada, meeting)


def test_a_good_answer_between_two_refusals_resets_the_suspicion(story: Story) -> None:
    """Graph served the mailbox in between, so the second refusal counts as a first."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    for _ in range(2):
        story.stage.graph.faults.add(Fault(method="GET", path="/events/", status=403, code="Odd"))
        story.play()
        story.stage.clock.advance(timedelta(minutes=20))
        story.stage.graph.people.edit(ada.id, meeting, subject="Edited")
    story.play()

    assert "forbidden" not in {line["outcome"] for line in story.lines()}
    assert ("delayed", "second_look") in story.ends(ada)
    assert story.has_link(ada, meeting)
