"""The arguments, questions and text output of `joinlink backfill`."""

import pytest

from shared import wiring
from tests.stories.conftest import RunJoinlink, Story, TypedAnswer
from tests.stories.test_backfill import GUEST, guests


@pytest.fixture(autouse=True)
def _rules_in_force(story: Story) -> None:  # noqa: ARG001 -- it must have started
    assert wiring.joinlink().policies.current()  # the app has loaded its rules


def test_the_text_output_of_a_dry_run(story: Story, run_joinlink: RunJoinlink) -> None:
    """Whole lines in a pipe; progress goes to stderr."""
    ada = story.add_person("Ada", watched=False)
    story.create_meeting(ada, *guests(3))
    result = run_joinlink("backfill", "--all", "--dry-run")

    assert result.exit == 0
    assert result.out.splitlines()[1:] == [
        "rule        links  attendees mailed",
        "external        1                 3",
        "",
        "mailbox            links  attendees mailed",
        "ada@contoso.com        1                 3",
        "",
        "would be added: 1 link, 3 mails to attendees at most, the last about 2026-11-23 07:00 UTC",
    ]
    assert result.err.splitlines() == [
        "joinlink: settings from the environment; storage with its connection string",
        "joinlink: Graph with the app's own identity",
        "Searching: 1 of 1",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([], "name the calendars", id="no mailbox"),
        pytest.param(["--all", "--mailbox", "a@b.c"], "name the calendars", id="two ways"),
        pytest.param(["--all"], "there is no terminal to ask on", id="a script without --yes"),
        pytest.param(["--all", "-n", "--until", "soon"], "--until expects 90d or a day", id="not a time"),
        pytest.param(["--all", "-n", "--until", "2020-01-01"], "is past, or further ahead", id="past"),
        pytest.param(["--all", "-n", "--until", "9999d"], "is past, or further ahead", id="far"),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(
    arguments: list[str], message: str, story: Story, run_joinlink: RunJoinlink
) -> None:
    """Before any call to Graph."""
    result = run_joinlink("backfill", *arguments)

    assert (result.exit, story.stage.graph.calls) == (2, [])
    assert message in result.err


@pytest.mark.parametrize(
    ("arguments", "ends", "message"),
    [
        pytest.param(["--group", "Sales Team"], 2, '--group takes the object id of a group, not "Sales Team"; names are not unique', id="a name of a group"),
        pytest.param(["--group", "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"], 1, "the tenant has no group with this object id; copy the Object ID", id="a group that is not there"),
        pytest.param(["--mailbox", "nobody@contoso.com"], 1, "no user has the object id or address that --mailbox names", id="a mailbox that is not there"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named(
    arguments: list[str], ends: int, message: str, story: Story, run_joinlink: RunJoinlink
) -> None:
    """To run it again would not help."""
    story.add_person("Ada", watched=False)
    result = run_joinlink("backfill", *arguments, "--dry-run")

    assert (result.exit, message in result.err, "again" in result.err) == (ends, True, False)
    assert story.stage.host.waiting() == {"event-changes": 0, "mailbox-tasks": 0}


@pytest.mark.parametrize(
    ("answer", "waiting"), [pytest.param("n", 0, id="no"), pytest.param("y", 2, id="yes")]
)
def test_it_asks_before_it_writes(
    answer: str, waiting: int, story: Story, run_joinlink: RunJoinlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the totals, and it names what can't be undone; only a yes puts the changes on the queue."""
    ada = story.add_person("Ada", watched=False)
    for _ in range(2):
        story.create_meeting(ada, GUEST)
    monkeypatch.setattr("sys.stdin", TypedAnswer(f"{answer}\n"))
    result = run_joinlink("backfill", "--all")

    assert result.exit == 0
    assert "would be added: 2 links, 2 mails" in result.out
    assert (
        "Add 2 join links? Graph can't remove a link again, and attendees may get mail. [y/N]" in result.err
    )
    assert sum(story.stage.host.waiting().values()) == waiting
