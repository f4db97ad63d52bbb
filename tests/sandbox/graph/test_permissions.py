from datetime import timedelta

import pytest

from tests.sandbox.graph.world import NOTIFY, TOMORROW, GraphWorld


def test_a_revoked_permission_ends_what_needs_it_until_it_is_back(world: GraphWorld) -> None:
    """Subscribing takes Calendars.Read; calendars can be read with the writing one, too."""
    made = world.subscribe(world.bo).json()["id"]
    later = {"expirationDateTime": (world.clock.now + timedelta(days=3)).isoformat()}
    world.graph.revoke_permission("Calendars.Read")
    created = world.subscribe(world.ada)
    others = [
        world.app.get("/subscriptions"),
        world.app.get(f"/subscriptions/{made}"),
        world.app.patch(f"/subscriptions/{made}", json=later),
        world.app.post(f"/subscriptions/{made}/reauthorize"),
    ]

    assert world.refused(created) == (403, "ExtensionError")
    assert "Access to OData is disabled" in created.json()["error"]["message"]
    assert {world.refused(answer) for answer in others} == {(403, "ErrorAccessDenied")}
    assert others[0].json()["error"]["message"] == "Access to OData is disabled."
    assert world.app.get(f"/users/{world.ada.id}/events").status_code == 200

    world.graph.restore_permission("Calendars.Read")
    assert world.app.patch(f"/subscriptions/{made}", json=later).status_code == 200
    assert world.subscribe(world.ada).status_code == 201


def test_one_mailbox_may_be_out_of_bounds(world: GraphWorld) -> None:
    """As where a policy restricts the app to some; people's own clients are not concerned."""
    for permission in ("Calendars.Read", "Calendars.ReadWrite"):
        world.graph.revoke_permission(permission, world.ada.id)
    booked = world.book(world.ada)
    path = f"/users/{world.ada.address}/events/{booked['id']}"

    assert world.refused(world.app.get(path)) == (403, "ErrorAccessDenied")
    assert world.refused(world.app.patch(path, json={"subject": "x"})) == (403, "ErrorAccessDenied")
    assert world.refused(world.subscribe(world.ada)) == (403, "ExtensionError")
    assert world.app.get(f"/users/{world.bo.id}/events").status_code == 200
    assert world.subscribe(world.bo).status_code == 201
    assert world.app.get("/subscriptions").status_code == 200


@pytest.mark.parametrize(
    ("permission", "path", "code"),
    [
        pytest.param("User.Read.All", "/users", "Authorization_RequestDenied", id="users"),
        pytest.param("GroupMember.Read.All", "/groups/{group}", "Authorization_RequestDenied", id="groups"),
        pytest.param("Organization.Read.All", "/organization", "Authorization_RequestDenied", id="domains"),
        pytest.param(
            "MailboxSettings.Read", "/users/{ada}/mailboxSettings", "ErrorAccessDenied", id="settings"
        ),
    ],
)
def test_every_call_has_its_permission(world: GraphWorld, permission: str, path: str, code: str) -> None:
    """The directory has its own word for no."""
    path = path.format(ada=world.ada.id, group=world.graph.add_group("Sales", [world.ada]))
    before = world.app.get(path).status_code
    world.graph.revoke_permission(permission)

    assert before == 200
    assert world.refused(world.app.get(path)) == (403, code)


@pytest.mark.parametrize("cast", ["", "/microsoft.graph.user"])
def test_members_who_may_not_be_read_are_listed_without_their_properties(
    world: GraphWorld, cast: str
) -> None:
    """With the right to groups alone, an answer is no 403: it has everybody's id, and nothing else."""
    group = world.graph.add_group("Sales", [world.ada])
    world.graph.revoke_permission("User.Read.All")
    answer = world.app.get(
        f"/groups/{group}/transitiveMembers{cast}",
        params={"$select": "id,mail,userPrincipalName"} | ({"$count": "true"} if cast else {}),
        headers={"ConsistencyLevel": "eventual"},
    )

    assert answer.json()["value"] == [
        {"@odata.type": "#microsoft.graph.user", "id": world.ada.id, "mail": None, "userPrincipalName": None}
    ]


def test_reading_is_not_writing(world: GraphWorld) -> None:
    """Without the writing permission, events can be read and nothing more."""
    world.graph.revoke_permission("Calendars.ReadWrite")
    path = f"/users/{world.ada.id}/events"

    assert world.refused(world.app.post(path, json=TOMORROW)) == (403, "ErrorAccessDenied")
    assert world.app.get(path).status_code == 200


def test_while_the_app_may_not_notifications_wait(world: GraphWorld) -> None:
    """What happened meanwhile is told once access is back, within four hours."""
    world.subscribe(world.ada, lifecycleNotificationUrl=NOTIFY)
    world.graph.revoke_permission("Calendars.Read")
    world.book(world.ada)
    assert world.notified() == []

    world.clock.advance(timedelta(hours=1))
    world.graph.restore_permission("Calendars.Read")
    assert [item["changeType"] for item in world.notified()] == ["created"]
