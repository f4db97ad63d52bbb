import os
from pathlib import Path
from typing import Any

import pytest

HOOKS = Path(__file__).parents[3] / "infra" / "hooks"


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return the module, with an `az` of the test's own first on the path."""
    monkeypatch.syspath_prepend(str(HOOKS))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    import azure_cli  # noqa: PLC0415 -- found by the line above

    return azure_cli


def write_az(folder: Path, script: str) -> None:
    (folder / "az").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "az").chmod(0o755)


def test_a_call_that_does_not_end_is_given_up(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A prompt, or a proxy that swallows everything."""
    write_az(tmp_path, "exec sleep 20")
    monkeypatch.setattr(cli, "CALL_SECONDS", 0.2)

    with pytest.raises(cli.AzureError, match=r"az account show failed.*no answer within 0\.2 s"):
        cli.az("account", "show")


def test_a_prompt_gets_no_answer(cli: Any, tmp_path: Path) -> None:
    """Nobody sits there: the call must fail, not wait."""
    write_az(tmp_path, "read answer || { echo 'no terminal' >&2; exit 1; }")

    with pytest.raises(cli.AzureError, match="no terminal"):
        cli.az("account", "show")


def test_a_program_that_does_not_run_is_named(cli: Any, tmp_path: Path) -> None:
    """A broken installation, say."""
    (tmp_path / "az").write_text("")
    (tmp_path / "az").chmod(0o755)
    (tmp_path / "az").write_bytes(b"\x7fELF")

    with pytest.raises(cli.Stop, match=r"The Azure CLI at .* does not run .*Install it again"):
        cli.az("account", "show")


@pytest.mark.parametrize(
    "printed",
    [
        pytest.param('{"id": 1}', id="alone"),
        pytest.param('WARNING: preview\n{"id": 1}', id="after a notice"),
        pytest.param('{"id": 1}\nA new version is available.', id="before a notice"),
        pytest.param('{oops}\n{\n  "id": 1\n}\n', id="after something odd"),
    ],
)
def test_the_answer_is_found_among_notices(cli: Any, tmp_path: Path, printed: str) -> None:
    """The Azure CLI and its extensions print such on stdout, too."""
    (tmp_path / "printed").write_text(printed)
    write_az(tmp_path, f"cat {tmp_path / 'printed'}")

    assert cli.az("account", "show") == {"id": 1}


def test_letters_of_another_code_page_do_no_harm(cli: Any, tmp_path: Path) -> None:
    """Windows has several."""
    (tmp_path / "printed").write_bytes(b'{"name": "M\xfcnchen"}')
    write_az(tmp_path, f"cat {tmp_path / 'printed'}")

    assert cli.az("account", "show")["name"].startswith("M")


def test_the_files_of_secrets_are_for_this_user_alone(cli: Any) -> None:
    """And gone afterwards."""
    with cli.secret_file("key") as path:
        assert Path(path).stat().st_mode & 0o077 == 0
        assert Path(path).read_text() == "key"

    assert not Path(path).parent.exists()
