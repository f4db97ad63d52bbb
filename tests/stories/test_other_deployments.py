"""Two deployments of one app registration leave each other's subscriptions as they are."""

from datetime import timedelta

import pytest

from sandbox.graph import DirectoryUser, Fault
from sandbox.graph.faults import Drop
from sandbox.stage import CLIENT_STATE_KEY
from shared import wiring
from shared.domain.messages import TaskKind, TaskReason
from shared.storage.mailboxes import MailboxState
from tests.stories.conftest import RunJoinlink, StartStory, Story
from tests.stories.test_doctor import line
from tests.stories.test_health import health
from tests.stories.test_maintenance import maintain, scoped
from tests.stories.test_subscriptions import row, subscribe, subscriptions

OTHER = "https://other.example/api/notifications?code=secret-key"
ONE, TWO = "created,updated", "created,updated,deleted"
GUEST = "bo@fabrikam.com"


@pytest.fixture
def ada(story: Story) -> DirectoryUser:
    return story.add_person("Ada", watched=False)


def deletions(story: Story) -> list[str]:
    return [call.path.rpartition("/")[2] for call in story.stage.graph.calls if call.method == "DELETE"]


def test_both_deployments_watch_a_mailbox(story: Story, ada: DirectoryUser) -> None:
    """Ours gets the other changeType; each gets its notifications."""
    theirs = story.stage.watch(ada, ONE, OTHER)
    subscribe(story, ada)
    meeting = story.create_meeting(ada, GUEST)
    story.run_until_idle()

    assert subscriptions(story, ada) == [theirs, row(ada).subscription]
    assert story.has_link(ada, meeting)
    assert story.task_outcomes(ada)[0] == ("subscribe", "subscribed", "subscription_created")
    posted = {post.path for post in story.stage.graph.posts}
    assert posted == {"https://other.example/api/notifications", "https://joinlink.example/api/notifications"}


def test_the_search_for_surplus_subscriptions_leaves_theirs(start_story: StartStory) -> None:
    """Also in mailboxes that are not in our scope, and while an admin ends ours."""
    story = start_story(scoped("{include: [{user: ada@contoso.com}]}"))
    both, ours_only = story.add_person("Ada", watched=False), story.add_person("Bo", watched=False)
    maintain(story)
    theirs = [story.stage.watch(both, TWO, OTHER), story.stage.watch(ours_only, ONE, OTHER)]
    leftover = story.stage.watch(ours_only, TWO)
    wiring.joinlink().parts.storage.mailboxes.set_state(
        ours_only.id, MailboxState.REMOVED, why="left_scope", at=story.stage.clock.now()
    )
    story.wait(timedelta(days=1, minutes=30))
    maintain(story)
    assert deletions(story) == [leftover]
    wiring.joinlink().parts.storage.watch_stop.set(story.stage.clock.now())
    maintain(story, runs=2)

    assert [*subscriptions(story, both), *subscriptions(story, ours_only)] == theirs
    found = wiring.joinlink().parts.storage.other_deployments.read()
    assert [(one.address, one.subscriptions) for one in found] == [
        ("https://other.example/api/notifications", 2)
    ]


def test_a_mailbox_without_room_for_a_subscription_has_a_reason(
    story: Story, run_joinlink: RunJoinlink
) -> None:
    """In log, health and status. It is tried again after a day."""
    (story.rules / "rules.yaml").write_text(scoped("{include: all}"))
    ada = story.add_person("Ada", watched=False)
    theirs = [story.stage.watch(ada, ONE, OTHER), story.stage.watch(ada, TWO, OTHER)]
    maintain(story, runs=3)
    assert subscriptions(story, ada) == theirs
    [finished] = [one for one in story.log_lines("task.finished") if one["outcome"] == "delayed"]
    assert (finished["reason"], finished["level"]) == ("other_deployment", "warning")
    assert finished["detail"] == (
        "both subscriptions that Graph allows notify https://other.example/api/notifications"
    )
    status, body = health(story)
    assert (status, body["mailboxes"]["taken"]) == (200, 1)
    assert body["warnings"] == [
        "1 of the mailboxes have no room for a subscription: see `other_deployment` in docs/decisions.md"
    ]
    assert "1 taken" in run_joinlink("status").out
    story.stage.graph.remove_subscription(theirs[1], notify=False)
    story.wait(timedelta(days=1))
    maintain(story)

    assert subscriptions(story, ada) == [theirs[0], row(ada).subscription]
    assert (row(ada).state, row(ada).why) == (MailboxState.ACTIVE, "")


