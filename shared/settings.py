"""Joinlink's settings, read once from the environment into a frozen value. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from shared.environ_reader import EnvironReader
from shared.errors import SettingsError

STORAGE = "AzureWebJobsStorage"
#: the settings that `read_graph_settings` reads
GRAPH_NAMES = (
    "JOINLINK_TENANT_ID",
    "JOINLINK_CLIENT_ID",
    "JOINLINK_CLIENT_SECRET",
    "JOINLINK_CLIENT_CERTIFICATE",
    "JOINLINK_CLOUD",
    "JOINLINK_GRAPH_URL",
)
MIN_KEY_LENGTH = 32
MAX_SETTLE = timedelta(hours=1)

_LOG_LEVELS = ("debug", "info", "warning", "error")
_NEW_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


@dataclass(frozen=True, slots=True)
class Cloud:
    """A national cloud: the addresses of its token service and its Graph.

    https://learn.microsoft.com/graph/deployments
    """

    login: str
    graph: str


CLOUDS = MappingProxyType(
    {
        "global": Cloud("https://login.microsoftonline.com", "https://graph.microsoft.com"),
        "usgov": Cloud("https://login.microsoftonline.us", "https://graph.microsoft.us"),
        "dod": Cloud("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
        "china": Cloud("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """The storage account: a connection string, or service addresses reached with a managed identity."""

    connection_string: str = field(default="", repr=False)
    queue_url: str = ""
    table_url: str = ""
    blob_url: str = ""
    client_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSettings:
    """What it takes to read from Graph. `repr` leaves out secrets."""

    tenant_id: str
    #: without secret or certificate: the user-assigned managed identity, or "" for the system-assigned one
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    client_certificate: str = field(default="", repr=False)
    cloud: Cloud
    #: Graph's address without the version, for example https://graph.microsoft.com
    graph_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(GraphSettings):
    """Everything that an admin sets. `repr` leaves out secrets."""

    storage: StorageSettings
    #: the URL that Graph posts to; None until the function app has an address
    notification_url: str | None = field(default=None, repr=False)
    #: the current key first, then the previous one during a rotation
    client_state_keys: tuple[str, ...] = field(repr=False)
    #: a folder, or the https URL of a blob container
    rules: str = "rules"
    settle: timedelta = timedelta(seconds=20)
    #: JOINLINK_MODE=report: Joinlink writes nothing, even for rules in mode `enforce`
    report_only: bool = False
    #: whether calendars other than the default one get subscriptions, too
    calendar_subscriptions: bool = False
    log_level: str = "INFO"


def read_storage_settings(environ: Mapping[str, str]) -> StorageSettings:
    """Read only the storage settings: enough to keep a message until the other settings are fixed.

    Raises:
        SettingsError: they are missing or malformed.
    """
    reader = EnvironReader(environ)
    storage = _storage(reader)
    if reader.problems:
        raise SettingsError(reader.problems)
    return storage


def read_graph_settings(environ: Mapping[str, str]) -> GraphSettings:
    """Read only the settings for Graph: enough to read calendars before anything is deployed.

    Raises:
        SettingsError: they are missing or malformed.
    """
    reader = EnvironReader(environ)
    settings = GraphSettings(**_graph(reader))
    if reader.problems:
        raise SettingsError(reader.problems)
    return settings


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check all settings.

    Raises:
        SettingsError: names every setting that is missing or malformed, not only the first.
    """
    reader = EnvironReader(environ)
    settings = Settings(
        storage=_storage(reader),
        **_graph(reader),
        notification_url=reader.url("JOINLINK_NOTIFICATION_URL") or None,
        client_state_keys=_client_state_keys(reader),
        rules=_rules(reader),
        settle=reader.duration("JOINLINK_SETTLE", timedelta(seconds=20), at_most=MAX_SETTLE),
        report_only=reader.choice("JOINLINK_MODE", ("report", ""), "") == "report",
        calendar_subscriptions=reader.choice("JOINLINK_CALENDAR_SUBSCRIPTIONS", ("on", "off"), "off") == "on",
        log_level=reader.choice("JOINLINK_LOG_LEVEL", _LOG_LEVELS, "info").upper(),
    )
    if reader.problems:
        raise SettingsError(reader.problems)
    return settings


