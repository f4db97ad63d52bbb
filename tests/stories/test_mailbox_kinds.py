"""Which kinds of mailboxes are watched: people's; shared ones if the rules include them; never rooms."""

import json
from datetime import timedelta

import pytest

from sandbox.graph import DirectoryUser, Fault
from sandbox.graph.faults import Drop
from shared import wiring
from shared.storage.mailboxes import MailboxState
from tests.stories.conftest import RunJoinlink, StartStory, Story
from tests.stories.test_maintenance import maintain, scoped, unwatched, watched
from tests.stories.test_subscriptions import row, subscribe, subscriptions

GUEST = "bo@fabrikam.com"
PURPOSE = "mailboxSettings"
BOTH = scoped("{include: all, kinds: [user, shared]}")
UNREADABLE = Fault(path=PURPOSE, status=503, count=None)


def add(story: Story, name: str, kind: str, *, enabled: bool | None = None) -> DirectoryUser:
    return story.add_person(name, watched=False, kind=kind, enabled=enabled)


def set_rules(story: Story, text: str) -> None:
    """Change the rules, and wait until they are in force."""
    (story.rules / "rules.yaml").write_text(text)
    for _ in range(2):
        story.wait(timedelta(minutes=1))
        wiring.joinlink().policies.current()


def in_a_group(story: Story, kinds: str = "") -> str:
    group = story.stage.graph.add_group("Sales", list(story.people.values()))
    return scoped(f"{{include: [{{group: {group}}}]{kinds}}}")


def test_a_shared_mailbox_is_watched_if_the_rules_include_it(start_story: StartStory) -> None:
    """By its name, or because `kinds` includes shared mailboxes, also those in groups."""
    story = start_story(scoped("{include: all}"))
    unwatched(story, "Ada")
    add(story, "Sales", "shared")
    add(story, "Helpdesk", "shared", enabled=True)
    maintain(story)

    assert watched(story) == ["Ada"]
    assert row(story.people["Sales"]).why == "account_disabled"
    assert row(story.people["Helpdesk"]).why == "kind_not_in_scope"
    assert ("subscribe", "kept", "kind_not_in_scope") in story.task_outcomes(story.people["Helpdesk"])
    set_rules(story, in_a_group(story))
    maintain(story)
    assert watched(story) == ["Ada"]
    set_rules(story, in_a_group(story, ", kinds: [user, shared]"))
    maintain(story)
    assert watched(story) == ["Ada", "Helpdesk", "Sales"]
    set_rules(story, scoped("{include: [{user: sales@contoso.com}, {user: ada@contoso.com}]}"))
    maintain(story, runs=3)
    assert watched(story) == ["Ada", "Sales"]


def test_a_meeting_in_a_shared_mailbox_gets_a_link(start_story: StartStory) -> None:
    """Although its account is disabled. Rooms, devices and disabled people are not watched at all."""
    story = start_story(BOTH)
    unwatched(story, "Ada")
    sales = add(story, "Sales", "shared")
    add(story, "Linda", "linked")
    add(story, "Boardroom", "room")
    add(story, "Projector", "equipment", enabled=True)
    add(story, "Journal", "others")
    add(story, "Leaver", "user", enabled=False)
    maintain(story)
    meeting = story.create_meeting(sales, GUEST)
    story.run_until_idle()

    assert watched(story) == ["Ada", "Linda", "Sales"]
    assert story.has_link(sales, meeting)
    parked = {name: one.why for name, user in story.people.items() if (one := row(user)).why}
    assert parked == {
        "Boardroom": "room",
        "Projector": "room",
        "Journal": "kind_not_in_scope",
        "Leaver": "kind_not_in_scope",
    }
    asked = len(story.stage.graph.calls)
    maintain(story, runs=4)
    assert {call.path.rpartition("/")[2] for call in story.stage.graph.calls[asked:]} <= {"users"}


