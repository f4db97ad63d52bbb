import pytest

from tests.infra.hooks.conftest import Azure, Run

READ, WRITE = "798ee544-9d2d-430c-a058-570e29e34338", "ef54d2bf-783f-4e0f-bca1-3210c0444d99"


def test_a_registration_with_a_certificate_can_read_all_calendars_and_write_to_none(
    azure: Azure, hook: Run
) -> None:
    """The app does every write, so the desk needs no right to write."""
    granted = hook("grant_graph.py", "--desk", "certificate")

    assert (granted.returncode, granted.stderr) == (0, "")
    assert READ in azure["grants"]
    assert WRITE not in azure["grants"]
    [app] = azure["apps"]
    assert (app["displayName"], app["isFallbackPublicClient"]) == ("Joinlink desk", False)
    assert "/home/ada/tmp1.pem" in granted.stdout
    assert "JOINLINK_DESK_CLIENT_ID=desk-client-id" in granted.stdout


def test_a_registration_for_device_codes_gets_delegated_permissions(azure: Azure, hook: Run) -> None:
    """And no certificate: a person signs in."""
    granted = hook("grant_graph.py", "--desk", "device-code")

    assert (granted.returncode, granted.stderr) == (0, "")
    assert azure["grants"] == []
    [consent] = azure["consents"]
    assert consent["consentType"] == "AllPrincipals"
    assert consent["scope"].split()[:2] == ["Calendars.Read.Shared", "User.Read.All"]
    [app] = azure["apps"]
    assert app["isFallbackPublicClient"] is True
    assert {each["type"] for each in app["requiredResourceAccess"][0]["resourceAccess"]} == {"Scope"}
    assert app["keyCredentials"] == []


@pytest.mark.parametrize("kind", ["certificate", "device-code"])
def test_a_second_run_creates_and_grants_nothing(kind: str, azure: Azure, hook: Run) -> None:
    """It can run any number of times."""
    hook("grant_graph.py", "--desk", kind)
    first = {name: azure[name] for name in ("apps", "grants", "consents", "service_principals")}
    again = hook("grant_graph.py", "--desk", kind)

    assert again.returncode == 0
    assert {name: azure[name] for name in first} == first


def test_a_permission_that_the_rules_came_to_need_is_added(azure: Azure, hook: Run) -> None:
    """What was consented to before stays."""
    hook("grant_graph.py", "--desk", "device-code")
    azure.change(consents=[{**azure["consents"][0], "scope": "Calendars.Read.Shared"}])
    hook("grant_graph.py", "--desk", "device-code")

    assert "MailboxSettings.Read" in azure["consents"][0]["scope"].split()


def test_check_names_a_permission_that_is_not_granted(azure: Azure, hook: Run) -> None:
    """With exit code 1 while there is one."""
    hook("grant_graph.py", "--desk", "device-code")
    granted = hook("grant_graph.py", "--desk", "device-code", "--check")
    azure.change(consents=[])
    missing = hook("grant_graph.py", "--desk", "device-code", "--check")

    assert (granted.returncode, missing.returncode) == (0, 1)
    assert "Not granted: Calendars.Read.Shared, User.Read.All" in missing.stderr
    assert azure["consents"] == []


def test_check_creates_nothing(azure: Azure, hook: Run) -> None:
    """It names what is missing."""
    checked = hook("grant_graph.py", "--desk", "certificate", "--check")

    assert checked.returncode == 1
    assert "There is no app registration Joinlink desk" in checked.stderr
    assert azure["apps"] == []


@pytest.mark.parametrize(
    "words", ["/applications", "/servicePrincipals", "/servicePrincipals/desk-object-id"]
)
def test_who_must_create_the_registration_is_named(words: str, azure: Azure, hook: Run) -> None:
    """With the exact command."""
    azure.fails(f"POST --url https://graph.microsoft.com/v1.0{words}", "Authorization_RequestDenied")
    refused = hook("grant_graph.py", "--desk", "certificate")

    assert refused.returncode == 1
    assert "A Privileged Role Administrator of the tenant must run" in refused.stderr
    assert "grant_graph.py --desk certificate" in refused.stderr


def test_two_registrations_of_the_name_are_refused(azure: Azure, hook: Run) -> None:
    """It can't know which one the desk uses."""
    azure.change(apps=[{"appId": "one", "id": "1"}, {"appId": "two", "id": "2"}])
    refused = hook("grant_graph.py", "--desk", "certificate")

    assert refused.returncode == 1
    assert "There are 2 app registrations Joinlink desk (one, two). Delete all but one." in refused.stderr
