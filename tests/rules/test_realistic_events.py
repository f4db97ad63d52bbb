"""Events as they look in Outlook, judged under the packaged rules; the table beside them is for reading."""

from tests.rules.realistic.table import TABLE, cases, table, verdicts


def test_the_table_shows_the_verdicts_of_today() -> None:
    """`python -m tests.rules.realistic.table` writes it again; its diff tells what a change does to people."""
    assert TABLE.read_text(encoding="utf-8") == table()


def test_there_are_two_hundred_events_and_each_has_a_name_of_its_own() -> None:
    """A row is found by its name, also where rows were added."""
    names = [one.what for one in cases()]

    assert len(names) >= 200
    assert len(set(names)) == len(names)


def test_every_verdict_is_right() -> None:
    """What is right was written by hand, row by row."""
    found = cases()
    wrong = [
        one.what for one, verdict in zip(found, verdicts(found), strict=True) if verdict not in one.right
    ]

    assert wrong == []
