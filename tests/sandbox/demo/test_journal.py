import logging
from pathlib import Path

from sandbox.demo.journal import journal


def test_joinlinks_lines_go_to_the_file_and_to_memory(tmp_path: Path) -> None:
    """Unchanged, one per line, and at once; an earlier file is replaced."""
    path = tmp_path / "log.jsonl"
    path.write_text("an earlier day\n")
    with journal(path) as log:
        logging.getLogger("joinlink").warning('{"event": "rules.loaded"}')
        assert path.read_text() == '{"event": "rules.loaded"}\n'

    assert log.lines() == [{"event": "rules.loaded"}]
    assert log.others == []
    assert log.wait_for(lambda line: line["event"] == "rules.loaded", seconds=0)


def test_warnings_of_other_loggers_are_kept_apart(tmp_path: Path) -> None:
    """The file has Joinlink's lines only."""
    path = tmp_path / "log.jsonl"
    with journal(path) as log:
        logging.getLogger("stranger").warning("disk %s", "full")
        logging.getLogger("stranger").info("all is well")

    assert log.others == ["stranger: disk full"]
    assert path.read_text() == ""
