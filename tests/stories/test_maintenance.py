"""Maintenance: exactly the mailboxes in scope are watched."""

from datetime import timedelta

import pytest

from sandbox.graph import Fault
from shared import wiring
from shared.storage.mailboxes import MailboxState
from tests.stories.conftest import RunJoinlink, StartStory, Story

RUN = timedelta(minutes=15)
RULES = """
version: 1
internal_domains: [contoso.com]
mailboxes: {SCOPE}
rules:
  - id: external
    mode: enforce
    when: {external_attendees: {at_least: 1}}
"""


def scoped(scope: str) -> str:
    return RULES.replace("{SCOPE}", scope)


def maintain(story: Story, runs: int = 1) -> None:
    """Run the timer this often, a quarter of an hour apart, and carry out the tasks."""
    for _ in range(runs):
        story.stage.host.run_timer("maintenance")
        story.wait(timedelta(minutes=3))
        story.wait(RUN - timedelta(minutes=3))


def watched(story: Story) -> list[str]:
    """Return the names of the watched people, one for each subscription."""
    names = {user.id: name for name, user in story.people.items()}
    return sorted(names[one.mailbox] for _row, one in story.stage.graph.subscriptions.active())


def unwatched(story: Story, *names: str) -> None:
    for name in names:
        story.add_person(name, watched=False)


def test_the_first_run_subscribes_the_whole_tenant(start_story: StartStory) -> None:
    """Every user with a calendar, without a manual step."""
    story = start_story(scoped("{include: all}"))
    unwatched(story, "Ada", "Bo", "Cy")
    story.people["Guest"] = story.stage.graph.add_guest("Guest", "guest@fabrikam.com")
    story.add_person("Blocked", watched=False, enabled=False)
    story.add_person("Unlicensed", watched=False, mailbox=False)
    maintain(story)

    assert watched(story) == ["Ada", "Bo", "Cy"]
    mailboxes = wiring.joinlink().parts.storage.mailboxes
    assert {
        name: (row.state, row.why)
        for name, user in story.people.items()
        if (row := mailboxes.read(user.id)).state is not MailboxState.ACTIVE
    } == {
        "Guest": (MailboxState.UNUSABLE, "guest"),
        "Blocked": (MailboxState.UNUSABLE, "account_disabled"),
        "Unlicensed": (MailboxState.UNUSABLE, "MailboxNotEnabledForRESTAPI"),
    }


def test_a_second_run_requests_no_tasks(start_story: StartStory) -> None:
    """It reads two lists and writes nothing."""
    story = start_story(scoped("{include: all}"))
    unwatched(story, "Ada", "Bo")
    maintain(story, runs=2)

    first, second = story.log_lines("maintenance.finished")
    assert first["tasks"] == {"subscribe": 2}
    assert (second["tasks"], second["mailboxes"], second["scope"]) == ({}, {"watched": 2}, 2)


def test_the_desk_refuses_rules_that_are_not_in_force_yet(story: Story, run_joinlink: RunJoinlink) -> None:
    """It names both policies and does nothing until the app uses the new one."""
    maintain(story)
    before = wiring.joinlink().policies.current()
    assert before
    (story.rules / "rules.yaml").write_text(scoped("{include: all}"))
    unwatched(story, "Ada", "Bo")
    first = run_joinlink("maintain")
    for _ in range(2):
        wiring.joinlink().policies.current()
        story.wait(timedelta(minutes=1))
    after = wiring.joinlink().policies.current()
    assert after
    second = run_joinlink("maintain")

    assert (first.exit, first.out) == (2, "")
    assert (
        f"(policy {after.hash}) differ from the rules that the app has in force (policy {before.hash})"
        in first.err
    )
    assert second.out == "2 mailboxes in scope.\nTasks for the app: 2 to subscribe.\n"


def test_groups_are_nested_and_exclusions_win(start_story: StartStory) -> None:
    """The members of a nested group are included, except those that are excluded."""
    story = start_story()
    unwatched(story, "Ada", "Bo", "Cy", "Di", "Eve")
    tenant, people = story.stage.graph, story.people
    inner = tenant.add_group("Inner", [people["Bo"], people["Cy"]])
    outer = tenant.add_group("Outer", [people["Ada"], inner])
    banned = tenant.add_group("Banned", [people["Cy"]])
    story.rules.joinpath("rules.yaml").write_text(
        scoped(
            f"{{include: [{{group: {outer}}}, {{user: eve@contoso.com}}], exclude: [{{group: {banned}}}]}}"
        )
    )
    maintain(story)

    assert watched(story) == ["Ada", "Bo", "Eve"]


