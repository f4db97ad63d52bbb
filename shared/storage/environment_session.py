"""An HTTP session that reads the environment once for each service.

By default requests reads the proxies, certificates and netrc of the environment at every request, which takes
a tenth of the CPU time of a table call. The environment of a process does not change.
"""

from typing import Any

import requests


class EnvironmentSession(requests.Session):
    """Uses the proxies and certificates of the environment, but no netrc: storage has its own credentials."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self._environment = requests.Session()
        self._settings: dict[tuple[object, ...], Any] = {}

    def merge_environment_settings(
        self, url: str | bytes | None, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """Return the settings of a request; requests calls this for each."""
        if proxies:
            return self._environment.merge_environment_settings(url, proxies, stream, verify, cert)
        # Two threads may both read the environment, and get the same.
        key = (*str(url).split("/", 3)[:3], stream, verify, cert)
        if key not in self._settings:
            self._settings[key] = self._environment.merge_environment_settings(url, {}, stream, verify, cert)
        return self._settings[key]
