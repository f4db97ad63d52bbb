"""Check that the commits that `origin/main` does not have yet have subjects of at most 72 characters."""

import subprocess
import sys
from pathlib import Path

LONGEST = 72


def too_long(subjects: list[str]) -> list[str]:
    """Return the subjects that are longer than `LONGEST` characters."""
    return [subject for subject in subjects if len(subject) > LONGEST]


def new_subjects() -> list[str]:
    """Return the subjects of the new commits; none where there is no history, or nothing to compare with."""
    command = ["git", "log", "--no-merges", "--format=%s", "origin/main..HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return []


def main() -> None:
    """Check the new commits, or the message file that a commit-msg hook names."""
    subjects = Path(sys.argv[1]).read_text().splitlines()[:1] if len(sys.argv) > 1 else new_subjects()
    if found := too_long(subjects):
        raise SystemExit(f"Shorten these commit subjects to {LONGEST} characters:\n" + "\n".join(found))
    print(f"Commit subjects: {len(subjects)} checked.")


if __name__ == "__main__":
    main()
