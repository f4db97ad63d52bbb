import pytest

from shared.rules.mailboxes import ALL, Group, Mailboxes, Selector, User, in_scope

CEO = frozenset({"ceo@contoso.com", "00000000-0000-0000-0000-000000000001"})
MEMBERS = {"sales": frozenset({"ceo@contoso.com"}), "legal": frozenset({"al@contoso.com"})}
ROWS = [
    pytest.param(ALL, (), True, id="everybody"),
    pytest.param((User("ceo@contoso.com"),), (), True, id="by address"),
    pytest.param((User("00000000-0000-0000-0000-000000000001"),), (), True, id="by id"),
    pytest.param((User("al@contoso.com"),), (), False, id="somebody else"),
    pytest.param((Group("sales"),), (), True, id="in a group"),
    pytest.param((Group("legal"),), (), False, id="not in a group"),
    pytest.param((Group("new"),), (), None, id="a group that is not known"),
    pytest.param((Group("new"), User("ceo@contoso.com")), (), True, id="named beside it"),
    pytest.param(ALL, (User("ceo@contoso.com"),), False, id="excluded"),
    pytest.param(ALL, (Group("new"),), None, id="perhaps excluded"),
    pytest.param((Group("legal"),), (Group("new"),), False, id="not included anyhow"),
    pytest.param((Group("new"),), (Group("sales"),), False, id="excluded anyhow"),
]


@pytest.mark.parametrize(("include", "exclude", "expected"), ROWS)
def test_a_mailbox_is_in_scope_where_it_is_included_and_not_excluded(
    include: tuple[Selector, ...], exclude: tuple[Selector, ...], expected: bool | None
) -> None:
    """A group that is not known leaves it open, unless it makes no difference."""
    assert in_scope(Mailboxes(include=include, exclude=exclude), CEO, MEMBERS) is expected


def test_scope_names_the_groups_that_it_asks_for() -> None:
    """So that their members can be read beforehand."""
    mailboxes = Mailboxes(include=(Group("a"), User("b@x.com")), exclude=(Group("c"),))

    assert mailboxes.groups == {"a", "c"}
    assert Mailboxes().groups == frozenset()


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param("'ada@contoso.com'", id="in quotes"),
        pytest.param("mailto:Ada@contoso.com", id="behind mailto"),
        pytest.param("ada+me@contoso.com", id="with a tag"),
    ],
)
def test_an_organizer_is_excluded_however_the_address_is_written(shown: str) -> None:
    """A decorated address, and a plus address, are that person's."""
    assert Mailboxes(exclude=(User("ada@contoso.com"),)).leaves_out(shown)
