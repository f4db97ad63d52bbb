"""A cold start loads few modules: the handshake of a subscription must be answered within ten seconds."""

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
def test_no_large_library_is_loaded_for(code: str) -> None:
    """In a new process without settings: the app needs none to index its functions."""
    script = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(  # noqa: S603 -- our own words
        [sys.executable, "-c", script], cwd=ROOT, env={}, capture_output=True, text=True, check=True
    )
    loaded = json.loads(done.stdout)

    assert [name for name in loaded if name.startswith(HEAVY)] == []
    assert "structlog" in loaded


def test_the_rules_folder_does_not_depend_on_the_working_directory(tmp_path: Path) -> None:
    """`JOINLINK_RULES=rules` is the deployed folder."""
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
    done = subprocess.run(  # noqa: S603 -- our own words
        [sys.executable, "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
    )

    assert int(done.stdout) >= 1
