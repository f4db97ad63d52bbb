"""`joinlink validate --online`: the ids of groups that rules name by their names; only ids load."""

import json

import pytest

from sandbox.graph import Fault
from tests.stories.conftest import RunJoinlink, Story

RULES = """
version: 1
mailboxes: {include: [{group: IN_SCOPE}]}
rules:
  - {id: a, mode: enforce, action: skip, when: {organizer: {member_of: WRITTEN}}}
"""
GONE = "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"


@pytest.fixture
def groups(story: Story) -> list[str]:
    """Return two groups of the same name, and one in scope."""
    ada = story.add_person("Ada")
    add = story.stage.graph.add_group
    return [
        add("It's Sales", [ada]),
        add("it's sales", [ada], address="sales@contoso.com"),
        add("Pilot", [ada]),
    ]


def write(story: Story, written: str, in_scope: str) -> None:
    """Write rules that name a group so."""
    text = RULES.replace("WRITTEN", written).replace("IN_SCOPE", in_scope)
    (story.rules / "rules.yaml").write_text(text)


def test_every_group_of_a_name_is_shown_with_its_id(
    story: Story, groups: list[str], run_joinlink: RunJoinlink
) -> None:
    """With what tells them from each other. The rules still have the error: a name does not load."""
    write(story, '"It\'s Sales"', groups[2])
    result = run_joinlink("validate", str(story.rules), "--online")

    assert result.exit == 1
    assert "needs the object id of a group" in result.out
    assert f"It's Sales  {groups[0]}, group, created 2024-05-01\n" in result.out
    assert (
        f"It's Sales  {groups[1]}, Microsoft 365 group, sales@contoso.com, created 2024-05-01\n" in result.out
    )
    assert "Names are not unique" in result.out


def test_ids_get_their_names(story: Story, groups: list[str], run_joinlink: RunJoinlink) -> None:
    """Of rules and of the scope. An id that is no group's is an error: nobody would be in it."""
    write(story, groups[0], groups[2])
    valid = run_joinlink("validate", str(story.rules), "--online")
    found = json.loads(run_joinlink("validate", str(story.rules), "--online", "--json").out)["groups"]
    write(story, groups[0], GONE)
    gone = run_joinlink("validate", str(story.rules), "--online")
    write(story, "Nobody", groups[2])
    nobody = run_joinlink("validate", str(story.rules), "--online").out

    assert valid.exit == 0
    assert {(each["written"], each["found"][0]["id"]) for each in found} == {
        (each, each) for each in (groups[0], groups[2])
    }
    assert f"{groups[0]}  It's Sales, group" in valid.out
    assert f"{groups[2]}  Pilot, group" in valid.out
    assert (gone.exit, f"{GONE}  there is no such group" in gone.out) == (1, True)
    assert "Nobody  no group has this name\n" in nobody


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param(Fault(method="GET", path="groups", status=403, count=9), "it needs GroupMember.Read.All", id="no right"),
        pytest.param(Fault(method="GET", path="groups", status=503, count=9), "Graph can't be reached, or fails", id="an outage"),
    ],
)  # fmt: skip
def test_a_directory_that_cannot_be_read_is_one_sentence(
    story: Story, groups: list[str], run_joinlink: RunJoinlink, fault: Fault, said: str
) -> None:
    """After the problems of the rules; exit code 1."""
    write(story, "Sales", groups[2])
    story.stage.graph.faults.add(fault)
    result = run_joinlink("validate", str(story.rules), "--online")

    assert (result.exit, said in result.err) == (1, True)
    assert "needs the object id of a group" in result.out


def test_rules_without_groups_need_no_directory(story: Story, run_joinlink: RunJoinlink) -> None:
    """And --online is refused in a format that has no place for them."""
    calls = len(story.stage.graph.calls)
    result = run_joinlink("validate", str(story.rules), "--online")
    refused = run_joinlink("validate", str(story.rules), "--online", "--format", "sarif")

    assert "The rules name no groups.\n" in result.out
    assert not [call for call in story.stage.graph.calls[calls:] if "groups" in call.path]
    assert (refused.exit, refused.out) == (2, "")
