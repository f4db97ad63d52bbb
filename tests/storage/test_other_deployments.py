"""The list of other deployments: bounded, and never the cause of an error."""

import pytest

from shared.storage.other_deployments import MOST_LISTED, OtherDeployment, decode, encode

HERE = OtherDeployment("https://a.example/api").plus(is_shared=True).plus(is_shared=False)


def test_a_list_is_read_as_it_was_written() -> None:
    """With both numbers."""
    assert decode(encode([HERE])) == (OtherDeployment("https://a.example/api", 2, 1),)
    assert len(decode(encode([HERE] * 50))) == MOST_LISTED
    assert len(encode([OtherDeployment("x" * 9_000)] * 50)) < 5_000


@pytest.mark.parametrize("text", ["", "[", "7", "{}", '["a"]', '[["a", "b", "c"]]', '[["a", 1]]', "null"])
def test_a_damaged_list_is_empty(text: str) -> None:
    """The next search replaces it."""
    assert decode(text) == ()
