"""Groups in rules: whoever can't be told to be out of a group is not taken for a stranger to it."""

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
    """Return a story in which Ada is in a group that gets no links."""
    story = start_story()
    group = story.stage.graph.add_group("Works council", [story.add_person("Ada")])
    story.rules.joinpath("rules.yaml").write_text(RULES.replace("GROUP", group))
    return story


def test_a_member_is_known_by_every_address(start_story: StartStory) -> None:
    """A colleague who is invited by an alias is in the same groups."""
    story = start_story()
    eve = story.add_person("Eve", aliases=("Evie@contoso.com",))
    group = story.stage.graph.add_group("Works council", [eve])
    rules = RULES.replace("GROUP", group).replace("organizer:", "attendee:")
    story.rules.joinpath("rules.yaml").write_text(rules)
    ada = story.add_person("Ada")
    story.create_meeting(ada, "evie@contoso.com", "bo@fabrikam.com")
    story.run_until_idle()

    assert story.outcomes(ada) == [("skipped", "rule_skip")]


def test_members_who_may_not_be_read_make_no_empty_group(story: Story, run_joinlink: RunJoinlink) -> None:
    """Without the right to read users Graph lists members by id alone: the group is not known, as with a 403."""
    story.stage.graph.revoke_permission("User.Read.All")
    ada = story.people["Ada"]
    meeting = story.create_meeting(ada, "bo@fabrikam.com")
    story.run_until_idle()
    told = run_joinlink("explain", "--mailbox", ada.id, "--event-id", meeting).out

    assert story.outcomes(ada) == [("skipped", "insufficient_data")]
    assert "User.Read.All" in story.log_lines("directory.refused")[0]["detail"]
    assert "gets no join link: it is unknown whether rule works-council matches (insufficient_data)" in told


def test_a_group_that_graph_shows_empty_protects_as_one_that_is_not_known(story: Story) -> None:
    """Its membership may be hidden: nobody is taken for a stranger to it, and the log says what is missing."""
    story.stage.graph.faults.add(Fault(method="GET", path="transitiveMembers", empty=True, count=None))
    ada = story.people["Ada"]
    for _ in range(2):
        story.create_meeting(ada, "bo@fabrikam.com")
        story.run_until_idle()
    [warning] = story.log_lines("directory.refused")

    assert story.outcomes(ada) == [("skipped", "insufficient_data")] * 2
    assert warning["what"].startswith("group ")
    assert "Member.Read.Hidden" in warning["detail"]


def test_a_group_that_is_invited_by_its_own_address_is_told(start_story: StartStory) -> None:
    """Its members are not among the attendees then; a group inside it, or any other, can't be told."""
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
