"""Upload rule files to the app's container, after they were checked. Files that are gone here are removed there.

`python infra/hooks/upload_rules.py [FOLDER] --account NAME`. The app reads them within two minutes, all or none.
"""

import argparse
from pathlib import Path

from azure_cli import az, with_retries
from steps import ROOT, Stop, done, joinlink, run_hook, setting

CONTAINER = "rules"


def main() -> None:
    """Check and upload."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default=str(ROOT / "rules"))
    parser.add_argument("--account", default="", help="name of the storage account")
    options = parser.parse_args()
    upload(Path(options.folder), setting("AZURE_STORAGE_ACCOUNT", option=options.account))


def upload(folder: Path, account: str) -> None:
    """Upload the folder's rule files.

    Raises:
        Stop: there are none, or they have errors; nothing was changed then. Or the upload ended half way.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise Stop(f"There are no rule files in {folder}. Write one with joinlink init, and try again.")
    run = joinlink("validate", "--strict", str(folder))
    if run.returncode != 0:
        raise Stop(
            f"The rules have errors, so nothing was uploaded:\n{run.stdout.strip()}\n{run.stderr.strip()}"
        )
    names = {file.name for file in files}
    surplus = sorted(uploaded(account) - names)
    for file in files:
        _change(account, "upload", file.name, "--file", str(file), "--overwrite")
    for name in surplus:
        _change(account, "delete", name)
        done(f"{name} removed from the container")
    done(f"{len(files)} rule files uploaded; the app has them in force within two minutes")


def _change(account: str, verb: str, name: str, *more: str) -> None:
    where = ("--account-name", account, "--auth-mode", "login")
    with_retries(
        lambda: az("storage", "blob", verb, "--container-name", CONTAINER, "--name", name, *more, *where),
        what=f"The {verb} of {name} (until it succeeds, the container may hold files of two versions)",
        tries=3,
        forbidden=_forbidden(account),
    )


def uploaded(account: str) -> set[str]:
    """Return the names of the rule files in the container."""
    blobs = with_retries(
        lambda: az(
            "storage", "blob", "list", "--container-name", CONTAINER, "--account-name", account, "--auth-mode",
            "login",
        ),
        what="Reading the rules container",
        tries=6,
        forbidden=_forbidden(account),
    )  # fmt: skip
    return {blob["name"] for blob in blobs or [] if str(blob["name"]).endswith(".yaml")}


def _forbidden(account: str) -> str:
    return (
        f"Your account may not read and write rules. An Owner gives you the role Storage Blob Data Contributor on"
        f" {account}; it takes effect after some minutes."
    )


if __name__ == "__main__":
    run_hook("Joinlink: rule files", main)
