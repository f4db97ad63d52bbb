from typing import Any

import pytest

from sandbox.graph import DirectoryUser, Fault
from tests.sandbox.graph.world import TENANT, TOMORROW, GraphWorld

ADVANCED = {"ConsistencyLevel": "eventual"}


def members(world: GraphWorld, group: str, **query: str) -> list[dict[str, Any]]:
    """Return all pages of the users in a group."""
    path: str | None = f"/groups/{group}/transitiveMembers/microsoft.graph.user"
    found: list[dict[str, Any]] = []
    params: dict[str, str] | None = {"$select": "id", "$count": "true", **query}
    while path:
        page = world.app.get(path, params=params, headers=ADVANCED).json()
        found += page["value"]
        path, params = page.get("@odata.nextLink"), None
    return found


def ids(*users: DirectoryUser) -> list[dict[str, str]]:
    """Return users as `$select=id` shows them."""
    return [{"id": user.id} for user in users]


def test_users_have_pages_and_selected_properties(world: GraphWorld) -> None:
    """`$top` is the page size, `$count` gives the total."""
    query = {"$select": "id,mail,accountEnabled", "$top": "2", "$count": "true"}
    first = world.app.get("/users", params=query, headers=ADVANCED).json()
    second = world.app.get(first["@odata.nextLink"], headers=ADVANCED).json()

    assert (first["@odata.count"], "@odata.count" in second) == (3, False)
    assert [user["mail"] for user in first["value"] + second["value"]] == [
        "ada@contoso.com", "bo@contoso.com", "boardroom@contoso.com",
    ]  # fmt: skip
    assert first["value"][0].keys() == {"id", "mail", "accountEnabled"}


def test_a_user_is_found_by_id_or_principal_name(world: GraphWorld) -> None:
    """An unknown user gets a 404."""
    by_id, by_name = world.app.get(f"/users/{world.ada.id}"), world.app.get("/users/Ada@Contoso.com")
    missing = world.app.get("/users/nobody@contoso.com")

    assert by_id.json() == by_name.json()
    assert by_id.json()["displayName"] == "Ada Lovelace"
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


def test_a_user_may_have_a_principal_name_and_aliases(world: GraphWorld) -> None:
    """The principal name finds the user, the address does not; mail to an alias reaches the same mailbox."""
    eve = world.graph.add_user(
        "Eve", "eve@contoso.com", signs_in_as="e.vance@contoso.com", aliases=("Evie@contoso.com",)
    )
    world.graph.people.create(
        world.ada.id, attendees=[{"emailAddress": {"address": "evie@contoso.com"}}], **TOMORROW
    )
    select = {"$select": "id,mail,userPrincipalName,proxyAddresses"}

    assert (
        world.app.get("/users/e.vance@contoso.com", params=select).json().items()
        >= {
            "id": eve.id,
            "mail": "eve@contoso.com",
            "userPrincipalName": "e.vance@contoso.com",
            "proxyAddresses": ["SMTP:eve@contoso.com", "smtp:Evie@contoso.com"],
        }.items()
    )
    assert world.app.get("/users/eve@contoso.com").status_code == 404
    assert [copy["isOrganizer"] for copy in world.app.get(f"/users/{eve.id}/events").json()["value"]] == [
        False
    ]


def test_the_organization_has_its_domains(world: GraphWorld) -> None:
    """The first verified domain is the default."""
    (tenant,) = world.app.get("/organization", params={"$select": "id,verifiedDomains"}).json()["value"]

    assert tenant["id"] == TENANT
    assert [(domain["name"], domain["isDefault"]) for domain in tenant["verifiedDomains"]] == [
        ("contoso.com", True), ("contoso.onmicrosoft.com", False),
    ]  # fmt: skip


def test_a_group_returns_its_users(world: GraphWorld) -> None:
    """With the cast to users."""
    group = world.graph.add_group("Sales", [world.ada, world.room])

    assert members(world, group) == ids(world.ada, world.room)
    assert world.app.get(f"/groups/{world.ada.id}").status_code == 404


def test_nested_groups_are_resolved_even_with_cycles(world: GraphWorld) -> None:
    """Three levels, each user once; without the cast the answer also has the groups."""
    squad = world.graph.add_group("Squad", [world.room, world.ada])
    team = world.graph.add_group("Team", [squad, world.bo])
    sales = world.graph.add_group("Sales", [team, world.ada])
    world.graph.set_members(squad, [world.room, world.ada, sales])
    mixed = world.app.get(f"/groups/{sales}/transitiveMembers", params={"$select": "id,mail"}).json()["value"]

    assert members(world, sales) == ids(world.ada, world.bo, world.room)
    assert [(one["@odata.type"], one["id"]) for one in mixed] == [
        ("#microsoft.graph.user", world.ada.id),
        ("#microsoft.graph.user", world.bo.id),
        ("#microsoft.graph.user", world.room.id),
        ("#microsoft.graph.group", squad),
        ("#microsoft.graph.group", team),
        ("#microsoft.graph.group", sales),
    ]


