import pytest

from shared.rules.mailbox_scope import (
    ALL,
    GroupSelector,
    MailboxScope,
    MailboxSelector,
    UserSelector,
    is_in_scope,
)

CEO = frozenset({"ceo@contoso.com", "00000000-0000-0000-0000-000000000001"})
MEMBERS = {"sales": frozenset({"ceo@contoso.com"}), "legal": frozenset({"al@contoso.com"})}
ROWS = [
    pytest.param(ALL, (), True, id="everybody"),
    pytest.param((UserSelector("ceo@contoso.com"),), (), True, id="by address"),
    pytest.param((UserSelector("00000000-0000-0000-0000-000000000001"),), (), True, id="by id"),
    pytest.param((UserSelector("al@contoso.com"),), (), False, id="somebody else"),
    pytest.param((GroupSelector("sales"),), (), True, id="in a group"),
    pytest.param((GroupSelector("legal"),), (), False, id="not in a group"),
    pytest.param((GroupSelector("new"),), (), None, id="a group that is not known"),
    pytest.param((GroupSelector("new"), UserSelector("ceo@contoso.com")), (), True, id="named beside it"),
    pytest.param(ALL, (UserSelector("ceo@contoso.com"),), False, id="excluded"),
    pytest.param(ALL, (GroupSelector("new"),), None, id="perhaps excluded"),
    pytest.param((GroupSelector("legal"),), (GroupSelector("new"),), False, id="not included anyhow"),
    pytest.param((GroupSelector("new"),), (GroupSelector("sales"),), False, id="excluded anyhow"),
]


@pytest.mark.parametrize(("include", "exclude", "expected"), ROWS)
def test_a_mailbox_is_in_scope_where_it_is_included_and_not_excluded(
    include: tuple[MailboxSelector, ...], exclude: tuple[MailboxSelector, ...], expected: bool | None
) -> None:
    """A group that is not known leaves it open, unless it makes no difference."""
    assert is_in_scope(MailboxScope(include=include, exclude=exclude), CEO, MEMBERS) is expected


def test_scope_names_the_groups_that_it_asks_for() -> None:
    """So that their members can be read beforehand."""
    mailboxes = MailboxScope(
        include=(GroupSelector("a"), UserSelector("b@x.com")), exclude=(GroupSelector("c"),)
    )

    assert mailboxes.groups == {"a", "c"}
    assert MailboxScope().groups == frozenset()


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
    assert MailboxScope(exclude=(UserSelector("ada@contoso.com"),)).excludes_user(shown)
