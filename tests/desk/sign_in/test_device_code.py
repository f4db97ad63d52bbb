import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.serve import serve
from shared.auth.token_source import TokenSource
from shared.desk.permissions import granted_rights
from shared.desk.sign_in.device_code import device_code_tokens
from shared.desk.sign_in.token_file import cache_folder
from shared.errors import SignInFailed
from shared.settings import read_settings
from tests.desk.sign_in.entra import Entra, session_for

GRAPH = "https://graph.microsoft.com"
CLIENT = "c0ffee00-0000-4000-8000-00000000000d"
SETTINGS = read_settings(
    {
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "JOINLINK_TENANT_ID": "c0ffee00-0000-4000-8000-000000000001",
        "JOINLINK_CLIENT_STATE_KEY": "k" * 32,
    }
)


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch) -> Iterator[Entra]:
    """Return the stand-in, in the place of Entra."""
    stand_in = Entra()
    with serve(stand_in) as url:
        monkeypatch.setattr("shared.desk.sign_in.device_code.TokenSession", session_for(url))
        yield stand_in


def sign_in(folder: Path, shown: list[str]) -> TokenSource:
    return device_code_tokens(
        SETTINGS, CLIENT, folder=folder, show=shown.append, now=lambda: datetime.now(UTC)
    )


def test_an_admin_signs_in_with_the_code_that_is_shown(entra: Entra, tmp_path: Path) -> None:
    """The command waits until they have."""
    entra.pending = 2
    shown: list[str] = []
    token = sign_in(tmp_path, shown).token(GRAPH)

    assert shown == ["To sign in, open https://microsoft.com/devicelogin and enter the code ABC123."]
    assert granted_rights(token.value) == frozenset({"Calendars.Read", "User.Read.All"})


def test_the_next_command_needs_no_sign_in(entra: Entra, tmp_path: Path) -> None:
    """The tokens are in a file that no other user can read."""
    folder, shown = tmp_path / "new" / "joinlink", list[str]()
    sign_in(folder, [])
    entra.calls.clear()
    token = sign_in(folder, shown).token(GRAPH)
    [file] = folder.iterdir()

    assert token.value
    assert shown == []
    assert not [call for call in entra.calls if "token" in call or "devicecode" in call]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("trouble", ["open to others", "damaged"])
def test_a_file_that_cannot_be_trusted_means_another_sign_in(
    trouble: str, entra: Entra, tmp_path: Path
) -> None:
    """And a new file."""
    sign_in(tmp_path, [])
    [file] = tmp_path.iterdir()
    if trouble == "damaged":
        file.write_text("{")
    else:
        file.chmod(0o644)
    shown: list[str] = []
    entra.pending = 0
    sign_in(tmp_path, shown)

    assert len(shown) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_refusal_of_entra_names_its_code_and_what_to_check(entra: Entra, tmp_path: Path) -> None:
    """Not its text, which may name people."""
    entra.refusal = "AADSTS7000218"
    with pytest.raises(SignInFailed) as refused:
        sign_in(tmp_path, [])

    assert "(unauthorized_client AADSTS7000218)" in str(refused.value)
    assert "allows public client flows" in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_sign_in_service_that_cannot_be_reached_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one sentence."""
    monkeypatch.setattr("shared.desk.sign_in.device_code.TokenSession", session_for("http://127.0.0.1:9"))
    with pytest.raises(SignInFailed, match="the sign-in service can't be reached"):
        sign_in(tmp_path, [])


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        pytest.param("linux", {}, "/home/ada/.cache/joinlink", id="Linux"),
        pytest.param("linux", {"XDG_CACHE_HOME": "/cache"}, "/cache/joinlink", id="Linux with its setting"),
        pytest.param("darwin", {}, "/home/ada/Library/Caches/joinlink", id="macOS"),
        pytest.param("win32", {"LOCALAPPDATA": "/local"}, "/local/joinlink", id="Windows"),
    ],
)
def test_the_file_is_where_each_system_keeps_caches(
    platform: str, environ: dict[str, str], folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An admin may delete it at any time."""
    monkeypatch.setattr("sys.platform", platform)

    assert cache_folder(environ, Path("/home/ada")) == Path(folder)
