import io

import pytest
from rich.console import Console
from rich.text import Text

from cli import lines
from cli.lines import Line

SHOWN = [
    Line(Text("✗ sensitivity private, confidential"), Text("normal, which is neither of the two")),
    Line(Text("✓ has_room true"), Text("true")),
    Line(Text("a heading that is longer than a narrow terminal is wide")),
]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("indent", [0, 4, 8])
def test_no_column_is_wider_than_the_terminal(width: int, indent: int) -> None:
    """Text that continues in the next line keeps its column."""
    out = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    lines.show(out, SHOWN, indent=indent)
    assert isinstance(out.file, io.StringIO)
    printed = out.file.getvalue().splitlines()

    assert all(len(line.rstrip()) <= width for line in printed)
    assert all(line.startswith(" " * indent) for line in printed)
    assert [line for line in printed if line.strip()] == printed
