"""Fixtures for end-to-end tests: the real app, real queues and tables, a simulated Graph and a simulated clock."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, TextBase64DecodePolicy, TextBase64EncodePolicy

from cli.app import main
from sandbox.azurite import Azurite
from sandbox.graph import DirectoryUser, Drop, Fault
from sandbox.stage import Stage, stage
from shared import logs
from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS, MailboxTask, TaskKind, TaskReason
from shared.settings import StorageSettings
from shared.storage.tables import Table
from shared.wiring import Parts, webhook as wiring_webhook
from shared.worker.common.world import World
from shared.worker.webhook import admission, sender_pool, webhook
from tests.cli.conftest import CommandResult

SETTLE = timedelta(seconds=20)
#: longer than any retry of the app that ends
LONGEST_RUN = timedelta(hours=3)

RULES = """
version: 1
internal_domains: [contoso.com]
rules:
  - id: opted-out
    mode: enforce
    when: {subject: "[no link]"}
    action: skip
  - id: trial
    mode: report
    when: {subject: "trial"}
  - id: external
    mode: enforce
    when: {external_attendees: {at_least: 1}}
    provider: {fallback: teamsForBusiness}
    limits: {per_hour: 5}
"""


@dataclass
class Story:
    """The app and everything around it, and what a test does with them."""

    stage: Stage
    rules: Path
    caplog: pytest.LogCaptureFixture
    people: dict[str, DirectoryUser] = field(default_factory=dict)

    def add_person(self, name: str, *, watched: bool = True, **properties: Any) -> DirectoryUser:
        """Add a person with a mailbox. Subscribe the mailbox, unless the test is about subscribing."""
        user = self.stage.graph.add_user(name, f"{name.lower()}@contoso.com", **properties)
        if watched:
            self.stage.watch(user)
        self.people[name] = user
        return user

    def create_meeting(self, organizer: DirectoryUser, *guests: str, **properties: Any) -> str:
        """Create a meeting tomorrow at nine in a person's own client, with guests; return its id."""
        return self.create_meeting_in("", organizer, *guests, **properties)

    def create_meeting_in(
        self, calendar: str, organizer: DirectoryUser, *guests: str, **properties: Any
    ) -> str:
        """Create a meeting as `create_meeting` does, in the calendar with this id, "" for the default one."""
        place = f"calendars/{calendar}/events" if calendar else "events"
        answer = httpx.post(
            f"{self.stage.graph_url}/v1.0/users/{organizer.id}/{place}",
            headers={**self.stage.graph.as_user(organizer), "Prefer": 'IdType="ImmutableId"'},
            json={
                "subject": "Review",
                "start": {"dateTime": "2026-11-24T09:00:00", "timeZone": "UTC"},
                "end": {"dateTime": "2026-11-24T10:00:00", "timeZone": "UTC"},
                "attendees": [{"type": "required", "emailAddress": {"address": guest}} for guest in guests],
                **properties,
            },
        )
        answer.raise_for_status()
        return str(answer.json()["id"])

    def event(self, owner: DirectoryUser, event_id: str) -> dict[str, Any]:
        """Return an event as its owner's client reads it."""
        answer = httpx.get(
            f"{self.stage.graph_url}/v1.0/users/{owner.id}/events/{event_id}",
            headers=self.stage.graph.as_user(owner),
        )
        answer.raise_for_status()
        event: dict[str, Any] = answer.json()
        return event

    def events(self, owner: DirectoryUser) -> list[str]:
        """Return the ids of all events in a person's calendar."""
        answer = httpx.get(
            f"{self.stage.graph_url}/v1.0/users/{owner.id}/events",
            headers={**self.stage.graph.as_user(owner), "Prefer": 'IdType="ImmutableId"'},
        )
        answer.raise_for_status()
        return [event["id"] for event in answer.json()["value"]]

    def has_link(self, owner: DirectoryUser, event_id: str) -> bool:
        """Return whether the event is an online meeting with a join link."""
        event = self.event(owner, event_id)
        return bool(event["isOnlineMeeting"] and (event["onlineMeeting"] or {}).get("joinUrl"))

    def wait(self, time: timedelta = SETTLE) -> None:
        """Deliver notifications, advance the clock, and handle the messages that are visible then."""
        self.stage.graph.deliver()
        self.stage.clock.advance(time)
        self.stage.host.drain()

    def lose_next_answer(self) -> None:
        """Let the next PATCH take effect without an answer, and the two reads after it fail."""
        faults, outage = self.stage.graph.faults, Fault(method="GET", status=500, count=2)
        faults.add(Fault(method="PATCH", drop=Drop.AFTER, meanwhile=lambda: faults.add(outage)))

    def run_until_idle(self) -> None:
        """Advance the clock until no notification and no message is left."""
        end = self.stage.clock.now() + LONGEST_RUN
        while self.stage.graph.undelivered or any(self.stage.host.waiting().values()):
            assert self.stage.clock.now() < end, (
                f"messages are left after hours: {self.stage.host.waiting()}, {self.log_lines()[-1]}"
            )
            self.wait()

    def log_lines(self, name: str = "event.decided") -> list[dict[str, Any]]:
        """Return what the app logged under this name, oldest first."""
        logged = [json.loads(r.getMessage()) for r in self.caplog.records if r.name == "joinlink"]
        return [line for line in logged if line["event"] == name]

    def outcomes(self, user: DirectoryUser) -> list[tuple[str, str]]:
        """Return outcome and reason of each handled message about a person's events, oldest first."""
        return [(x["outcome"], x["reason"]) for x in self.log_lines() if x["mailbox"] == user.id]

    def calls(self, method: str, user: DirectoryUser) -> list[str]:
        """Return the paths of the app's calls to a person's mailbox."""
        return [c.path for c in self.stage.graph.calls if c.method == method and user.id in c.path]

    def restart(self, **settings: str) -> None:
        """Restart the app with some settings changed."""
        self.stage.restart(settings)

    def enqueue_task(self, kind: TaskKind, user: DirectoryUser, reason: TaskReason) -> None:
        """Put a task for a person's mailbox on the queue."""
        task = MailboxTask(mailbox=user.id, task=kind, reason=reason, trace="by-hand")
        with self._queue(MAILBOX_TASKS) as queue:
            queue.send_message(task.encode())

    def task_outcomes(self, user: DirectoryUser) -> list[tuple[str, str, str]]:
        """Return task, outcome and reason of each finished task for a person's mailbox, oldest first."""
        lines = self.log_lines("task.finished")
        return [(x["task"], x["outcome"], x["reason"]) for x in lines if x["mailbox"] == user.id]

    def poison_messages(self, queue_name: str = EVENT_CHANGES) -> list[dict[str, Any]]:
        """Return the messages in the poison queue."""
        return self.visible_messages(f"{queue_name}-poison")

    def visible_messages(self, queue_name: str) -> list[dict[str, Any]]:
        """Return the messages of a queue that the host may take now."""
        with self._queue(queue_name) as queue:
            try:
                return [json.loads(message.content) for message in queue.peek_messages(32)]
            except ResourceNotFoundError:
                return []

    def add_poison(self, text: str, queue_name: str = EVENT_CHANGES) -> None:
        """Put a text on a poison queue, as the host does with a message that killed the app."""
        with self._queue(f"{queue_name}-poison") as queue:
            with suppress(ResourceExistsError):
                queue.create_queue()
            queue.send_message(text)

    def _queue(self, name: str) -> QueueClient:
        return QueueClient.from_connection_string(
            self.stage.settings["AzureWebJobsStorage"],
            name,
            message_encode_policy=TextBase64EncodePolicy(),
            message_decode_policy=TextBase64DecodePolicy(),
        )


