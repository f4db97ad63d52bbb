from pathlib import Path

from tests.infra.hooks.conftest import Azure, Run


def test_an_upload_that_ends_half_way_says_so(azure: Azure, hook: Run) -> None:
    """The next run does the rest."""
    azure.fails("storage blob upload", "(ServerBusy)", times=3)
    first = hook("upload_rules.py", "--account", "stjoinlink")
    second = hook("upload_rules.py", "--account", "stjoinlink")

    assert "the container may hold files of two versions) failed 3 times" in first.stderr
    assert second.returncode == 0
    assert set(azure["blobs"]) == {"joinlink.yaml"}


def test_rules_with_errors_are_not_uploaded(azure: Azure, hook: Run, tmp_path: Path) -> None:
    """The container keeps what it has."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "a.yaml").write_text("version: 1\nrules:\n  - id: x\n    wen: {}\n")
    azure.change(blobs={"good.yaml": "version: 1"})
    refused = hook("upload_rules.py", str(folder), "--account", "stjoinlink")

    assert refused.returncode == 1
    assert "The rules have errors, so nothing was uploaded" in refused.stderr
    assert "wen" in refused.stderr
    assert azure["blobs"] == {"good.yaml": "version: 1"}


def test_an_upload_replaces_what_is_in_the_container(azure: Azure, hook: Run) -> None:
    """A file that is gone here is gone there."""
    azure.change(blobs={"old.yaml": "version: 1", "notes.txt": "mine"})
    done = hook("upload_rules.py", "--account", "stjoinlink")

    assert done.returncode == 0
    assert set(azure["blobs"]) == {"joinlink.yaml", "notes.txt"}
