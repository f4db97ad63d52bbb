"""Finds the app's settings: a named file, the environment, an azd environment, or local.settings.json."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.bounded import read_bounded
from cli.output import Refused
from cli.workspace import WORKSPACE
from shared.desk.sign_in.desk_sign_in import CERTIFICATE, CLIENT_ID
from shared.desk.sign_in.key_vault import reference
from shared.settings import STORAGE

LOCAL_SETTINGS = Path("local.settings.json")
_MOST_BYTES = 1024 * 1024
_AZD_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.()-]{0,63}")


@dataclass(frozen=True, slots=True)
class FoundSettings:
    """The settings, and the place where they were found, in an admin's words."""

    environ: Mapping[str, str] = field(repr=False)
    place: str


def find_settings(file: Path | None, environ: Mapping[str, str], folder: Path) -> FoundSettings:
    """Return the app's settings from the first place that has any; never a mixture.

    Only what is the desk's own is always read from the environment, too: its app registration, and the
    workspace that has the log.

    Args:
        file: a file like local.settings.json, which an option names.
        environ: the environment.
        folder: the working folder.

    Raises:
        Refused: a file can't be read.
    """
    found = _find(file, environ, folder)
    own = {name: environ[name] for name in (CLIENT_ID, CERTIFICATE, WORKSPACE) if environ.get(name)}
    return FoundSettings({**found.environ, **own}, found.place)


def without_desk_app(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the settings without the desk's own app registration."""
    return {name: value for name, value in environ.items() if name not in (CLIENT_ID, CERTIFICATE)}


def _find(file: Path | None, environ: Mapping[str, str], folder: Path) -> FoundSettings:
    if file is not None:
        return FoundSettings(_local_settings(file), str(file))
    if any(name == STORAGE or name.startswith(f"{STORAGE}__") for name in environ):
        return FoundSettings(environ, "the environment")
    if name := _azd_environment(folder / ".azure" / "config.json"):
        azd = _azd_values(folder / ".azure" / name / ".env")
        return FoundSettings(_from_azd(azd, name), f"the azd environment {name}")
    if (folder / LOCAL_SETTINGS).is_file():
        return FoundSettings(_local_settings(folder / LOCAL_SETTINGS), str(LOCAL_SETTINGS))
    return FoundSettings(environ, "the environment")


def _local_settings(file: Path) -> dict[str, str]:
    document = _json(file)
    values = document.get("Values")
    if document.get("IsEncrypted"):
        raise Refused(f"{file} is encrypted: run func settings decrypt in its folder")
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise Refused(f'{file} is not like local.settings.json: it needs an object "Values" with texts')
    return values


def _azd_environment(file: Path) -> str:
    """Return the name of azd's default environment; empty if there is none."""
    if not file.is_file():
        return ""
    name = str(_json(file).get("defaultEnvironment") or "")
    if name and not _AZD_NAME.fullmatch(name):
        raise Refused(f"{file} names no valid environment: run azd env select")
    return name


def _from_azd(azd: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the settings that the template gives the app. The names are outputs of infra/main.bicep."""
    try:
        account, vault = azd["AZURE_STORAGE_ACCOUNT"], azd["AZURE_KEY_VAULT_NAME"]
        tenant, client = azd["JOINLINK_TENANT_ID"], azd["JOINLINK_IDENTITY_CLIENT_ID"]
    except KeyError as error:
        raise Refused(
            f"the azd environment {name} has no {error.args[0]}: run azd provision, or azd env refresh"
        ) from None
    container = azd.get("JOINLINK_RULES_CONTAINER") or "rules"
    own = {key: azd[key] for key in (CLIENT_ID, CERTIFICATE, WORKSPACE) if azd.get(key)}
    return {
        f"{STORAGE}__accountName": account,
        "JOINLINK_TENANT_ID": tenant,
        "JOINLINK_CLIENT_ID": client,
        "JOINLINK_NOTIFICATION_URL": reference(vault, "notification-url"),
        "JOINLINK_CLIENT_STATE_KEY": reference(vault, "client-state-key"),
        "JOINLINK_RULES": f"https://{account}.blob.core.windows.net/{container}",
        **_further_settings(azd.get("JOINLINK_SETTINGS", "")),
        "JOINLINK_MODE": "" if azd.get("JOINLINK_MODE") == "rules" else "report",
        **own,
    }


def _further_settings(text: str) -> dict[str, str]:
    """Return the app settings that an admin added for the template, as JSON."""
    try:
        settings = json.loads(text or "{}")
    except (ValueError, RecursionError):
        settings = None
    if not isinstance(settings, dict) or not all(isinstance(value, str) for value in settings.values()):
        raise Refused("JOINLINK_SETTINGS of the azd environment is not a JSON object with texts: correct it")
    return settings


def _azd_values(file: Path) -> dict[str, str]:
    """Return the values of an azd environment: lines such as NAME="value"."""
    return dict(_assignments(_text(file)))


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, is_assigned, value = line.strip().partition("=")
        if not is_assigned or name.startswith("#"):
            continue
        value = value.strip()
        if value[:1] == value[-1:] == '"' and len(value) > 1:
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        elif value[:1] == value[-1:] == "'" and len(value) > 1:
            value = value[1:-1]
        yield name.strip(), value


def _json(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(_text(file))
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Refused(f"{file} is not a JSON object: correct it, or name another file with --settings")
    return document


def _text(file: Path) -> str:
    try:
        return read_bounded(file, _MOST_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Refused(f"{file} is not UTF-8 text: save it as UTF-8") from None
