from tests.sandbox.graph.world import GO_ONLINE, GraphWorld


def test_everybody_invited_who_has_a_mailbox_gets_a_copy(world: GraphWorld) -> None:
    """People and rooms hold copies with ids of their own; outsiders hold theirs elsewhere."""
    booked = world.book(world.ada, "bo@contoso.com", "boardroom@contoso.com", "eve@fabrikam.com")
    bo, room = world.copy_of(world.bo, booked), world.copy_of(world.room, booked)

    assert len({booked["id"], bo["id"], room["id"]}) == 3
    assert (booked["isOrganizer"], bo["isOrganizer"], room["isOrganizer"]) == (True, False, False)
    assert bo["organizer"]["emailAddress"]["address"] == "ada@contoso.com"
    assert bo["responseStatus"]["response"] == "notResponded"


def test_the_organizers_patch_reaches_all_copies_and_mails_all_attendees(world: GraphWorld) -> None:
    """One PATCH, a link in every copy, and a mail to everybody invited."""
    booked = world.book(world.ada, "bo@contoso.com", "eve@fabrikam.com")
    event = world.patch(world.ada, booked["id"], GO_ONLINE).json()
    immutable = world.read(world.ada, booked["id"], Prefer='IdType="ImmutableId"')["id"]

    assert world.copy_of(world.bo, booked)["onlineMeeting"] == event["onlineMeeting"]
    assert world.graph.mails == [(immutable, 2)]


def test_what_is_written_to_an_attendees_copy_stays_there(world: GraphWorld) -> None:
    """Neither the meeting nor the organizer's copy notices, and the online flag is passed over."""
    booked = world.book(world.ada, "bo@contoso.com")
    copy = world.copy_of(world.bo, booked)
    answer = world.patch(world.bo, copy["id"], {**GO_ONLINE, "categories": ["Red"]})

    assert answer.json()["categories"] == ["Red"]
    assert answer.json()["isOnlineMeeting"] is False
    assert world.read(world.ada, booked["id"])["changeKey"] == booked["changeKey"]
    assert world.graph.mails == []


def test_an_attendees_own_categories_survive_the_organizers_changes(world: GraphWorld) -> None:
    """What belongs to one participant does not travel."""
    booked = world.book(world.ada, "bo@contoso.com")
    world.graph.people.edit("bo@contoso.com", world.copy_of(world.bo, booked)["id"], categories=["Red"])
    world.graph.people.edit(world.ada.id, booked["id"], subject="New", categories=["Blue"])
    copy = world.copy_of(world.bo, booked)

    assert (copy["subject"], copy["categories"]) == ("New", ["Red"])


def test_cancelling_shows_on_every_copy(world: GraphWorld) -> None:
    """The organizer cancels, and all copies say so."""
    booked = world.book(world.ada, "bo@contoso.com")
    world.graph.people.cancel(world.ada.id, booked["id"])

    assert world.read(world.ada, booked["id"])["isCancelled"] is True
    assert world.copy_of(world.bo, booked)["isCancelled"] is True


def test_the_organizers_deletion_cancels_and_an_attendees_removes_one_copy(world: GraphWorld) -> None:
    """A deletion is news for others only where the organizer deletes."""
    booked = world.book(world.ada, "bo@contoso.com", "boardroom@contoso.com")
    world.graph.people.delete(world.bo.id, world.copy_of(world.bo, booked)["id"])
    assert world.read(world.ada, booked["id"])["isCancelled"] is False

    world.graph.people.delete(world.ada.id, booked["id"])
    assert world.copy_of(world.room, booked)["isCancelled"] is True


def test_attendees_can_join_and_leave_later(world: GraphWorld) -> None:
    """A new list of attendees invites the new and cancels for those left out."""
    booked = world.book(world.ada, "bo@contoso.com")
    room = {"type": "resource", "emailAddress": {"address": "boardroom@contoso.com"}}
    world.graph.people.edit(world.ada.id, booked["id"], attendees=[room])

    assert world.copy_of(world.bo, booked)["isCancelled"] is True
    assert world.copy_of(world.room, booked)["isCancelled"] is False


def test_hidden_attendees_see_only_themselves(world: GraphWorld) -> None:
    """With hideAttendees the organizer's copy alone holds the list."""
    booked = world.book(world.ada, "bo@contoso.com", "eve@fabrikam.com", hideAttendees=True)
    seen = world.copy_of(world.bo, booked)["attendees"]

    assert [attendee["emailAddress"]["address"] for attendee in seen] == ["bo@contoso.com"]
    assert len(world.read(world.ada, booked["id"])["attendees"]) == 2


def test_a_draft_invites_nobody_until_it_is_sent(world: GraphWorld) -> None:
    """An unsent event lies in the organizer's mailbox alone."""
    draft = world.book(world.ada, "bo@contoso.com", isDraft=True)
    assert world.app.get(f"/users/{world.bo.id}/events").json()["value"] == []

    world.graph.people.edit(world.ada.id, draft["id"], isDraft=False)
    assert world.copy_of(world.bo, draft)["isDraft"] is False
