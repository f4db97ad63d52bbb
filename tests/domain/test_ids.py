import pytest

from shared.domain.ids import MAX_ID_LENGTH, is_id

#: what is no id of Graph's; other tests bring it to each door
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


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_what_changes_a_path_is_no_id(text: str) -> None:
    """Such text comes from a stranger, from a damaged row or from a slip of the hand."""
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
def test_what_graph_gives_is_an_id(text: str) -> None:
    """Events, mailboxes by object id and by user principal name, guests too."""
    assert is_id(text)
