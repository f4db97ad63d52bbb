"""A week at Contoso: nobody looks after the subscriptions but Joinlink itself."""

from collections import Counter
from datetime import timedelta

from sandbox.graph import DirectoryUser, NotificationDelivery
from sandbox.stage import CLIENT_STATE_KEY
from shared.domain.messages import MAILBOX_TASKS
from shared.graph.protocol.client_state import mailbox_of
from tests.stories.conftest import Begin, Story

GUEST = "bo@fabrikam.com"
ROTATED = "the-key-that-the-admin-set-on-thursday"
EVERY = timedelta(hours=3)
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
    """Return the clientStates of each person's live subscriptions."""
    found: dict[str, list[str]] = {}
    for _row, one in story.stage.graph.subscriptions.active():
        found.setdefault(one.mailbox, []).append(one.client_state or "")
    return found


def live(story: Story, time: timedelta) -> None:
    """Let time pass as it does in the cloud, if at a coarser grain: deliver, work, run the timer."""
    for _ in range(time // EVERY):
        story.stage.host.run_timer("maintenance")
        story.wait(timedelta(minutes=1))
        story.wait(timedelta(minutes=20))
        story.wait(EVERY - timedelta(minutes=21))


def meet(story: Story, person: DirectoryUser) -> tuple[DirectoryUser, str]:
    day = (story.stage.clock.now() + timedelta(days=2)).date()
    meeting = story.meeting(
        person,
        GUEST,
        start={"dateTime": f"{day}T09:00:00", "timeZone": "UTC"},
        end={"dateTime": f"{day}T10:00:00", "timeZone": "UTC"},
    )
    return person, meeting


def test_a_week_without_an_admin(begin: Begin) -> None:
    """Renewals, a lost subscription, a permission that comes back, a new key, joiners and leavers."""
    story = begin(RULES)
    ada, bo, cy = (story.person(name, watched=False) for name in ("Ada", "Bo", "Cy"))
    graph, meetings = story.stage.graph, []
    live(story, timedelta(days=1))
    assert watching(story).keys() == {ada.id, bo.id, cy.id}

    # Tuesday: Graph loses Bo's subscription without a word
    [lost] = [one.id for _row, one in graph.subscriptions.active() if one.mailbox == bo.id]
    graph.remove_subscription(lost, notify=False)
    meetings += [meet(story, ada), meet(story, bo)]
    live(story, timedelta(days=1))

    # Wednesday: somebody revokes our permission, for longer than Graph keeps notifications
    graph.revoke_permission("Calendars.Read")
    graph.revoke_permission("Calendars.ReadWrite")
    meetings += [meet(story, ada), meet(story, cy)]
    live(story, timedelta(hours=9))
    graph.restore_permission("Calendars.Read")
    graph.restore_permission("Calendars.ReadWrite")
    live(story, timedelta(hours=15))

    # Thursday: a new key; Friday: Di comes and Cy goes
    previous = {"JOINLINK_CLIENT_STATE_KEY_PREVIOUS": CLIENT_STATE_KEY, "JOINLINK_CLIENT_STATE_KEY": ROTATED}
    story.restart(**previous)
    meetings += [meet(story, ada), meet(story, bo)]
    live(story, timedelta(days=1))
    di = story.person("Di", watched=False)
    meetings += [meet(story, di)]
    graph.remove_user(cy)
    live(story, timedelta(days=3))

    watched = watching(story)
    assert Counter(map(len, watched.values())) == {1: 3}
    assert {mailbox_of(state, [ROTATED]) for [state] in watched.values()} == {ada.id, bo.id, di.id}
    assert [story.has_link(*meeting) for meeting in meetings if meeting[0] is not cy] == [True] * 6
    assert len(story.lines("mailbox.renewed")) >= 2
    assert story.poison(MAILBOX_TASKS) == story.poison() == []
    assert max(window.peak / window.most for window in graph.limits.windows.values()) < 0.5


def test_a_fifth_of_all_notifications_lost_is_made_good_by_one_sweep(begin: Begin) -> None:
    """Every event ends as the rules want, and the log counts what was missed."""
    story = begin(RULES)
    people = [story.person(f"P{n}", watched=False) for n in range(4)]
    live(story, EVERY)
    story.stage.graph.delivery = NotificationDelivery(lose=0.2)
    meetings = [meet(story, person) for person in people for _ in range(10)]
    story.play()
    before = sum(story.has_link(*meeting) for meeting in meetings)
    live(story, timedelta(hours=9))

    assert before < 40
    assert [story.has_link(*meeting) for meeting in meetings] == [True] * 40
    assert sum(line["missed"] for line in story.lines("mailbox.swept")) == 40 - before
