"""What can be an id of Graph's. Standard library only: this is on the cold path.

Ids come from outside, in notifications, queue messages and commands, and stand in paths of URLs. `..` as a
segment of a path names another resource, and so does `/`; a proxy may decode `%2F` before it looks.
"""

import re

#: the id of an object in the directory, or of a subscription: a GUID, in any case
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
#: Graph's ids have some 150 characters; a queue message has to hold one
MAX_ID_LENGTH = 1024
_CHANGES_A_PATH = frozenset("/\\%? ")


def is_id(text: str) -> bool:
    """Return whether the text can be the id of an item, or the name of a user, as one segment of a path."""
    return (
        0 < len(text) <= MAX_ID_LENGTH
        and text.isascii()
        and text.isprintable()
        and text.strip(".") != ""
        and _CHANGES_A_PATH.isdisjoint(text)
    )
