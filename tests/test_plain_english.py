"""Text and names use everyday technical English: the table lists words to avoid, and what to write instead."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: a pattern for words that readers must not have to decode -> what to write
INSTEAD = {
    r"mend(s|ed|ing)?": "fix, repair",
    r"anew": "again",
    r"whom|whomever": "who, that",
    r"whoever": "anyone who",
    r"seldom(er)?": "rarely, less often",
    r"hardly meant": "probably not intended",
    r"set(s|ting)? aside": "move to the poison queue, hold",
    r"by that(?=[,.;:)])": "therefore",
    r"(is|are) told|told of": "is notified, gets",
    r"(can't|can ?not|could not) be told": "is unknown",
    r"so-manyth": "at position n",
    r"(text|word|list|number|object|truth|moment|GUID) is due": "expected ...",
    r"(?<!there\s)(is|are|was|were) no (?!longer|more|one)[a-z]+": "is not a ...",
    r"kept from": "prevented",
    r"(came|comes?) to nothing|what it came to": "fails, the result",
    r"(a|first|second) look|look(s|ed|ing)? at": "a read, reads, checks",
    r"(stands?|stood|lies|lay) (in|on|there)": "is in, is on",
    r"in the manner of": "following",
    r"shall": "must",
    r"for ever": "forever",
    r"go(es|ing|ne)? on(?! the)": "continues",
    r"pass(es|ed)? over": "skips, ignores",
    r"in vain": "without success",
    r"left alone": "not changed, not called",
    r"made of": "consists of, created from",
    r"(become|becomes|became) of": "happens to, the result of",
    r"(dies|died) over": "killed by",
}
PATTERNS = {
    # a space also matches the end of a line and the start of a comment in the next one
    re.compile("(?<![a-z])(" + words.replace(" ", r"[\s#:]+") + ")(?![a-z])", re.IGNORECASE): better
    for words, better in INSTEAD.items()
}


def files() -> Iterator[Path]:
    """Yield docs, code and templates, without tests and data."""
    yield from (
        *ROOT.glob("*.md"),
        *(ROOT / "docs").glob("*.md"),
        ROOT / "Makefile",
        ROOT / "function_app.py",
    )
    for folder in ("cli", "functions", "infra", "sandbox", "shared"):
        for suffix in ("py", "bicep", "yaml"):
            yield from (ROOT / folder).rglob(f"*.{suffix}")


def findings(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line of each word to avoid, and an advice."""
    for pattern, better in PATTERNS.items():
        for match in pattern.finditer(text):
            yield text.count("\n", 0, match.start()) + 1, f'"{match[0]}": write {better}'


def test_no_text_needs_decoding() -> None:
    """Docs, messages, help texts, docstrings, comments and names."""
    assert [
        f"{path.relative_to(ROOT)}:{line}: {advice}"
        for path in files()
        if "node_modules" not in path.parts
        for line, advice in findings(path.read_text())
    ] == []


@pytest.mark.parametrize(
    "text",
    ["Mend it.", "def read_anew():", "This is no GUID.", "text is due", "nobody is told", "he looked\nat it", "it goes on"],
)  # fmt: skip
def test_a_word_to_avoid_is_found(text: str) -> None:
    """In any case, in names, and across line breaks."""
    assert len(list(findings(text))) == 1


@pytest.mark.parametrize(
    "text",
    ["amend", "There is no GUID.", "is no longer", "the task is due", "by that time", "goes on the queue", "the stand-in"],
)  # fmt: skip
def test_other_words_are_allowed(text: str) -> None:
    """Although they are similar."""
    assert list(findings(text)) == []
