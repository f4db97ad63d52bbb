"""What becomes of one meeting when things go wrong: nothing is lost, nothing is done twice."""

from datetime import timedelta

import pytest
from azure.storage.queue import QueueClient, TextBase64DecodePolicy, TextBase64EncodePolicy

from sandbox.graph import Drop, Fault
from shared import wiring
from shared.domain.later import Later
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
        pytest.param(Fault(method="PATCH", status=429, retry_after=2), [("delayed", "throttled"), UNCONFIRMED], id="throttled at the write"),
        pytest.param(Fault(method="GET", status=503, retry_after=30), [("delayed", "throttled")], id="busy, with a time"),
        pytest.param(Fault(method="GET", status=503), [], id="busy once: a quick retry"),
        pytest.param(Fault(method="GET", status=500, count=2), [("delayed", "graph_unavailable")], id="an error twice"),
        pytest.param(Fault(method="GET", drop=Drop.BEFORE), [], id="a connection that breaks"),
        pytest.param(Fault(method="PATCH", drop=Drop.BEFORE, count=4), [UNCONFIRMED] * 4, id="a write that never arrives"),
        pytest.param(Fault(method="PATCH", status=412), [], id="the event moved under our hands"),
        pytest.param(Fault(method="PATCH", status=412, count=3), [("delayed", "changed_meanwhile")], id="it would not stand still"),
        pytest.param(Fault(method="GET", status=403, code="ErrorQuotaExceeded"), [("delayed", "mailbox_full")], id="a full mailbox"),
        pytest.param(Fault(method="GET", status=403, code="Stray"), [("delayed", "second_look")], id="one stray 403"),
        pytest.param(Fault(method="GET", status=423, code="Locked", count=2), [("delayed", "graph_unavailable")], id="locked"),
        pytest.param(Fault(method="GET", path="events", status=404), [("delayed", "not_found_yet")], id="on the move between folders"),
    ],
)  # fmt: skip
def test_trouble_that_passes_delays_the_link(
    story: Story, fault: Fault, before: list[tuple[str, str]]
) -> None:
    """The message comes again by itself, and the link is made once."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.faults.add(fault)
    story.play()

    assert story.has_link(ada, meeting)
    assert story.ends(ada) == [*before, ADDED, ECHO]
    assert story.poison() == []


def test_a_throttled_mailbox_is_left_alone_for_as_long_as_graph_asks(story: Story) -> None:
    """Other events of the mailbox make no call either: it would count against us."""
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


def test_a_lost_answer_to_the_write_is_found_out(story: Story) -> None:
    """The write took effect, the answer never came: the event is read, found online, and ours."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.faults.add(Fault(method="PATCH", drop=Drop.AFTER))
    story.play()

    assert story.has_link(ada, meeting)
    assert story.ends(ada) == [CONFIRMED, ECHO]
    assert [c.status for c in story.stage.graph.calls if c.method == "PATCH"].count(200) == 1


def test_a_write_without_effect_is_looked_at_again_and_given_up_after_three(story: Story) -> None:
    """Graph says 200 and makes no link: a second look after a minute, three tries in all, then never again."""
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


def test_a_link_that_comes_late_is_waited_for(story: Story) -> None:
    """The answer has no join URL yet; a minute later it is there."""
    ada = story.person("Ada", join_url_delay=timedelta(seconds=45))
    meeting = story.meeting(ada, GUEST)
    story.play()

    assert story.has_link(ada, meeting)
    assert CONFIRMED in story.ends(ada)
    assert len(story.calls("PATCH", ada)) == 1


def test_a_token_that_was_revoked_is_replaced(story: Story) -> None:
    """One fresh token, the same call again, and nobody notices."""
    ada = story.person("Ada")
    story.meeting(ada, GUEST)
    story.play()
    story.stage.graph.identity.revoke_all()
    second = story.meeting(ada, GUEST)
    story.wait()

    assert story.has_link(ada, second)


def test_a_credential_that_is_refused_waits_for_a_person(story: Story) -> None:
    """Loudly, and with the message kept: it is tried again until somebody has mended it."""
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
def test_a_mailbox_that_is_shut_is_marked(
    story: Story, fault: Fault, expected: tuple[str, str], state: MailboxState
) -> None:
    """Trying again would not help: one call, and the mailbox's row says why."""
    ada = story.person("Ada")
    story.meeting(ada, GUEST)
    story.stage.graph.faults.add(fault)
    story.play()

    storage = StorageSettings(connection_string=story.stage.settings["AzureWebJobsStorage"])
    table = Table.connect("mailboxes", storage, None)
    assert story.ends(ada) == [expected]
    assert Mailboxes(table, story.stage.clock.now).read(ada.id).state is state
    table.close()