def test_new_users_are_subscribed_and_deleted_users_unsubscribed(start_story: StartStory) -> None:
    """The latter once two runs agree; the row stays."""
    story = start_story(scoped("{include: all}"))
    unwatched(story, "Ada", "Bo")
    maintain(story)
    story.stage.graph.remove_user(story.people["Bo"])
    unwatched(story, "Cy")
    maintain(story)
    assert watched(story) == ["Ada", "Bo", "Cy"]
    maintain(story)

    assert watched(story) == ["Ada", "Cy"]
    assert wiring.joinlink().parts.storage.mailboxes.read(story.people["Bo"].id).state is MailboxState.REMOVED


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(path="/users$", status=503, count=None), id="an outage"),
        pytest.param(Fault(path="/users$", status=403, count=None), id="a permission revoked"),
        pytest.param(Fault(path="/users$", status=429, retry_after=60, count=None), id="throttling"),
    ],
)
def test_no_mailbox_is_unsubscribed_because_graph_fails(start_story: StartStory, fault: Fault) -> None:
    """The log reports that the scope can't be read; renewals continue."""
    story = start_story(scoped("{include: all}"))
    unwatched(story, "Ada", "Bo")
    maintain(story)
    story.stage.graph.faults.add(fault)
    maintain(story, runs=3)

    assert watched(story) == ["Ada", "Bo"]
    assert [line["known"] for line in story.log_lines("scope.doubted")] == [False] * 3


def test_no_mailbox_is_unsubscribed_without_the_permission_to_read_users(start_story: StartStory) -> None:
    """Graph then lists a group's members by id only, as if none of them had an address."""
    story = start_story()
    unwatched(story, "Ada", "Bo")
    group = story.stage.graph.add_group("Sales", list(story.people.values()))
    story.rules.joinpath("rules.yaml").write_text(scoped(f"{{include: [{{group: {group}}}]}}"))
    maintain(story)
    story.stage.graph.revoke_permission("User.Read.All")
    maintain(story, runs=3)

    assert watched(story) == ["Ada", "Bo"]
    assert "User.Read.All" in str(story.log_lines("scope.doubted")[-1]["doubts"])


def test_an_empty_group_does_not_empty_the_scope(start_story: StartStory) -> None:
    """The scope is doubtful; watched mailboxes stay watched."""
    story = start_story()
    unwatched(story, "Ada", "Bo")
    group = story.stage.graph.add_group("Sales", list(story.people.values()))
    story.rules.joinpath("rules.yaml").write_text(scoped(f"{{include: [{{group: {group}}}]}}"))
    maintain(story)
    story.stage.graph.set_members(group, [])
    maintain(story, runs=3)

    assert watched(story) == ["Ada", "Bo"]
    assert group in str(story.log_lines("scope.doubted")[-1]["doubts"])


def test_a_missing_user_is_logged_and_the_others_are_watched(start_story: StartStory) -> None:
    """By position in the list, not by name: the log has no addresses."""
    story = start_story(scoped("{include: [{user: ada@contoso.com}, {user: gone@contoso.com}]}"))
    unwatched(story, "Ada")
    maintain(story)

    assert watched(story) == ["Ada"]
    assert [line["item"] for line in story.log_lines("scope.user_missing")] == [2]
    assert "gone@" not in "".join(r.getMessage() for r in story.caplog.records if r.name == "joinlink")


def test_only_one_run_is_active(start_story: StartStory) -> None:
    """A second run finds the lease taken. The lease of a killed run expires."""
    story = start_story(scoped("{include: all}"))
    unwatched(story, "Ada")
    assert wiring.joinlink().parts.storage.maintenance_lease.take("a killed run")
    maintain(story)
    assert len(story.log_lines("maintenance.skipped")) == 1
    assert watched(story) == []
    maintain(story)

    assert watched(story) == ["Ada"]


def test_a_duplicate_subscription_is_deleted(start_story: StartStory) -> None:
    """Graph sometimes creates one against its own rule; the daily search finds it."""
    story = start_story(scoped("{include: all}"))
    unwatched(story, "Ada")
    maintain(story)
    story.stage.watch(story.people["Ada"], change_type="created,updated,deleted")
    assert watched(story) == ["Ada", "Ada"]
    for _ in range(4):
        story.wait(timedelta(hours=6))
        maintain(story)

    assert watched(story) == ["Ada"]


def test_an_admin_can_start_a_run(story: Story, run_joinlink: RunJoinlink) -> None:
    """`joinlink maintain` requests and shows the tasks that are due; the app carries them out."""
    (story.rules / "rules.yaml").write_text(scoped("{include: all}"))
    maintain(story)
    unwatched(story, "Ada", "Bo")
    first = run_joinlink("maintain")
    story.wait(timedelta(minutes=3))
    second = run_joinlink("maintain")

    assert (first.exit, first.out) == (0, "2 mailboxes in scope.\nTasks for the app: 2 to subscribe.\n")
    assert watched(story) == ["Ada", "Bo"]
    assert (second.exit, second.out) == (
        0,
        "2 mailboxes in scope.\nTasks for the app: none, everything is up to date.\n",
    )
