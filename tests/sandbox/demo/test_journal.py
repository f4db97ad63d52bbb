import logging
from pathlib import Path

from sandbox.demo.journal import journal


def test_joinlinks_lines_are_kept_in_the_file_and_in_memory(tmp_path: Path) -> None:
    """As they were written, one a line, and readable at once."""
    path = tmp_path / "log.jsonl"
    path.write_text("of an earlier day\n")
    with journal(path) as log:
        logging.getLogger("joinlink").warning('{"event": "rules.loaded"}')
        assert path.read_text() == '{"event": "rules.loaded"}\n'

    assert log.lines() == [{"event": "rules.loaded"}]
    assert log.others == []
    assert log.wait_for(lambda line: line["event"] == "rules.loaded", seconds=0)


def test_what_others_say_is_kept_aside(tmp_path: Path) -> None:
    """From warning up; the file holds Joinlink's lines alone."""
    path = tmp_path / "log.jsonl"
    with journal(path) as log:
        logging.getLogger("stranger").warning("mind %s", "the gap")
        logging.getLogger("stranger").info("never mind")

    assert log.others == ["stranger: mind the gap"]
    assert path.read_text() == ""
