"""Realistic events from Outlook, decided with the packaged rules. verdicts.md lists the results."""

from tests.rules.realistic.table import TABLE, cases, table, verdicts


def test_the_table_is_up_to_date() -> None:
    """`python -m tests.rules.realistic.table` updates it. The diff shows the effect of a change."""
    assert TABLE.read_text(encoding="utf-8") == table()


def test_there_are_two_hundred_events_with_unique_names() -> None:
    """So that a row can be found by its name."""
    names = [one.what for one in cases()]

    assert len(names) >= 200
    assert len(set(names)) == len(names)


def test_every_verdict_is_right() -> None:
    """The right verdicts were written by hand."""
    found = cases()
    wrong = [
        one.what for one, verdict in zip(found, verdicts(found), strict=True) if verdict not in one.right
    ]

    assert wrong == []
