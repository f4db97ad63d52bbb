"""Ids, change keys and ETags in Exchange's formats, from a seeded generator.

Event ids are opaque, case-sensitive and base64url. The mutable form changes when an item moves, the
immutable one stays (https://learn.microsoft.com/graph/outlook-immutable-id).
"""

import random
import uuid
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64

_MUTABLE = b"\x00\x03\x24\x00"
_IMMUTABLE = urlsafe_b64decode("AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A")
#: The bytes before the change key in the ETag of a notification.
_NOTIFICATION_HEADER = b"\x0f\x00\x00\x00\x16\x00\x00\x00"
_ICAL_PREFIX = "040000008200E00074C5B7101A82E008"


class Ids:
    """Generates ids; the same seed gives the same ids in the same order."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 -- repeatable ids of a stand-in, no secrets

    def guid(self) -> str:
        """Return a GUID in lower case."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def mutable(self) -> str:
        """Return an id that is valid until the item moves (`AAMkAG…=`)."""
        store = f"{self._random.choice('abcdef')}{self.guid()[1:]}".encode()
        return _base64url(_MUTABLE + store + b"\x00\x46" + self._random.randbytes(50))

    def immutable(self) -> str:
        """Return an id that stays with the item (`AAkALg…=`)."""
        return _base64url(_IMMUTABLE + self._random.randbytes(41))

    def change_key(self) -> str:
        """Return a new change key: 22 bytes, base64."""
        return b64encode(self._random.randbytes(22)).decode()

    def ical_uid(self) -> str:
        """Return an iCalUId as Exchange builds it; its date part is empty."""
        return f"{_ICAL_PREFIX}00000000{self._random.randbytes(28).hex().upper()}"

    def opaque(self, size: int) -> str:
        """Return base64url text over `size` bytes, without padding."""
        return urlsafe_b64encode(self._random.randbytes(size)).rstrip(b"=").decode()


def is_well_formed(item_id: str) -> bool:
    """Return whether an id has the format of a mutable or immutable id."""
    try:
        raw = urlsafe_b64decode(item_id)
    except (NotBase64, ValueError):
        return False
    return raw.startswith((_MUTABLE, _IMMUTABLE))


def etag(change_key: str) -> str:
    """Return the `@odata.etag` of an event."""
    return f'W/"{change_key}"'


def notification_etag(change_key: str) -> str:
    """Return the ETag in a notification: the same change key with a prefix, so a different text."""
    return f'W/"{b64encode(_NOTIFICATION_HEADER + b64decode(change_key)).decode()}"'


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode()