def test_what_graph_refuses_for_good_is_set_aside_with_the_reason(story: Story) -> None:
    """A 400 is ours to mend: the message lies in the poison queue, whole."""
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
    ("text", "why"),
    [
        pytest.param('{"v":0,"mailbox":"m"}', "version 0", id="a version that never was"),
        pytest.param("hello", "not JSON", id="no JSON"),
    ],
)
def test_a_message_that_is_not_ours_is_set_aside(story: Story, text: str, why: str) -> None:
    """At once, with the reason and the text itself."""
    put(story, text)
    story.stage.host.drain()
    [poison] = story.poison()

    assert [(line["outcome"], line["reason"]) for line in story.lines()] == [("failed", "unreadable_message")]
    assert poison["message"] == text
    assert why in poison["detail"]


def test_a_message_of_a_later_version_waits_for_it(story: Story) -> None:
    """For a day a roll-out or a roll-back may last; then it is set aside, whole, and replay puts it back."""
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


def test_a_message_that_waited_for_its_version_is_handled_by_it(story: Story) -> None:
    """Here the version that knows it is this one; the envelope is read by both."""
    ada = story.person("Ada")
    change = EventChange(
        mailbox=ada.id,
        event=story.meeting(ada, GUEST),
        source=Source.SWEEP,
        received=story.stage.clock.now(),
        trace="t",
    )
    put(story, Later(change.encode(), story.stage.clock.now()).encode())
    story.stage.host.drain()

    assert story.ends(ada) == [ADDED]


def test_a_message_that_kills_the_process_ends_alone(story: Story) -> None:
    """It comes back without an error of ours: sent again by itself, and set aside after four returns."""
    ada = story.person("Ada")
    meeting = story.meeting(ada, GUEST)
    body = EventChange(
        mailbox=ada.id, event=meeting, source=Source.SWEEP, received=story.stage.clock.now(), trace="killer"
    ).encode()
    with queue_of(story) as queue:
        queue.send_message(body)
        for _ in range(4):
            story.stage.clock.advance(timedelta(minutes=5))
            lost = queue.receive_message(visibility_timeout=1)  # the process dies over it
            assert lost is not None
            story.stage.clock.advance(timedelta(minutes=1))
            story.stage.host.drain()
    [poison] = story.poison()

    assert story.ends(ada) == [("delayed", "worker_lost")] * 3 + [("failed", "worker_lost")]
    assert poison["reason"] == "worker_lost"
    assert story.calls("GET", ada) == []


def test_an_innocent_neighbour_is_handled_when_it_comes_alone(story: Story) -> None:
    """Its count of returns begins again with every end of its own."""
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
def test_a_webhook_with_a_wrong_clock_changes_nothing(story: Story, seconds: int) -> None:
    """Ten copies cost one read, and a change made after that read is not lost."""
    ada = story.person("Ada", watched=False)
    meeting = story.meeting(ada, "cy@contoso.com")

    def notify() -> None:
        told = story.stage.clock.now() + timedelta(seconds=seconds)
        change = EventChange(
            mailbox=ada.id, event=meeting, source=Source.NOTIFICATION, received=told, trace="t"
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


def test_an_error_that_nobody_foresaw_is_tried_five_times_and_set_aside(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text of the error stays out of the log."""
    ada = story.person("Ada")
    story.meeting(ada, GUEST)

    def fails(*_arguments: object) -> None:
        raise ValueError("secret nonsense")

    monkeypatch.setattr("shared.worker.events.processing.decide", fails)
    story.play()
    [poison] = story.poison()

    assert story.ends(ada) == [("delayed", "unexpected_error")] * 4 + [("failed", "unexpected_error")]
    assert "ValueError at" in poison["detail"]
    assert "secret nonsense" not in story.caplog.text


def test_messages_wait_while_there_is_no_valid_rule_file(begin: Begin) -> None:
    """A typo loses nothing: once it is mended, every message is worked on."""
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


def test_a_broken_rule_file_leaves_the_last_good_policy_in_force(story: Story) -> None:
    """Loudly: the log says what is wrong, and which policy goes on."""
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


def test_trouble_of_four_hours_loses_nothing(story: Story) -> None:
    """Graph is away all morning; every meeting has its link by the afternoon."""
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


def test_a_queue_that_takes_nothing_makes_graph_deliver_again(story: Story) -> None:
    """The webhook answers 503 and says so; nothing was acknowledged that is not stored."""
    ada = story.person("Ada")
    connection = story.stage.settings["AzureWebJobsStorage"]
    broken = connection.replace("QueueEndpoint=http://127.0.0.1", "QueueEndpoint=http://127.0.0.1:9/gone")

    world = World(now=story.stage.clock.now)
    app = wiring.rebuild({**story.stage.settings, "AzureWebJobsStorage": broken}, world)
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.deliver()
    assert [line["status"] for line in story.lines("notification.rejected")] == [503]

    app.close()
    wiring.rebuild(story.stage.settings, world)
    story.play()
    wiring.joinlink().close()

    assert story.has_link(ada, meeting)


def test_two_stray_answers_with_a_good_one_between_condemn_nobody(story: Story) -> None:
    """The mailbox was served in the meantime, so the second answer is a first one again."""
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
