"""`make checkov`: hold the templates against checkov's rules for Azure, offline.

checkov's parser knows an older Bicep, so it reads copies in that form, in `build/checkov/infra`. It skips a file that it
can't parse and still ends well; here that is an error.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra.older_bicep import older

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "checkov"

#: rules that are skipped, each with its reason
SKIPPED = {
    "CKV_AZURE_13": "Microsoft Graph can't sign in; the webhook checks clientState, tenant and function key",
    "CKV_AZURE_17": "Microsoft Graph sends no client certificate",
    "CKV_AZURE_35": "the firewall closes with privateStorage; without a network of its own it would lock the app out",
    "CKV_AZURE_41": "the key and the URL are rotated by hand; an expiry would stop the app",
    "CKV_AZURE_42": "purge protection is an expression, which checkov does not evaluate; it is on by default",
    "CKV_AZURE_63": "not a setting of Flex Consumption",
    "CKV_AZURE_65": "not a setting of Flex Consumption",
    "CKV_AZURE_66": "not a setting of Flex Consumption",
    "CKV_AZURE_78": "ftpsState is refused on Flex Consumption, which has no FTP",
    "CKV_AZURE_80": "the app runs Python",
    "CKV_AZURE_88": "the app needs no file share",
    "CKV_AZURE_109": "the firewall closes with privateStorage",
    "CKV_AZURE_110": "purge protection is an expression, which checkov does not evaluate; it is on by default",
    "CKV_AZURE_131": "the seeds are random at each deployment: newGuid()",
    "CKV_AZURE_206": "ZRS is the default; checkov asks for replication to another region",
    "CKV_AZURE_212": "Flex Consumption scales by itself, and one instance is always ready",
    "CKV_AZURE_213": "health check paths are not supported on Flex Consumption",
    "CKV_AZURE_222": "Microsoft Graph sends its notifications from the internet",
    "CKV_AZURE_225": "zone redundancy is a parameter, off by default: it doubles the instances that always run",
}


def main() -> None:
    """Run checkov; exit with 1 where a rule fails, or a file was not read."""
    copies = BUILD / "infra"
    shutil.rmtree(copies, ignore_errors=True)
    copies.mkdir(parents=True)
    files = sorted((ROOT / "infra").glob("*.bicep"))
    for file in files:
        (copies / file.name).write_text(older(file.read_text()))
    problems = list(judge(_run(copies)))
    for problem in problems:
        print(problem)
    print(f"checkov: {len(files)} files, {len(SKIPPED)} rules skipped, {len(problems)} problems")
    sys.exit(1 if problems else 0)


def _run(folder: Path) -> dict[str, Any]:
    program = BUILD / "venv" / "bin" / "checkov"
    command = [
        str(program),
        "--directory",
        str(folder),
        "--framework",
        "bicep",
        "--compact",
        "--skip-download",
        "-o",
        "json",
    ]
    done = subprocess.run(
        [*command, "--skip-check", ",".join(SKIPPED)], capture_output=True, text=True, check=False
    )
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        sys.exit(f"checkov did not run: {done.stderr.strip()[-500:]}")
    return report


def judge(report: dict[str, Any]) -> list[str]:
    """Return what checkov found, or why its report proves nothing."""
    summary = report["summary"]
    if summary["parsing_errors"]:
        return [f"{summary['parsing_errors']} files could not be parsed, so nothing was checked in them"]
    if not summary["passed"]:
        return ["no rule was checked"]
    return [
        f"{failed['check_id']}: {failed['check_name']} ({failed['resource']})"
        for failed in report["results"]["failed_checks"]
    ]


if __name__ == "__main__":
    main()
