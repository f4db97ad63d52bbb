"""Groups in rules: if it is unknown whether a person is a member, Joinlink does not assume that they are not."""

import pytest

from sandbox.graph import Fault
from tests.stories.conftest import RunJoinlink, StartStory, Story

RULES = """
version: 1
internal_domains: [contoso.com]
rules:
  - id: works-council
    mode: enforce
    when: {organizer: {member_of: GROUP}}
    action: skip
  - {id: external, mode: enforce, when: {external_attendees: 1}}
"""


@pytest.fixture
def story(start_story: StartStory) -> Story:
    """Start a story in which Ada is in a group that gets no links."""
    story = start_story()
    group = story.stage.graph.add_group("Works council", [story.add_person("Ada")])
    story.rules.joinpath("rules.yaml").write_text(RULES.replace("GROUP", group))
    return story


def test_a_member_is_found_by_any_address(start_story: StartStory) -> None:
    """For example by an alias."""
    story = start_story()
    eve = story.add_person("Eve", aliases=("Evie@contoso.com",))
    group = story.stage.graph.add_group("Works council", [eve])
    rules = RULES.replace("GROUP", group).replace("organizer:", "attendee:")
    story.rules.joinpath("rules.yaml").write_text(rules)
    ada = story.add_person("Ada")
    story.create_meeting(ada, "evie@contoso.com", "bo@fabrikam.com")
    story.run_until_idle()

    assert story.outcomes(ada) == [("skipped", "rule_skip")]


def test_without_the_permission_to_read_users_a_group_is_unknown(
    story: Story, run_joinlink: RunJoinlink
) -> None:
    """Graph then lists members by id only. That is not an empty group."""
    story.stage.graph.revoke_permission("User.Read.All")
    ada = story.people["Ada"]
    meeting = story.create_meeting(ada, "bo@fabrikam.com")
    story.run_until_idle()
    output = run_joinlink("explain", "--mailbox", ada.id, "--event-id", meeting).out

    assert story.outcomes(ada) == [("skipped", "insufficient_data")]
    assert "User.Read.All" in story.log_lines("directory.refused")[0]["detail"]
    assert "gets no join link: it is unknown whether rule works-council matches (insufficient_data)" in output


def test_an_empty_group_counts_as_unknown(story: Story) -> None:
    """Its membership may be hidden. The log names the missing permission."""
    story.stage.graph.faults.add(Fault(method="GET", path="transitiveMembers", empty=True, count=None))
    ada = story.people["Ada"]
    for _ in range(2):
        story.create_meeting(ada, "bo@fabrikam.com")
        story.run_until_idle()
    [warning] = story.log_lines("directory.refused")

    assert story.outcomes(ada) == [("skipped", "insufficient_data")] * 2
    assert warning["what"].startswith("group ")
    assert "Member.Read.Hidden" in warning["detail"]


def test_an_invited_group_matches_by_its_own_address(start_story: StartStory) -> None:
    """Graph does not list its members as attendees. For a group inside it, the answer is unknown."""
    story = start_story()
    ceo = story.add_person("Ceo")
    inner = story.stage.graph.add_group("Leadership", [ceo], address="leadership@contoso.com")
    group = story.stage.graph.add_group(
        "The board", [inner], address="board@contoso.com", aliases=("the-board@contoso.com",)
    )
    rules = RULES.replace("GROUP", group).replace("organizer:", "attendee:")
    story.rules.joinpath("rules.yaml").write_text(rules)
    ada = story.add_person("Ada")
    for invited in ("Board@contoso.com", "the-board@contoso.com", "leadership@contoso.com", "bo@contoso.com"):
        story.create_meeting(ada, invited, "bo@fabrikam.com")
        story.run_until_idle()

    assert story.outcomes(ada)[:4] == [
        ("skipped", "rule_skip"),
        ("skipped", "rule_skip"),
        ("skipped", "insufficient_data"),
        ("enabled", "link_added"),
    ]
    assert len([call for call in story.stage.graph.calls if call.path.endswith("/groups")]) == 1