def test_a_new_key_replaces_ours_although_theirs_takes_the_other_place(
    story: Story, ada: DirectoryUser
) -> None:
    """Ours ends first, for want of room, so a sweep follows."""
    subscribe(story, ada)
    before = row(ada).subscription
    theirs = story.stage.watch(ada, TWO, OTHER)
    story.restart(
        JOINLINK_CLIENT_STATE_KEY="another-key-of-thirty-two-characters",
        JOINLINK_CLIENT_STATE_KEY_PREVIOUS=CLIENT_STATE_KEY,
    )
    subscribe(story, ada, TaskReason.SETTINGS_CHANGED)

    assert deletions(story) == [before]
    assert subscriptions(story, ada) == [theirs, row(ada).subscription]
    assert story.task_outcomes(ada)[-1] == ("sweep", "swept", "window_searched")


def test_ours_is_replaced_even_if_the_answer_to_its_creation_is_lost(
    story: Story, ada: DirectoryUser
) -> None:
    """The next try adopts it; theirs stays."""
    subscribe(story, ada)
    theirs = story.stage.watch(ada, TWO, OTHER)
    story.restart(
        JOINLINK_CLIENT_STATE_KEY="another-key-of-thirty-two-characters",
        JOINLINK_CLIENT_STATE_KEY_PREVIOUS=CLIENT_STATE_KEY,
    )
    lost = Fault(method="POST", path="/subscriptions$", passes=1, drop=Drop.AFTER)  # the first gets a 409
    story.stage.graph.faults.add(lost)
    subscribe(story, ada, TaskReason.SETTINGS_CHANGED)
    story.wait(timedelta(minutes=5))

    assert ("subscribe", "subscribed", "subscription_adopted") in story.task_outcomes(ada)
    assert subscriptions(story, ada) == [theirs, row(ada).subscription]


def test_the_doctor_names_other_deployments_once(story: Story, run_joinlink: RunJoinlink) -> None:
    """Without their keys, and with how many mailboxes both watch: each remembers only its own writes."""
    (story.rules / "rules.yaml").write_text(scoped("{include: all}"))
    ada, bo = story.add_person("Ada", watched=False), story.add_person("Bo", watched=False)
    maintain(story)
    assert "other deployments" not in run_joinlink("doctor").out
    story.stage.watch(ada, TWO, OTHER)
    story.stage.watch(bo, TWO, OTHER)
    assert "2 subscriptions" in line(run_joinlink("doctor"), "other deployments")
    story.wait(timedelta(days=1))
    maintain(story)
    told = run_joinlink("doctor")

    assert told.exit == 0
    assert line(told, "subscriptions") == "✓4 of the app's, 2 of them to this address"
    assert line(told, "other deployments") == (
        "·https://other.example/api/notifications has at least 2 subscriptions of this app registration,"
        " 2 of them to mailboxes that this one watches, too. Joinlink leaves them as they are. Only one"
        " deployment may enforce rules in a mailbox, since each remembers only its own writes"
    )
    assert "secret-key" not in told.out


def test_a_renewal_needs_no_room(story: Story, ada: DirectoryUser) -> None:
    """While others have one of the two, ours is renewed as usual."""
    subscribe(story, ada)
    story.stage.watch(ada, TWO, OTHER)
    story.wait(timedelta(days=4))
    story.enqueue_task(TaskKind.RENEW, ada, TaskReason.DUE)
    story.wait(timedelta(0))

    assert story.task_outcomes(ada)[-1] == ("renew", "renewed", "subscription_extended")
