"""Text that would move the cursor, forge a line or give a pipeline a command if it were printed unchanged."""

import re

MARK = "PWNED"
HOSTILE = (
    f"\n::error file=a.yaml::{MARK}",
    f"\r\n::set-output name=x::{MARK}",
    f"::warning::{MARK}",
    f"##[error]{MARK}",
    f"x##vso[task.setvariable variable=x]{MARK}",
    f"\x1b]0;{MARK}\x07\x1b[2J\x1b[1A",
    f"\x9b2J\x85::error::{MARK}",
    f"\u2028::error::{MARK}\u2029",
    f"\u202e{MARK}\u2066\u200f",
)
_OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200f]")
_COMMAND = re.compile(r"^\s*::|##\[|##vso\[", re.IGNORECASE)


def obeyed(printed: str, *, but: tuple[str, ...] = ()) -> list[str]:
    """Return the lines that a terminal or a pipeline would obey, except ours, which start with `but`."""
    return [
        line
        for line in printed.split("\n")
        if _OBEYED.search(line) or (_COMMAND.search(line) and not line.startswith(but))
    ]
