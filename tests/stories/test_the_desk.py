"""Mistakes with the admin's command do no harm: a dry run writes nothing, a wrong clock is refused."""

import inspect
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from itertools import chain, combinations
from typing import Any

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from cli.app import _COMMANDS
from shared import wiring
from shared.worker.common.world import World
from tests.stories.conftest import RULES, RunJoinlink, StartStory, Story
from tests.stories.test_health import health
from tests.stories.test_maintenance import maintain, scoped, unwatched, watched

GUEST = "bo@fabrikam.com"
MONTH = timedelta(days=30)
#: what each command with a dry run needs besides its flags
_WORDS = {"backfill": ("--all",), "replay": ()}
#: switches, with the text by which the source of a command shows that it has them
_SWITCHES = {"--yes": '"--yes"', "--json": ": AsJson"}


def with_a_dry_run() -> Iterator[tuple[str, list[str]]]:
    """Yield each command that has --dry-run, with each combination of its other flags."""
    for command, (module, function) in _COMMANDS.items():
        source = inspect.getsource(getattr(import_module(module), function))
        if "--dry-run" not in source:
            continue
        known = [switch for switch, text in _SWITCHES.items() if text in source]
        for some in chain.from_iterable(combinations(known, n) for n in range(len(known) + 1)):
            yield command, [*_WORDS[command], "--dry-run", *some]


