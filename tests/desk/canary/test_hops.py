"""Each hop of a canary passes, and fails once on purpose; nothing is left in the mailbox."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph import Drop, Fault, NotificationDelivery
from shared.desk.canary import log_hops
from shared.desk.canary.canary_plan import CanaryExpectation
from shared.desk.canary.hops import Hop, HopResult
from shared.desk.trial.decision_log import LoggedDecision
from shared.desk.trial.trial_mailbox import TrialMailbox
from shared.domain.meeting import MeetingState
from tests.desk.canary.canary_tenant import TEAMS, CanaryTenant

Arrange = Callable[[CanaryTenant], None]
NEW_EVENT: dict[str, Any] = {"method": "POST", "path": "/events$"}
READ: dict[str, Any] = {"method": "GET", "path": "/events/[^/]+$", "count": None}


@pytest.fixture
def tenant() -> CanaryTenant:
    return CanaryTenant()


def faulty(**fault: Any) -> Arrange:
    return lambda tenant: tenant.graph.faults.add(Fault(**fault))


def mailbox(**changes: Any) -> Arrange:
    def arrange(tenant: CanaryTenant) -> None:
        tenant.graph.change_user(tenant.ada, **changes)

    return arrange


def may_not_write(tenant: CanaryTenant) -> None:
    tenant.graph.revoke_permission("Calendars.ReadWrite")


def loses_notifications(tenant: CanaryTenant) -> None:
    tenant.graph.delivery = NotificationDelivery(lose=1.0)


def ignores_the_write(tenant: CanaryTenant) -> None:
    tenant.graph.change_user(tenant.ada, honors_online_meeting=False)
    tenant.state = MeetingState.NOT_HONORED


def app_is_silent(tenant: CanaryTenant) -> None:
    tenant.writes = False
    tenant.graph.faults.add(Fault(**READ, edit=_opted_out))


def link_changes(tenant: CanaryTenant) -> None:
    reads = iter(range(100))

    def edit(answer: dict[str, Any]) -> None:
        if answer.get("onlineMeeting"):
            answer["onlineMeeting"]["joinUrl"] = f"https://teams.example/{next(reads)}"

    tenant.graph.faults.add(Fault(**READ, edit=edit))


def _without_start(answer: dict[str, Any]) -> None:
    del answer["start"]


def _online(answer: dict[str, Any]) -> None:
    answer["isOnlineMeeting"] = True


def _other_provider(answer: dict[str, Any]) -> None:
    if answer.get("isOnlineMeeting"):
        answer["onlineMeetingProvider"] = "skypeForBusiness"


def _opted_out(answer: dict[str, Any]) -> None:
    answer["attendees"] = []


def shown(results: list[HopResult]) -> dict[str, bool | None]:
    """Return whether each hop was passed, in the order of the chain."""
    return {hop: each.is_ok for hop in Hop for each in results if each.hop is hop}


#: the hop that fails, what makes it fail, what it says, and what to check next
ROWS = [
    ("created", may_not_write, "403", "needs Calendars.ReadWrite for the mailbox"),
    ("created", faulty(**NEW_EVENT, edit=_online), "online itself", "OnlineMeetingsByDefaultEnabled"),
    ("created", faulty(**NEW_EVENT, drop=Drop.AFTER), "create the event", ""),
    ("created", faulty(**NEW_EVENT, drop=Drop.BEFORE), "create the event", ""),
    ("created", faulty(**NEW_EVENT, status=503, retry_after=1, is_done=True), "503", ""),
    ("created", faulty(**NEW_EVENT, edit=_without_start), "create the event", ""),
    ("created", faulty(**NEW_EVENT, truncate=40), "create the event", ""),
    ("created", faulty(**NEW_EVENT, status=429, retry_after=1, is_done=True), "429", ""),
    ("patched", loses_notifications, "60 s: the app has not written to it", "joinlink doctor --mailbox"),
    ("patched", ignores_the_write, "created no online meeting", "Teams licence"),
    ("patched", app_is_silent, "the rules do not want it: skip, no_rule_matched", "docs/decisions.md"),
    ("verified", mailbox(join_url_delay=timedelta(hours=1)), "no join URL within 2 min", "Teams licence"),
    ("verified", faulty(**READ, edit=_other_provider), "the provider is skypeForBusiness", "an add-in"),
    ("unchanged", link_changes, "the link changed: teamsForBusiness", "event.decided"),
]


@pytest.mark.parametrize(
    ("hop", "arrange", "text", "check_next"), [pytest.param(*row, id=f"{row[0]}: {row[2]}") for row in ROWS]
)
def test_a_hop_fails(tenant: CanaryTenant, hop: str, arrange: Arrange, text: str, check_next: str) -> None:
    """The hops before it passed, the chain ends with it, and its text has no address of a meeting."""
    other = tenant.book(tenant.ada, "joe@fabrikam.com")
    arrange(tenant)
    results = tenant.run(tenant.plan())
    [failed] = [each for each in results if each.is_ok is False]
    chain = [each for each in results if each.hop not in {Hop.NOTIFIED, Hop.DECIDED, Hop.DELETED}]

    assert (failed.hop, failed, shown(results)["deleted"]) == (hop, chain[-1], True)
    assert text in failed.text
    assert check_next in failed.check_next
    assert "teams.example" not in failed.text
    assert [one.mutable_id for one in tenant.graph.mailboxes.of(tenant.ada.id).events.values()] == [
        other["id"]
    ]


def test_every_hop_passes(tenant: CanaryTenant) -> None:
    """Without the log, the app's record shows that it decided, but not what notified it."""
    results = tenant.run(tenant.plan())

    assert shown(results) == dict.fromkeys(Hop, True) | {"notified": None}
    assert tenant.is_clean()


