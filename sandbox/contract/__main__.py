"""`make contract`: Microsoft's own clients and worker against the sandbox.

Its Graph SDK drives the stand-in, whose traffic must fit Graph's types. Its gRPC worker runs the app.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox.contract.grpc_stage import NoWorker, run_under_grpc
from sandbox.graph.__main__ import ServedTenant
from sandbox.serve import serve

ROOT = Path(__file__).resolve().parents[2]
PYTHON = str(ROOT / "build" / "contract" / "bin" / "python")
WORKER_SOURCE = "https://github.com/Azure/azure-functions-python-worker"
#: newer versions of Python have another worker, which Microsoft publishes as azure-functions-runtime
_LAST_PYTHON = (3, 12)
HAR = ROOT / "build" / "contract.har"
#: the check of recorded traffic against Graph's published metadata, if it is beside the repository
TYPES = ROOT.parent / "shared" / "contract" / "check_har.py"
#: calls that the check does not know: groups by address, and changes of calendars
_UNKNOWN = re.compile(r"GET \S+/groups\?|(POST|DELETE) \S+/calendars(/[^/]+)?$")
_BAD_REQUEST = 400


def main() -> int:
    """Run; return 1 if something differs from Graph, or the app fails under the worker."""
    parser = argparse.ArgumentParser("python -m sandbox.contract", description=main.__doc__)
    parser.add_argument("--worker-source", default=WORKER_SOURCE, help="the worker's repository, or a copy")
    source = parser.parse_args().worker_source
    results = [_sdk(), _worker(source)]
    return 0 if all(results) else 1


def _sdk() -> bool:
    served = ServedTenant.create()
    with serve(served) as url:
        facts = json.dumps(served.facts(url))
        command = [PYTHON, "-m", "sandbox.contract.sdk_run"]
        done = subprocess.run(command, cwd=ROOT, input=facts, text=True, check=False)  # noqa: S603 -- our own code
    served.graph.write_har(HAR)
    print(f"The traffic is in {HAR.relative_to(ROOT)}.", flush=True)
    return _fits_types(served.graph.har()) and done.returncode == 0


def _worker(source: str) -> bool:
    if sys.version_info[:2] > _LAST_PYTHON:
        print("The gRPC worker is not run: it is for Python 3.11 and 3.12.")
        return True
    try:
        return run_under_grpc(PYTHON, source)
    except NoWorker:
        print(f"The gRPC worker is NOT RUN: {source} can't be read. Give --worker-source a copy of it.")
        return True


def _fits_types(traffic: dict[str, Any]) -> bool:
    if not TYPES.is_file():
        print("It is not checked against Graph's types: the check is not beside the repository.")
        return True
    everything = traffic["log"]["entries"]
    entries = [_as_known(one) for one in everything if not _UNKNOWN.search(_called(one))]
    print(f"{len(everything) - len(entries)} calls are not known to the check of types.", flush=True)
    checked = HAR.with_suffix(".checked.har")
    checked.write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    return not subprocess.run([sys.executable, TYPES, checked], check=False).returncode  # noqa: S603 -- beside us


def _called(entry: dict[str, Any]) -> str:
    return f"{entry['request']['method']} {entry['request']['url']}"


def _as_known(entry: dict[str, Any]) -> dict[str, Any]:
    """Name `me` as a user, and leave out the bodies that are wrong on purpose."""
    request = {**entry["request"], "url": entry["request"]["url"].replace("/v1.0/me", "/v1.0/users/me")}
    if entry["response"]["status"] == _BAD_REQUEST:
        request.pop("postData", None)
    return {**entry, "request": request}


if __name__ == "__main__":
    sys.exit(main())
