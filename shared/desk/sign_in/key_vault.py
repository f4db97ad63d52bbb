"""Resolves Key Vault references in settings, as App Service does for the app.

https://learn.microsoft.com/azure/app-service/app-service-key-vault-references
"""

import re
from collections.abc import Callable, Mapping

from shared.desk.sign_in.azure_cli import SecretUnreadable
from shared.errors import SettingProblem, SettingsError

_START = "@Microsoft.KeyVault("
_HOST = r"[A-Za-z0-9-]{3,24}\.vault\.(?:azure\.net|usgovcloudapi\.net|azure\.cn)"
_URI = re.compile(rf"https://{_HOST}/secrets/[A-Za-z0-9-]{{1,127}}(?:/[0-9a-f]{{32}})?/?")
_NOT_A_REFERENCE = (
    "is not a Key Vault reference that can be read here: use @Microsoft.KeyVault(SecretUri=https://<vault>"
    ".vault.azure.net/secrets/<name>)"
)


def reference(vault: str, secret: str) -> str:
    """Return the reference to a secret of a vault in the public cloud."""
    return f"{_START}SecretUri=https://{vault}.vault.azure.net/secrets/{secret})"


def resolve(environ: Mapping[str, str], read: Callable[[str], str]) -> dict[str, str]:
    """Return the settings with the secrets instead of the references; `read` reads one by its URI.

    Raises:
        SettingsError: names every reference that can't be read.
    """
    resolved, problems = dict(environ), []
    for name, value in environ.items():
        if not value.strip().startswith(_START):
            continue
        uri = value.strip().removeprefix(_START).removesuffix(")").removeprefix("SecretUri=")
        if not _URI.fullmatch(uri):
            problems.append(SettingProblem(name, _NOT_A_REFERENCE))
            continue
        try:
            resolved[name] = read(uri)
        except SecretUnreadable as error:
            problems.append(SettingProblem(name, str(error)))
    if problems:
        raise SettingsError(problems)
    return resolved
