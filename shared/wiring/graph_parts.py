"""The parts that talk to Graph and to our own notification URL, each built on its first use."""

from functools import partial
from typing import TYPE_CHECKING

from shared.errors import SettingProblem, SettingsError
from shared.wiring.built_once import BuiltOnce
from shared.wiring.process import Process

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.auth.token_source import TokenSource
    from shared.graph.client import Graph
    from shared.graph.sender import Sender
    from shared.settings import GraphSettings
    from shared.worker.events.directory_cache import DirectoryCache
    from shared.worker.mailboxes.endpoint import Endpoint


class GraphParts:
    """Tokens, clients and directory. Every property raises SettingsError.

    If they are for `reading_only`, the settings for Graph are enough.
    """

    def __init__(self, process: Process, *, reading_only: bool = False) -> None:
        self._process = process
        self._reading_only = reading_only

    @property
    def _settings(self) -> "GraphSettings":
        return self._process.graph_settings if self._reading_only else self._process.settings

    @BuiltOnce
    def tokens(self) -> "TokenSource":
        """The source of tokens for Graph."""
        from shared.auth.token_source import TokenSource

        if self._process.sign_in:
            return self._process.sign_in.graph_tokens(self._settings)
        return TokenSource.of(self._settings, self._process.world.now)

    @BuiltOnce
    def new_client(self) -> "Callable[[], Graph]":
        """A function that returns a new client; all clients share connections."""
        from shared.graph.client import Graph

        sender = self.sender
        return lambda: Graph(sender)

    @BuiltOnce
    def sender(self) -> "Sender":
        """What sends the calls of all clients."""
        from shared.graph.connection_pool import graph_http
        from shared.graph.sender import Sender

        settings = self._settings
        http = graph_http(settings.graph_url)
        self._process.close_at_end(http.close)
        return Sender(http, self.tokens, settings.cloud.graph, self._process.world.now)

    @BuiltOnce
    def directory(self) -> "DirectoryCache":
        """Groups and domains of the tenant, kept for a while."""
        from shared.worker.events.directory_cache import DirectoryCache

        return DirectoryCache(self.new_client, self._process.world.now)

    @BuiltOnce
    def endpoint(self) -> "Endpoint":
        """Our own notification URL. Raises SettingsError if there is none."""
        from shared.graph.own_endpoint import wake_endpoint
        from shared.worker.mailboxes.endpoint import Endpoint

        settings = self._process.settings
        if settings.notification_url is None:
            problem = (
                "is missing: without it no mailbox can be watched; it is"
                " https://<app>.azurewebsites.net/api/notifications?code=<function key>"
            )
            raise SettingsError([SettingProblem("JOINLINK_NOTIFICATION_URL", problem)])
        return Endpoint(
            settings.notification_url,
            settings.client_state_keys[0],
            call=partial(wake_endpoint, transport=self._process.own_transport),
            now=self._process.world.now,
        )
