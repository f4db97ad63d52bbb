import time
from datetime import timedelta
from threading import Barrier, Event, Thread

import httpx
import msal
import pytest
import requests

from sandbox.graph import Drop, Fault
from sandbox.serve import serve
from tests.sandbox.graph.world import GO_ONLINE, GraphWorld


def test_msal_gets_a_token_for_graph(world: GraphWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """MSAL itself calls the managed identity endpoint as on App Service."""
    with serve(world.graph) as base, requests.Session() as session:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{base}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "secret")
        client = msal.ManagedIdentityClient(msal.SystemAssignedManagedIdentity(), http_client=session)
        result = client.acquire_token_for_client(resource="https://graph.microsoft.com")
    with world.client({"Authorization": f"Bearer {result['access_token']}"}) as app:
        assert app.get("/users").status_code == 200

    assert result["expires_in"] == pytest.approx(86_400, abs=600)
    assert all("msi" not in exchange.path for exchange in world.graph.calls)


@pytest.mark.parametrize("case", ["none", "made up", "revoked", "expired", "for storage"])
def test_a_call_without_a_valid_token_is_refused(world: GraphWorld, case: str) -> None:
    """With a 401 and Graph's error code."""
    world.graph.identity.token_lifetime = timedelta(hours=-1 if case == "expired" else 1)
    token = world.token(
        "https://storage.azure.com" if case == "for storage" else "https://graph.microsoft.com"
    )
    if case == "revoked":
        world.graph.identity.revoke_all()
    headers = {"none": {}, "made up": {"Authorization": "Bearer x"}}.get(
        case, {"Authorization": f"Bearer {token}"}
    )
    with world.client(headers) as client:
        answer = client.get("/users")

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_an_identity_call_without_its_header_gets_no_token(world: GraphWorld) -> None:
    """The header prevents forged requests."""
    with world.client({}) as client:
        query = {"resource": "https://graph.microsoft.com", "api-version": "2019-08-01"}
        assert client.get("https://graph.test/msi/token", params=query).status_code == 401


def test_a_persons_own_client_reaches_their_own_mailbox_only(world: GraphWorld) -> None:
    """Its calls are not in the app's calls."""
    with world.client(world.graph.as_user(world.ada)) as client:
        assert client.get(f"/users/{world.ada.id}/events").status_code == 200
        assert client.get(f"/users/{world.bo.id}/events").status_code == 403
    assert world.graph.calls == []


def test_every_answer_has_request_ids(world: GraphWorld) -> None:
    """With diagnostics and the tenant's date."""
    headers = world.app.get("/users", headers={"client-request-id": "mine"}).headers

    assert headers["client-request-id"] == "mine"
    assert headers["request-id"]
    assert headers["x-ms-ags-diagnostic"]
    assert headers["Date"] == "Mon, 23 Nov 2026 09:00:00 GMT"


def test_calls_show_what_the_app_did(world: GraphWorld) -> None:
    """Method, status, mailbox and event of each call, without the token."""
    booked = world.book(world.ada)
    world.patch(world.ada, booked["id"], GO_ONLINE)
    (call,) = world.graph.calls

    assert (call.method, call.status) == ("PATCH", 200)
    assert (call.mailbox, call.event) == (world.ada.id, booked["id"])
    assert call.started == world.clock.now
    assert call.request_headers["Authorization"] == "***"


def test_a_fault_affects_the_given_number_of_calls(world: GraphWorld) -> None:
    """Only matching calls, and then it ends."""
    world.graph.faults.add(Fault(method="GET", path=r"/users$", count=2, status=429, retry_after=7))
    answers = [world.app.get("/users") for _ in range(3)]

    assert world.app.get("/organization").status_code == 200
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert answers[0].json()["error"]["code"] == "TooManyRequests"


