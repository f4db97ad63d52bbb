"""A week at Contoso in which Joinlink maintains its subscriptions without an admin."""

from collections import Counter
from datetime import timedelta

from sandbox.graph import DirectoryUser, NotificationDelivery
from sandbox.stage import CLIENT_STATE_KEY
from shared.domain.messages import MAILBOX_TASKS
from shared.graph.protocol.client_state import mailbox_of
from tests.stories.conftest import StartStory, Story

GUEST = "bo@fabrikam.com"
ROTATED = "the-key-that-the-admin-set-on-thursday"
STEP = timedelta(hours=3)
RULES = """
version: 1
internal_domains: [contoso.com]
mailboxes: {include: all}
rules:
  - id: external
    mode: enforce
    when: {external_attendees: {at_least: 1}}
"""


def watching(story: Story) -> dict[str, list[str]]:
    """Return the clientStates of each mailbox's active subscriptions."""
    found: dict[str, list[str]] = {}
    for _row, one in story.stage.graph.subscriptions.active():
        found.setdefault(one.mailbox, []).append(one.client_state or "")
    return found


def pass_time(story: Story, time: timedelta) -> None:
    """Advance the clock; every three hours run the timer, deliver notifications and handle messages."""
    for _ in range(time // STEP):
        story.stage.host.run_timer("maintenance")
        story.wait(timedelta(minutes=1))
        story.wait(timedelta(minutes=20))
        story.wait(STEP - timedelta(minutes=21))


def meet(story: Story, person: DirectoryUser) -> tuple[DirectoryUser, str]:
    day = (story.stage.clock.now() + timedelta(days=2)).date()
    meeting = story.create_meeting(
        person,
        GUEST,
        start={"dateTime": f"{day}T09:00:00", "timeZone": "UTC"},
        end={"dateTime": f"{day}T10:00:00", "timeZone": "UTC"},
    )
    return person, meeting


def test_a_week_without_an_admin(start_story: StartStory) -> None:
    """It handles renewals, a lost subscription, a revoked permission, a new key, and people who join and leave."""
    story = start_story(RULES)
    ada, bo, cy = (story.add_person(name, watched=False) for name in ("Ada", "Bo", "Cy"))
    graph, meetings = story.stage.graph, []
    pass_time(story, timedelta(days=1))
    assert watching(story).keys() == {ada.id, bo.id, cy.id}

    # Tuesday: Graph loses Bo's subscription and sends no notification about it
    [lost] = [one.id for _row, one in graph.subscriptions.active() if one.mailbox == bo.id]
    graph.remove_subscription(lost, notify=False)
    meetings += [meet(story, ada), meet(story, bo)]
    pass_time(story, timedelta(days=1))

    # Wednesday: an admin revokes our permission, for longer than Graph retries notifications
    graph.revoke_permission("Calendars.Read")
    graph.revoke_permission("Calendars.ReadWrite")
    meetings += [meet(story, ada), meet(story, cy)]
    pass_time(story, timedelta(hours=9))
    graph.restore_permission("Calendars.Read")
    graph.restore_permission("Calendars.ReadWrite")
    pass_time(story, timedelta(hours=15))

    # Thursday: a new key; Friday: Di joins and Cy leaves
    previous = {"JOINLINK_CLIENT_STATE_KEY_PREVIOUS": CLIENT_STATE_KEY, "JOINLINK_CLIENT_STATE_KEY": ROTATED}
    story.restart(**previous)
    meetings += [meet(story, ada), meet(story, bo)]
    pass_time(story, timedelta(days=1))
    di = story.add_person("Di", watched=False)
    meetings += [meet(story, di)]
    graph.remove_user(cy)
    pass_time(story, timedelta(days=3))

    watched = watching(story)
    assert Counter(map(len, watched.values())) == {1: 3}
    assert {mailbox_of(state, [ROTATED]) for [state] in watched.values()} == {ada.id, bo.id, di.id}
    assert [story.has_link(*meeting) for meeting in meetings if meeting[0] is not cy] == [True] * 6
    assert len(story.log_lines("mailbox.renewed")) >= 2
    assert story.poison_messages(MAILBOX_TASKS) == story.poison_messages() == []
    assert max(window.peak / window.most for window in graph.limits.windows.values()) < 0.5


def test_one_sweep_finds_all_lost_notifications(start_story: StartStory) -> None:
    """A fifth of them is lost. Every event gets its link, and the log counts the missed events."""
    story = start_story(RULES)
    people = [story.add_person(f"P{n}", watched=False) for n in range(4)]
    pass_time(story, STEP)
    story.stage.graph.delivery = NotificationDelivery(lose=0.2)
    meetings = [meet(story, person) for person in people for _ in range(10)]
    story.run_until_idle()
    before = sum(story.has_link(*meeting) for meeting in meetings)
    pass_time(story, timedelta(hours=9))

    assert before < 40
    assert [story.has_link(*meeting) for meeting in meetings] == [True] * 40
    assert len(story.log_lines("event.missed")) == 40 - before
