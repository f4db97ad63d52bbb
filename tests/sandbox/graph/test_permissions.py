from datetime import timedelta

import pytest

from tests.sandbox.graph.world import NOTIFY, TOMORROW, GraphWorld


def test_calls_fail_while_their_permission_is_revoked(world: GraphWorld) -> None:
    """Subscribing needs Calendars.Read; reading calendars works with Calendars.ReadWrite too."""
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


def test_a_permission_can_be_revoked_for_one_mailbox(world: GraphWorld) -> None:
    """As with an application access policy; people's own clients are not affected."""
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
def test_every_call_needs_its_permission(world: GraphWorld, permission: str, path: str, code: str) -> None:
    """The directory has its own error code."""
    path = path.format(ada=world.ada.id, group=world.graph.add_group("Sales", [world.ada]))
    before = world.app.get(path).status_code
    world.graph.revoke_permission(permission)

    assert before == 200
    assert world.refused(world.app.get(path)) == (403, code)


@pytest.mark.parametrize("cast", ["", "/microsoft.graph.user"])
def test_without_permission_for_users_members_have_only_ids(world: GraphWorld, cast: str) -> None:
    """The answer is not a 403."""
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


def test_reading_does_not_allow_writing(world: GraphWorld) -> None:
    """Without Calendars.ReadWrite events can only be read."""
    world.graph.revoke_permission("Calendars.ReadWrite")
    path = f"/users/{world.ada.id}/events"

    assert world.refused(world.app.post(path, json=TOMORROW)) == (403, "ErrorAccessDenied")
    assert world.app.get(path).status_code == 200


def test_notifications_wait_while_the_permission_is_revoked(world: GraphWorld) -> None:
    """They are sent when it is restored within four hours."""
    world.subscribe(world.ada, lifecycleNotificationUrl=NOTIFY)
    world.graph.revoke_permission("Calendars.Read")
    world.book(world.ada)
    assert world.notified() == []

    world.clock.advance(timedelta(hours=1))
    world.graph.restore_permission("Calendars.Read")
    assert [item["changeType"] for item in world.notified()] == ["created"]
