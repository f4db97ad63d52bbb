"""Joinlink's settings, read once from the environment into a frozen value. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from types import MappingProxyType
from urllib.parse import urlsplit

from shared.domain.durations import parse_duration
from shared.domain.ids import GUID
from shared.errors import SettingsError

STORAGE = "AzureWebJobsStorage"
MIN_KEY_LENGTH = 32
MAX_SETTLE = timedelta(hours=1)

_DURATION_UNITS = ("ms", "s", "m", "h")
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class Cloud:
    """A national cloud: where its tokens and its Graph come from (https://learn.microsoft.com/graph/deployments)."""

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
class Settings:
    """Everything an admin sets. Secrets are kept out of `repr`."""

    storage: StorageSettings
    tenant_id: str
    #: empty: the system-assigned managed identity; alone: that user-assigned one
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    client_certificate: str = field(default="", repr=False)
    cloud: Cloud
    #: base address of Graph without the version, for example https://graph.microsoft.com
    graph_url: str
    #: where Graph posts; None until the function app has an address
    notification_url: str | None = field(default=None, repr=False)
    #: the key in force first, then the previous one while keys rotate
    client_state_keys: tuple[str, ...] = field(repr=False)
    #: a folder, or the https address of a blob container
    rules: str = "rules"
    settle: timedelta = timedelta(seconds=20)
    #: JOINLINK_MODE=report: nothing is written, whatever the rules say
    report_only: bool = False
    log_level: str = "INFO"


def read_storage_settings(environ: Mapping[str, str]) -> StorageSettings:
    """Read the storage settings alone: enough to keep a message while the others are being mended.

    Raises:
        SettingsError: they are missing or malformed themselves.
    """
    reader = _Reader(environ)
    storage = _storage(reader)
    if reader.problems:
        raise SettingsError(reader.problems)
    return storage


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check all settings.

    Raises:
        SettingsError: names every setting that is missing or malformed, not only the first.
    """
    reader = _Reader(environ)
    settings = Settings(
        storage=_storage(reader),
        tenant_id=reader.guid("JOINLINK_TENANT_ID").lower(),
        client_id=reader.guid("JOINLINK_CLIENT_ID", required=False),
        client_secret=reader.text("JOINLINK_CLIENT_SECRET"),
        client_certificate=reader.text("JOINLINK_CLIENT_CERTIFICATE"),
        cloud=(cloud := CLOUDS[reader.choice("JOINLINK_CLOUD", tuple(CLOUDS), "global")]),
        graph_url=reader.url("JOINLINK_GRAPH_URL") or cloud.graph,
        notification_url=reader.url("JOINLINK_NOTIFICATION_URL") or None,
        client_state_keys=_client_state_keys(reader),
        rules=_rules(reader),
        settle=reader.duration("JOINLINK_SETTLE", timedelta(seconds=20)),
        report_only=reader.choice("JOINLINK_MODE", ("report", ""), "") == "report",
        log_level=reader.choice("JOINLINK_LOG_LEVEL", tuple(x.lower() for x in _LOG_LEVELS), "info").upper(),
    )
    if settings.client_secret and settings.client_certificate:
        reader.problems.append(
            "JOINLINK_CLIENT_SECRET and JOINLINK_CLIENT_CERTIFICATE are both set: remove one"
        )
    if (settings.client_secret or settings.client_certificate) and not settings.client_id:
        reader.problems.append(
            "JOINLINK_CLIENT_ID is missing: a secret or certificate belongs to an app registration"
        )
    if reader.problems:
        raise SettingsError(reader.problems)
    return settings


def _storage(reader: "_Reader") -> StorageSettings:
    connection_string = reader.text(STORAGE)
    account = reader.text(f"{STORAGE}__accountName")
    urls = {
        service: reader.url(f"{STORAGE}__{service}ServiceUri")
        or (f"https://{account}.{service}.core.windows.net" if account else "")
        for service in ("queue", "table", "blob")
    }
    if connection_string and not _is_connection_string(connection_string):
        reader.problems.append(
            f"{STORAGE} is no connection string: copy it whole from the storage account's access keys"
        )
    if not connection_string and not all(urls.values()):
        reader.problems.append(
            f"{STORAGE} is missing: set a connection string, or {STORAGE}__accountName,"
            f" or all of {STORAGE}__queueServiceUri, {STORAGE}__tableServiceUri, {STORAGE}__blobServiceUri"
        )
    return StorageSettings(
        connection_string=connection_string,
        queue_url=urls["queue"],
        table_url=urls["table"],
        blob_url=urls["blob"],
        client_id=reader.guid(f"{STORAGE}__clientId", required=False),
    )


def _rules(reader: "_Reader") -> str:
    """A folder, or the address of a blob container."""
    name = "JOINLINK_RULES"
    value = reader.text(name) or "rules"
    return reader.url(name) if "://" in value else value


def _client_state_keys(reader: "_Reader") -> tuple[str, ...]:
    names = ("JOINLINK_CLIENT_STATE_KEY", "JOINLINK_CLIENT_STATE_KEY_PREVIOUS")
    keys = [reader.text(name, required=name == names[0]) for name in names]
    for name, key in zip(names, keys, strict=True):
        if key and len(key) < MIN_KEY_LENGTH:
            reader.problems.append(
                f"{name} has {len(key)} characters: use at least {MIN_KEY_LENGTH} random ones"
                " (python3 -c 'import secrets; print(secrets.token_urlsafe(32))')"
            )
    return tuple(key for key in keys if key)


class _Reader:
    """Takes single settings out of the environment and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def text(self, name: str, *, required: bool = False) -> str:
        value = self._environ.get(name, "").strip()
        if value.startswith("@Microsoft.KeyVault("):
            self.problems.append(
                f"{name} is a Key Vault reference that was not resolved: check that it exists and that"
                " the app's identity may read it (role Key Vault Secrets User)"
            )
            return ""
        if required and not value:
            self.problems.append(f"{name} is missing")
        return value

    def guid(self, name: str, *, required: bool = True) -> str:
        value = self.text(name, required=required)
        if value and not GUID.fullmatch(value):
            self.problems.append(f"{name} is no GUID such as 5f0c9a4e-0000-4000-8000-000000000000")
            return ""
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name).lower() or default
        if value not in choices:
            self.problems.append(f"{name} is {value[:20]!r}: use {' or '.join(c for c in choices if c)}")
            return default
        return value

    def duration(self, name: str, default: timedelta) -> timedelta:
        value = self.text(name)
        duration = parse_duration(value, units=_DURATION_UNITS) if value else default
        if duration is None or duration > MAX_SETTLE:
            self.problems.append(
                f"{name} is {value[:20]!r}: use a number with a unit up to 1h, such as 20s or 2m"
            )
            return default
        return duration

    def url(self, name: str) -> str:
        value = self.text(name).rstrip("/")
        if value and not _is_safe_url(value):
            self.problems.append(f"{name} is no https address")
            return ""
        return value


def _is_connection_string(value: str) -> bool:
    """Tell whether it says which account, and by what right."""
    parts = {part.partition("=")[0].strip().lower() for part in value.split(";")}
    by_key = {"accountname", "accountkey"} <= parts
    return by_key or "sharedaccesssignature" in parts or value.lower() == "usedevelopmentstorage=true"


def _is_safe_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return bool(parts.hostname) and (
            parts.scheme == "https" or _is_loopback(parts.hostname, parts.scheme)
        )
    except ValueError:
        return False


def _is_loopback(host: str | None, scheme: str) -> bool:
    """Plain http is for the sandbox on this machine alone."""
    try:
        return scheme == "http" and (host == "localhost" or ip_address(host or "").is_loopback)
    except ValueError:
        return False
