"""GET /api/health and `joinlink status` report the same health; the latter reads only the storage account."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from azure.data.tables import TableServiceClient

from sandbox.graph import Drop, Fault
from shared import wiring
from shared.version import VERSION
from shared.worker.common.world import World
from tests.stories.conftest import RunJoinlink, StartStory, Story

GUEST = "bo@fabrikam.com"
RULES = """
version: 1
internal_domains: [contoso.com]
mailboxes: {include: all}
rules:
  - id: external
    mode: enforce
    when: {external_attendees: {at_least: 1}}
"""


@pytest.fixture
def story(start_story: StartStory) -> Story:
    """A tenant with one mailbox, which is watched since 15 minutes ago."""
    story = start_story(RULES)
    ada = story.add_person("Ada", watched=False)
    for _ in range(2):
        story.stage.host.run_timer("maintenance")
        story.wait(timedelta(minutes=15))
    story.create_meeting(ada, GUEST)
    story.run_until_idle()
    return story


def health(story: Story) -> tuple[int, dict[str, Any]]:
    with story.stage.host.client() as client:
        answer = client.get("/api/health")
    return answer.status_code, answer.json()


def in_force() -> str:
    policy = wiring.joinlink().policies.current()
    assert policy is not None
    return policy.hash


def test_a_healthy_app_returns_200(story: Story) -> None:
    """With the facts that a probe may need, and without a call to Graph."""
    calls = len(story.stage.graph.calls)
    status, body = health(story)

    assert (status, body["problems"], body["warnings"]) == (200, [], [])
    assert body["policy"]["hash"] == in_force()
    assert body["mailboxes"]["watched"] == body["mailboxes"]["in_scope"] == 1
    assert body["mailboxes"]["soonest_expiry"] > story.stage.clock.now().isoformat()
    assert body["queues"]["event-changes"]["messages"] == 0
    assert body["poison"] == {"event-changes-poison": 0, "mailbox-tasks-poison": 0}
    assert (body["memory"], body["held_events"]) == ("whole", 0)
    assert len(story.stage.graph.calls) == calls


def test_status_shows_the_same(story: Story, run_joinlink: RunJoinlink) -> None:
    """It reads the storage account, and does not call the app."""
    _, body = health(story)
    result = run_joinlink("status", "--json")
    shown = run_joinlink("status")

    status = json.loads(result.out)
    # Azurite's clock ticks between the two.
    ages = [answer["maintenance"].pop("age_seconds") for answer in (body, status)]
    assert status.pop("differences") == []
    assert (result.exit, status) == (0, body)
    assert ages[1] - ages[0] < 60
    assert shown.out.startswith("✓ Everything works.\n")
    assert "mailboxes             1 watched\n" in shown.out


def test_health_and_status_show_the_version_of_the_app(
    story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status names the version of the command, too, if it is another one; so does the log."""
    story.stage.host.run_timer("maintenance")
    _, body = health(story)
    same = run_joinlink("status").out
    monkeypatch.setattr("cli.formats.status_text.VERSION", "9.9.9")

    assert body["version"] == VERSION
    assert f"version               {VERSION}\n" in same
    assert f"version               {VERSION}, and 9.9.9 of this command\n" in run_joinlink("status").out
    assert story.log_lines("maintenance.finished")[0]["version"] == VERSION
    assert run_joinlink("--version").out == f"joinlink {VERSION}\n"


def test_health_needs_the_function_key(story: Story) -> None:
    """As the webhook does."""
    answer = httpx.Client(transport=httpx.WSGITransport(app=story.stage.host.wsgi)).get(
        "https://joinlink.example/api/health"
    )

    assert answer.status_code == 401


def test_a_poison_message_is_a_problem(story: Story, run_joinlink: RunJoinlink) -> None:
    """503, with the command that shows why."""
    story.stage.graph.faults.add(Fault(method="GET", path="events", status=400, count=None))
    story.create_meeting(story.people["Ada"], GUEST)
    story.wait()
    status, body = health(story)
    shown = run_joinlink("status")

    problem = "event-changes-poison holds 1 message: joinlink replay shows why"
    assert (status, body["problems"]) == (503, [problem])
    assert shown.exit == 1
    assert shown.out.startswith("✗ 1 thing to fix:\n")


def test_held_events_are_a_warning(story: Story, run_joinlink: RunJoinlink) -> None:
    """An admin must decide, but all other events are handled: 200, a number and a warning."""
    ada = story.people["Ada"]
    meeting = story.create_meeting(ada, GUEST)
    faults = story.stage.graph.faults
    away = Fault(method="GET", status=500, count=2)
    faults.add(Fault(method="PATCH", drop=Drop.AFTER, meanwhile=lambda: faults.add(away)))
    story.wait()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.run_until_idle()
    story.stage.host.run_timer("maintenance")
    status, body = health(story)
    shown = run_joinlink("status")

    assert ("skipped", "write_unknown") in story.outcomes(ada)
    assert (status, body["problems"], body["held_events"]) == (200, [], 1)
    [warning] = body["warnings"]
    assert warning.startswith("1 event is held: ")
    assert "joinlink held lists them" in warning
    assert shown.exit == 0
    assert "events held           1\n" in shown.out
    assert "mailboxes held" not in shown.out
    [listed] = json.loads(run_joinlink("held", "--json").out)
    run_joinlink("held", "--release", listed["id"], "--yes")
    assert health(story)[1]["held_events"] == 0


