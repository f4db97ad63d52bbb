"""The named lists of domains and addresses that stand in rule files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

#: without a dot, so that no name can be taken for a domain
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists by name; `used` collects the names that rules and settings refer to."""

    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
