import json
from pathlib import Path

import pytest

from cli.found_settings import find_settings
from cli.output import Refused
from shared.desk.sign_in.key_vault import reference
from shared.settings import read_storage_settings
from tests.infra.test_bicep import ROOT

AZD = """\
# a comment
AZURE_ENV_NAME="joinlink"
AZURE_FUNCTION_NAME="func-joinlink"
AZURE_KEY_VAULT_NAME="kv-joinlink"
AZURE_STORAGE_ACCOUNT="stjoinlink"
JOINLINK_HOST="func-joinlink.azurewebsites.net"
JOINLINK_IDENTITY_CLIENT_ID="c0ffee00-0000-4000-8000-000000000002"
JOINLINK_RULES_CONTAINER="rules"
JOINLINK_TENANT_ID='c0ffee00-0000-4000-8000-000000000001'
"""


@pytest.fixture
def azd(tmp_path: Path) -> Path:
    """Return the settings of an azd environment of the working folder, which is the default."""
    folder = tmp_path / ".azure" / "joinlink"
    folder.mkdir(parents=True)
    (tmp_path / ".azure" / "config.json").write_text('{"version": 1, "defaultEnvironment": "joinlink"}')
    (folder / ".env").write_text(AZD)
    return folder / ".env"


def local(folder: Path, **values: str) -> Path:
    """Write a file like local.settings.json."""
    file = folder / "local.settings.json"
    file.write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    return file


def test_an_azd_environment_gives_what_the_template_gave_the_app(azd: Path, tmp_path: Path) -> None:
    """Secrets are references, which only a command that needs them resolves."""
    found = find_settings(None, {}, tmp_path)

    assert found.place == "the azd environment joinlink"
    assert found.environ == {
        "AzureWebJobsStorage__accountName": "stjoinlink",
        "JOINLINK_TENANT_ID": "c0ffee00-0000-4000-8000-000000000001",
        "JOINLINK_CLIENT_ID": "c0ffee00-0000-4000-8000-000000000002",
        "JOINLINK_NOTIFICATION_URL": reference("kv-joinlink", "notification-url"),
        "JOINLINK_CLIENT_STATE_KEY": reference("kv-joinlink", "client-state-key"),
        "JOINLINK_RULES": "https://stjoinlink.blob.core.windows.net/rules",
        "JOINLINK_MODE": "report",
    }
    assert read_storage_settings(found.environ).queue_url == "https://stjoinlink.queue.core.windows.net"
    outputs = (ROOT / "infra/main.bicep").read_text()
    assert [name for name in ("AZURE_STORAGE_ACCOUNT", "AZURE_KEY_VAULT_NAME", "JOINLINK_TENANT_ID", "JOINLINK_IDENTITY_CLIENT_ID", "JOINLINK_RULES_CONTAINER") if f"output {name} string" not in outputs] == []  # fmt: skip
    assert azd.is_file()


def test_what_an_admin_set_in_the_azd_environment_holds(azd: Path, tmp_path: Path) -> None:
    """The brake, further app settings, and the desk's own app registration."""
    azd.write_text(
        f'{AZD}JOINLINK_MODE="rules"\nJOINLINK_SETTINGS="{{\\"JOINLINK_SETTLE\\": \\"1m\\"}}"\n'
        'JOINLINK_DESK_CLIENT_ID="desk"\nJOINLINK_DESK_CERTIFICATE="C:\\\\keys\\\\desk.pem"\n'
    )
    environ = find_settings(None, {}, tmp_path).environ

    assert environ["JOINLINK_MODE"] == ""
    assert environ["JOINLINK_SETTLE"] == "1m"
    assert environ["JOINLINK_DESK_CLIENT_ID"] == "desk"
    assert environ["JOINLINK_DESK_CERTIFICATE"] == "C:\\keys\\desk.pem"


@pytest.mark.usefixtures("azd")
def test_the_first_place_that_has_settings_is_the_only_one(tmp_path: Path) -> None:
    """A named file, then the environment, then azd, then local.settings.json: never a mixture."""
    file = local(tmp_path, AzureWebJobsStorage="local")
    environ = {"AzureWebJobsStorage__accountName": "environment", "JOINLINK_DESK_CLIENT_ID": "desk"}
    named = find_settings(file, environ, tmp_path)
    exported = find_settings(None, environ, tmp_path)
    (tmp_path / ".azure" / "config.json").unlink()
    unnamed = find_settings(None, {}, tmp_path)
    file.unlink()
    nothing = find_settings(None, {"JOINLINK_MODE": "report"}, tmp_path)

    assert (named.place, named.environ) == (str(file), {"AzureWebJobsStorage": "local", "JOINLINK_DESK_CLIENT_ID": "desk"})  # fmt: skip
    assert (exported.place, exported.environ) == ("the environment", environ)
    assert (unnamed.place, unnamed.environ) == ("local.settings.json", {"AzureWebJobsStorage": "local"})
    assert (nothing.place, nothing.environ) == ("the environment", {"JOINLINK_MODE": "report"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("{", "is not a JSON object", id="no JSON"),
        pytest.param("[]", "is not a JSON object", id="a list"),
        pytest.param("{}", 'it needs an object "Values" with texts', id="no values"),
        pytest.param('{"Values": {"A": 1}}', 'it needs an object "Values" with texts', id="a number"),
        pytest.param('{"IsEncrypted": true, "Values": {"A": "x"}}', "is encrypted: run func settings decrypt", id="encrypted"),
        pytest.param("\udcff", "is not UTF-8 text", id="no text"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_like_local_settings_is_refused(text: str, said: str, tmp_path: Path) -> None:
    """With what to do."""
    file = tmp_path / "settings.json"
    file.write_text(text, errors="surrogateescape")
    with pytest.raises(Refused, match=said):
        find_settings(file, {}, tmp_path)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    """An option that names a file is never ignored."""
    with pytest.raises(Refused, match=r"nowhere\.json can't be read: No such file"):
        find_settings(tmp_path / "nowhere.json", {}, tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("AZURE_ENV_NAME=joinlink", "has no AZURE_STORAGE_ACCOUNT: run azd provision", id="not provisioned"),
        pytest.param(f"{AZD}JOINLINK_SETTINGS=[1]", "JOINLINK_SETTINGS of the azd environment is not a JSON object", id="further settings"),
    ],
)  # fmt: skip
def test_an_azd_environment_that_is_incomplete_is_refused(
    text: str, said: str, azd: Path, tmp_path: Path
) -> None:
    """Rather than ignored: the admin expects it to be used."""
    azd.write_text(text)
    with pytest.raises(Refused, match=said):
        find_settings(None, {}, tmp_path)


def test_the_name_of_an_azd_environment_is_no_path(tmp_path: Path) -> None:
    """It must not lead out of the folder of azd."""
    (tmp_path / ".azure").mkdir()
    (tmp_path / ".azure" / "config.json").write_text('{"defaultEnvironment": "../.."}')
    with pytest.raises(Refused, match="names no valid environment"):
        find_settings(None, {}, tmp_path)
