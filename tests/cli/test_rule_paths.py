"""Paths on the command line that have no rules to read."""

from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["validate"], "joinlink: rules does not exist here; name your folder of rule files, or create one with joinlink init\n", id="no default folder"),
        pytest.param(["validate", "nope.yaml"], "joinlink: nope.yaml does not exist\n", id="no such file"),
        pytest.param(["validate", "yml"], "joinlink: there are no rule files in yml; yml/a.yml (and 1 more): the cloud does not read this file: a rule file is named *.yaml; rename it\n", id="only *.yml"),
        pytest.param(["permissions", "below"], "joinlink: there are no rule files in below; below/sales/a.yaml: the cloud does not read this file: it reads the folder itself, not the folders in it; move the file\n", id="only in folders below"),
        pytest.param(["validate", "empty"], "joinlink: there are no rule files in empty; a rule file is named *.yaml\n", id="no rule files"),
        pytest.param(["validate", "x" * 300], f"joinlink: {'x' * 300} can't be read: File name too long\n", id="a path that is too long"),
        pytest.param(["validate", "empty/linked"], "joinlink: empty/linked/x.yaml can't be read: No such file or directory\n", id="a broken link"),
    ],
)  # fmt: skip
def test_a_path_that_cannot_be_read_is_refused(
    arguments: list[str], message: str, joinlink: Any, folder: Path
) -> None:
    """There is one sentence, no traceback, and exit code 2."""
    for name in ("empty", "yml", "below/sales"):
        (folder / name).mkdir(parents=True)
    for name in ("yml/a.yml", "yml/b.yml", "below/sales/a.yaml"):
        (folder / name).write_text("version: 1\n")
    if "linked" in arguments[-1]:
        (folder / "empty/linked").mkdir()
        (folder / "empty/linked/x.yaml").symlink_to("gone")
    result = joinlink(*arguments)

    assert (result.exit, result.out, result.err) == (2, "", message)
