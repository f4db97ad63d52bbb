"""Names and groups in the scope: no mailbox is unsubscribed because of an uncertain answer."""

from typing import Any

import pytest

from tests.stories.conftest import StartStory, Story
from tests.stories.test_health import health
from tests.stories.test_maintenance import maintain, scoped, unwatched, watched


def rules(story: Story, scope: str) -> None:
    (story.rules / "rules.yaml").write_text(scoped(scope))


def doubts(story: Story) -> list[str]:
    return [doubt for line in story.log_lines("scope.doubted") for doubt in line["doubts"]]


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        pytest.param("ada.lovelace@contoso.com", {"signs_in_as": "u4711@contoso.com"}, id="by mail address"),
        pytest.param("ada@contoso.com", {"signs_in_as": "u4711@contoso.com", "aliases": ("ada@contoso.com",)}, id="by alias"),
        pytest.param("u4711@contoso.com", {"signs_in_as": "u4711@contoso.com"}, id="by sign-in name"),
    ],
)  # fmt: skip
def test_a_person_is_found_by_any_address(
    start_story: StartStory, name: str, properties: dict[str, Any]
) -> None:
    """The address in the rules may differ from the sign-in name."""
    story = start_story(scoped(f"{{include: [{{user: {name}}}, {{user: grace@contoso.com}}]}}"))
    unwatched(story, "Grace")
    story.people["Ada"] = story.stage.graph.add_user("Ada", "ada.lovelace@contoso.com", **properties)
    maintain(story, runs=3)

    assert watched(story) == ["Ada", "Grace"]
    assert not doubts(story)


def test_a_new_sign_in_name_does_not_end_a_subscription(start_story: StartStory) -> None:
    """The mailbox keeps its id."""
    story = start_story(scoped("{include: [{user: ada@contoso.com}, {user: grace@contoso.com}]}"))
    unwatched(story, "Ada", "Grace")
    maintain(story)
    story.stage.graph.change_user(story.people["Ada"], signs_in_as="u4711@contoso.com")
    maintain(story, runs=3)

    assert watched(story) == ["Ada", "Grace"]


def test_a_name_without_a_user_makes_the_scope_doubtful(start_story: StartStory) -> None:
    """No mailbox is unsubscribed. The log has the position of the name, not the address."""
    story = start_story(scoped("{include: [{user: ada@contoso.com}, {user: grace@contoso.com}]}"))
    unwatched(story, "Ada", "Grace")
    maintain(story)
    ada = story.people["Ada"]
    story.stage.graph.change_user(ada, address="lady@contoso.com", signs_in_as="u4711@contoso.com")
    maintain(story, runs=3)
    status, body = health(story)

    assert watched(story) == ["Ada", "Grace"]
    assert set(doubts(story)) == {"no user has the name in item 1 of mailboxes: include"}
    assert (status, len(body["warnings"])) == (200, 1)
    assert "item 1" in body["warnings"][0]


@pytest.mark.parametrize("where", ["include", "exclude"])
def test_a_group_without_members_makes_the_scope_doubtful(start_story: StartStory, where: str) -> None:
    """Its membership may be hidden. Each run logs one warning with the group; no mailbox is unsubscribed."""
    story = start_story()
    unwatched(story, "Ada", "Bo", "Cy")
    hidden = story.stage.graph.add_group("The Board", [])
    scope = "all" if where == "exclude" else f"[{{user: ada@contoso.com}}, {{group: {hidden}}}]"
    rules(story, "{include: all}")
    maintain(story)
    exclude = f", exclude: [{{group: {hidden}}}]" if where == "exclude" else ""
    rules(story, f"{{include: {scope}{exclude}}}")
    for _ in range(2):
        maintain(story)
    story.stage.graph.remove_user(story.people["Cy"])
    maintain(story, runs=3)

    assert watched(story) == ["Ada", "Bo", "Cy"]
    assert f"group {hidden} in mailboxes: {where} shows no members that are users" in doubts(story)[-1]
    assert "Member.Read.Hidden" in doubts(story)[-1]


def test_removals_continue_once_the_scope_is_certain(start_story: StartStory) -> None:
    """The doubt ends with its cause."""
    story = start_story(scoped("{include: all}"))
    unwatched(story, "Ada", "Bo")
    hidden = story.stage.graph.add_group("The Board", [])
    rules(story, f"{{include: all, exclude: [{{group: {hidden}}}]}}")
    maintain(story, runs=2)
    story.stage.graph.set_members(hidden, [story.people["Bo"]])
    maintain(story, runs=3)

    assert watched(story) == ["Ada"]


def test_an_address_may_have_a_quote(start_story: StartStory) -> None:
    """It does not end the condition of the query."""
    story = start_story(scoped('{include: [{user: "o\'hara@contoso.com"}]}'))
    story.people["Scarlett"] = story.stage.graph.add_user(
        "Scarlett", "o'hara@contoso.com", signs_in_as="u1@contoso.com"
    )
    maintain(story)

    assert watched(story) == ["Scarlett"]