def _graph(reader: EnvironReader) -> dict[str, Any]:
    """Return the fields of `GraphSettings`."""
    read: dict[str, Any] = {
        "tenant_id": reader.required_guid("JOINLINK_TENANT_ID", "the tenant's GUID").lower(),
        "client_id": reader.guid("JOINLINK_CLIENT_ID"),
        "client_secret": reader.text("JOINLINK_CLIENT_SECRET"),
        "client_certificate": reader.text("JOINLINK_CLIENT_CERTIFICATE"),
        "cloud": (cloud := CLOUDS[reader.choice("JOINLINK_CLOUD", tuple(CLOUDS), "global")]),
        "graph_url": reader.url("JOINLINK_GRAPH_URL") or cloud.graph,
    }
    if read["client_secret"] and read["client_certificate"]:
        reader.refuse("JOINLINK_CLIENT_SECRET", "and JOINLINK_CLIENT_CERTIFICATE are both set: remove one")
    if (read["client_secret"] or read["client_certificate"]) and not read["client_id"]:
        reader.refuse(
            "JOINLINK_CLIENT_ID", "is missing: a secret or certificate belongs to an app registration"
        )
    return read


def read_rules_setting(environ: Mapping[str, str]) -> str:
    """Read only JOINLINK_RULES: the other settings, and their secrets, are not needed for it.

    Raises:
        SettingsError: it is malformed, or a reference to a secret.
    """
    reader = EnvironReader(environ)
    rules = _rules(reader)
    if reader.problems:
        raise SettingsError(reader.problems)
    return rules


def is_brake_on(environ: Mapping[str, str]) -> bool:
    """Return whether JOINLINK_MODE=report is set, whatever the other settings are."""
    return environ.get("JOINLINK_MODE", "").strip().lower() == "report"


def _storage(reader: EnvironReader) -> StorageSettings:
    connection_string = reader.text(STORAGE)
    account = reader.text(f"{STORAGE}__accountName")
    urls = {
        service: reader.url(f"{STORAGE}__{service}ServiceUri")
        or (f"https://{account}.{service}.core.windows.net" if account else "")
        for service in ("queue", "table", "blob")
    }
    if connection_string and not _is_connection_string(connection_string):
        reader.refuse(
            STORAGE, "is not a connection string: copy it whole from the storage account's access keys"
        )
    if not connection_string and not all(urls.values()):
        reader.refuse(
            STORAGE,
            f"is missing: set a connection string, or {STORAGE}__accountName,"
            f" or all of {STORAGE}__queueServiceUri, {STORAGE}__tableServiceUri, {STORAGE}__blobServiceUri",
        )
    return StorageSettings(
        connection_string=connection_string,
        queue_url=urls["queue"],
        table_url=urls["table"],
        blob_url=urls["blob"],
        client_id=reader.guid(f"{STORAGE}__clientId"),
    )


def _rules(reader: EnvironReader) -> str:
    """Return a folder, or the URL of a blob container."""
    name = "JOINLINK_RULES"
    value = reader.text(name) or "rules"
    return reader.url(name) if "://" in value else value


def _client_state_keys(reader: EnvironReader) -> tuple[str, ...]:
    current, previous = "JOINLINK_CLIENT_STATE_KEY", "JOINLINK_CLIENT_STATE_KEY_PREVIOUS"
    keys = {
        current: reader.required_text(current, f"a random text ({_NEW_KEY})"),
        previous: reader.text(previous),
    }
    for name, key in keys.items():
        if key and len(key) < MIN_KEY_LENGTH:
            problem = f"has {len(key)} characters: use at least {MIN_KEY_LENGTH} random ones ({_NEW_KEY})"
            reader.refuse(name, problem)
    return tuple(key for key in keys.values() if key)


def _is_connection_string(value: str) -> bool:
    """Return whether it names an account and has a key or signature for it."""
    parts = {part.partition("=")[0].strip().lower() for part in value.split(";")}
    has_key = {"accountname", "accountkey"} <= parts
    return has_key or "sharedaccesssignature" in parts or value.lower() == "usedevelopmentstorage=true"
