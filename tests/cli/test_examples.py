"""The examples of the cookbook work as it says."""

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "rules" / "examples").glob("*.yaml"))


@pytest.mark.parametrize("example", [pytest.param(file, id=file.stem) for file in EXAMPLES])
def test_each_example_can_be_used_as_the_cookbook_says(example: Path, joinlink: Any, write: Any) -> None:
    """As it is, alone; or beside other rules, without the settings that only one file may have."""
    rules = example.read_text().partition("\nrules:\n")[2]
    lists = re.search(r"^lists:\n(?:  .*\n)+", example.read_text(), re.MULTILINE)
    beside = f"version: 1\n{lists[0] if lists else ''}rules:\n{rules}"
    write(**{"rules/joinlink.yaml": (ROOT / "rules/joinlink.yaml").read_text(), "rules/00-new.yaml": beside})
    alone, together = joinlink("validate", "--strict", str(example)), joinlink("validate", "rules")

    assert rules
    assert (alone.exit, alone.err) == (0, "")
    assert (together.exit, together.err) == (0, "")
    assert joinlink("test", str(example)).exit == 0
