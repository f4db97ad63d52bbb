"""Whoever the rules leave out gets no more links, from that moment on."""

from datetime import timedelta

from sandbox.graph import User
from shared.domain.messages import TaskKind, TaskReason
from tests.stories.conftest import RULES, Story
from tests.stories.test_sweep import GUEST, LOSE_ALL, subscribed, sweep

NOW = timedelta(0)


def exclude(story: Story, *names: str) -> None:
    """Take people out of the scope, by a policy that is in force a minute later."""
    selectors = ", ".join(f"{{user: {name}}}" for name in names)
    policy = RULES.replace("version: 1", f"version: 1\nmailboxes: {{exclude: [{selectors}]}}")
    story.rules.joinpath("rules.yaml").write_text(policy)
    story.stage.clock.advance(timedelta(minutes=1))


def served(story: Story) -> User:
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
