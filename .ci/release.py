"""Print the changelog section of a version, or refuse to release it: `python .ci/release.py v0.2.0`."""

import re
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(tag: str) -> str:
    """Return the release notes of the tag's version.

    Raises:
        SystemExit: the tag, shared/version.py and the changelog do not agree on the version.
    """
    version = runpy.run_path(str(ROOT / "shared" / "version.py"))["VERSION"]
    if tag != f"v{version}":
        raise SystemExit(
            f"The tag is {tag}, but shared/version.py has version {version}. Change one of them."
        )
    heading = rf"^## \[{re.escape(version)}\] - [0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}\n"
    changelog = (ROOT / "CHANGELOG.md").read_text()
    section = re.search(heading + r"(.*?)(?=^## |\Z)", changelog, re.DOTALL | re.MULTILINE)
    if section is None or not section[1].strip():
        raise SystemExit(f'CHANGELOG.md has no section "## [{version}] - <date>". Add it, then tag again.')
    return section[1].strip()


if __name__ == "__main__":
    print(main("".join(sys.argv[1:])))
