"""Where `joinlink preview` can't do what it is asked: one sentence, the exit code, and nothing left behind."""

from pathlib import Path

import pytest

from sandbox.graph import DirectoryUser, Fault
from tests.stories.conftest import RunJoinlink, Story
from tests.stories.test_preview import cache
from tests.stories.test_preview_command import ada

__all__ = ["ada", "cache"]

GROUP = "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([], "name the calendars: use one of --mailbox, --group and --all", id="no mailbox"),
        pytest.param(["--all", "--group", GROUP], "name the calendars", id="two ways"),
        pytest.param(["--all", "--sample", "0"], "--sample takes a number of mailboxes from 1", id="no sample"),
        pytest.param(["--all", "--since", "soon"], '--since expects 30d or a day such as 2026-12-31, not "soon"', id="not a time"),
        pytest.param(["--all", "--until", "2020-01-01"], "--until 2020-01-01 ahead", id="past"),
        pytest.param(["--all", "--since", "1800d", "--until", "90d"], "Graph shows five years", id="long"),
        pytest.param(["--all", "--json", "--csv"], "exclude each other", id="two formats"),
        pytest.param(["--all", "-o", "x"], "--output needs a format", id="a file without a format"),
        pytest.param(["--all", "--rules", "nowhere"], "nowhere does not exist", id="no rules"),
        pytest.param(["--all", "--html", "/nowhere/x.html"], "/nowhere/x.html can't be written: No such file", id="no folder"),
        pytest.param(["--all", "--html", "/"], "/ is not a file", id="a folder"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused_in_a_sentence(
    arguments: list[str], message: str, story: Story, run_joinlink: RunJoinlink
) -> None:
    """Before any call to Graph."""
    ran = run_joinlink("preview", *arguments)

    assert (ran.exit, story.stage.graph.calls) == (2, []), ran
    assert message in ran.err


def test_rules_with_errors_are_refused(
    story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink, tmp_path: Path
) -> None:
    """Whether they are in force or in a folder, and before any calendar is read."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "rules.yaml").write_text("version: 1\nrules: [{id: a, whem: {}}]\n")
    beside = run_joinlink("preview", "--all", "--against", str(broken))
    (story.rules / "rules.yaml").write_text("version: 1\nrules: [{id: a, whem: {}}]\n")
    configured = run_joinlink("preview", "--mailbox", ada.id)

    assert (beside.exit, configured.exit, story.stage.graph.calls) == (1, 1, [])
    assert f"the rules in {broken} have errors; joinlink validate {broken} shows them" in beside.err
    assert "the rules of JOINLINK_RULES have errors" in configured.err


def test_who_is_not_there_is_named(
    story: Story, ada: DirectoryUser, run_joinlink: RunJoinlink, cache: Path
) -> None:
    """A person, a group, a mailbox without a calendar, and one that the rules exclude."""
    story.add_person("Gus", watched=False, mailbox=False)
    (story.rules / "rules.yaml").write_text(
        "version: 1\nmailboxes: {include: all, exclude: [{user: ada@contoso.com}]}\nrules: [{id: a, when: {}}]\n"
    )
    nobody = run_joinlink("preview", "--mailbox", "nobody@contoso.com")
    group = run_joinlink("preview", "--group", GROUP)
    guest = run_joinlink("preview", "--mailbox", "gus@contoso.com")
    excluded = run_joinlink("preview", "--mailbox", ada.id)

    assert (nobody.exit, group.exit, guest.exit, excluded.exit) == (1, 1, 1, 2)
    assert "no user has the object id or address nobody@contoso.com" in nobody.err
    assert "the tenant has no group with this object id; copy the Object ID" in group.err
    assert "gus@contoso.com has no calendar: it is a guest, disabled, or without a licence" in guest.err
    assert f"the rules do not include {ada.id}" in excluded.err
    assert list(cache.glob("*")) == []


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("permission", "named"),
    [
        pytest.param("User.Read.All", "User.Read.All", id="users"),
        pytest.param("Organization.Read.All", "the tenant's verified domains can't be read", id="domains"),
    ],
)
def test_a_missing_right_is_named(
    permission: str, named: str, story: Story, run_joinlink: RunJoinlink
) -> None:
    """What can't be read of the directory is unknown, or ends the command."""
    (story.rules / "rules.yaml").write_text("version: 1\nrules: [{id: a, when: {external_attendees: 1}}]\n")
    story.stage.graph.permissions.revoke(permission)
    ran = run_joinlink("preview", "--all")

    assert ran.exit == (1 if permission == "User.Read.All" else 0), ran
    assert named in ran.err + ran.out


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("fault", "named"),
    [
        pytest.param(Fault(path="calendarView", status=401, count=None), "status 401", id="token"),
        pytest.param(Fault(path="/users", status=401, count=None), "status 401", id="directory"),
        pytest.param(Fault(path="/users", status=403, count=None), "User.Read.All", id="right"),
        pytest.param(Fault(path="/users", status=503, count=None), "try again", id="outage"),
    ],
)
def test_a_tenant_that_refuses_leaves_nothing_behind(
    fault: Fault, named: str, story: Story, run_joinlink: RunJoinlink, *, cache: Path, tmp_path: Path
) -> None:
    """One sentence, exit code 1, no report and no other file."""
    story.stage.graph.faults.add(fault)
    reports = tmp_path / "reports"
    reports.mkdir()
    ran = run_joinlink("preview", "--all", "--html", str(reports / "x.html"))

    assert (ran.exit, ran.out) == (1, ""), ran
    assert named in ran.err
    assert [*cache.glob("*"), *reports.glob("*"), *reports.glob(".*")] == []
