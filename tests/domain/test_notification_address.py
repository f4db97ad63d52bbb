"""When two notification URLs mean the same deployment."""

import pytest

from shared.domain.notification_address import notification_address

OURS = "https://joinlink.example/api/notifications"


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        pytest.param(f"{OURS}?code=key", True, id="a key"),
        pytest.param(f"{OURS}/?code=other#x", True, id="another key and a slash"),
        pytest.param("HTTPS://JoinLink.Example:443/API/Notifications", True, id="other case, and the default port"),
        pytest.param("https://joinlink.example:8443/api/notifications", False, id="another port"),
        pytest.param("http://joinlink.example/api/notifications", False, id="without TLS"),
        pytest.param("https://joinlink.example/api/notifications2", False, id="another path"),
        pytest.param("https://joinlink.example.org/api/notifications", False, id="another host"),
    ],
)  # fmt: skip
def test_host_and_path_identify_a_deployment(url: str, *, is_ours: bool) -> None:
    """Function keys change, and are secret."""
    assert (notification_address(url) == OURS) is is_ours


@pytest.mark.parametrize("url", ["", "not a URL", "https://[", "https://host:port/x", "//", "mailto:a@x"])
def test_a_text_that_is_not_a_url_has_no_address(url: str) -> None:
    assert notification_address(url) == ""
