import pytest

from tests.infra.hooks.conftest import Azure, Run
from tests.infra.test_bicep import ROOT

IDENTITY = {"JOINLINK_IDENTITY_OBJECT_ID": "object-id", "JOINLINK_IDENTITY_CLIENT_ID": "client-id"}
READ, WRITE = "798ee544-9d2d-430c-a058-570e29e34338", "ef54d2bf-783f-4e0f-bca1-3210c0444d99"


def test_what_the_rules_need_is_granted_and_no_more(azure: Azure, hook: Run) -> None:
    """The packaged rules need no groups."""
    granted = hook("grant_graph.py", **IDENTITY)

    assert (granted.returncode, granted.stderr) == (0, "")
    assert {READ, WRITE} <= set(azure["grants"])
    assert "98830695-27a2-44f7-8c18-0c3ebc9698f6" not in azure["grants"]


def test_a_second_run_grants_nothing(azure: Azure, hook: Run) -> None:
    """It can run any number of times."""
    hook("grant_graph.py", **IDENTITY)
    first = azure["grants"]
    again = hook("grant_graph.py", **IDENTITY)

    assert again.returncode == 0
    assert azure["grants"] == first


def test_check_shows_the_difference_and_grants_nothing(azure: Azure, hook: Run) -> None:
    """With exit code 1 while there is one."""
    checked = hook("grant_graph.py", "--check", **IDENTITY)

    assert checked.returncode == 1
    assert "Not granted: Calendars.Read, Calendars.ReadWrite" in checked.stderr
    assert azure["grants"] == []


def test_an_app_that_only_reports_gets_no_right_to_write(azure: Azure, hook: Run) -> None:
    """Where an admin asks for that."""
    hook("grant_graph.py", "--report-only", **IDENTITY)

    assert READ in azure["grants"]
    assert WRITE not in azure["grants"]


@pytest.mark.parametrize(
    ("mode", "entra", "exchange"),
    [
        pytest.param(
            "exchange", [], ["Calendars.Read", "Calendars.ReadWrite", "MailboxSettings.Read"], id="exchange"
        ),
        pytest.param("mixed", [READ], ["Calendars.ReadWrite"], id="mixed"),
    ],
)
def test_exchange_grants_what_is_for_some_mailboxes(
    mode: str, entra: list[str], exchange: list[str], azure: Azure, hook: Run
) -> None:
    """The commands are shown with the ids filled in."""
    granted = hook("grant_graph.py", "--mode", mode, **IDENTITY)

    assert [role for role in azure["grants"] if role in {READ, WRITE}] == entra
    assert "New-ServicePrincipal -AppId client-id -ObjectId object-id" in granted.stdout
    for name in exchange:
        assert f"-App object-id -Role 'Application {name}'" in granted.stdout


def test_a_grant_for_all_mailboxes_beside_exchange_is_noted(azure: Azure, hook: Run) -> None:
    """Grants add up, so the scope would not hold."""
    azure.change(grants=[READ])
    granted = hook("grant_graph.py", "--mode", "exchange", **IDENTITY)

    assert "Calendars.Read is granted in Entra, but it covers all mailboxes" in granted.stdout


def test_who_must_grant_is_named(azure: Azure, hook: Run) -> None:
    """With the exact command; provisioning goes on without."""
    azure.fails("rest --method POST", "Authorization_RequestDenied: Insufficient privileges", times=9)
    refused = hook("grant_graph.py", **IDENTITY)
    provisioned = hook("postprovision.py", **IDENTITY)

    assert refused.returncode == 1
    assert "A Privileged Role Administrator of the tenant must run" in refused.stderr
    assert "grant_graph.py --identity object-id --client-id client-id." in refused.stderr
    assert provisioned.returncode == 0
    assert "Grant before you deploy" in provisioned.stdout


def test_the_command_for_the_administrator_grants_no_more_than_was_asked_for(azure: Azure, hook: Run) -> None:
    """Without its mode it would open every mailbox of the tenant."""
    azure.fails("rest --method POST", "Authorization_RequestDenied: Insufficient privileges", times=9)
    provisioned = hook(
        "postprovision.py", **IDENTITY, JOINLINK_GRAPH_MODE="mixed", JOINLINK_GRAPH_REPORT_ONLY="true"
    )

    assert "--mode mixed --report-only" in provisioned.stdout
    assert len(azure.called("rest", "--method", "POST")) == 1


def test_an_unknown_mode_grants_nothing(azure: Azure, hook: Run) -> None:
    """It might have been meant to grant less."""
    provisioned = hook("postprovision.py", **IDENTITY, JOINLINK_GRAPH_MODE="Exchange")

    assert provisioned.returncode == 1
    assert 'JOINLINK_GRAPH_MODE is "Exchange". Set it to entra, exchange, mixed' in provisioned.stderr
    assert azure["calls"] == []


def test_graph_of_another_tenant_is_not_asked(azure: Azure, hook: Run) -> None:
    """The Azure CLI asks Graph in the tenant of its default subscription."""
    granted = hook("grant_graph.py", **IDENTITY, JOINLINK_TENANT_ID="other")

    assert granted.returncode == 1
    assert "Run az login --tenant other" in granted.stderr
    assert azure.called("rest") == []


def test_an_identity_that_graph_does_not_know_yet_is_waited_for(azure: Azure, hook: Run) -> None:
    """A new identity takes a minute to be known everywhere."""
    azure.fails("rest", "Request_ResourceNotFound: Resource does not exist", times=4)

    assert hook("grant_graph.py", **IDENTITY).returncode == 0
    assert READ in azure["grants"]


def test_a_grant_that_another_run_made_meanwhile_is_no_error(azure: Azure, hook: Run) -> None:
    """Two admins may run it at once."""
    azure.fails("rest --method POST", "Permission being assigned already exists on the object", times=1)

    assert hook("grant_graph.py", **IDENTITY).returncode == 0


def test_the_ids_of_the_permissions_are_those_that_bicep_takes() -> None:
    """The Graph template takes names and ids; the docs show how to pass these."""
    assert "param roles" in (ROOT / "infra/graph/main.bicep").read_text()