def test_a_room_is_not_watched_even_if_it_is_named(start_story: StartStory) -> None:
    """It organizes no meetings, but takes part in many."""
    story = start_story(scoped("{include: [{user: boardroom@contoso.com}, {user: desk@contoso.com}]}"))
    room, desk = add(story, "Boardroom", "room"), add(story, "Desk", "room", enabled=True)
    maintain(story)

    assert watched(story) == []
    assert (row(room).why, row(desk).why) == ("room", "room")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(path=PURPOSE, status=503, retry_after=10, count=None), id="503 with Retry-After"),
        pytest.param(UNREADABLE, id="503"),
        pytest.param(Fault(path=PURPOSE, status=403, count=None), id="no access"),
        pytest.param(Fault(path=PURPOSE, status=429, count=None), id="throttled"),
        pytest.param(Fault(path=PURPOSE, status=404, count=None), id="a stray 404"),
        pytest.param(Fault(path=PURPOSE, body=b'{"userPurpose":', count=None), id="truncated"),
        pytest.param(Fault(path=PURPOSE, body=b'{"userPurpose":[7]}', count=None), id="a list for text"),
        pytest.param(Fault(path=PURPOSE, body=b'{"userPurpose":"robot"}', count=None), id="an unknown value"),
        pytest.param(Fault(path=PURPOSE, drop=Drop.BEFORE, count=None), id="no answer"),
    ],
)
def test_a_mailbox_with_unknown_purpose_is_watched(story: Story, fault: Fault) -> None:
    """At once; its row records that the purpose is unknown."""
    ada = story.add_person("Ada", watched=False)
    story.stage.graph.faults.add(fault)
    subscribe(story, ada)

    assert story.task_outcomes(ada)[0] == ("subscribe", "subscribed", "subscription_created")
    assert row(ada).purpose == ""


def test_without_the_permission_for_the_purpose_every_enabled_account_is_watched(
    start_story: StartStory,
) -> None:
    """A disabled account is not. It is asked for once a day, and watched once it proves to be shared."""
    story = start_story(BOTH)
    unwatched(story, "Ada")
    sales = add(story, "Sales", "shared")
    story.stage.graph.revoke_permission("MailboxSettings.Read")
    maintain(story, runs=2)
    assert watched(story) == ["Ada"]
    [line] = [one for one in story.log_lines("task.finished") if one["mailbox"] == sales.id]
    assert (line["reason"], line["detail"]) == ("kind_not_in_scope", "the mailbox's userPurpose is not known")
    story.stage.graph.restore_permission("MailboxSettings.Read")
    story.wait(timedelta(days=1))
    maintain(story)

    assert watched(story) == ["Ada", "Sales"]


def test_a_room_is_unsubscribed_once_graph_returns_its_purpose(start_story: StartStory) -> None:
    """After the renewal that reads it. Until then the log reports the unknown purpose once."""
    story = start_story(scoped("{include: all}"))
    room = add(story, "Boardroom", "room", enabled=True)
    story.stage.graph.faults.add(UNREADABLE)
    maintain(story)
    assert watched(story) == ["Boardroom"]
    story.wait(timedelta(days=3, hours=12))
    maintain(story)
    assert len(story.log_lines("mailbox.purpose_unknown")) == 1
    story.stage.graph.faults.clear()
    story.wait(timedelta(days=3, hours=12))
    maintain(story, runs=4)

    assert watched(story) == []
    assert (row(room).state, row(room).why, row(room).subscription) == (MailboxState.UNUSABLE, "room", "")


def test_a_leaver_whose_mailbox_becomes_shared_is_unsubscribed_at_a_renewal(start_story: StartStory) -> None:
    """Its account may stay enabled for long. What is queued for it afterwards writes nothing."""
    story = start_story(scoped("{include: all}"))
    unwatched(story, "Ada", "Leaver")
    maintain(story)
    leaver = story.people["Leaver"]
    story.stage.graph.change_user(leaver, kind="shared")
    for _ in range(4):
        story.wait(timedelta(days=3, hours=12))
        maintain(story)
    meeting = story.create_meeting(leaver, GUEST)
    maintain(story, runs=3)

    assert watched(story) == ["Ada"]
    assert row(leaver).why == "kind_not_in_scope"
    assert row(leaver).is_read_only
    assert not story.has_link(leaver, meeting)


