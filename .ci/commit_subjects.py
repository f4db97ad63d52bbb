"""Check that commit subjects have at most 72 characters, in all commits since this file was added."""

import subprocess
import sys
from pathlib import Path

LONGEST = 72


def too_long(subjects: list[str]) -> list[str]:
    """Return the subjects that are longer than `LONGEST` characters."""
    return [subject for subject in subjects if len(subject) > LONGEST]


def _git(*arguments: str) -> list[str]:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.splitlines()


def main() -> None:
    """Check the history, or the message file that a commit-msg hook names."""
    if len(sys.argv) > 1:
        subjects = Path(sys.argv[1]).read_text().splitlines()[:1]
    else:
        try:
            [added, *_] = _git("log", "--diff-filter=A", "--format=%H", "--", ".ci/commit_subjects.py")
            subjects = _git("log", "--no-merges", "--format=%s", f"{added}..HEAD")
        except (OSError, ValueError, subprocess.CalledProcessError):
            print("Commit subjects: not checked, there is no git history here.")
            return
    if found := too_long(subjects):
        raise SystemExit(f"Shorten these commit subjects to {LONGEST} characters:\n" + "\n".join(found))
    print(f"Commit subjects: {len(subjects)} checked.")


if __name__ == "__main__":
    main()
