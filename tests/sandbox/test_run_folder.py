from pathlib import Path

from sandbox.run_folder import run_folder


def test_runs_at_the_same_time_have_folders_of_their_own(tmp_path: Path) -> None:
    """Two demos would otherwise mix their logs, and judge each other's day."""
    base = tmp_path / "build" / "demo"
    with run_folder(base) as first, run_folder(base) as second, run_folder(base) as third:
        assert [first.name, second.name, third.name] == ["demo", "demo-2", "demo-3"]
        assert all(folder.is_dir() for folder in (first, second, third))
    with run_folder(base) as next_run:
        assert next_run == base
