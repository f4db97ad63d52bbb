"""Shares of organizers, for a rule that is rolled out step by step."""

import hashlib
import re
from typing import ClassVar

from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe
from shared.rule_files.vocabulary.json_schema import Shape, matching
from shared.rule_files.vocabulary.keys import Block
from shared.rule_files.vocabulary.syntaxes import Expectation
from shared.rule_files.yaml_tree.nodes import Node, ScalarNode, shorten
from shared.rules.truth import Truth
from shared.rules.value_sets import Alternatives

_FRACTION = re.compile(r"0?\.[0-9]{1,4}")
_PERCENT = re.compile(r"([0-9]{1,3}(\.[0-9]{1,3})?) ?%")
_WHOLE = 100.0


class RolloutSyntax:
    """`25%`: a share of organizers, drawn by a hash of the rule's id and the organizer's address.

    An organizer's position never changes while the rule keeps its id: an organizer within 25% is within 50%,
    too. Another rule draws other organizers.
    """

    form = "A share above `0%`, up to `100%`. Each rule draws its own organizers, by a hash."
    block: ClassVar[Block | None] = None

    def shape(self) -> Shape:
        """Return a share."""
        return matching(
            r"(?!0+(\.0+)? ?%)(100(\.0{1,3})?|[0-9]{1,2}(\.[0-9]{1,3})?) ?%",
            message="Needs a share above 0% and up to 100%, such as 25%.",
        )

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[str] | None:
        """Return the share."""
        text = node.text.strip() if isinstance(node, ScalarNode) else ""
        found = _PERCENT.fullmatch(text)
        share = float(found[1]) if found else -1.0
        if not 0 < share <= _WHOLE:
            reader.problem(
                node,
                f"{name} needs a share above 0% and up to 100%, such as 25%, "
                f"but this is {describe(node)}{_hint(text, share)}",
            )
            return None
        salt = reader.rule or ""

        def is_met(organizer: str) -> Truth:
            return position_of(organizer, salt) < share if organizer else None

        return Expectation(
            f"the first {share:g}% of organizers",
            is_met,
            Alternatives(frozenset(((salt, share),))),
            show=lambda organizer: _show_position(organizer, salt),
        )

    def show(self, value: str) -> str:
        """Return the organizer."""
        return shorten(value) or "no organizer"


def _hint(text: str, share: float) -> str:
    if share == 0:
        return "; to turn the rule off, write mode: off"
    if _FRACTION.fullmatch(text):
        return f"; write {float(text) * _WHOLE:g}%"
    is_share = text.isdecimal() and 0 < int(text[:9]) <= _WHOLE
    return f"; write {text}%" if is_share else ""


def _show_position(organizer: str, salt: str) -> str:
    return f"{shorten(organizer)} is at {position_of(organizer, salt):.1f}%" if organizer else "no organizer"


def position_of(organizer: str, salt: str) -> float:
    """Return the organizer's position in a rule's roll-out, from 0 up to (not including) 100."""
    digest = hashlib.sha256(f"{salt}\0{organizer}".encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:6]) / (1 << 48) * _WHOLE
