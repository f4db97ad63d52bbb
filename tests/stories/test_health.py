"""The app's health: GET /api/health, and `joinlink status` from the storage account alone."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sandbox.graph import Fault
from shared import wiring
from shared.worker.world import World
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
    policy = wiring.joinlink()._policies.current()
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
    assert len(story.stage.graph.calls) == calls


def test_status_tells_the_same(story: Story, at_the_desk: AtTheDesk) -> None:
    """Read from the storage account, without asking the app."""
    _, told = health(story)
    ran = at_the_desk("status", "--json")
    shown = at_the_desk("status")

    assert (ran.exit, json.loads(ran.out)) == (0, told)
    assert shown.out.startswith("✓ All is well.\n")
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
    wiring.rebuild(settings, World(now=story.stage.clock.now))
    status, told = health(story)

    assert status == 503
    assert told["problems"][0].startswith("Graph's token is refused: ")
    assert "none.pem" not in json.dumps(told)


def test_refused_settings_need_a_person(story: Story) -> None:
    """Each by its name; what the storage account knows is told beside them."""
    wiring.joinlink().close()
    wiring.rebuild({**story.stage.settings, "JOINLINK_TENANT_ID": ""}, World(now=story.stage.clock.now))
    status, told = health(story)
    wiring.joinlink().close()
    wiring.rebuild({}, World(now=story.stage.clock.now))
    nothing, blind = health(story)

    assert (status, told["problems"]) == (503, ["JOINLINK_TENANT_ID is missing"])
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

    assert well.out.startswith("✓ All is well.\n")
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
