"""What Graph's error codes and messages mean."""

import pytest

from shared.graph.protocol import error_codes

MEANINGS = {
    "full": error_codes.is_mailbox_full,
    "throttled": error_codes.is_throttling,
    "transient": error_codes.is_transient,
    "unusable": error_codes.is_mailbox_unusable,
    "denied": error_codes.is_access_denied,
    "unknown user": error_codes.is_unknown_user,
}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("ErrorQuotaExceeded", "full", id="quota"),
        pytest.param("TooManyRequests", "throttled", id="throttling"),
        pytest.param("ErrorMailboxMoveInProgress", "transient", id="a mailbox that is being moved"),
        pytest.param("ErrorInvalidUser", "unusable", id="no such mailbox"),
        pytest.param("MailboxNotEnabledForRESTAPI", "unusable", id="no REST"),
        pytest.param("RESTAPINotSupportedForSomethingNew", "unusable", id="a new code for no REST"),
        pytest.param("Authorization_RequestDenied", "denied", id="no permission"),
        pytest.param("Request_ResourceNotFound", "unknown user", id="no such user"),
        pytest.param("SomethingNew", "", id="a new code"),
    ],
)
def test_a_code_has_one_meaning(code: str, expected: str) -> None:
    """In any case, and also next to an unknown code."""
    for codes in ((code,), (code.lower(),), ("UnknownError", code.upper())):
        found = [name for name, has_meaning in MEANINGS.items() if has_meaning(codes)]
        assert found == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("error", "codes"),
    [
        pytest.param({"code": "A", "innerError": {"code": "B", "innererror": {"code": "C"}}}, ("A", "B", "C"), id="nested, in both spellings"),
        pytest.param({"code": 7, "innerError": {"code": "B"}}, ("B",), id="a code that is not text"),
        pytest.param({"code": ""}, (), id="an empty code"),
        pytest.param("text", (), id="not an object"),
        pytest.param(None, (), id="no error"),
    ],
)  # fmt: skip
def test_codes_are_found_at_any_depth(error: object, codes: tuple[str, ...]) -> None:
    """The outermost comes first."""
    assert error_codes.codes_of(error) == codes


def test_a_loop_of_errors_ends() -> None:
    """Ten levels are enough."""
    error: dict[str, object] = {"code": "A"}
    error["innerError"] = error

    assert error_codes.codes_of(error) == ("A",) * 10


def test_the_innermost_code_is_logged_without_foreign_characters() -> None:
    assert error_codes.loggable_code(("A", "b\n::x@y")) == "bxy"
    assert error_codes.loggable_code(()) == ""
