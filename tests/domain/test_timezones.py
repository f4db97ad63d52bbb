from zoneinfo import ZoneInfo

import pytest

from shared.domain.timezones import find_zone


@pytest.mark.parametrize(
    ("name", "key"),
    [
        pytest.param("Europe/Berlin", "Europe/Berlin", id="IANA"),
        pytest.param("W. Europe Standard Time", "Europe/Berlin", id="Windows"),
        pytest.param("Pacific Standard Time", "America/Los_Angeles", id="Windows, across the sea"),
    ],
)
def test_a_zone_is_found_by_windows_and_iana_names(name: str, key: str) -> None:
    """Graph uses Windows names by default; people write IANA names."""
    assert find_zone(name) == ZoneInfo(key)


@pytest.mark.parametrize(
    "name", ["", "tzone://Microsoft/Custom", "Customized Time Zone", "America", "../etc/passwd", "localtime", "Factory", "europe/berlin", "/etc/passwd", "\0", "x" * 5000]
)  # fmt: skip
def test_an_unknown_zone_is_none(name: str) -> None:
    """Names may come from anyone. None raises, or reads a file outside of the zone folder."""
    assert find_zone(name) is None
