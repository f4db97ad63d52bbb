"""`make contract`: Microsoft's Graph SDK drives the stand-in; the traffic must fit Graph's types."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox.graph.__main__ import ServedTenant
from sandbox.serve import serve

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / "build" / "contract" / "bin" / "python"
HAR = ROOT / "build" / "contract.har"
#: the check of recorded traffic against Graph's published metadata, if it is beside the repository
TYPES = ROOT.parent / "shared" / "contract" / "check_har.py"
#: calls that the check does not know: groups by address, and changes of calendars
_UNKNOWN = re.compile(r"GET \S+/groups\?|(POST|DELETE) \S+/calendars(/[^/]+)?$")
_BAD_REQUEST = 400


def main() -> int:
    """Run; return 1 if something differs from Graph."""
    served = ServedTenant.create()
    with serve(served) as url:
        facts = json.dumps(served.facts(url))
        command = [str(PYTHON), "-m", "sandbox.contract.sdk_run"]
        done = subprocess.run(command, cwd=ROOT, input=facts, text=True, check=False)  # noqa: S603 -- our own code
    served.graph.write_har(HAR)
    print(f"The traffic is in {HAR.relative_to(ROOT)}.", flush=True)
    return _check_types(served.graph.har()) or done.returncode


def _check_types(traffic: dict[str, Any]) -> int:
    if not TYPES.is_file():
        print("It is not checked against Graph's types: the check is not beside the repository.")
        return 0
    everything = traffic["log"]["entries"]
    entries = [_as_known(one) for one in everything if not _UNKNOWN.search(_called(one))]
    print(f"{len(everything) - len(entries)} calls are not known to the check of types.", flush=True)
    checked = HAR.with_suffix(".checked.har")
    checked.write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    return subprocess.run([sys.executable, TYPES, checked], check=False).returncode  # noqa: S603 -- beside us


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
