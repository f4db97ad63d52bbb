import pytest

from shared.domain.ids import GUID, MAX_ID_LENGTH, is_id, is_object_id

#: texts that are not ids of Graph; other tests use them too
IMPOSSIBLE = [
    pytest.param("", id="empty"),
    pytest.param(".", id="dot"),
    pytest.param("..", id="dots"),
    pytest.param("...", id="more dots"),
    pytest.param("../me", id="a step up"),
    pytest.param("AAMk/../x", id="steps within"),
    pytest.param("AAMk/x", id="slash"),
    pytest.param("AAMk\\x", id="backslash"),
    pytest.param("%2e%2e", id="encoded dots"),
    pytest.param("%2fme", id="encoded slash"),
    pytest.param("%252e%252e", id="dots encoded twice"),
    pytest.param("x?$select=id", id="query"),
    pytest.param("x y", id="space"),
    pytest.param("x\ty", id="tab"),
    pytest.param("x\r\nHost: y", id="line break"),
    pytest.param("x\0", id="NUL"),
    pytest.param("x\x7f", id="control character"),
    pytest.param("\u2024\u2024", id="dots of another kind"),
    pytest.param("\uff0e\uff0e\uff0fme", id="full width dots and slash"),
    pytest.param("x\u200b", id="zero-width space"),
    pytest.param("\ud800", id="half a character"),
    pytest.param("x" * (MAX_ID_LENGTH + 1), id="absurdly long"),
]
#: other names of a user, and texts close to an object id; other tests use them too
NOT_OBJECT_IDS = [
    pytest.param("ada@contoso.com", id="a user principal name"),
    pytest.param("me", id="me"),
    pytest.param("AAAAAAAA-0000-4000-8000-000000000001", id="capital letters"),
    pytest.param("aaaaaaaa-0000-4000-8000-00000000000A", id="one capital letter"),
    pytest.param("aaaaaaaa000040008000000000000001", id="no hyphens"),
    pytest.param("{aaaaaaaa-0000-4000-8000-000000000001}", id="braces"),
    pytest.param("aaaaaaaa-0000-4000-8000-0000000000011", id="a digit more"),
    pytest.param("aaaaaaaa-0000-4000-8000-000000000001@contoso.com", id="an address that begins with it"),
]


@pytest.mark.parametrize("text", NOT_OBJECT_IDS)
def test_another_name_of_a_user_is_not_an_object_id(text: str) -> None:
    """A mailbox has one memory of writes, under its object id as Graph writes it."""
    assert not is_object_id(text)


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_text_that_changes_a_path_is_not_an_id(text: str) -> None:
    """It may come from an attacker, a damaged row or a typing error."""
    assert not is_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "AAMkAGVmMDEzMTM4LTZmYWUtNDdkNC1hMDZiLTU1OGY5OTZhYmY4OABGAAAAAAAiQ8W967B7TKBjgx9rVEURBwAiIsqMbYjsT5e-T7KzowPTAAAAAAENAAAYbvZ8AAA=",
        "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A_x==",
        "9f1c2b3a-0000-4000-8000-000000000001",
        "al.o'brien@contoso.com",
        "bo_fabrikam.com#EXT#@contoso.onmicrosoft.com",
        "..a..",
        "x" * MAX_ID_LENGTH,
    ],
)
def test_ids_and_user_names_of_graph_are_ids(text: str) -> None:
    """Events, object ids, and user principal names, also of guests."""
    assert is_id(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e", True, id="small letters"),
        pytest.param("5F0C9A4E-8B1D-4C52-9F7E-2D6A1B3C4D5E", True, id="capital letters"),
        pytest.param("5f0c9a4e8b1d4c529f7e2d6a1b3c4d5e", False, id="no hyphens"),
        pytest.param("{5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e}", False, id="braces"),
        pytest.param("5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5g", False, id="another letter"),
        pytest.param("5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5\uff45", False, id="a letter of another script"),
        pytest.param("ada@contoso.com", False, id="a user principal name"),
    ],
)
def test_a_guid_is_written_in_one_way(text: str, expected: bool) -> None:
    """As Graph, Entra ID and their portals show it."""
    assert bool(GUID.fullmatch(text)) is expected
