"""A preview as one HTML page that loads nothing: the template is page.html.

Everything foreign is escaped. A policy in the page allows its own style and script alone, so nothing that
got in unescaped would run or load.
"""

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from importlib.resources import files

from cli.formats.preview import cards, meeting_rows, overview
from shared.desk.preview.report import PreviewReport

_SLOT = re.compile(r"<!-- (\w+) -->")
_SECTIONS: dict[str, Callable[[PreviewReport], Iterable[str]]] = {
    "lead": overview.lead,
    "tiles": overview.tiles,
    "changes": overview.changes,
    "sets": cards.sets,
    "meetings_note": meeting_rows.meetings_note,
    "filters": meeting_rows.filters,
    "meetings": meeting_rows.meetings,
    "unknown": overview.unknown,
    "footer": overview.footer,
}


def pieces(report: PreviewReport) -> Iterator[str]:
    """Yield the page in pieces: the list of meetings may be long."""
    template = files("cli.formats.preview").joinpath("page.html").read_text(encoding="utf-8")
    for at, part in enumerate(_SLOT.split(template)):
        if at % 2 == 0:
            yield part
        elif part == "policy":
            yield _policy(template)
        else:
            yield from _SECTIONS[part](report)


def _policy(template: str) -> str:
    """Return the Content-Security-Policy: https://www.w3.org/TR/CSP3/."""
    return (
        f"default-src 'none'; img-src data:; style-src {_hash(template, 'style')};"
        f" script-src {_hash(template, 'script')}; base-uri 'none'; form-action 'none'"
    )


def _hash(template: str, tag: str) -> str:
    content = template.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
    return f"'sha256-{base64.b64encode(sha256(content.encode()).digest()).decode()}'"