def snapshot(story: Story) -> dict[str, Any]:
    """Return the contents of the storage account, byte for byte."""
    connection = story.stage.settings["AzureWebJobsStorage"]
    found: dict[str, Any] = {}
    with TableServiceClient.from_connection_string(connection) as tables:
        for table in tables.list_tables():
            rows = tables.get_table_client(table.name).list_entities()
            found[f"table {table.name}"] = [(dict(row), row.metadata["etag"]) for row in rows]
    with QueueServiceClient.from_connection_string(connection) as queues:
        for queue in queues.list_queues():
            messages = queues.get_queue_client(queue).peek_messages(32)
            found[f"queue {queue.name}"] = sorted((one.id, one.content) for one in messages)
    with BlobServiceClient.from_connection_string(connection) as blobs:
        for container in blobs.list_containers():
            client = blobs.get_container_client(container.name)
            found[f"blobs {container.name}"] = [
                (blob.name, blob.etag, client.download_blob(blob.name).readall())
                for blob in client.list_blobs()
            ]
    return found


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        pytest.param(command, arguments, id=" ".join([command, *arguments]))
        for command, arguments in with_a_dry_run()
    ],
)
@pytest.mark.parametrize(
    "rules", [pytest.param(True, id="the app's rules"), pytest.param(False, id="others")]
)
def test_a_dry_run_writes_nothing(
    story: Story, run_joinlink: RunJoinlink, command: str, arguments: list[str], *, rules: bool
) -> None:
    """With any other flags, storage and queues stay byte for byte the same, and Graph is only read."""
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.stage.graph.deliver()
    maintain(story)
    story.create_meeting(ada, GUEST, subject="Another")
    story.add_poison("no message of ours", "event-changes")
    if not rules:
        (story.rules / "rules.yaml").write_text(RULES.replace("per_hour: 5", "per_hour: 6"))
    before, calls = snapshot(story), len(story.stage.graph.calls)
    run_joinlink(command, *arguments)

    assert snapshot(story) == before
    assert {call.method for call in story.stage.graph.calls[calls:]} <= {"GET"}


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["maintain"], id="maintain"),
        pytest.param(["backfill", "--all", "--yes"], id="backfill"),
        pytest.param(["replay", "--yes"], id="replay"),
        pytest.param(["held", "--release", "0123456789ab", "--yes"], id="held"),
        pytest.param(["memory", "--accept", "--yes"], id="memory"),
        pytest.param(["unsubscribe", "--all", "--yes"], id="unsubscribe"),
        pytest.param(["canary", "--mailbox", "ada@contoso.com", "--yes"], id="canary"),
    ],
)
@pytest.mark.parametrize(
    "off", [pytest.param(MONTH, id="ahead"), pytest.param(timedelta(minutes=-2), id="behind")]
)
def test_a_desk_with_a_wrong_clock_is_refused(
    story: Story,
    run_joinlink: RunJoinlink,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    off: timedelta,
) -> None:
    """It shows by how much, and writes nothing that would make another machine wait."""
    story.add_person("Ada")
    maintain(story)
    before = snapshot(story)
    monkeypatch.setattr("cli.desk.World", lambda: World(now=lambda: story.stage.clock.now() + off))
    result = run_joinlink(*arguments)

    assert result.exit == 2
    assert "this machine's clock is" in result.err
    assert snapshot(story) == before


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["maintain"], id="maintain"),
        pytest.param(["maintain", "--confirm", "0123456789abcdef"], id="confirm"),
        pytest.param(["held"], id="held"),
        pytest.param(["held", "--release", "0123456789ab", "--yes"], id="release"),
        pytest.param(["memory"], id="memory"),
        pytest.param(["memory", "--accept", "--yes"], id="accept"),
        pytest.param(["replay", "--yes"], id="replay"),
        pytest.param(["backfill", "--all", "--yes"], id="backfill"),
    ],
)
def test_a_storage_account_that_does_not_answer_is_not_a_usage_error(
    run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """Exit code 1 and one sentence: a script may try again. 2 would mean that the command is wrong."""
    nowhere = "DefaultEndpointsProtocol=http;AccountName=x;AccountKey=YQ==;" + "".join(
        f"{part}Endpoint=http://127.0.0.1:9/x;" for part in ("Table", "Queue", "Blob")
    )
    monkeypatch.setenv("AzureWebJobsStorage", nowhere)
    result = run_joinlink(*arguments)

    assert result.exit == 1
    assert result.err.splitlines()[-1].startswith("joinlink: the storage account does not answer (")


def test_a_run_with_a_clock_a_month_ahead_does_no_harm(start_story: StartStory) -> None:
    """Even if an earlier version allowed it: the app's next run works, and all stay subscribed for weeks."""
    story = start_story(scoped("{include: all}"))
    unwatched(story, "Ada", "Bo")
    maintain(story)
    ahead = World(now=lambda: story.stage.clock.now() + MONTH)
    wiring.joinlink().close()
    wiring.start(wiring.Parts(story.stage.settings, ahead))
    wiring.joinlink().maintenance().run()
    wiring.joinlink().close()
    wiring.start(wiring.Parts(story.stage.settings, World(now=story.stage.clock.now)))
    story.wait(timedelta(minutes=15))
    maintain(story, runs=2)
    status, body = health(story)

    assert not story.log_lines("maintenance.skipped")
    assert (status, body["problems"]) == (200, [])
    for _ in range(10):
        story.wait(timedelta(days=1))
        maintain(story)
    assert watched(story) == ["Ada", "Bo"]
    assert health(story)[0] == 200


def test_times_far_ahead_in_a_row_are_repaired_and_logged_once(start_story: StartStory) -> None:
    """A machine with a wrong clock wrote them; otherwise tasks would wait for a month."""
    story = start_story(scoped("{include: all}"))
    unwatched(story, "Ada")
    maintain(story)
    ada, far = story.people["Ada"].id, story.stage.clock.now() + MONTH
    mailboxes = wiring.joinlink().parts.storage.mailboxes
    names = ("asked_until", "making_until", "renew_at", "watched_since", "last_sweep", "state_since")
    mailboxes.update(ada, **dict.fromkeys(names, far))
    maintain(story, runs=3)

    assert [line["columns"] for line in story.log_lines("mailboxes.moments_repaired")] == [
        dict.fromkeys(names, 1)
    ]
    row, now = mailboxes.read(ada), story.stage.clock.now()
    assert not [name for name in names if (getattr(row, name) or now) > now + timedelta(days=7)]


def test_a_backfill_with_rules_that_are_not_in_force_is_refused(
    story: Story, run_joinlink: RunJoinlink
) -> None:
    """It would promise links that the app does not add. It names both hashes, and a dry run has a note."""
    story.create_meeting(story.add_person("Ada"), GUEST)
    story.run_until_idle()
    in_force = wiring.joinlink().policies.current()
    assert in_force
    (story.rules / "rules.yaml").write_text(RULES.replace("per_hour: 5", "per_hour: 6"))
    refused = run_joinlink("backfill", "--all", "--yes")
    shown = run_joinlink("backfill", "--all", "--dry-run")

    assert refused.exit == 2
    assert f"the app has in force (policy {in_force.hash})" in refused.err
    assert shown.exit == 0
    assert "the app would not do this now: the rules here (policy " in shown.out


def test_a_run_that_lost_its_lease_stops(start_story: StartStory, monkeypatch: pytest.MonkeyPatch) -> None:
    """It checks the lease before it acts; the next run does the rest."""
    story = start_story(scoped("{include: all}"))
    unwatched(story, "Ada", "Bo")
    users = type(wiring.joinlink().parts.graph.new_client()).users

    def slow(graph: Any) -> Any:
        story.stage.clock.advance(timedelta(minutes=3))
        return users(graph)

    monkeypatch.setattr("shared.graph.client.Graph.users", slow)
    lease = wiring.joinlink().parts.storage.maintenance_lease
    monkeypatch.setattr(lease, "renew", lambda _holder: False)
    story.stage.host.run_timer("maintenance")

    [line] = story.log_lines("maintenance.finished")
    assert (line["stopped"], line["complete"], line["tasks"]) == ("lease_lost", False, {})


def test_a_run_stops_at_its_deadline(start_story: StartStory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run does the rest."""
    story = start_story(scoped("{include: all}"))
    unwatched(story, "Ada", "Bo")
    users = type(wiring.joinlink().parts.graph.new_client()).users

    def slow(graph: Any) -> Any:
        story.stage.clock.advance(timedelta(minutes=5))
        return users(graph)

    monkeypatch.setattr("shared.graph.client.Graph.users", slow)
    story.stage.host.run_timer("maintenance")

    [line] = story.log_lines("maintenance.finished")
    assert (line["stopped"], line["complete"], line["tasks"]) == ("out_of_time", False, {})
