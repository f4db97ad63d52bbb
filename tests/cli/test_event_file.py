import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.samples import RULES


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param({"Subject": "x", "IsOnlineMeeting": False}, "is PowerShell's JSON", id="an object of Get-MgUserEvent"),
        pytest.param([{"Subject": "x"}, {"Subject": "y"}], "is PowerShell's JSON", id="several"),
        pytest.param({"subject": "x", "start": "System.Collections.Hashtable"}, "use -Depth 10", id="without inner objects"),
        pytest.param({"subject": "x", "attendees": ["@{type=required; status=}"]}, "use -Depth 10", id="without attendees"),
        pytest.param({"subject": "x", "organizer": {"emailAddress": "System.Collections.Hashtable"}}, "use -Depth 10", id="without addresses"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_json_of_powershell_is_named_as_what_it_is(
    content: Any, problem: str, encoding: str, folder: Path, joinlink: Any
) -> None:
    """Its event has other names. Windows PowerShell writes files in UTF-16."""
    (folder / "rules").mkdir()
    (folder / "rules/a.yaml").write_text(RULES)
    (folder / "event.json").write_text(json.dumps(content), encoding=encoding)
    result = joinlink("explain", "--event", "event.json")

    assert result.exit == 2
    assert result.err.startswith("joinlink: event.json ")
    assert problem in result.err
