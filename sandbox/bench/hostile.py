"""Hostile rule files and bodies: they cause much more work than ordinary ones.

The budget for files is a second per megabyte, and 50 ms for small files. The time for bodies must be linear
in their length.
"""

from collections.abc import Callable, Iterator

from sandbox.bench import rules

#: the budget for a megabyte, and for a small file
SECONDS_PER_MEGABYTE, LEAST_SECONDS = 1.0, 0.05
_FILE_SIZE = 250_000
_HEAD = "version: 1\ninternal_domains: [contoso.com]\nrules:\n"


def allowed_seconds(size: int) -> float:
    """Return the budget for a file of `size` bytes."""
    return max(LEAST_SECONDS, size / 1e6 * SECONDS_PER_MEGABYTE)


def files() -> Iterator[tuple[str, bytes]]:
    """Yield a description and the content of each file."""
    for description, text in _FILES.items():
        yield description, text().encode()


def _rules(line: str, most: int = 10_000) -> str:
    """Return a file of rules, one a line, as many as fit; `{n}` in the line becomes the rule's number."""
    lines = [line.replace("{n}", str(number)) + "\n" for number in range(most)]
    count = _FILE_SIZE // max(map(len, lines))
    return _HEAD + "".join(lines[:count])


def _condition(value: str) -> str:
    return f"{_HEAD}- id: a\n  when: {value}\n"


def _patterns(pattern: str) -> str:
    lines = "".join(f"      - '{pattern}{number}'\n" for number in range(200))
    return f"{_HEAD}- id: a\n  when:\n    subject:\n      matches:\n{lines}"


_FILES: dict[str, Callable[[], str]] = {
    "ordinary rules, 100 bytes each": lambda: rules.joinlink_rules(2_500).decode(),
    "the shortest rules": lambda: _rules("- {id: a{n}, when: {}}", 7_000),
    "rules with one condition": lambda: _rules("- {id: a{n}, when: {attendees: {n}}}", 5_000),
    "contradictory rules": lambda: _rules(
        "- {id: a{n}, when: {all: [{is_all_day: true},{is_all_day: false}]}}"
    ),
    "ten thousands of words": lambda: _condition(f"{{subject: [{'a,' * 45_000}]}}"),
    "the most words that are allowed, again and again": lambda: _condition(
        f"{{any: [{'{subject: [' + 'a,' * 2_000 + ']},'}]}}"
    ),
    "ten thousands of names": lambda: _condition(f"{{categories: [{'a,' * 45_000}]}}"),
    "ten thousands of conditions": lambda: _condition(f"{{any: [{'{has_room: true},' * 11_000}]}}"),
    "ten thousands of negations": lambda: _condition(f"{{all: [{'{not: {has_room: true}},' * 8_000}]}}"),
    "conditions in twenty nested blocks": lambda: _condition(
        "{all: [" * 20 + "{is_all_day: true}," * 12_000 + "]}" * 20
    ),
    "alternatives compared with alternatives": lambda: (
        _condition(f"{{any: [{{all: [{'{has_room: true},' * 6_500}]}}]}}")
        + f"  unless: {{any: [{'{is_all_day: true},' * 6_000}]}}\n"
    ),
    "a long text that looks like a pattern": lambda: _condition(
        f"\n    subject: |\n      {'x.*' * 60_000}\n      y"
    ),
    "thousands of tests": lambda: (
        f"{_HEAD}- id: a\n  when: {{}}\n  tests:\n"
        + "".join(f"  - {{name: a{n}, event: {{}}, expect: skip}}\n" for n in range(5_000))
    ),
    "a list of ten thousands of domains": lambda: (
        f"version: 1\nrules: []\nlists: {{p: [{''.join(f'a{n}.com,' for n in range(24_000))}]}}"
    ),
    "unknown keys": lambda: "version: 1\n" + "".join(f"rulse{n}: x\n" for n in range(18_000)),
    "unknown lists": lambda: _condition(f"{{attendee: {{domain_in: [{'x,' * 20_000}]}}}}"),
    "aliases": lambda: f"version: 1\nrules: [{'*a,' * 40_000}]",
    "empty lists": lambda: f"[{'[],' * 49_000}]",
    "a long line with an error": lambda: "rules: " + "[],{a:b}," * 25_000 + "\n- x",
    "brackets": lambda: "[" * _FILE_SIZE,
    "200 patterns of letters": lambda: _patterns(r"\pL" * 300),
    "200 patterns that are too large": lambda: _patterns(r"\pL{1,40}"),
    "200 patterns that repeat": lambda: _patterns("(x{1,90}){1,10}"),
}


def _repeated(piece: str) -> Callable[[int], str]:
    return lambda size: piece * (size // len(piece)) + " ."


#: Bodies that cause much work in the search for join links, by their length in characters.
TEXTS: dict[str, Callable[[int], str]] = {
    name: _repeated(piece)
    for name, piece in {
        "open tags": "<a",
        "tags": "<a b=c>",
        "HTML": '<div><a href="https://www.contoso.com/a?b=c&amp;d=e">see</a></div>\r\n',
        "percent signs": "%25",
        "entities": "&amp;",
        "half an entity": "amp;",
        "hosts": "a.b/",
        "one endless host": "a.",
        "links that are not join links": "https://zoom.us/x ",
        "base64": "aHR0cHM6Ly9h",
        "long words": "abcdefghijklmnop ",
        "Proofpoint without a target": "urldefense.com/v2/url?",
        "Proofpoint in Proofpoint": "urldefense.com/v2/url?u=-",
        "Proofpoint's hosts": "urldefense.",
        "Proofpoint's stars": "urldefense.com/v3/__*2",
        "F5": "/f5-w-ab$$",
        "quoted-printable": "=3D=\r\n",
        "backslashes": "\\",
        "Teams launchers": "https://teams.microsoft.com/dl/launcher/launcher.html?",
        "Zoom by number": "https://zoom.us/join?",
        "scanners": "https://x.mimecast.com/s/a?d=a.b&",
        "Webex sites": "https://x.webex.com/a/a/a/",
        "servers": "https://a.bc/webapp/?",
        "programs": "zoommtg://",
        "zero-width spaces": "\u200b",
        "words": "lorem ipsum dolor. ",
    }.items()
}
