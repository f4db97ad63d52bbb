"""Each row of `joinlink prove` is answered both ways, and is unknown where it can't be known."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sandbox.graph import (
    Drop,
    EventHabits,
    Fault,
    LengthLimit,
    NotificationDelivery,
    Reply,
    SubscriptionHabits,
)
from shared.desk.prove.prover import prove
from shared.desk.prove.questions import QUESTIONS
from shared.desk.sign_in.desk_identity import DeskIdentity
from tests.desk.trial_tenant import TrialTenant

ADDRESS = re.compile(r"[\w.]+@[\w.]+")
#: what Entra grants to an app whose calendars Exchange grants, and to another
EXCHANGE, ENTRA = ("User.Read.All",), ("User.Read.All", "Calendars.Read", "Calendars.ReadWrite")
Arrange = Callable[[TrialTenant], None]


@pytest.fixture
def tenant() -> TrialTenant:
    return TrialTenant()


def habits(**changes: bool) -> Arrange:
    return lambda tenant: setattr(tenant.graph, "habits", EventHabits(**changes))


def delivery(habit: NotificationDelivery) -> Arrange:
    return lambda tenant: setattr(tenant.graph, "delivery", habit)


def mailbox(**changes: Any) -> Arrange:
    def arrange(tenant: TrialTenant) -> None:
        tenant.graph.change_user(tenant.ada, **changes)

    return arrange


def roles(*granted: str, revoked: str = "") -> Arrange:
    """Set what Entra grants, and revoke a permission."""

    def arrange(tenant: TrialTenant) -> None:
        tenant.graph.identity.roles = granted
        if revoked:
            tenant.graph.revoke_permission(revoked)

    return arrange


def one_per_resource(tenant: TrialTenant) -> None:
    tenant.graph.subscriptions.habits = SubscriptionHabits(one_per_resource=True)


def shorter_subscriptions(tenant: TrialTenant) -> None:
    tenant.graph.subscriptions.length = LengthLimit(longest=timedelta(minutes=4230))


def revoked(permission: str) -> Arrange:
    return lambda tenant: tenant.graph.revoke_permission(permission)


def faulty(fault: Fault) -> Arrange:
    return lambda tenant: tenant.graph.faults.add(fault)


def ignores_versions(tenant: TrialTenant) -> None:
    tenant.graph.honors_if_match = False


def reads_are_stale(tenant: TrialTenant) -> None:
    tenant.graph.stale_for = timedelta(minutes=10)


def time_missing(answer: dict[str, Any]) -> None:
    answer.pop("lastModifiedDateTime", None)


def online(answer: dict[str, Any]) -> None:
    answer["isOnlineMeeting"] = True


def url_unreachable(tenant: TrialTenant) -> None:
    tenant.handshake = lambda _token: Reply(500, "text/plain", b"")


def keep(_tenant: TrialTenant) -> None:
    """Change nothing."""


REFUSES_EVERY_VERSION = faulty(Fault(method="PATCH", path="/events/", passes=1, count=None, status=412))
NO_CHANGE_TIME = faulty(Fault(method="GET", path="/events/[^/]+$", count=None, edit=time_missing))
EVERY_MEETING_ONLINE = faulty(Fault(method="POST", path="/events$", count=None, edit=online))
ALL_CALENDARS = NotificationDelivery(secondary_calendars=True)
NO_SECOND_CALENDAR = NotificationDelivery(calendar_subscriptions=False)

HOLDS, FAILS, UNKNOWN = "holds", "does not hold", "unknown"
#: row, how Graph behaves, "guest" or "log" if there is one, the answer, and a part of its text
ROWS = [
    ("if-match", keep, "", HOLDS, "status 412"),
    ("if-match", ignores_versions, "", FAILS, "accepted a write with an ETag that was out of date"),
    ("if-match", REFUSES_EVERY_VERSION, "", UNKNOWN, "refuses the current ETag, too"),
    ("read-after-write", keep, "", HOLDS, "after 0 s"),
    ("read-after-write", reads_are_stale, "", FAILS, "longer than 60 s"),
    ("read-after-write", mailbox(honors_online_meeting=False), "", UNKNOWN, "Teams licence"),
    ("exceptions", keep, "", HOLDS, "the exception is online, too"),
    ("exceptions", habits(exceptions_follow=False), "", FAILS, "the exception is not"),
    ("exceptions", mailbox(honors_online_meeting=False), "", UNKNOWN, "the series got no link"),
    ("join-url", keep, "", HOLDS, "in the answer to the PATCH"),
    ("join-url", mailbox(join_url_delay=timedelta(seconds=30)), "", HOLDS, "30 s after the answer"),
    ("join-url", mailbox(join_url_delay=timedelta(hours=1)), "", FAILS, "no join URL 60 s after"),
    ("join-url", mailbox(honors_online_meeting=False), "", UNKNOWN, "Teams licence"),
    ("join-url", EVERY_MEETING_ONLINE, "", UNKNOWN, "OnlineMeetingsByDefaultEnabled"),
    ("attendee-mail", keep, "guest", HOLDS, "the guest got a message"),
    ("attendee-mail", habits(link_mails_attendees=False), "guest", FAILS, "no further message within 180 s"),
    ("attendee-mail", revoked("Mail.Read"), "guest", UNKNOWN, "needs Mail.Read for the guest's mailbox"),
    ("attendee-mail", keep, "", UNKNOWN, "it needs a second mailbox of yours: --guest"),
    ("private-events", keep, "", HOLDS, "with its subject"),
    ("private-events", habits(shows_private=False), "", FAILS, "without its own subject"),
    ("private-events", revoked("Calendars.ReadWrite"), "", UNKNOWN, "needs Calendars.ReadWrite"),
    ("drafts", keep, "", HOLDS, "isDraft is true"),
    ("drafts", habits(shows_drafts=False), "", FAILS, "isDraft is false"),
    ("drafts", revoked("Calendars.ReadWrite"), "", UNKNOWN, "needs Calendars.ReadWrite"),
    ("last-modified", keep, "", HOLDS, "when the event was created"),
    ("last-modified", habits(shows_modified=False), "", FAILS, "of a new event is 0001-01-01T00:00"),
    ("last-modified", NO_CHANGE_TIME, "", FAILS, "is not there"),
    ("last-modified", revoked("Calendars.ReadWrite"), "", UNKNOWN, "needs Calendars.ReadWrite"),
    ("secondary-calendars", keep, "log", HOLDS, "no notification came"),
    ("secondary-calendars", delivery(ALL_CALENDARS), "log", FAILS, "a notification came"),
    ("secondary-calendars", keep, "", UNKNOWN, "it needs the app's log: --workspace"),
    ("secondary-calendars", delivery(NotificationDelivery(lose=1.0)), "log", UNKNOWN, "does the app watch this mailbox?"),
    ("calendar-subscriptions", keep, "log", HOLDS, "a notification came"),
    ("calendar-subscriptions", delivery(NO_SECOND_CALENDAR), "log", FAILS, "no notification"),
    ("calendar-subscriptions", url_unreachable, "log", UNKNOWN, "can't reach the notification URL"),
    ("exchange-grants", roles(*EXCHANGE), "", HOLDS, "was created without Calendars.Read"),
    ("exchange-grants", roles(*EXCHANGE, revoked="Calendars.Read"), "", FAILS, "refuses the subscription"),
    ("exchange-grants", roles(*ENTRA), "", UNKNOWN, "Entra grants Calendars.Read as well"),
    ("exchange-grants", keep, "", UNKNOWN, "the token does not show its rights"),
    ("subscription-length", keep, "", HOLDS, "granted 164 hours"),
    ("subscription-length", shorter_subscriptions, "", FAILS, "164 hours, and allows 70.5"),
    ("subscription-length", url_unreachable, "", UNKNOWN, "can't reach the notification URL"),
    ("two-subscriptions", keep, "", HOLDS, "both exist beside each other"),
    ("two-subscriptions", one_per_resource, "", FAILS, "as a duplicate of the first"),
    ("two-subscriptions", url_unreachable, "", UNKNOWN, "can't reach the notification URL"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "arrange", "extras", "expected", "text"),
    [pytest.param(*row, id=f"{row[0]}: {row[3]}, {row[4][:30]}") for row in ROWS],
)
def test_a_row(
    tenant: TrialTenant, row: str, arrange: Arrange, *, extras: str, expected: str, text: str
) -> None:
    """It is answered as Graph behaves, with request ids; the mailbox is as before."""
    arrange(tenant)
    question = next(each for each in QUESTIONS if each.id == row)
    [found] = prove([question], tenant.proof(extras))

    assert found.answer.holding == expected
    assert text in found.answer.text
    assert found.left == ()
    assert found.request_ids or expected == UNKNOWN
    assert tenant.is_clean()


def test_each_row_is_shown_both_ways() -> None:
    """And once without an answer."""
    shown = {(row, expected) for row, _arrange, _extras, expected, _text in ROWS}

    assert shown == {(question.id, result) for question in QUESTIONS for result in (HOLDS, FAILS, UNKNOWN)}


@pytest.mark.parametrize(
    ("identity", "untried"),
    [
        pytest.param(DeskIdentity.APP, set(), id="the app"),
        pytest.param(
            DeskIdentity.DESK_APP,
            {"exchange-grants", "subscription-length", "two-subscriptions", "calendar-subscriptions"},
            id="the desk's registration",
        ),
        pytest.param(
            DeskIdentity.PERSON,
            {
                "exchange-grants",
                "subscription-length",
                "two-subscriptions",
                "calendar-subscriptions",
                "private-events",
            },
            id="a person",
        ),
    ],
)
def test_grants_are_proven_by_the_identity_that_has_them(
    tenant: TrialTenant, identity: DeskIdentity, untried: set[str]
) -> None:
    """A desk's registration can't prove the app's grants, and a person not those of an application."""
    found = list(prove(QUESTIONS, tenant.proof("", identity)))

    assert {each.question.id for each in found if "--as-app" in each.answer.text} == untried


