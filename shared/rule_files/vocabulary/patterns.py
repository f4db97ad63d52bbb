"""RE2 patterns, which match in linear time, compiled within bounds."""

import re
from collections.abc import Callable
from typing import Any

import re2

from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.session import StopReading
from shared.rule_files.yaml_tree.nodes import Node, shorten
from shared.rules.event.texts import composed

MAX_PATTERN = 1000
#: what compiling costs, in steps of about 0.2 µs: a pattern, a Unicode class, a pattern that is too large
_PATTERN_STEPS, _CLASS_STEPS, _TOO_LARGE_STEPS = 60, 500, 5_000
_MAX_MEMORY = 1 << 19
#: RE2's message (a pattern), and the reason in an admin's words
_REASONS = (
    (
        r"invalid perl operator: \(\?(<?[=!]|<)",
        'lookahead and lookbehind ("(?=", "(?<") are not supported',
    ),
    (
        r"invalid perl operator",
        'of groups that begin with "(?", only "(?:", "(?i)" and "(?P<name>" are supported',
    ),
    (r"invalid escape sequence: \\Z", r'the end of the text is "\z", or "$"'),
    (r"invalid escape sequence: \\u", r'write the letter itself, or "\x{e4}"'),
    (r"invalid escape sequence: \\[hR]", r'white space is "\s"'),
    (
        r"invalid escape sequence",
        'a "\\" is before a character that needs none, or is a backreference',
    ),
    (r"missing \)", 'a ")" is missing'),
    (r"unexpected \)", 'a ")" has no "(" before it'),
    (r"missing \]", 'a "]" is missing'),
    (r"no argument for repetition", 'a "*", "+" or "?" has nothing before it to repeat'),
    ("bad repetition", 'two of "*", "+" and "?" follow each other'),
    (r"invalid repetition size: \{[0-9]{1,3},[0-9]", "the numbers of a repetition are in the wrong order"),
    (r"invalid repetition size", "a part is repeated too often (1000 times at most)"),
    (r"invalid character class range: (\\[pP]|\[\[?:)", "there is no character class with this name"),
    (r"invalid character class range", 'a range in "[…]" is in the wrong order'),
    ("invalid character class", 'the content of "[…]" is not a set of characters'),
    (r"trailing \\", 'it ends with a single "\\"'),
    ("invalid named capture", 'a named group is not written as "(?P<name>…)"'),
    ("too large", "it is too large"),
)


def compile_pattern(pattern: str, node: Node, reader: NodeReader, what: str) -> Callable[[bytes], Any] | None:
    """Return a search for the pattern in UTF-8 text; None after a problem was noted."""
    if len(pattern) > MAX_PATTERN:
        reader.problem(node, f"{what}: the pattern is longer than {MAX_PATTERN:,} characters")
        return None
    budget = reader.session.pattern_budget
    if not budget.spend(_PATTERN_STEPS + len(pattern) + _CLASS_STEPS * pattern.lower().count("\\p")):
        reader.problem(
            node, f"{what}: the patterns of all rules together are too large; shorten some, or use contains"
        )
        raise StopReading
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    try:
        compiled = re2.compile(composed(pattern), options)
    except re2.error as refused:
        budget.spend(_TOO_LARGE_STEPS)
        reader.problem(
            node,
            f'{what}: the pattern "{shorten(pattern)}" is not valid: {_reason(refused.args[0].decode())}',
        )
        return None
    budget.spend(compiled.programsize)
    search: Callable[[bytes], Any] = compiled.search
    if search(b"") is not None and search(b"\x01") is not None:
        reader.warning(node, f"{what}: the pattern matches every text")
    return search


def _reason(message: str) -> str:
    return next((reason for form, reason in _REASONS if re.search(form, message)), "it is not an RE2 pattern")
