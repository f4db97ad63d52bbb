"""The organizer's department in rules: read when it matters, once an hour, and never guessed."""

import re
from datetime import timedelta

import pytest

from sandbox.graph import DirectoryUser, Fault
from sandbox.graph.notification_delivery import NotificationDelivery
from shared.domain.messages import TaskKind, TaskReason
from tests.stories.conftest import RunJoinlink, StartStory, Story

RULES = """
version: 1
internal_domains: [contoso.com]
rules:
  - id: works-council
    mode: enforce
    when: {organizer: {department_in: [Works council]}, external_attendees: {at_least: 1}}
    action: skip
    on_missing: skip
  - {id: external, mode: enforce, when: {external_attendees: {at_least: 1}}}
"""
GUEST = "bo@fabrikam.com"


@pytest.fixture
def story(start_story: StartStory) -> Story:
    """Start a story in which meetings of the works council get no links."""
    return start_story(RULES)


def departments_read(story: Story) -> list[str]:
    """Return the paths of the calls that read a department."""
    # Nothing else in the app reads a single user.
    return [call.path for call in story.stage.graph.calls if re.fullmatch(r".*/users/[^/]+", call.path)]


def test_a_department_gets_no_links(story: Story) -> None:
    """Everybody else does, also people of whom the directory has no department."""
    dee = story.add_person("Dee", department=" WORKS COUNCIL")
    ada, bo = story.add_person("Ada", department="Sales"), story.add_person("Bo")
    for person in (dee, ada, bo):
        story.create_meeting(person, GUEST)
    story.run_until_idle()

    assert story.outcomes(dee) == [("skipped", "rule_skip")]
    assert story.outcomes(ada)[0] == story.outcomes(bo)[0] == ("enabled", "link_added")


def test_a_department_is_read_once_an_hour_and_only_if_it_matters(story: Story) -> None:
    """Ten meetings and a sweep cost one call; meetings that the other conditions decide cost none."""
    dee, ada = story.add_person("Dee", department="Works council"), story.add_person("Ada")
    story.create_meeting(ada, "cy@contoso.com")
    for _ in range(10):
        story.create_meeting(dee, GUEST)
    story.wait()
    story.enqueue_task(TaskKind.SWEEP, dee, TaskReason.SCHEDULE)
    story.run_until_idle()
    [read] = departments_read(story)
    dee = story.stage.graph.change_user(dee, department="Sales")
    story.stage.clock.advance(timedelta(hours=1))
    story.create_meeting(dee, GUEST)
    story.run_until_idle()

    assert read.endswith(f"/users/{dee.id}")
    assert departments_read(story) == [read, read]
    assert ("enabled", "link_added") in story.outcomes(dee)


def test_a_sweep_decides_by_department(story: Story) -> None:
    """It queues the events of those only whose meetings get links."""
    dee, ada = story.add_person("Dee", department="Works council"), story.add_person("Ada")
    story.stage.graph.delivery = NotificationDelivery(lose=1.0)
    for person in (dee, ada):
        story.create_meeting(person, GUEST)
        story.enqueue_task(TaskKind.SWEEP, person, TaskReason.SCHEDULE)
    story.run_until_idle()

    assert story.outcomes(dee) == []
    assert story.outcomes(ada)[0] == ("enabled", "link_added")


@pytest.mark.parametrize(
    ("on_missing", "outcome"),
    [("skip", ("skipped", "insufficient_data")), ("retry", ("delayed", "awaiting_data"))],
)
def test_without_the_permission_the_department_is_unknown(
    on_missing: str, outcome: tuple[str, str], story: Story, run_joinlink: RunJoinlink
) -> None:
    """Then `on_missing` decides, the log names the call once, and explain names the permission."""
    rules = RULES.replace("on_missing: skip", f"on_missing: {on_missing}")
    story.rules.joinpath("rules.yaml").write_text(rules)
    story.stage.graph.revoke_permission("User.Read.All")
    dee, ada = story.add_person("Dee", department="Works council"), story.add_person("Ada")
    meeting = story.create_meeting(dee, GUEST)
    story.create_meeting(ada, GUEST)
    story.wait()
    [refused] = story.log_lines("directory.refused")

    assert story.outcomes(dee)[0] == story.outcomes(ada)[0] == outcome
    assert (refused["what"], len(departments_read(story))) == ("departments of organizers", 1)
    assert "body" not in str(story.log_lines()[0].get("detail", ""))
    assert "User.Read.All" in explained(run_joinlink, dee, meeting)


def test_while_graph_is_busy_the_event_waits(story: Story) -> None:
    """The directory's throttling does not stop the mailbox, and no guess is made."""
    ada = story.add_person("Ada")
    story.stage.graph.faults.add(Fault(method="GET", query="department", status=429, retry_after=5, count=2))
    story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert [outcome for outcome, _ in story.outcomes(ada)][:3] == ["delayed", "delayed", "enabled"]


def test_explain_shows_the_department(story: Story, run_joinlink: RunJoinlink) -> None:
    """As the app reads it, and also where the other conditions decide."""
    dee = story.add_person("Dee", department="Works council")
    skipped, internal = story.create_meeting(dee, GUEST), story.create_meeting(dee, "cy@contoso.com")
    story.run_until_idle()

    assert "dee@contoso.com, Works council" in explained(run_joinlink, dee, skipped)
    assert "dee@contoso.com, Works council" in explained(run_joinlink, dee, internal)


def explained(run_joinlink: RunJoinlink, owner: DirectoryUser, event: str) -> str:
    result = run_joinlink("explain", "--mailbox", owner.id, "--event-id", event, "--json")
    assert result.exit == 0, result.err
    return " ".join(result.out.split())
