"""Whoever the rules leave out gets no more links, from that moment on."""

import json
from datetime import timedelta

import pytest

from sandbox.graph import DirectoryUser
from shared.domain.messages import TaskKind, TaskReason
from tests.stories.conftest import RULES, AtTheDesk, Story
from tests.stories.test_sweep import GUEST, LOSE_ALL, subscribed, sweep

NOW = timedelta(0)


def exclude(story: Story, *names: str) -> None:
    """Take people out of the scope, by a policy that no event escapes two minutes later."""
    selectors = ", ".join(f"{{user: {name}}}" for name in names)
    rule_for(story, f"{{exclude: [{selectors}]}}")
    story.stage.clock.advance(timedelta(minutes=2))


def rule_for(story: Story, mailboxes: str) -> None:
    policy = RULES.replace("version: 1", f"version: 1\nmailboxes: {mailboxes}")
    story.rules.joinpath("rules.yaml").write_text(policy)


def served(story: Story) -> DirectoryUser:
    """Return a person whose mailbox the worker has just been in."""
    ada = subscribed(story)
    story.meeting(ada, GUEST)
    story.play()
    return ada


def test_an_address_protects_as_soon_as_the_rules_are_read(story: Story) -> None:
    """Maintenance needs two runs to let a mailbox go, and none of them is waited for."""
    ada, bo = served(story), story.person("Bo")
    exclude(story, "Ada@contoso.com")
    left_out, others = story.meeting(ada, GUEST), story.meeting(bo, GUEST)
    story.play()

    assert story.ends(ada)[-1] == ("skipped", "not_in_scope")
    assert not story.has_link(ada, left_out)
    assert story.has_link(bo, others)


def test_a_link_that_is_taken_away_meanwhile_stays_away(story: Story) -> None:
    """Whoever is excluded, and is not any more: what a person took away is never added again."""
    ada = served(story)
    exclude(story, "ada@contoso.com")
    online = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    meeting = story.meeting(ada, GUEST, **online)
    story.play()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.play()
    rule_for(story, "{include: all}")
    story.stage.clock.advance(timedelta(minutes=2))
    story.stage.graph.people.edit(ada.id, meeting, subject="Review, again")
    story.play()

    assert story.ends(ada)[-1] == ("skipped", "removed_by_user")
    assert not story.has_link(ada, meeting)


def test_a_guest_who_is_excluded_protects_no_others(story: Story) -> None:
    """Exclusion is about whose mailbox it is: the organizer's copy is written, not the guest's."""
    ada = story.person("Ada")
    story.person("Bo")
    exclude(story, "bo@contoso.com")
    meeting = story.meeting(ada, "bo@contoso.com", GUEST)
    story.play()

    assert story.has_link(ada, meeting)


def test_a_sweep_passes_over_whom_an_address_leaves_out(story: Story) -> None:
    """Nothing is queued that the worker would skip, and nothing counts as missed."""
    ada = served(story)
    exclude(story, "ada@contoso.com")
    story.stage.graph.delivery = LOSE_ALL
    story.meeting(ada, GUEST)
    sweep(story, ada)

    assert story.lines("mailbox.swept")[-1]["queued"] == 0


def test_no_link_is_written_in_a_mailbox_that_was_let_go(story: Story) -> None:
    """However lately the worker has seen it in scope."""
    ada = served(story)
    meeting = story.meeting(ada, GUEST)
    story.stage.graph.deliver()
    story.task(TaskKind.UNSUBSCRIBE, ada, TaskReason.LEFT_SCOPE)
    story.wait(NOW)
    story.play()

    assert story.ends(ada)[-1] == ("skipped", "not_in_scope")
    assert not story.has_link(ada, meeting)


NOW_OUT = "not_in_scope: exclude names this mailbox, so the worker skips the event"
SOON_OUT = (
    "not_in_scope: e.vance@contoso.com is not in scope; if it was watched before, "
    "its events are skipped after two runs of maintenance agree"
)
SCOPES = [
    pytest.param("{include: [{user: e.vance@contoso.com}]}", [], id="included by the name that the directory finds her by"),
    pytest.param("{include: [{user: eve@contoso.com}]}", [SOON_OUT], id="an address is none: the worker finds nobody by it"),
    pytest.param("{include: [{group: EVES}]}", [], id="included by a group"),
    pytest.param("{exclude: [{user: eve@contoso.com}]}", [NOW_OUT], id="excluded by the address in her events"),
    pytest.param("{exclude: [{user: e.vance@contoso.com}]}", [SOON_OUT], id="excluded by another name"),
    pytest.param("{exclude: [{group: EVES}]}", [SOON_OUT], id="excluded by a group"),
    pytest.param("{exclude: [{user: ada@contoso.com}]}", [], id="somebody else is excluded"),
]  # fmt: skip


@pytest.mark.parametrize(("mailboxes", "notes"), SCOPES)
def test_explain_knows_a_mailbox_by_all_its_names(
    story: Story, at_the_desk: AtTheDesk, mailboxes: str, notes: list[str]
) -> None:
    """However it is named at the desk, and whatever else than her address somebody signs in with."""
    eve = story.person("Eve", signs_in_as="e.vance@contoso.com")
    group = story.stage.graph.add_group("Eves", [eve])
    rule_for(story, mailboxes.replace("EVES", group))
    meeting = story.meeting(eve, GUEST)

    for name in (eve.id, eve.principal_name):
        ran = at_the_desk("explain", "--mailbox", name, "--event-id", meeting, "--json")
        assert json.loads(ran.out)["notes"] == notes


def test_explain_knows_whose_copy_an_attendees_is(story: Story, at_the_desk: AtTheDesk) -> None:
    """The organizer's address is not that of the mailbox then."""
    ada, eve = story.person("Ada"), story.person("Eve", signs_in_as="e.vance@contoso.com")
    rule_for(story, "{include: [{user: e.vance@contoso.com}], exclude: [{user: ada@contoso.com}]}")
    story.meeting(ada, eve.address)
    [copy] = story.events(eve)
    ran = at_the_desk("explain", "--mailbox", eve.id, "--event-id", copy, "--json")

    assert (json.loads(ran.out)["reason"], json.loads(ran.out)["notes"]) == ("not_organizer", [])


def test_where_a_mailbox_cannot_be_asked_for_its_names_explain_says_so(
    story: Story, at_the_desk: AtTheDesk
) -> None:
    """Without the right to read users nothing is known but the object id."""
    eve = story.person("Eve")
    rule_for(story, "{include: [{user: eve@contoso.com}]}")
    meeting = story.meeting(eve, GUEST)
    story.stage.graph.revoke_permission("User.Read.All")
    ran = at_the_desk("explain", "--mailbox", eve.id, "--event-id", meeting, "--json")

    assert json.loads(ran.out)["notes"] == [
        "it is not known here whether this mailbox is in scope; if it is not, the event is skipped"
    ]