#: A machine that is busy with other work may stand still for seconds; no story may depend on that.
PATIENCE_SECONDS = 60.0


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the webhook and its storage a minute of real time; stories about slow storage set other limits.

    Everything else that a story waits for goes by the story's own clock. `make bench` measures the real limits.
    """
    monkeypatch.setattr(webhook, "ANSWER_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(admission, "SILENCE_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(sender_pool, "SILENCE_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(wiring_webhook, "CONNECT_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(wiring_webhook, "SEND_SECONDS", PATIENCE_SECONDS)


StartStory = Callable[..., Story]


@pytest.fixture
def start_story(azurite: Azurite, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[StartStory]:
    """Return a function that starts a story with its own rules and settings."""
    caplog.set_level(logging.DEBUG, "joinlink")
    with ExitStack() as stack:

        def start(rules: str = RULES, *, with_memory: bool = True, **settings: str) -> Story:
            (tmp_path / "rules.yaml").write_text(rules)
            running = stack.enter_context(stage(azurite, tmp_path, settings, with_memory=with_memory))
            return Story(running, tmp_path, caplog)

        yield start


@pytest.fixture
def story(start_story: StartStory) -> Story:
    """Return a story with the usual rules."""
    return start_story()


class TypedAnswer(io.StringIO):
    """A terminal on which an admin has typed an answer."""

    def isatty(self) -> bool:
        return True


RunJoinlink = Callable[..., CommandResult]


def _storage_time(story: Story) -> datetime:
    connection = StorageSettings(connection_string=story.stage.settings["AzureWebJobsStorage"])
    table = Table.connect("maintenance", connection, None)
    table.merge("story", "story", {})  # if the table is missing, Azurite's answer has the time of its host
    now = table.now()
    table.close()
    assert now
    return now


@pytest.fixture
def run_joinlink(
    story: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> RunJoinlink:
    """Return a function that runs `joinlink` with the app's settings, at the story's time."""
    own_transport = httpx.WSGITransport(app=story.stage.host.wsgi)
    monkeypatch.setattr("cli.desk.World", lambda: World(now=story.stage.clock.now))
    monkeypatch.setattr("cli.desk.Parts", partial(Parts, own_transport=own_transport))
    # Earlier stories have moved Azurite's clock ahead; its clock can't be moved back.
    difference = story.stage.clock.now() - _storage_time(story)
    table_now = Table.now
    monkeypatch.setattr(Table, "now", lambda table: (now := table_now(table)) and now + difference)
    for name, value in story.stage.settings.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> CommandResult:
        monkeypatch.setattr(sys, "argv", ["joinlink", *arguments])
        with pytest.raises(SystemExit) as exit_info:
            main()
        logs.configure("INFO")  # the real command is another process, with another log level
        output = capsys.readouterr()
        return CommandResult(int(exit_info.value.code or 0), output.out, output.err)

    return run
