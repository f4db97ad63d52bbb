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
    pytest.param(ALL, (), True, id="all"),
    pytest.param((UserSelector("ceo@contoso.com"),), (), True, id="by address"),
    pytest.param((UserSelector("00000000-0000-0000-0000-000000000001"),), (), True, id="by id"),
    pytest.param((UserSelector("al@contoso.com"),), (), False, id="another mailbox"),
    pytest.param((GroupSelector("sales"),), (), True, id="in a group"),
    pytest.param((GroupSelector("legal"),), (), False, id="not in a group"),
    pytest.param((GroupSelector("new"),), (), None, id="a group that is not known"),
    pytest.param(
        (GroupSelector("new"), UserSelector("ceo@contoso.com")),
        (),
        True,
        id="an unknown group, and the mailbox itself",
    ),
    pytest.param(ALL, (UserSelector("ceo@contoso.com"),), False, id="excluded"),
    pytest.param(ALL, (GroupSelector("new"),), None, id="maybe excluded"),
    pytest.param((GroupSelector("legal"),), (GroupSelector("new"),), False, id="not included in any case"),
    pytest.param((GroupSelector("new"),), (GroupSelector("sales"),), False, id="excluded in any case"),
]


@pytest.mark.parametrize(("include", "exclude", "expected"), ROWS)
def test_a_mailbox_is_in_scope_if_it_is_included_and_not_excluded(
    include: tuple[MailboxSelector, ...], exclude: tuple[MailboxSelector, ...], expected: bool | None
) -> None:
    """It is unknown if it depends on a group that is not known."""
    assert is_in_scope(MailboxScope(include=include, exclude=exclude), CEO, MEMBERS) is expected


def test_the_scope_lists_the_groups_that_it_needs() -> None:
    """Their members are read first."""
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
def test_all_forms_of_an_excluded_address_are_excluded(shown: str) -> None:
    """A decorated address and a plus address belong to the same person."""
    assert MailboxScope(exclude=(UserSelector("ada@contoso.com"),)).excludes_user(shown)