def test_a_fault_can_have_a_probability(world: GraphWorld) -> None:
    """Some calls succeed, and the seed determines which."""
    world.graph.faults.add(Fault(count=None, probability=0.5, status=503))
    statuses = {world.app.get("/users").status_code for _ in range(20)}
    world.graph.faults.clear()

    assert statuses == {200, 503}
    assert world.app.get("/users").status_code == 200


def test_a_delay_does_not_change_the_answer(world: GraphWorld) -> None:
    """It only takes longer."""
    world.graph.faults.add(Fault(delay=timedelta(seconds=3)))

    assert world.app.get("/users").status_code == 200
    assert world.slept == [3.0]


def test_a_person_can_act_during_a_call(world: GraphWorld) -> None:
    """The version that was read is then outdated: the write is refused."""
    booked = world.book(world.ada)
    world.graph.faults.add(
        Fault(
            method="PATCH",
            meanwhile=lambda: world.graph.people.edit(world.ada.id, booked["id"], subject="Moved"),
        )
    )
    first = world.patch(world.ada, booked["id"], GO_ONLINE, **{"If-Match": booked["@odata.etag"]})

    assert first.status_code == 412
    assert world.patch(world.ada, booked["id"], GO_ONLINE).status_code == 200


@pytest.mark.parametrize(
    ("drop", "online"),
    [
        pytest.param(Drop.BEFORE, False, id="before the effect"),
        pytest.param(Drop.AFTER, True, id="after the effect"),
    ],
)
def test_a_dropped_connection_may_have_an_effect(world: GraphWorld, drop: Drop, *, online: bool) -> None:
    """The caller sees the same error in both cases, also over the network."""
    booked = world.book(world.ada)
    world.graph.faults.add(Fault(method="PATCH", drop=drop))
    with serve(world.graph) as base, pytest.raises(httpx.RemoteProtocolError):
        httpx.patch(
            f"{base}/v1.0/users/{world.ada.id}/events/{booked['id']}",
            headers=dict(world.app.headers),
            json=GO_ONLINE,
        )

    assert world.graph.calls[-1].lost
    assert world.read(world.ada, booked["id"])["isOnlineMeeting"] is online


def test_a_fifth_concurrent_request_to_a_mailbox_is_throttled(world: GraphWorld) -> None:
    """People's own clients and other mailboxes are not counted."""
    entered, leave = Barrier(5), Event()

    def linger(_seconds: float) -> None:
        entered.wait(timeout=60)
        leave.wait(timeout=60)

    world.graph._gateway._sleep = linger
    world.graph.faults.add(Fault(count=4, delay=timedelta(seconds=1)))
    path = f"/users/{world.ada.id}/events"
    threads = [Thread(target=world.app.get, args=(path,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    entered.wait(timeout=60)
    fifth, elsewhere = world.app.get(path), world.app.get(f"/users/{world.bo.id}/events")
    world.book(world.ada)
    leave.set()
    for thread in threads:
        thread.join()

    assert (fifth.status_code, fifth.json()["error"]["code"]) == (429, "ApplicationThrottled")
    assert fifth.headers["Retry-After"] == "1"
    assert elsewhere.status_code == 200
    assert world.app.get(path).status_code == 200


def test_a_wrong_method_or_version_is_refused(world: GraphWorld) -> None:
    """405 for the method, 400 for the version."""
    assert world.app.put("/users").status_code == 405
    for address in ("https://graph.test/v2.0/users", "https://graph.test/v1.0", "https://graph.test/"):
        assert world.app.get(address).status_code == 400


def test_tokens_expire_by_the_real_clock(world: GraphWorld) -> None:
    """MSAL reads the real clock, so the tenant's clock does not matter."""
    with world.client({"X-IDENTITY-HEADER": "secret"}) as client:
        query = {"resource": "https://graph.microsoft.com", "api-version": "2019-08-01"}
        payload = client.get("https://graph.test/msi/token", params=query).json()

    assert int(payload["expires_on"]) == pytest.approx(time.time() + 86_400, abs=600)
