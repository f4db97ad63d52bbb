"""The app's health: GET /api/health, and `joinlink status` from the storage account alone."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from azure.data.tables import TableServiceClient

from sandbox.graph import Drop, Fault
from shared import wiring
from shared.worker.common.world import World
from tests.stories.conftest import AtTheDesk, Begin, Story

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
def story(begin: Begin) -> Story:
    """A tenant of one, watched since a quarter of an hour ago."""
    story = begin(RULES)
    ada = story.person("Ada", watched=False)
    for _ in range(2):
        story.stage.host.run_timer("maintenance")
        story.wait(timedelta(minutes=15))
    story.meeting(ada, GUEST)
    story.play()
    return story


def health(story: Story) -> tuple[int, dict[str, Any]]:
    with story.stage.host.client() as client:
        answer = client.get("/api/health")
    return answer.status_code, answer.json()


def in_force() -> str:
    policy = wiring.joinlink().policies.current()
    assert policy is not None
    return policy.hash


def test_a_well_app_says_so(story: Story) -> None:
    """With the facts that a probe may want, and not a single call to Graph."""
    calls = len(story.stage.graph.calls)
    status, told = health(story)

    assert (status, told["problems"], told["warnings"]) == (200, [], [])
    assert told["policy"]["hash"] == in_force()
    assert told["mailboxes"]["watched"] == told["mailboxes"]["in_scope"] == 1
    assert told["mailboxes"]["soonest_expiry"] > story.stage.clock.now().isoformat()
    assert told["queues"]["event-changes"]["messages"] == 0
    assert told["poison"] == {"event-changes-poison": 0, "mailbox-tasks-poison": 0}
    assert (told["memory"], told["held_events"]) == ("whole", 0)
    assert len(story.stage.graph.calls) == calls


def test_status_tells_the_same(story: Story, at_the_desk: AtTheDesk) -> None:
    """Read from the storage account, without asking the app."""
    _, told = health(story)
    ran = at_the_desk("status", "--json")
    shown = at_the_desk("status")

    assert (ran.exit, json.loads(ran.out)) == (0, told)
    assert shown.out.startswith("✓ Everything works.\n")
    assert "mailboxes             1 watched\n" in shown.out


def test_nobody_else_may_ask(story: Story) -> None:
    """The function key opens it, as it does the webhook."""
    answer = httpx.Client(transport=httpx.WSGITransport(app=story.stage.host.wsgi)).get(
        "https://joinlink.example/api/health"
    )

    assert answer.status_code == 401


def test_what_was_set_aside_needs_a_person(story: Story, at_the_desk: AtTheDesk) -> None:
    """503, and the way on."""
    story.stage.graph.faults.add(Fault(method="GET", path="events", status=400, count=None))
    story.meeting(story.people["Ada"], GUEST)
    story.wait()
    status, told = health(story)
    shown = at_the_desk("status")

    said = "event-changes-poison holds 1 message: joinlink replay shows why"
    assert (status, told["problems"]) == (503, [said])
    assert shown.exit == 1
    assert shown.out.startswith("✗ 1 thing to fix:\n")


def test_held_events_are_counted_and_are_no_outage(story: Story, at_the_desk: AtTheDesk) -> None:
    """An admin has a decision to make, but all other events are handled: 200, a number and a warning."""
    ada = story.people["Ada"]
    meeting = story.meeting(ada, GUEST)
    faults = story.stage.graph.faults
    away = Fault(method="GET", status=500, count=2)
    faults.add(Fault(method="PATCH", drop=Drop.AFTER, meanwhile=lambda: faults.add(away)))
    story.wait()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.play()
    story.stage.host.run_timer("maintenance")
    status, told = health(story)
    shown = at_the_desk("status")

    assert ("skipped", "write_unknown") in story.ends(ada)
    assert (status, told["problems"], told["held_events"]) == (200, [], 1)
    [warning] = told["warnings"]
    assert warning.startswith("1 event is held: ")
    assert "joinlink held lists them" in warning
    assert shown.exit == 0
    assert "events held           1\n" in shown.out
    assert "mailboxes held" not in shown.out
    [listed] = json.loads(at_the_desk("held", "--json").out)
    at_the_desk("held", "--release", listed["id"], "--yes")
    assert health(story)[1]["held_events"] == 0


def test_a_lost_memory_needs_a_person(story: Story, at_the_desk: AtTheDesk) -> None:
    """503 with what there is to decide, in health, status and doctor, until it is decided."""
    with TableServiceClient.from_connection_string(story.stage.settings["AzureWebJobsStorage"]) as tables:
        tables.delete_table("meetings")
    status, told = health(story)
    shown = at_the_desk("status")
    found = at_the_desk("doctor")

    assert (status, told["memory"]) == (503, "missing")
    [problem] = told["problems"]
    assert problem.startswith("the memory of past writes is missing, so Joinlink writes nothing: ")
    assert "joinlink memory --accept" in problem
    assert (shown.exit, problem in shown.out) == (1, True)
    assert "memory of writes      missing\n" in shown.out
    assert (found.exit, problem in found.out) == (1, True)
    at_the_desk("memory", "--accept", "--yes")
    assert health(story)[0] == 200


def test_a_fresh_account_is_not_started_yet(begin: Begin, at_the_desk: AtTheDesk) -> None:
    """That is no loss: status and doctor say so, and neither begins the memory."""
    story = begin(RULES, with_memory=False)
    _status, told = health(story)
    shown = at_the_desk("status")
    found = at_the_desk("doctor")

    assert told["memory"] == "not_started"
    assert not [problem for problem in told["problems"] if "memory" in problem]
    assert "memory of writes      not started yet: " in shown.out
    assert "· memory of writes" in found.out
    assert health(story)[1]["memory"] == "not_started"


def test_broken_rules_need_a_person(story: Story) -> None:
    """The last good ones stay in force, and are named."""
    (story.rules / "rules.yaml").write_text("version: 2\n")
    status, told = health(story)

    assert status == 503
    assert f"policy {told['policy']['hash']} stays in force; the first problem: " in told["problems"][0]
    assert told["policy"]["hash"] == in_force()


def test_a_worker_that_stands_still_is_noticed(story: Story) -> None:
    """A message that could be taken for hours, and maintenance that does not come."""
    story.meeting(story.people["Ada"], GUEST)
    story.stage.graph.deliver()
    story.stage.clock.advance(timedelta(hours=3))
    status, told = health(story)

    assert status == 503
    assert "event-changes: a message has been waiting for 3 h" in told["problems"][0]
    assert told["problems"][1].startswith("the last maintenance is 3 h old")


def test_a_refused_token_needs_a_person(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one question that goes outside, and only where no token is at hand."""
    monkeypatch.delenv("IDENTITY_ENDPOINT")
    settings = {
        **story.stage.settings,
        "JOINLINK_CLIENT_ID": story.people["Ada"].id,
        "JOINLINK_CLIENT_CERTIFICATE": "none.pem",
    }
    wiring.joinlink().close()
    wiring.start(wiring.Parts(settings, World(now=story.stage.clock.now)))
    status, told = health(story)

    assert status == 503
    assert told["problems"][0].startswith("Graph's token is refused: ")
    assert "none.pem" not in json.dumps(told)


