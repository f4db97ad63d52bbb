"""Mailboxes that the rules exclude get no more links, as soon as the rules are in force."""

import json
from datetime import timedelta

import pytest

from sandbox.graph import DirectoryUser
from shared.domain.messages import TaskKind, TaskReason
from tests.stories.conftest import RULES, RunJoinlink, Story
from tests.stories.test_sweep import GUEST, LOSE_ALL, subscribed, sweep

NOW = timedelta(0)


def exclude(story: Story, *names: str) -> None:
    """Exclude people from the scope, and advance the clock until the new rules are in force."""
    selectors = ", ".join(f"{{user: {name}}}" for name in names)
    set_scope(story, f"{{exclude: [{selectors}]}}")
    story.stage.clock.advance(timedelta(minutes=2))


def set_scope(story: Story, mailboxes: str) -> None:
    policy = RULES.replace("version: 1", f"version: 1\nmailboxes: {mailboxes}")
    story.rules.joinpath("rules.yaml").write_text(policy)


def served(story: Story) -> DirectoryUser:
    """Return a person with an event that the worker has just handled."""
    ada = subscribed(story)
    story.create_meeting(ada, GUEST)
    story.run_until_idle()
    return ada


def test_an_excluded_address_gets_no_links_once_the_rules_are_read(story: Story) -> None:
    """Joinlink does not wait for maintenance, which unsubscribes a mailbox after two runs."""
    ada, bo = served(story), story.add_person("Bo")
    exclude(story, "Ada@contoso.com")
    excluded, included = story.create_meeting(ada, GUEST), story.create_meeting(bo, GUEST)
    story.run_until_idle()

    assert story.outcomes(ada)[-1] == ("skipped", "not_in_scope")
    assert not story.has_link(ada, excluded)
    assert story.has_link(bo, included)


def test_a_link_removed_during_an_exclusion_is_not_added_again(story: Story) -> None:
    """After the exclusion ends, Joinlink still does not add a link that a person removed."""
    ada = served(story)
    exclude(story, "ada@contoso.com")
    online = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    meeting = story.create_meeting(ada, GUEST, **online)
    story.run_until_idle()
    story.stage.graph.people.remove_link(ada.id, meeting)
    story.run_until_idle()
    set_scope(story, "{include: all}")
    story.stage.clock.advance(timedelta(minutes=2))
    story.stage.graph.people.edit(ada.id, meeting, subject="Review, again")
    story.run_until_idle()

    assert story.outcomes(ada)[-1] == ("skipped", "removed_by_user")
    assert not story.has_link(ada, meeting)


def test_an_excluded_guest_does_not_affect_the_organizer(story: Story) -> None:
    """Exclusion is about the mailbox: the organizer's copy gets the link."""
    ada = story.add_person("Ada")
    story.add_person("Bo")
    exclude(story, "bo@contoso.com")
    meeting = story.create_meeting(ada, "bo@contoso.com", GUEST)
    story.run_until_idle()

    assert story.has_link(ada, meeting)


def test_a_sweep_queues_nothing_for_an_excluded_address(story: Story) -> None:
    """The worker would skip its events."""
    ada = served(story)
    exclude(story, "ada@contoso.com")
    story.stage.graph.delivery = LOSE_ALL
    story.create_meeting(ada, GUEST)
    sweep(story, ada)

    assert story.log_lines("mailbox.swept")[-1]["queued"] == 0


def test_no_link_is_added_in_a_mailbox_that_was_unsubscribed(story: Story) -> None:
    """Even if it was in scope a moment ago."""
    ada = served(story)
    meeting = story.create_meeting(ada, GUEST)
    story.stage.graph.deliver()
    story.enqueue_task(TaskKind.UNSUBSCRIBE, ada, TaskReason.LEFT_SCOPE)
    story.wait(NOW)
    story.run_until_idle()

    assert story.outcomes(ada)[-1] == ("skipped", "not_in_scope")
    assert not story.has_link(ada, meeting)


NOW_OUT = "not_in_scope: exclude names this mailbox, so the worker skips the event"
SOON_OUT = (
    "not_in_scope: e.vance@contoso.com is not in scope; if it was watched before, "
    "its events are skipped after two runs of maintenance agree"
)
SCOPES = [
    pytest.param("{include: [{user: e.vance@contoso.com}]}", [], id="included by sign-in name"),
    pytest.param("{include: [{user: eve@contoso.com}]}", [SOON_OUT], id="included by an address that is not a sign-in name"),
    pytest.param("{include: [{group: EVES}]}", [], id="included by a group"),
    pytest.param("{exclude: [{user: eve@contoso.com}]}", [NOW_OUT], id="excluded by the address in her events"),
    pytest.param("{exclude: [{user: e.vance@contoso.com}]}", [SOON_OUT], id="excluded by sign-in name"),
    pytest.param("{exclude: [{group: EVES}]}", [SOON_OUT], id="excluded by a group"),
    pytest.param("{exclude: [{user: ada@contoso.com}]}", [], id="another person is excluded"),
]  # fmt: skip


@pytest.mark.parametrize(("mailboxes", "notes"), SCOPES)
def test_explain_finds_a_mailbox_by_all_its_names(
    story: Story, run_joinlink: RunJoinlink, mailboxes: str, notes: list[str]
) -> None:
    """By object id and by sign-in name, even if the sign-in name differs from the address."""
    eve = story.add_person("Eve", signs_in_as="e.vance@contoso.com")
    group = story.stage.graph.add_group("Eves", [eve])
    set_scope(story, mailboxes.replace("EVES", group))
    meeting = story.create_meeting(eve, GUEST)

    for name in (eve.id, eve.principal_name):
        result = run_joinlink("explain", "--mailbox", name, "--event-id", meeting, "--json")
        assert json.loads(result.out)["notes"] == notes


def test_explain_checks_the_scope_of_the_attendees_mailbox(story: Story, run_joinlink: RunJoinlink) -> None:
    """For an attendee's copy, the organizer's scope does not count."""
    ada, eve = story.add_person("Ada"), story.add_person("Eve", signs_in_as="e.vance@contoso.com")
    set_scope(story, "{include: [{user: e.vance@contoso.com}], exclude: [{user: ada@contoso.com}]}")
    story.create_meeting(ada, eve.address)
    [copy] = story.events(eve)
    result = run_joinlink("explain", "--mailbox", eve.id, "--event-id", copy, "--json")

    assert (json.loads(result.out)["reason"], json.loads(result.out)["notes"]) == ("not_organizer", [])


def test_explain_has_a_note_if_it_cannot_read_the_names_of_a_mailbox(
    story: Story, run_joinlink: RunJoinlink
) -> None:
    """Without the permission to read users, only the object id is known."""
    eve = story.add_person("Eve")
    set_scope(story, "{include: [{user: eve@contoso.com}]}")
    meeting = story.create_meeting(eve, GUEST)
    story.stage.graph.revoke_permission("User.Read.All")
    result = run_joinlink("explain", "--mailbox", eve.id, "--event-id", meeting, "--json")

    assert json.loads(result.out)["notes"] == [
        "it is not known here whether this mailbox is in scope; if it is not, the event is skipped"
    ]
