"""Runs the product under Microsoft's gRPC worker, on Azurite and the stand-in Graph."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sandbox.azurite import azurite
from sandbox.stage import CLIENT_STATE_KEY, TENANT, Stage, stage
from shared.graph.protocol.client_state import client_state

ROOT = Path(__file__).resolve().parents[2]
_RULES = "version: 1\nrules: [{id: all, mode: enforce, when: {attendees: {at_least: 1}}}]"


class NoWorker(Exception):
    """The worker's source can't be had."""


def run_under_grpc(python: str, source: str) -> bool:
    """Return whether a notification became a join link; `python` has the worker's packages.

    Raises:
        NoWorker: see there.
    """
    now = datetime.now(UTC)
    with TemporaryDirectory() as folder, azurite() as storage:
        rules, worker = Path(folder) / "rules", Path(folder) / "worker"
        rules.mkdir()
        worker.mkdir()
        (rules / "rules.yaml").write_text(_RULES, encoding="utf-8")
        preparing = [python, "-m", "sandbox.contract.worker_source", source, str(worker)]
        if subprocess.run(preparing, cwd=ROOT, check=False).returncode:  # noqa: S603 -- our own code
            raise NoWorker(source)
        with stage(storage, rules, {"JOINLINK_SETTLE": "0s"}, ticks=True, start=now) as everything:
            given = json.dumps(_given(everything, now))
            command = [python, "-m", "sandbox.contract.grpc_run", str(worker)]
            done = subprocess.run(command, cwd=ROOT, input=given, text=True, check=False)  # noqa: S603 -- our own code
            written = [one for one in everything.graph.calls if one.method == "PATCH" and one.took_effect]
    print(f"{'ok    ' if written else 'FAILED'}  Graph has the online meeting", flush=True)
    return done.returncode == 0 and len(written) == 1


def _given(everything: Stage, now: datetime) -> dict[str, Any]:
    """Create an event; return the app's settings, and Graph's notification about the event."""
    ada = everything.graph.add_user("Ada", "ada@contoso.com")
    start, end = (
        {"dateTime": (now + timedelta(hours=hours)).isoformat(), "timeZone": "UTC"} for hours in (24, 25)
    )
    guests = [{"emailAddress": {"address": "bo@fabrikam.com"}}]
    event = everything.graph.people.create(ada.id, start=start, end=end, attendees=guests)
    item = {
        "subscriptionId": "22222222-2222-4222-8222-222222222222",
        "clientState": client_state(CLIENT_STATE_KEY, ada.id),
        "tenantId": TENANT,
        "changeType": "created",
        "resource": f"Users/{ada.id}/Events/{event}",
    }
    identity = {name: os.environ[name] for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")}
    return {"settings": {**everything.settings, **identity}, "notification": {"value": [item]}}
