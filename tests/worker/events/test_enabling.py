import pytest

from shared.worker.events.enabling import names_a_version


@pytest.mark.parametrize(
    ("etag", "expected"),
    [
        pytest.param('W/"abc=="', True, id="Graph's form"),
        pytest.param('"abc"', True, id="a strong ETag"),
        pytest.param("", False, id="none"),
        pytest.param("*", False, id="any version"),
        pytest.param('"*"', False, id="any version, quoted"),
        pytest.param('W/""', False, id="an empty weak ETag"),
        pytest.param("abc", False, id="not quoted"),
        pytest.param('W/"abc', False, id="cut off"),
    ],
)
def test_a_write_names_one_version_of_the_event(etag: str, *, expected: bool) -> None:
    """With If-Match `*` a write would hit an event that a person has changed since the read."""
    assert names_a_version(etag) is expected