def test_a_leaver_whose_mailbox_becomes_shared_stays_watched_if_shared_ones_are(
    start_story: StartStory,
) -> None:
    """Its purpose is read again before it may leave: it keeps the same subscription."""
    story = start_story(BOTH)
    unwatched(story, "Ada", "Leaver", "Gone")
    maintain(story)
    before = subscriptions(story, story.people["Leaver"])
    story.stage.graph.change_user(story.people["Leaver"], kind="shared", account_enabled=False)
    story.stage.graph.change_user(story.people["Gone"], account_enabled=False)
    maintain(story, runs=5)

    assert watched(story) == ["Ada", "Leaver"]
    assert subscriptions(story, story.people["Leaver"]) == before
    assert row(story.people["Leaver"]).purpose == "shared"


def test_an_account_whose_purpose_stays_unknown_leaves_after_a_day(start_story: StartStory) -> None:
    """Until then it may be a shared mailbox."""
    story = start_story(BOTH)
    unwatched(story, "Ada", "Leaver")
    maintain(story)
    story.stage.graph.change_user(story.people["Leaver"], account_enabled=False)
    story.stage.graph.faults.add(UNREADABLE)
    maintain(story, runs=6)
    assert watched(story) == ["Ada", "Leaver"]
    story.wait(timedelta(days=1))
    maintain(story, runs=4)

    assert watched(story) == ["Ada"]


def test_many_that_change_their_purpose_are_held(story: Story, run_joinlink: RunJoinlink) -> None:
    """As if the scope had shrunk: an admin confirms exactly these."""
    names = [f"P{number:02}" for number in range(14)]
    set_rules(story, scoped("{include: all}"))
    unwatched(story, *names)
    maintain(story)
    for name in names[2:]:
        story.stage.graph.change_user(story.people[name], kind="shared")
    for _ in range(2):
        story.wait(timedelta(days=3, hours=12))
        maintain(story)
    maintain(story, runs=4)
    assert watched(story) == names
    held = story.log_lines("scope.doubted")[-1]
    assert held["held"] == 12
    confirmed = run_joinlink("maintain", "--confirm", held["confirm"])
    story.wait(timedelta(minutes=3))

    assert confirmed.exit == 0
    assert watched(story) == names[:2]


def test_a_name_that_is_a_groups_is_reported_with_what_to_write(start_story: StartStory) -> None:
    """An application can't write to a group's calendar; the members' mailboxes are another thing."""
    story = start_story(scoped("{include: [{user: ada@contoso.com}, {user: team@contoso.com}]}"))
    unwatched(story, "Ada")
    group = story.stage.graph.add_group("Team", [], address="Team@contoso.com")
    maintain(story)

    assert watched(story) == ["Ada"]
    [doubt] = story.log_lines("scope.doubted")[-1]["doubts"]
    assert doubt == (
        "item 2 of mailboxes: include names a group, whose own calendar no application can write to;"
        f" {{group: {group}}} includes its members' mailboxes"
    )


def test_a_backfill_searches_the_kinds_that_the_rules_include(
    story: Story, run_joinlink: RunJoinlink
) -> None:
    """A name in the command includes nothing that the rules leave out."""
    set_rules(story, scoped("{include: all}"))
    unwatched(story, "Ada")
    sales = add(story, "Sales", "shared")
    maintain(story)
    story.create_meeting(sales, GUEST)
    left_out = run_joinlink("backfill", "--mailbox", "sales@contoso.com", "--dry-run", "--json")
    set_rules(story, BOTH)
    maintain(story)
    story.create_meeting(sales, GUEST)
    included = run_joinlink("backfill", "--mailbox", "sales@contoso.com", "--dry-run", "--json")

    assert json.loads(left_out.out)["searched"]["no_calendar"] == 1
    assert json.loads(included.out)["links"] == 1
