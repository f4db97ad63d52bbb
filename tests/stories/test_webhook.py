"""The webhook as Graph calls it: through the host, with function key, handshakes and invalid bodies."""

import json

import pytest

from shared import wiring
from shared.worker.common.world import World
from tests.notifications import notification
from tests.stories.conftest import StartStory, Story

ADA = "aaaaaaaa-0000-4000-8000-000000000001"
PATH = "/api/notifications"


def ada_notification(event: str = "AAMk=", **changes: object) -> dict[str, object]:
    return notification(ADA, event, **changes)


def queued(story: Story) -> int:
    return story.stage.host.waiting()["event-changes"]


def test_the_handshake_is_answered_as_graph_requires(story: Story) -> None:
    """200, plain text, only the decoded token; a browser must not read it as markup."""
    token = "<b>Validation: Testing</b> é"
    with story.stage.host.client() as client:
        answer = client.post(PATH, params={"validationToken": token})

    assert (answer.status_code, answer.text) == (200, token)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_invalid_handshake_is_refused(story: Story) -> None:
    """Graph never sends a token of three thousand characters."""
    with story.stage.host.client() as client:
        assert client.post(PATH, params={"validationToken": "x" * 3000}).status_code == 400


def test_a_call_without_the_function_key_is_refused(story: Story) -> None:
    """The host refuses it before our code runs."""
    with story.stage.host.client() as client:
        del client.headers["x-functions-key"]
        assert client.post(PATH, params={"validationToken": "x"}).status_code == 401


def test_a_notification_is_queued_before_it_is_acknowledged(story: Story) -> None:
    """202, and the message is on the queue, invisible until the event has settled."""
    with story.stage.host.client() as client:
        assert client.post(PATH, json={"value": [ada_notification()]}).status_code == 202

    assert queued(story) == 1
    assert story.stage.host.drain() == 0
    assert story.stage.graph.calls == []


def test_a_hundred_events_in_one_post_become_a_hundred_messages(story: Story) -> None:
    """Each distinct event is queued; duplicates are not."""
    items = [ada_notification(f"event-{n}") for n in range(100)] * 2
    with story.stage.host.client() as client:
        assert client.post(PATH, json={"value": items}).status_code == 202

    assert queued(story) == 100
    assert (
        story.log_lines("notification.received")[0]["items"],
        story.log_lines("notification.received")[0]["queued"],
    ) == (200, 100)


def test_the_log_names_a_hundred_traces_and_counts_the_others(story: Story) -> None:
    """A log line has a maximum length."""
    with story.stage.host.client() as client:
        client.post(PATH, json={"value": [ada_notification(f"event-{n}") for n in range(130)]})
    [line] = story.log_lines("notification.received")

    assert (len(line["traces"]), line["more_traces"], line["queued"]) == (100, 30, 130)


def test_an_unexpected_error_makes_graph_retry(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, and the log names the place; the error's own text may contain what people wrote."""

    def fail(*_body: object, **_options: object) -> None:
        raise KeyError("bo@fabrikam.com")

    monkeypatch.setattr("shared.worker.webhook.webhook.read_notifications", fail)
    with story.stage.host.client() as client:
        assert client.post(PATH, json={"value": [ada_notification()]}).status_code == 503
    [line] = story.log_lines("notification.rejected")

    assert line["reason"].startswith("unexpected KeyError at test_webhook.py")
    assert "fabrikam" not in story.caplog.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"x" * 2 * 1024 * 1024, 413, id="2 MiB"),
        pytest.param(b"not json", 400, id="not JSON"),
        pytest.param(b'{"value": 1}', 400, id="not a collection"),
        pytest.param(json.dumps({"value": [None, 7, {}, ada_notification(clientState="guess"), ada_notification(tenantId=ADA), ada_notification(changeType="?")]}).encode(), 202, id="items that are not valid"),
    ],
)  # fmt: skip
def test_an_invalid_post_is_never_queued(story: Story, body: bytes, status: int) -> None:
    """An invalid body gets a status; invalid items are dropped and counted, and a stranger learns nothing."""
    with story.stage.host.client() as client:
        assert client.post(PATH, content=body).status_code == status

    assert queued(story) == 0
    assert story.stage.host.failures == []


def test_the_log_counts_what_strangers_send(story: Story) -> None:
    """A wrong clientState or tenant is a warning; the log never repeats what was sent."""
    items = [
        ada_notification(clientState="guess-4711"),
        ada_notification(tenantId=ADA),
        ada_notification(changeType="deleted"),
    ]
    with story.stage.host.client() as client:
        client.post(PATH, json={"value": items})

    [rejected] = story.log_lines("notification.rejected")
    assert rejected["dropped"] == {"wrong_client_state": 1, "wrong_tenant": 1}
    assert story.log_lines("notification.received")[0]["dropped"]["deleted"] == 1
    assert "4711" not in story.caplog.text


def test_a_missing_setting_makes_graph_retry(start_story: StartStory) -> None:
    """503, so that nothing is lost; the log names the setting. The handshake needs no setting and works."""
    story = start_story()
    settings = {name: value for name, value in story.stage.settings.items() if name != "JOINLINK_TENANT_ID"}
    wiring.start(wiring.Parts(settings, World(now=story.stage.clock.now)))
    with story.stage.host.client() as client:
        assert client.post(PATH, json={"value": [ada_notification()]}).status_code == 503
        assert client.post(PATH, params={"validationToken": "x"}).status_code == 200

    assert "JOINLINK_TENANT_ID is missing" in story.log_lines("notification.rejected")[0]["reason"]
