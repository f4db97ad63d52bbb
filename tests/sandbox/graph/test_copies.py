from tests.sandbox.graph.world import GO_ONLINE, GraphWorld


def test_every_attendee_with_a_mailbox_gets_a_copy(world: GraphWorld) -> None:
    """Copies of people and rooms have their own ids; attendees outside the tenant have no copy here."""
    booked = world.book(world.ada, "bo@contoso.com", "boardroom@contoso.com", "eve@fabrikam.com")
    bo, room = world.copy_of(world.bo, booked), world.copy_of(world.room, booked)

    assert len({booked["id"], bo["id"], room["id"]}) == 3
    assert (booked["isOrganizer"], bo["isOrganizer"], room["isOrganizer"]) == (True, False, False)
    assert bo["organizer"]["emailAddress"]["address"] == "ada@contoso.com"
    assert bo["responseStatus"]["response"] == "notResponded"


def test_the_organizers_patch_reaches_all_copies_and_mails_all_attendees(world: GraphWorld) -> None:
    """One PATCH adds a link to every copy and sends a mail to each attendee."""
    booked = world.book(world.ada, "bo@contoso.com", "eve@fabrikam.com")
    event = world.patch(world.ada, booked["id"], GO_ONLINE).json()
    immutable = world.read(world.ada, booked["id"], Prefer='IdType="ImmutableId"')["id"]

    assert world.copy_of(world.bo, booked)["onlineMeeting"] == event["onlineMeeting"]
    assert world.graph.mails == [(immutable, 2)]


def test_a_write_to_an_attendees_copy_changes_no_other_copy(world: GraphWorld) -> None:
    """The online flag in such a write is ignored."""
    booked = world.book(world.ada, "bo@contoso.com")
    copy = world.copy_of(world.bo, booked)
    answer = world.patch(world.bo, copy["id"], {**GO_ONLINE, "categories": ["Red"]})

    assert answer.json()["categories"] == ["Red"]
    assert answer.json()["isOnlineMeeting"] is False
    assert world.read(world.ada, booked["id"])["changeKey"] == booked["changeKey"]
    assert world.graph.mails == []


def test_an_attendees_own_categories_survive_the_organizers_changes(world: GraphWorld) -> None:
    """Private properties are not copied."""
    booked = world.book(world.ada, "bo@contoso.com")
    world.graph.people.edit("bo@contoso.com", world.copy_of(world.bo, booked)["id"], categories=["Red"])
    world.graph.people.edit(world.ada.id, booked["id"], subject="New", categories=["Blue"])
    copy = world.copy_of(world.bo, booked)

    assert (copy["subject"], copy["categories"]) == ("New", ["Red"])


def test_a_cancellation_reaches_every_copy(world: GraphWorld) -> None:
    """After the organizer cancels, all copies are cancelled."""
    booked = world.book(world.ada, "bo@contoso.com")
    world.graph.people.cancel(world.ada.id, booked["id"])

    assert world.read(world.ada, booked["id"])["isCancelled"] is True
    assert world.copy_of(world.bo, booked)["isCancelled"] is True


def test_a_deletion_by_the_organizer_cancels_and_by_an_attendee_removes_one_copy(world: GraphWorld) -> None:
    """Only a deletion by the organizer affects the other copies."""
    booked = world.book(world.ada, "bo@contoso.com", "boardroom@contoso.com")
    world.graph.people.delete(world.bo.id, world.copy_of(world.bo, booked)["id"])
    assert world.read(world.ada, booked["id"])["isCancelled"] is False

    world.graph.people.delete(world.ada.id, booked["id"])
    assert world.copy_of(world.room, booked)["isCancelled"] is True


def test_attendees_can_join_and_leave_later(world: GraphWorld) -> None:
    """A new list of attendees invites new ones and cancels the event of removed ones."""
    booked = world.book(world.ada, "bo@contoso.com")
    room = {"type": "resource", "emailAddress": {"address": "boardroom@contoso.com"}}
    world.graph.people.edit(world.ada.id, booked["id"], attendees=[room])

    assert world.copy_of(world.bo, booked)["isCancelled"] is True
    assert world.copy_of(world.room, booked)["isCancelled"] is False


def test_hidden_attendees_see_only_themselves(world: GraphWorld) -> None:
    """With hideAttendees only the organizer's copy has the whole list."""
    booked = world.book(world.ada, "bo@contoso.com", "eve@fabrikam.com", hideAttendees=True)
    seen = world.copy_of(world.bo, booked)["attendees"]

    assert [attendee["emailAddress"]["address"] for attendee in seen] == ["bo@contoso.com"]
    assert len(world.read(world.ada, booked["id"])["attendees"]) == 2


def test_a_draft_invites_nobody_until_it_is_sent(world: GraphWorld) -> None:
    """An unsent event is only in the organizer's mailbox."""
    draft = world.book(world.ada, "bo@contoso.com", isDraft=True)
    assert world.app.get(f"/users/{world.bo.id}/events").json()["value"] == []

    world.graph.people.edit(world.ada.id, draft["id"], isDraft=False)
    assert world.copy_of(world.bo, draft)["isDraft"] is False
