"""Names and groups: nobody is unsubscribed for what the directory does not say for sure."""

from typing import Any

import pytest

from tests.stories.conftest import Begin, Story
from tests.stories.test_health import health
from tests.stories.test_maintenance import maintain, scoped, strangers, watched


def rules(story: Story, scope: str) -> None:
    (story.rules / "rules.yaml").write_text(scoped(scope))


def doubts(story: Story) -> list[str]:
    return [doubt for line in story.lines("scope.doubted") for doubt in line["doubts"]]


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        pytest.param("ada.lovelace@contoso.com", {"signs_in_as": "u4711@contoso.com"}, id="by mail address"),
        pytest.param("ada@contoso.com", {"signs_in_as": "u4711@contoso.com", "aliases": ("ada@contoso.com",)}, id="by alias"),
        pytest.param("u4711@contoso.com", {"signs_in_as": "u4711@contoso.com"}, id="by sign-in name"),
    ],
)  # fmt: skip
def test_a_person_is_found_by_any_address(begin: Begin, name: str, properties: dict[str, Any]) -> None:
    """The rules name mailboxes by address, which need not be the name that people sign in with."""
    story = begin(scoped(f"{{include: [{{user: {name}}}, {{user: grace@contoso.com}}]}}"))
    strangers(story, "Grace")
    story.people["Ada"] = story.stage.graph.add_user("Ada", "ada.lovelace@contoso.com", **properties)
    maintain(story, runs=3)

    assert watched(story) == ["Ada", "Grace"]
    assert not doubts(story)


def test_who_signs_in_by_another_name_stays_watched(begin: Begin) -> None:
    """The mailbox keeps its id, whatever becomes of the names."""
    story = begin(scoped("{include: [{user: ada@contoso.com}, {user: grace@contoso.com}]}"))
    strangers(story, "Ada", "Grace")
    maintain(story)
    story.stage.graph.change_user(story.people["Ada"], signs_in_as="u4711@contoso.com")
    maintain(story, runs=3)

    assert watched(story) == ["Ada", "Grace"]


def test_nobody_is_unsubscribed_for_a_name_that_nobody_has(begin: Begin) -> None:
    """Neither who had it nor anybody else; the item is named, the address is not."""
    story = begin(scoped("{include: [{user: ada@contoso.com}, {user: grace@contoso.com}]}"))
    strangers(story, "Ada", "Grace")
    maintain(story)
    ada = story.people["Ada"]
    story.stage.graph.change_user(ada, address="lady@contoso.com", signs_in_as="u4711@contoso.com")
    maintain(story, runs=3)
    status, told = health(story)

    assert watched(story) == ["Ada", "Grace"]
    assert set(doubts(story)) == {"no user has the name in item 1 of mailboxes: include"}
    assert (status, len(told["warnings"])) == (200, 1)
    assert "item 1" in told["warnings"][0]


@pytest.mark.parametrize("where", ["include", "exclude"])
def test_a_group_that_shows_nobody_makes_the_scope_doubtful(begin: Begin, where: str) -> None:
    """Its membership may be hidden from us: one warning a run names the group, and nobody is unsubscribed."""
    story = begin()
    strangers(story, "Ada", "Bo", "Cy")
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


def test_a_scope_that_can_be_told_again_is_acted_on(begin: Begin) -> None:
    """The doubt ends with its cause."""
    story = begin(scoped("{include: all}"))
    strangers(story, "Ada", "Bo")
    hidden = story.stage.graph.add_group("The Board", [])
    rules(story, f"{{include: all, exclude: [{{group: {hidden}}}]}}")
    maintain(story, runs=2)
    story.stage.graph.set_members(hidden, [story.people["Bo"]])
    maintain(story, runs=3)

    assert watched(story) == ["Ada"]


def test_an_address_with_a_quote_is_asked_for_as_it_is(begin: Begin) -> None:
    """It ends no condition of the query."""
    story = begin(scoped('{include: [{user: "o\'hara@contoso.com"}]}'))
    story.people["Scarlett"] = story.stage.graph.add_user(
        "Scarlett", "o'hara@contoso.com", signs_in_as="u1@contoso.com"
    )
    maintain(story)

    assert watched(story) == ["Scarlett"]