def test_what_can_not_be_deleted_is_named(tenant: CanaryTenant) -> None:
    """With its id."""
    tenant.graph.faults.add(Fault(method="DELETE", status=403, count=None))
    [failed] = [each for each in tenant.run(tenant.plan()) if each.is_ok is False]
    [event] = tenant.graph.mailboxes.of(tenant.ada.id).events

    assert failed.hop is Hop.DELETED
    assert f"{event} is left: delete it in Outlook" in failed.text


@pytest.mark.parametrize(
    ("source", "is_patched", "notified", "decided"),
    [
        pytest.param("notification", True, True, True, id="notified"),
        pytest.param("sweep", True, False, True, id="found by a sweep"),
        pytest.param("", False, False, False, id="no line, no link"),
        pytest.param("", True, None, None, id="a link, and no line yet"),
    ],
)
def test_what_the_log_shows(
    tenant: CanaryTenant, source: str, *, is_patched: bool, notified: bool | None, decided: bool | None
) -> None:
    """A link that came otherwise does not show that notifications work."""
    now = tenant.clock.now
    lines = [LoggedDecision(at=now, source=source, outcome="enabled", reason="link_added")] if source else []
    found = log_hops.logged_hops(lines, CanaryExpectation.LINK, now, is_patched=is_patched)

    assert shown(list(found)) == {"notified": notified, "decided": decided}


def _stopped(tenant: CanaryTenant) -> TrialMailbox:
    """Run a canary until Ctrl-C; return its mailbox, in which nothing is deleted yet."""
    canary = tenant.canary()
    with suppress(KeyboardInterrupt):
        list(canary.run(tenant.plan(), TEAMS))
    return canary.trial


@pytest.mark.parametrize("moment", ["ctrl_c_before", "ctrl_c_after"])
def test_ctrl_c_at_any_call_leaves_nothing_behind(moment: str) -> None:
    """Also before the answer that has the meeting's id is there, and while the meeting is deleted."""
    whole = CanaryTenant()
    whole.run(whole.plan())
    for call in range(1, whole.sent + 1):
        tenant = CanaryTenant()
        setattr(tenant, moment, {call})
        other = tenant.book(tenant.ada, "joe@fabrikam.com")
        left = _stopped(tenant).clean_up()

        events = [one.mutable_id for one in tenant.graph.mailboxes.of(tenant.ada.id).events.values()]
        assert (call, left, events) == (call, (), [other["id"]])


def test_a_second_ctrl_c_names_what_remains(tenant: CanaryTenant) -> None:
    """The meeting by its id, or by its day where the id is not known; without a call, so at once."""
    tenant.ctrl_c_after = {1}  # the meeting's id is lost
    trial = _stopped(tenant)
    assert trial.remaining() == ("an event on 2026-11-27 may be left: delete it in Outlook",)
    trial.clean_up()
    assert trial.remaining() == ()

    tenant.ctrl_c_before = {tenant.sent + 2, tenant.sent + 3}
    trial = _stopped(tenant)
    with pytest.raises(KeyboardInterrupt):
        trial.clean_up()
    [event] = tenant.graph.mailboxes.of(tenant.ada.id).events
    assert trial.remaining() == (f"the event {event} is left: delete it in Outlook",)