def test_a_lost_memory_is_a_problem(story: Story, run_joinlink: RunJoinlink) -> None:
    """503 with the decision to make, in health, status and doctor, until an admin makes it."""
    with TableServiceClient.from_connection_string(story.stage.settings["AzureWebJobsStorage"]) as tables:
        tables.delete_table("meetings")
    status, body = health(story)
    shown = run_joinlink("status")
    found = run_joinlink("doctor")

    assert (status, body["memory"]) == (503, "missing")
    [problem] = body["problems"]
    assert problem.startswith("the memory of past writes is missing, so Joinlink writes nothing: ")
    assert "joinlink memory --accept" in problem
    assert (shown.exit, problem in shown.out) == (1, True)
    assert "memory of writes      missing\n" in shown.out
    assert (found.exit, "joinlink memory --accept" in found.out) == (1, True)
    run_joinlink("memory", "--accept", "--yes")
    assert health(story)[0] == 200


def test_a_fresh_account_is_not_started_yet(
    start_story: StartStory, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is not a loss: status and doctor say so, and neither starts the memory."""
    story = start_story(RULES, with_memory=False)
    for name, value in story.stage.settings.items():
        monkeypatch.setenv(name, value)
    _status, body = health(story)
    shown = run_joinlink("status")
    found = run_joinlink("doctor")

    assert body["memory"] == "not_started"
    assert not [problem for problem in body["problems"] if "memory" in problem]
    assert "memory of writes      not started yet: " in shown.out
    assert "· memory of writes" in found.out
    assert health(story)[1]["memory"] == "not_started"


def test_refused_rules_are_a_problem(story: Story) -> None:
    """The last good rules stay in force, and health names them."""
    (story.rules / "rules.yaml").write_text("version: 2\n")
    status, body = health(story)

    assert status == 503
    assert f"policy {body['policy']['hash']} stays in force; the first problem: " in body["problems"][0]
    assert body["policy"]["hash"] == in_force()


def test_a_worker_that_does_not_run_is_a_problem(story: Story) -> None:
    """A message has been visible for hours, and maintenance has not run."""
    story.create_meeting(story.people["Ada"], GUEST)
    story.stage.graph.deliver()
    story.stage.clock.advance(timedelta(hours=3))
    status, body = health(story)

    assert status == 503
    assert "event-changes: a message has been waiting for 3 h" in body["problems"][0]
    assert body["problems"][1].startswith("the last maintenance is 3 h old")


def test_a_refused_token_is_a_problem(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """The only call to another service, and only if no token is in the cache."""
    monkeypatch.delenv("IDENTITY_ENDPOINT")
    settings = {
        **story.stage.settings,
        "JOINLINK_CLIENT_ID": story.people["Ada"].id,
        "JOINLINK_CLIENT_CERTIFICATE": "none.pem",
    }
    wiring.joinlink().close()
    wiring.start(wiring.Parts(settings, World(now=story.stage.clock.now)))
    status, body = health(story)

    assert status == 503
    assert body["problems"][0].startswith("Graph's token is refused: ")
    assert "none.pem" not in json.dumps(body)


def test_refused_settings_are_a_problem(story: Story) -> None:
    """Health names each, and still shows what the storage account has."""
    wiring.joinlink().close()
    wiring.start(
        wiring.Parts({**story.stage.settings, "JOINLINK_TENANT_ID": ""}, World(now=story.stage.clock.now))
    )
    status, body = health(story)
    wiring.joinlink().close()
    wiring.start(wiring.Parts({}, World(now=story.stage.clock.now)))
    nothing, blind = health(story)

    assert (status, body["problems"]) == (503, ["JOINLINK_TENANT_ID is missing: set it to the tenant's GUID"])
    assert body["mailboxes"]["watched"] == 1
    assert nothing == 503
    assert [problem.split(" ")[0] for problem in blind["problems"]] == [
        "AzureWebJobsStorage",
        "JOINLINK_TENANT_ID",
        "JOINLINK_CLIENT_STATE_KEY",
    ]


def test_status_needs_the_storage_settings_alone(
    story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other settings may be missing on an admin's machine; without these, nothing can be read."""
    for name in story.stage.settings:
        if name.startswith("JOINLINK_"):
            monkeypatch.delenv(name)
    well = run_joinlink("status")
    monkeypatch.delenv("AzureWebJobsStorage")
    blind = run_joinlink("status")

    assert well.out.startswith("✓ Everything works.\n")
    assert blind.exit == 2
    assert "AzureWebJobsStorage is missing" in blind.err


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("held",), id="held"),
        pytest.param(("memory",), id="memory"),
        pytest.param(("replay", "--dry-run"), id="replay"),
    ],
)
def test_the_storage_settings_are_enough_in_an_emergency(
    arguments: tuple[str, ...], story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held events, a lost memory and poison messages can be read without the app's other settings."""
    for name in story.stage.settings:
        if name.startswith("JOINLINK_"):
            monkeypatch.delenv(name)

    assert run_joinlink(*arguments).exit == 0
