"""The stand-in as a process of its own: `python -m sandbox.graph`."""

import json
import subprocess
import sys
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[3]


def test_the_command_prints_what_a_client_needs_and_ends_on_request(tmp_path: Path) -> None:
    """Address, tokens and ids; the notification URL answers validation requests; the traffic is in a file."""
    har = tmp_path / "traffic.har"
    command = [sys.executable, "-m", "sandbox.graph", "--port", "0", "--json", "--har", str(har)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own code
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        [ada, _bo] = facts["users"]
        with httpx.Client(base_url=facts["graph"], trust_env=False) as client:
            mine = client.get("/me", headers={"Authorization": f"Bearer {ada['token']}"})
            refused = client.post("/me/events", headers={"Authorization": f"Bearer {ada['read_only_token']}"})
            created = client.post(
                "/subscriptions",
                headers={"Authorization": f"Bearer {facts['app_token']}"},
                json={
                    "changeType": "updated",
                    "resource": f"users/{ada['id']}/events",
                    "notificationUrl": facts["notification_url"],
                    "expirationDateTime": "2999-01-01T00:00:00Z",
                },
            )
        process.terminate()
        assert process.wait() == 0

    assert (mine.json()["id"], refused.status_code) == (ada["id"], 403)
    assert "can only be 10080 minutes" in created.json()["error"]["message"]
    assert len(json.loads(har.read_text())["log"]["entries"]) == 3
