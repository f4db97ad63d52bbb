"""Checks ids of Graph. Standard library only, because the webhook imports this at cold start.

Ids come from notifications, queue messages and commands, and become segments of URL paths. With `/` or the
segment `..` a path would name another resource, and a proxy may decode `%2F`.
"""

import re

#: the id of an object in the directory, or of a subscription: a GUID, in any case
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
#: ids of Graph have about 150 characters; a queue message must have room for one
MAX_ID_LENGTH = 1024
_CHANGES_THE_PATH = frozenset("/\\%? ")


def is_id(text: str) -> bool:
    """Return whether the text can be the id of an item, or the name of a user, as one segment of a path."""
    return (
        0 < len(text) <= MAX_ID_LENGTH
        and text.isascii()
        and text.isprintable()
        and text.strip(".") != ""
        and _CHANGES_THE_PATH.isdisjoint(text)
    )


def is_object_id(text: str) -> bool:
    """Return whether the text is the object id of a user as Graph writes it: a GUID in lower case.

    What we remember of a mailbox is found by this text, so another name of the same mailbox must not pass.
    """
    return GUID.fullmatch(text) is not None and text == text.lower()
