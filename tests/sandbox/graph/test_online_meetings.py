from datetime import timedelta

import pytest

from tests.sandbox.graph.world import GO_ONLINE, GraphWorld


def test_a_patch_creates_an_online_meeting_with_link_and_join_block(world: GraphWorld) -> None:
    """The answer has the link, and the body shows it."""
    booked = world.book(world.ada, body={"contentType": "text", "content": "Agenda"})
    event = world.patch(world.ada, booked["id"], GO_ONLINE).json()
    url = event["onlineMeeting"]["joinUrl"]

    assert (event["isOnlineMeeting"], event["onlineMeetingProvider"]) == (True, "teamsForBusiness")
    assert url in event["body"]["content"]
    assert event["bodyPreview"].startswith("Agenda")
    assert "Join the meeting now" in event["bodyPreview"]
    assert event["changeKey"] != booked["changeKey"]


def test_an_event_can_be_created_online(world: GraphWorld) -> None:
    """As people's clients do when they add a link at once."""
    booked = world.book(world.ada, **GO_ONLINE)

    assert booked["onlineMeeting"]["joinUrl"].startswith("https://teams.microsoft.com/l/meetup-join/")


def test_an_online_meeting_can_not_be_changed_by_its_flags(world: GraphWorld) -> None:
    """Later writes of the two properties are ignored."""
    booked = world.book(world.ada, **GO_ONLINE)
    changed = {"isOnlineMeeting": False, "onlineMeetingProvider": "skypeForBusiness", "subject": "New"}
    event = world.patch(world.ada, booked["id"], changed).json()

    assert event["subject"] == "New"
    assert event["onlineMeeting"] == booked["onlineMeeting"]
    assert event["onlineMeetingProvider"] == "teamsForBusiness"


@pytest.mark.parametrize(
    ("allowed", "honors", "provider"),
    [
        pytest.param(("skypeForBusiness",), True, "unknown", id="provider not allowed"),
        pytest.param((), True, "unknown", id="no provider at all"),
        pytest.param(("teamsForBusiness",), False, None, id="not licensed"),
    ],
)
def test_a_refusal_of_the_provider_is_a_200_without_a_meeting(
    world: GraphWorld, allowed: tuple[str, ...], *, honors: bool, provider: str | None
) -> None:
    """Only the properties of the answer show that there is no link; there is no mail."""
    eve = world.graph.add_user(
        "Eve", "eve@contoso.com", allowed_providers=allowed, honors_online_meeting=honors
    )
    answer = world.patch(eve, world.book(eve, "bo@contoso.com")["id"], GO_ONLINE)

    assert answer.status_code == 200
    assert answer.json()["isOnlineMeeting"] is False
    assert answer.json()["onlineMeetingProvider"] == provider
    assert answer.json()["onlineMeeting"] is None
    assert world.graph.mails == []


def test_the_calendar_of_the_event_determines_the_providers(world: GraphWorld) -> None:
    """A secondary calendar may allow others than the default one."""
    secondary = world.graph.add_calendar(world.ada.id, "Old", "skypeForBusiness", ("skypeForBusiness",))
    booked = world.book(world.ada)
    world.graph.people.move_to_calendar(world.ada.id, booked["id"], secondary)
    event_id = world.copy_of(world.ada, booked)["id"]

    assert world.patch(world.ada, event_id, GO_ONLINE).json()["isOnlineMeeting"] is False
    skype = {**GO_ONLINE, "onlineMeetingProvider": "skypeForBusiness"}
    assert world.patch(world.ada, event_id, skype).json()["isOnlineMeeting"] is True


def test_a_join_url_can_come_later(world: GraphWorld) -> None:
    """The flag is set at once; URL and join block follow after the provider's delay."""
    slow = world.graph.add_user("Slow", "slow@contoso.com", join_url_delay=timedelta(seconds=40))
    event = world.patch(slow, world.book(slow)["id"], GO_ONLINE).json()

    assert (event["isOnlineMeeting"], event["onlineMeeting"]) == (True, None)
    world.clock.advance(timedelta(seconds=40))
    later = world.read(slow, event["id"])
    assert later["onlineMeeting"]["joinUrl"] in later["body"]["content"]


@pytest.mark.parametrize(
    ("keeps_link", "online"), [pytest.param(False, False, id="lost"), pytest.param(True, True, id="kept")]
)
def test_a_body_without_the_join_block_ends_the_meeting(
    world: GraphWorld, *, keeps_link: bool, online: bool
) -> None:
    """In Graph, a write of the body must keep the link."""
    booked = world.book(world.ada, **GO_ONLINE)
    content = booked["body"]["content"] if keeps_link else "<p>New agenda</p>"
    event = world.patch(world.ada, booked["id"], {"body": {"contentType": "html", "content": content}}).json()

    assert event["isOnlineMeeting"] is online
    assert event["body"]["content"] == content


def test_a_person_can_remove_the_link(world: GraphWorld) -> None:
    """Then no copy has a link or shows that there was one."""
    booked = world.book(world.ada, "bo@contoso.com", **GO_ONLINE)
    world.graph.people.remove_link(world.ada.id, booked["id"])
    event, copy = world.read(world.ada, booked["id"]), world.copy_of(world.bo, booked)

    assert (event["isOnlineMeeting"], event["onlineMeetingProvider"]) == (False, "unknown")
    assert (copy["isOnlineMeeting"], copy["onlineMeeting"]) == (False, None)
    assert "Join" not in event["bodyPreview"]
