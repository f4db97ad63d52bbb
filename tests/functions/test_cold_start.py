"""What the app loads before its first call. Graph waits ten seconds for a handshake, cold start included."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("httpx", "msal", "requests", "pydantic", "yaml", "re2", "dateutil", "azure.storage", "azure.data")

INDEX = "import function_app; function_app.app.get_functions()"
HANDSHAKE = f"""
import azure.functions as func
from functions.notifications import notifications
req = func.HttpRequest("POST", "https://a/api/notifications", params={{"validationToken": "t"}}, body=b"")
assert notifications.build().get_user_function()(req).get_body() == b"t"
{INDEX}
"""


@pytest.mark.parametrize(
    "code", [pytest.param(INDEX, id="indexing"), pytest.param(HANDSHAKE, id="the handshake")]
)
def test_no_heavy_module_is_loaded_for(code: str) -> None:
    """The test runs in a separate process without settings: the host indexes the app without any."""
    script = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(  # noqa: S603 -- our own code
        [sys.executable, "-c", script], cwd=ROOT, env={}, capture_output=True, text=True, check=True
    )
    loaded = json.loads(done.stdout)

    assert [name for name in loaded if name.startswith(HEAVY)] == []
    assert "structlog" in loaded


def test_the_rules_folder_is_relative_to_the_app(tmp_path: Path) -> None:
    """`JOINLINK_RULES=rules` is the folder that was deployed, whatever the working directory."""
    script = (
        "import os; from shared import wiring; from shared.worker.common.world import World\n"
        "print(len(wiring.Parts(os.environ, World()).rule_source.read()))"
    )
    environ = {
        "PYTHONPATH": str(ROOT),
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "JOINLINK_TENANT_ID": "c0ffee00-0000-4000-8000-000000000001",
        "JOINLINK_CLIENT_STATE_KEY": "k" * 32,
    }
    done = subprocess.run(  # noqa: S603 -- our own code
        [sys.executable, "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
    )

    assert int(done.stdout) >= 1