@pytest.mark.parametrize(
    ("params", "headers"),
    [
        pytest.param({"$count": "true"}, {}, id="no ConsistencyLevel"),
        pytest.param({}, ADVANCED, id="no $count"),
    ],
)
def test_the_cast_is_an_advanced_query(
    world: GraphWorld, params: dict[str, str], headers: dict[str, str]
) -> None:
    """It needs both `ConsistencyLevel` and `$count`."""
    group = world.graph.add_group("Sales", [world.ada])
    path = f"/groups/{group}/transitiveMembers/microsoft.graph.user"
    answer = world.app.get(path, params=params, headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")


def test_a_page_has_at_most_999_members(world: GraphWorld) -> None:
    """A large group has pages; a larger page size is refused."""
    crowd = [world.graph.add_user(f"U {n}", f"u{n}@contoso.com") for n in range(1_500)]
    group = world.graph.add_group("Crowd", crowd)
    asked = len(world.graph.calls)

    assert members(world, group, **{"$top": "999"}) == ids(*crowd)
    assert len(world.graph.calls) - asked == 2
    assert world.app.get("/users", params={"$top": "1000"}).status_code == 400


def test_changes_between_pages_neither_miss_nor_repeat_a_user(world: GraphWorld) -> None:
    """The next page starts after the last user of this one."""
    first = world.app.get("/users", params={"$select": "id", "$top": "1"}).json()
    world.graph.remove_user(world.ada)
    new = world.graph.add_user("Cy", "cy@contoso.com")
    rest = world.app.get(first["@odata.nextLink"].replace("$top=1", "$top=9")).json()

    assert rest["value"] == ids(world.bo, world.room, new)


def test_guests_and_blocked_accounts_can_be_recognized(world: GraphWorld) -> None:
    """By properties and by `$filter`."""
    guest = world.graph.add_guest("Dee", "dee@fabrikam.com")
    shared = world.graph.add_user("Info", "info@contoso.com", kind="shared", enabled=False)
    shown = world.app.get(f"/users/{guest.id}", params={"$select": "userPrincipalName,userType,mail"}).json()
    query = {"$select": "id", "$filter": "accountEnabled eq false and userType eq 'Member'"}

    assert shown["userPrincipalName"] == "dee_fabrikam.com#EXT#@contoso.onmicrosoft.com"
    assert (shown["userType"], shown["mail"]) == ("Guest", "dee@fabrikam.com")
    assert world.app.get("/users", params=query).json()["value"] == ids(world.room, shared)
    assert world.app.get("/users", params={"$filter": "displayName eq 'x'"}).status_code == 400


def test_a_mailbox_can_be_created_later(world: GraphWorld) -> None:
    """Until then calls to the mailbox get a 404; then the user can be invited."""
    late = world.graph.add_user("Cy", "cy@contoso.com", mailbox=False)
    before = world.app.get(f"/users/{late.id}/events")
    world.graph.change_user(late, mailbox=True)
    world.book(world.ada, "cy@contoso.com")

    assert (before.status_code, before.json()["error"]["code"]) == (404, "MailboxNotEnabledForRESTAPI")
    assert len(world.app.get(f"/users/{late.id}/events").json()["value"]) == 1


def test_a_deleted_user_is_not_found(world: GraphWorld) -> None:
    """Not in the directory, Exchange or a group; events that the user organized stay."""
    group = world.graph.add_group("Sales", [world.ada, world.bo])
    booked = world.book(world.ada, "bo@contoso.com")
    world.graph.remove_user(world.ada)

    for path in (f"/users/{world.ada.id}", f"/users/{world.ada.id}/events"):
        answer = world.app.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "Request_ResourceNotFound")
    assert members(world, group) == ids(world.bo)
    assert world.copy_of(world.bo, booked)["organizer"]["emailAddress"]["name"] == "Ada Lovelace"
    assert world.book(world.bo, "ada@contoso.com")["attendees"]


def test_a_group_can_be_deleted_or_fail(world: GraphWorld) -> None:
    """A deleted group gets a 404; a fault makes a call fail or return no members."""
    group = world.graph.add_group("Sales", [world.ada])
    path = f"/groups/{group}/transitiveMembers"
    world.graph.faults.add(Fault(path="transitiveMembers", status=503))
    stuttered = world.app.get(path).status_code
    world.graph.faults.add(Fault(path="transitiveMembers", empty=True))
    empty, recovered = (world.app.get(path).json()["value"] for _ in range(2))
    world.graph.remove_group(group)
    gone = world.app.get(path)

    assert (stuttered, empty, len(recovered)) == (503, [], 1)
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


def test_mailbox_settings_distinguish_rooms_from_people(world: GraphWorld) -> None:
    """By `userPurpose`."""
    purposes = [
        world.app.get(f"/users/{user.id}/mailboxSettings", params={"$select": "userPurpose"}).json()[
            "userPurpose"
        ]
        for user in (world.ada, world.room, world.graph.add_user("Info", "info@contoso.com", kind="shared"))
    ]

    assert purposes == ["user", "room", "shared"]


def test_calendars_show_their_providers(world: GraphWorld) -> None:
    """Those of the default calendar and of added ones."""
    project = world.graph.add_calendar(world.ada.id, "Project", "unknown", ())
    default = world.app.get(f"/users/{world.ada.id}/calendar").json()
    listed = world.app.get(f"/users/{world.ada.id}/calendars").json()["value"]
    one = world.app.get(f"/users/{world.ada.id}/calendars/{project}", params={"$select": "name"}).json()

    assert default["allowedOnlineMeetingProviders"] == ["teamsForBusiness"]
    assert [(calendar["name"], calendar["isDefaultCalendar"]) for calendar in listed] == [
        ("Calendar", True), ("Project", False),
    ]  # fmt: skip
    assert (one["name"], "owner" in one) == ("Project", False)