def test_refused_settings_need_a_person(story: Story) -> None:
    """Each by its name; what the storage account knows is told beside them."""
    wiring.joinlink().close()
    wiring.start(
        wiring.Parts({**story.stage.settings, "JOINLINK_TENANT_ID": ""}, World(now=story.stage.clock.now))
    )
    status, told = health(story)
    wiring.joinlink().close()
    wiring.start(wiring.Parts({}, World(now=story.stage.clock.now)))
    nothing, blind = health(story)

    assert (status, told["problems"]) == (503, ["JOINLINK_TENANT_ID is missing: set it to the tenant's GUID"])
    assert told["mailboxes"]["watched"] == 1
    assert nothing == 503
    assert [problem.split(" ")[0] for problem in blind["problems"]] == [
        "AzureWebJobsStorage",
        "JOINLINK_TENANT_ID",
        "JOINLINK_CLIENT_STATE_KEY",
    ]


def test_status_needs_the_storage_settings_alone(
    story: Story, at_the_desk: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The desk's environment is not the app's; without them nothing can be told."""
    for name in story.stage.settings:
        if name.startswith("JOINLINK_"):
            monkeypatch.delenv(name)
    well = at_the_desk("status")
    monkeypatch.delenv("AzureWebJobsStorage")
    blind = at_the_desk("status")

    assert well.out.startswith("✓ Everything works.\n")
    assert blind.exit == 2
    assert "AzureWebJobsStorage is missing" in blind.err


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("held",), id="held"),
        pytest.param(("memory",), id="memory"),
        pytest.param(("replay", "--dry-run"), id="replay"),
    ],
)
def test_in_an_emergency_the_storage_settings_are_enough(
    words: tuple[str, ...], story: Story, at_the_desk: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is held, lost or poisoned can be seen without the app's other settings."""
    for name in story.stage.settings:
        if name.startswith("JOINLINK_"):
            monkeypatch.delenv(name)

    assert at_the_desk(*words).exit == 0