def test_no_row_mails_a_real_person(tenant: TrialTenant) -> None:
    """The guest is the only attendee besides the mailbox itself."""
    for extras in ("guest", "log"):
        assert list(prove(QUESTIONS, tenant.proof(extras)))
    sent = [call.request_body for call in tenant.graph.calls if call.method in {"POST", "PATCH"}]

    assert {found for body in sent for found in ADDRESS.findall(body)} == {
        "ada@contoso.com",
        "bo@contoso.com",
    }


def test_what_can_not_be_deleted_is_named(tenant: TrialTenant) -> None:
    """The next clean-up tries again."""
    tenant.graph.faults.add(Fault(method="DELETE", path="/events/", status=403, count=None))
    proof = tenant.proof("")
    [found] = prove(QUESTIONS[:1], proof)
    tenant.graph.faults.clear()

    assert [sentence.partition(" ")[2][:31] for sentence in found.left] == ["is left: delete it in Outlook ("]
    assert proof.trial.clean_up() == ()
    assert tenant.is_clean()


@pytest.mark.parametrize("drop", [Drop.AFTER, Drop.BEFORE])
@pytest.mark.parametrize("kind", ["calendars", "events"])
def test_an_item_without_an_answer_is_found(tenant: TrialTenant, drop: Drop, kind: str) -> None:
    """Whether its answer was lost, or the call never arrived."""
    tenant.graph.faults.add(Fault(method="POST", path=f"/{kind}$", drop=drop))
    question = next(each for each in QUESTIONS if each.id == "secondary-calendars")
    [found] = prove([question], tenant.proof("log"))

    assert (found.answer.holding, found.left) == (UNKNOWN, ())
    assert tenant.is_clean()
