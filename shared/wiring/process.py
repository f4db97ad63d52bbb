"""What all parts of one process share: its settings, its time, and what must be closed at the end."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

from shared import logs
from shared.settings import (
    GRAPH_NAMES,
    GraphSettings,
    Settings,
    StorageSettings,
    read_graph_settings,
    read_settings,
    read_storage_settings,
)
from shared.wiring.built_once import BuiltOnce
from shared.worker.common.world import World

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials import TokenCredential

    from shared.auth.token_source import TokenSource


class SignIn(Protocol):
    """Signs in another identity than the app's own: a person's, at an admin's desk."""

    def with_secrets(self, environ: Mapping[str, str]) -> Mapping[str, str]:
        """Return the settings with their Key Vault references resolved. Raises SettingsError."""

    def storage_credential(self) -> "TokenCredential":
        """Return what opens the storage account."""

    def graph_tokens(self, settings: GraphSettings) -> "TokenSource":
        """Return the source of tokens for Graph."""


class Process:
    """The environment, the world and the open connections of one process.

    `own_transport` carries calls to our own notification URL; None is the network. Without `sign_in` the
    process uses the app's identity.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        world: World,
        own_transport: "httpx.BaseTransport | None" = None,
        sign_in: SignIn | None = None,
    ) -> None:
        self.environ = environ
        self.world = world
        self.own_transport = own_transport
        self.sign_in = sign_in
        self._to_close: list[Callable[[], object]] = []

    def close_at_end(self, close: Callable[[], object]) -> None:
        """Note a function that `close` calls."""
        self._to_close.append(close)

    def close(self) -> None:
        """Close connections and threads. Azure ends processes without a warning; the sandbox closes them."""
        with ExitStack() as stack:
            while self._to_close:
                stack.callback(self._to_close.pop(0))

    @BuiltOnce
    def settings(self) -> Settings:
        """All settings. Raises SettingsError."""
        environ = self.sign_in.with_secrets(self.environ) if self.sign_in else self.environ
        settings = read_settings(environ)
        logs.configure(settings.log_level)
        return settings

    @BuiltOnce
    def graph_settings(self) -> GraphSettings:
        """The settings for Graph alone: a desk needs no others to read calendars. Raises SettingsError."""
        environ = {name: self.environ[name] for name in GRAPH_NAMES if name in self.environ}
        logs.configure("ERROR")
        return read_graph_settings(self.sign_in.with_secrets(environ) if self.sign_in else environ)

    @BuiltOnce
    def storage_settings(self) -> StorageSettings:
        """The storage settings alone: what needs no others works while the others are wrong.

        Raises SettingsError.
        """
        return read_storage_settings(self.environ)

    @BuiltOnce
    def storage_credential(self) -> "TokenCredential | None":
        """The identity for storage; None where a connection string opens it. Raises SettingsError."""
        if self.storage_settings.connection_string:
            return None
        if self.sign_in:
            return self.sign_in.storage_credential()
        from shared.auth.storage_credential import StorageCredential
        from shared.auth.token_source import TokenSource

        now = self.world.now
        return StorageCredential(TokenSource.managed_identity(self.storage_settings.client_id, now), now)
