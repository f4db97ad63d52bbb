import json
import signal

import pytest

from tests.infra.hooks.conftest import URL, Azure, Run

GIVEN = {
    "AZURE_RESOURCE_GROUP": "rg-joinlink",
    "AZURE_FUNCTION_NAME": "func-joinlink",
    "AZURE_KEY_VAULT_NAME": "kv-joinlink",
    "AZURE_STORAGE_ACCOUNT": "stjoinlink",
}


def test_the_first_deployment_sets_the_key_and_uploads_the_rules(azure: Azure, hook: Run) -> None:
    """The key is the one in the URL, and it never appears on a command line or in the output."""
    deployed = hook("postdeploy.py", "--no-wait", **GIVEN)

    assert (deployed.returncode, deployed.stderr) == (0, "")
    assert azure["keys"] == {"notifications/keys/graph": "a-long-key"}
    assert set(azure["blobs"]) == {"joinlink.yaml"}
    assert "a-long-key" not in deployed.stdout + json.dumps(azure["calls"])


def test_a_second_run_changes_nothing(azure: Azure, hook: Run) -> None:
    """Rules that an admin has changed in the container stay."""
    azure.change(blobs={"sales.yaml": "version: 1"})
    hook("postdeploy.py", "--no-wait", **GIVEN)
    again = hook("postdeploy.py", "--no-wait", **GIVEN)

    assert again.returncode == 0
    assert azure["blobs"] == {"sales.yaml": "version: 1"}
    assert azure["secrets"] == {"notification-url": URL}
    assert azure.called("functionapp", "restart") == []


def test_the_url_of_a_new_app_is_renewed_with_the_same_key(azure: Azure, hook: Run) -> None:
    """The vault outlives an app; its URL must not."""
    azure.change(host="func-joinlink-2.azurewebsites.net")
    deployed = hook("postdeploy.py", "--no-wait", **GIVEN)

    assert azure["secrets"]["notification-url"] == URL.replace("func-joinlink", "func-joinlink-2")
    assert azure["keys"] == {"notifications/keys/graph": "a-long-key"}
    assert len(azure.called("functionapp", "restart")) == 1
    assert "now names func-joinlink-2.azurewebsites.net" in deployed.stdout


def test_a_key_that_azure_takes_late_is_set_in_the_end(azure: Azure, hook: Run) -> None:
    """Keys need a running host, which comes up after the deployment."""
    azure.fails(
        "rest --method PUT",
        "BadRequest: Encountered an error (ServiceUnavailable) from host runtime.",
        times=5,
    )
    deployed = hook("postdeploy.py", "--no-wait", **GIVEN)

    assert deployed.returncode == 0
    assert deployed.stdout.count("Setting the function key: Azure is not ready yet") == 5
    assert azure["keys"] == {"notifications/keys/graph": "a-long-key"}


def test_a_key_that_azure_never_takes_ends_in_a_sentence(azure: Azure, hook: Run) -> None:
    """After three minutes; running the hook again goes on from there."""
    azure.fails("rest --method PUT", "ServiceUnavailable", times=100)
    deployed = hook("postdeploy.py", "--no-wait", **GIVEN)

    assert deployed.returncode == 1
    assert (
        "Setting the function key failed 18 times. Run this hook again in a few minutes." in deployed.stderr
    )


