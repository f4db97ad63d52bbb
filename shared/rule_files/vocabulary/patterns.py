"""Patterns of RE2, which are found in linear time, compiled within bounds."""

import re
from collections.abc import Callable
from typing import Any

import re2

from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.session import StopReading
from shared.rule_files.yaml_tree.nodes import Node, shorten
from shared.rules.event.texts import composed

MAX_PATTERN = 1000
#: steps of about 0.2 µs that compiling takes: a pattern, a class of Unicode, a pattern that is too large
_EACH, _CLASS, _TOO_LARGE = 60, 500, 5_000
_MAX_PATTERN_MEMORY = 1 << 19
_SHORTER = "shorten some, or use contains"
#: what RE2 says -> what an admin needs to know
_REFUSED = (
    (
        r"invalid perl operator: \(\?(<?[=!]|<)",
        'groups that look ahead or behind ("(?=", "(?<") are not supported',
    ),
    (
        r"invalid perl operator",
        'of groups that begin with "(?", only "(?:", "(?i)" and "(?P<name>" are supported',
    ),
    (r"invalid escape sequence: \\Z", r'the end of the text is "\z", or "$"'),
    (r"invalid escape sequence: \\u", r'a letter is written as itself, or as "\x{e4}"'),
    (r"invalid escape sequence: \\[hR]", r'white space is "\s"'),
    (
        r"invalid escape sequence",
        'a "\\" stands before a character that needs none, or refers back to a group',
    ),
    (r"missing \)", 'a ")" is missing'),
    (r"unexpected \)", 'a ")" has no "(" before it'),
    (r"missing \]", 'a "]" is missing'),
    (r"no argument for repetition", 'a "*", "+" or "?" has nothing before it to repeat'),
    ("bad repetition", 'two of "*", "+" and "?" follow each other'),
    (r"invalid repetition size: \{[0-9]{1,3},[0-9]", "the numbers of a repetition run backwards"),
    (r"invalid repetition size", "a part is repeated too often (1000 times at most)"),
    (r"invalid character class range: (\\[pP]|\[\[?:)", "there is no class of characters of this name"),
    (r"invalid character class range", 'a range in "[…]" runs backwards'),
    ("invalid character class", 'what stands in "[…]" is not a set of characters'),
    (r"trailing \\", 'it ends with a single "\\"'),
    ("invalid named capture", 'a named group is not written as "(?P<name>…)"'),
    ("too large", "it is too large"),
)


def search_for(pattern: str, node: Node, reader: NodeReader, what: str) -> Callable[[bytes], Any] | None:
    """Return what looks for the pattern in UTF-8; None where it can't be used, which the reader has noted."""
    if len(pattern) > MAX_PATTERN:
        reader.problem(node, f"{what}: the pattern is longer than {MAX_PATTERN:,} characters")
        return None
    patterns = reader.session.pattern_budget
    if not patterns.spend(_EACH + len(pattern) + _CLASS * pattern.lower().count("\\p")):
        reader.problem(node, f"{what}: the patterns of all rules are too large together; {_SHORTER}")
        raise StopReading
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MAX_PATTERN_MEMORY
    try:
        compiled = re2.compile(composed(pattern), options)
    except re2.error as refused:
        patterns.spend(_TOO_LARGE)
        reader.problem(node, f'{what}: the pattern "{shorten(pattern)}" can\'t be used: {_why(str(refused))}')
        return None
    patterns.spend(compiled.programsize)
    search: Callable[[bytes], Any] = compiled.search
    if search(b"") is not None and search(b"\x01") is not None:
        reader.warning(node, f"{what}: the pattern is found in every text")
    return search


def _why(refusal: str) -> str:
    return next((ours for theirs, ours in _REFUSED if re.search(theirs, refusal)), "it is not an RE2 pattern")
