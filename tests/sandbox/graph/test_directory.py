from tests.sandbox.graph.world import TENANT, World


def test_users_come_in_pages_with_what_is_selected(world: World) -> None:
    """`$top` is a page size, `$count` the number of all."""
    query = {"$select": "id,mail,accountEnabled", "$top": "2", "$count": "true"}
    first = world.app.get("/users", params=query).json()
    second = world.app.get(first["@odata.nextLink"]).json()

    assert first["@odata.count"] == 3
    assert [user["mail"] for user in first["value"] + second["value"]] == [
        "ada@contoso.com", "bo@contoso.com", "boardroom@contoso.com",
    ]  # fmt: skip
    assert first["value"][0].keys() == {"id", "mail", "accountEnabled"}


def test_a_user_is_found_by_id_or_principal_name(world: World) -> None:
    """And an unknown one is the directory's 404."""
    by_id, by_name = world.app.get(f"/users/{world.ada.id}"), world.app.get("/users/Ada@Contoso.com")
    missing = world.app.get("/users/nobody@contoso.com")

    assert by_id.json() == by_name.json()
    assert by_id.json()["displayName"] == "Ada Lovelace"
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


def test_the_organization_knows_its_domains(world: World) -> None:
    """Verified domains, the first of them the default."""
    (tenant,) = world.app.get("/organization", params={"$select": "id,verifiedDomains"}).json()["value"]

    assert tenant["id"] == TENANT
    assert [(domain["name"], domain["isDefault"]) for domain in tenant["verifiedDomains"]] == [
        ("contoso.com", True), ("contoso.onmicrosoft.com", False),
    ]  # fmt: skip


def test_a_group_gives_its_users(world: World) -> None:
    """Through the cast that asks for users alone."""
    group = world.graph.add_group("Sales", [world.ada, world.room])
    path = f"/groups/{group}/transitiveMembers/microsoft.graph.user"
    members = world.app.get(path, params={"$select": "id", "$top": "999"}).json()["value"]

    assert members == [{"id": world.ada.id}, {"id": world.room.id}]
    assert world.app.get(f"/groups/{world.ada.id}").status_code == 404


def test_mailbox_settings_tell_rooms_from_people(world: World) -> None:
    """`userPurpose` is what the mailbox is for."""
    purposes = [
        world.app.get(f"/users/{user.id}/mailboxSettings").json()["userPurpose"]
        for user in (world.ada, world.room)
    ]

    assert purposes == ["user", "room"]


def test_calendars_tell_their_providers(world: World) -> None:
    """The default calendar, and those added to it."""
    project = world.graph.add_calendar(world.ada.id, "Project", "unknown", ())
    default = world.app.get(f"/users/{world.ada.id}/calendar").json()
    listed = world.app.get(f"/users/{world.ada.id}/calendars").json()["value"]
    one = world.app.get(f"/users/{world.ada.id}/calendars/{project}", params={"$select": "name"}).json()

    assert default["allowedOnlineMeetingProviders"] == ["teamsForBusiness"]
    assert [(calendar["name"], calendar["isDefaultCalendar"]) for calendar in listed] == [
        ("Calendar", True), ("Project", False),
    ]  # fmt: skip
    assert (one["name"], "owner" in one) == ("Project", False)
