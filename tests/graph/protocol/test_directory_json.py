import pytest

from shared.domain.mailbox import NoCalendar
from shared.errors import Forbidden
from shared.graph.protocol.directory_json import (
    parse_department,
    parse_group_ids,
    parse_mailbox_purpose,
    parse_member_addresses,
    parse_users,
    parse_verified_domains,
)


def test_members_have_all_their_addresses() -> None:
    """Mail, user principal name and aliases, in lower case; addresses of other kinds are left out."""
    page = {
        "value": [
            {
                "mail": "Ada@contoso.com",
                "userPrincipalName": "A.Lovelace@contoso.com",
                "proxyAddresses": [
                    "SMTP:Ada@contoso.com",
                    "smtp:Countess@contoso.com",
                    "SIP:al@contoso.com",
                    "X500:/o=x",
                ],
            },
            {"mail": None, "userPrincipalName": "bo@contoso.com", "proxyAddresses": None},
        ]
    }

    assert parse_member_addresses(page, "c") == {
        "ada@contoso.com", "a.lovelace@contoso.com", "countess@contoso.com", "bo@contoso.com",
    }  # fmt: skip


def test_domains_are_in_lower_case() -> None:
    """Addresses are compared in lower case."""
    answer = {
        "value": [
            {"id": "t", "verifiedDomains": [{"name": "Contoso.com"}, {"name": "contoso.onmicrosoft.com"}]}
        ]
    }

    assert parse_verified_domains(answer, "read the domains") == {"contoso.com", "contoso.onmicrosoft.com"}


def test_an_unreadable_user_does_not_affect_others() -> None:
    """A missing property never takes a user out of scope; an unreadable user has an empty id."""
    users = parse_users(
        {"value": [None, {"id": "A1", "mail": 7, "userPrincipalName": "a@x"}, {"id": "B2"}, {"mail": "c@x"}]},
        "c",
    )

    assert [(user.id, user.no_calendar) for user in users] == [
        ("", None),
        ("a1", None),
        ("b2", None),
        ("", None),
    ]


def test_an_unreadable_member_does_not_affect_others() -> None:
    """But a member without addresses makes the whole group unknown, which is safe."""
    page = {"value": [None, {"id": "a", "mail": "a@x", "proxyAddresses": [None, "smtp:b@x", 7]}]}

    assert parse_member_addresses(page, "c") == {"a@x", "b@x"}
    with pytest.raises(Forbidden):
        parse_member_addresses({"value": [*page["value"], {"id": "b", "mail": 7}]}, "c")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("user", "user"),
        ("Shared", "shared"),
        ("others", "others"),
        ("unknownFutureValue", ""),
        (None, ""),
        ([7], ""),
    ],
)
def test_an_unknown_purpose_counts_as_not_shown(shown: object, expected: str) -> None:
    """Graph may add values."""
    assert parse_mailbox_purpose({"userPurpose": shown}, "c") == expected
    assert parse_mailbox_purpose({}, "c") == ""


def test_groups_without_a_readable_id_are_left_out() -> None:
    assert parse_group_ids({"value": [None, {"id": 7}, {"id": "A1"}]}, "c") == ("a1",)


def test_a_disabled_account_without_an_address_has_no_calendar_at_all() -> None:
    """So nobody asks whether it is a shared mailbox."""
    [user] = parse_users({"value": [{"id": "a", "userPrincipalName": "a@x", "accountEnabled": False}]}, "c")

    assert user.no_calendar is NoCalendar.NO_ADDRESS


@pytest.mark.parametrize(
    ("answer", "department"),
    [
        pytest.param({"department": "Legal"}, "Legal", id="a department"),
        pytest.param({"department": None, "userType": "Member"}, "", id="a member without one"),
        pytest.param({"department": " ", "userType": None}, None, id="blanks say nothing"),
        pytest.param({"department": None, "userType": "Guest"}, None, id="a guest without one"),
        pytest.param({"department": "Sales", "userType": "Guest"}, "Sales", id="a guest with one"),
        pytest.param({"userType": "Member"}, None, id="Graph left it out"),
        pytest.param({"department": 7}, None, id="another type"),
    ],
)
def test_a_department_is_known_or_not(answer: dict[str, object], department: str | None) -> None:
    """None is unknown: a guest's department is known to the guest's own tenant."""
    assert parse_department(answer, "c") == department