def test_a_missing_right_on_the_vault_is_named(azure: Azure, hook: Run) -> None:
    """With the role, and who gives it."""
    azure.fails(
        "keyvault secret show", "(Forbidden) Caller is not authorized to perform action on resource.", times=9
    )
    deployed = hook("postdeploy.py", "--no-wait", **GIVEN)

    assert deployed.returncode == 1
    assert "Key Vault Secrets Officer" in deployed.stderr


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        pytest.param(
            "keyvault secret show",
            "(SecretNotFound) A secret with (name/id) notification-url was not found in this key vault.",
            "Reading the secret notification-url of kv-joinlink (azd provision creates it) failed 6 times",
            id="a secret that is not there",
        ),
        pytest.param(
            "keyvault secret show",
            "(Forbidden) Public network access is disabled and request is not from a trusted service.",
            "this machine is outside the private network. Run this hook on a machine inside it",
            id="a private vault",
        ),
        pytest.param(
            "storage blob list",
            "You do not have the required permissions needed to perform this operation.",
            "the role Storage Blob Data Contributor on stjoinlink",
            id="no role for the rules",
        ),
        pytest.param(
            "functionapp show",
            "(ResourceNotFound) The Resource 'Microsoft.Web/sites/func-joinlink' was not found.",
            "Reading the app func-joinlink in rg-joinlink failed 3 times",
            id="no such app",
        ),
        pytest.param(
            "rest --method PUT",
            "Forbidden({body})",
            "An Owner gives you the role Website Contributor on the app",
            id="no right to set keys",
        ),
    ],
)
def test_what_is_missing_ends_in_a_sentence(
    words: str, error: str, says: str, azure: Azure, hook: Run
) -> None:
    """That says who does what; a service that quotes what it got does not show the key."""
    azure.fails(words, error, times=99)
    deployed = hook("postdeploy.py", "--no-wait", **GIVEN)

    assert deployed.returncode == 1
    assert says in deployed.stderr
    assert "a-long-key" not in deployed.stdout + deployed.stderr


def test_a_role_that_is_late_is_waited_for(azure: Azure, hook: Run) -> None:
    """Roles of a new deployment take some minutes."""
    azure.fails("keyvault secret show", "(Forbidden) Caller is not authorized", times=4)
    azure.fails("storage blob list", "You do not have the required permissions", times=4)

    assert hook("postdeploy.py", "--no-wait", **GIVEN).returncode == 0


def test_a_restart_that_failed_is_made_up_for(azure: Azure, hook: Run) -> None:
    """The vault has the new URL already, and the app still the old one."""
    azure.change(host="func-joinlink-2.azurewebsites.net")
    azure.fails("functionapp restart", "(InternalServerError)", times=3)
    first = hook("postdeploy.py", "--no-wait", **GIVEN)
    second = hook("postdeploy.py", "--no-wait", **GIVEN)
    third = hook("postdeploy.py", "--no-wait", **GIVEN)

    assert (first.returncode, second.returncode, third.returncode) == (1, 0, 0)
    assert "Restarting func-joinlink failed 3 times" in first.stderr
    assert "the notification URL now names" in second.stdout
    assert "the notification URL names this app" in third.stdout


@pytest.mark.parametrize(
    ("signal", "code"),
    [pytest.param(signal.SIGINT, 130, id="Ctrl-C"), pytest.param(signal.SIGTERM, 143, id="SIGTERM")],
)
def test_a_hook_that_is_stopped_leaves_no_secret_behind(
    signal: int, code: int, azure: Azure, hook: Run
) -> None:
    """The file with the key is removed; the next run goes on."""
    azure.ends("rest --method PUT", signal)
    stopped = hook("postdeploy.py", "--no-wait", **GIVEN)
    again = hook("postdeploy.py", "--no-wait", **GIVEN)

    assert (stopped.returncode, again.returncode) == (code, 0)


@pytest.mark.parametrize("url", ["", "func-joinlink/api", "https://func-joinlink/api/notifications"])
def test_a_secret_that_is_no_notification_url_is_left_alone(url: str, azure: Azure, hook: Run) -> None:
    """The sentence says what belongs there."""
    azure.change(secrets={"notification-url": url})
    deployed = hook("postdeploy.py", "--no-wait", **GIVEN)

    assert deployed.returncode == 1
    assert "Set it to https://func-joinlink.azurewebsites.net/api/notifications?code=" in deployed.stderr
    assert azure["secrets"] == {"notification-url": url}


def test_what_comes_next_depends_on_the_brake_of_the_app(azure: Azure, hook: Run) -> None:
    """Not on what this machine believes."""
    on = hook("postdeploy.py", "--no-wait", **GIVEN, JOINLINK_MODE="rules")
    azure.change(mode="")
    off = hook("postdeploy.py", "--no-wait", **GIVEN, JOINLINK_MODE="report")

    assert "It writes nothing: the brake JOINLINK_MODE=report is on" in on.stdout
    assert "the brake is off" in off.stdout


def test_a_hook_without_its_settings_names_the_first(hook: Run) -> None:
    """It was run before provisioning, say."""
    deployed = hook("postdeploy.py")

    assert deployed.returncode == 1
    assert "AZURE_RESOURCE_GROUP is not set. Run azd provision first" in deployed.stderr
