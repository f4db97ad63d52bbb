"""What a poison queue keeps: a message, why it is there, and since when.

A message in there that has no such envelope was moved there by the Functions host. Standard library only.
"""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime

#: A queue message holds 64 KiB of base64.
MOST_BYTES = 48 * 1024
#: of a message that is too long for an envelope; Joinlink's own are far shorter
_KEPT_BYTES = 7_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Poisoned:
    """A message in its envelope. `moved` is the id it had in the poison queue when the host had moved it."""

    reason: str
    detail: str
    at: datetime
    body: bytes
    moved: str = ""


def poison_text(body: bytes, *, reason: str, detail: str, at: datetime) -> str:
    """Return the envelope of a message; of a body that is too long the start, with its length in `cut`."""
    whole = whole_poison_text(body, reason=reason, detail=detail, at=at)
    if whole is not None:
        return whole
    kept = body[:_KEPT_BYTES].decode("utf-8", "replace")
    return _json({**_head(reason, detail, at), "message": kept, "cut": len(body)})


def whole_poison_text(body: bytes, *, reason: str, detail: str, at: datetime, moved: str = "") -> str | None:
    """Return the envelope of a message with all of its body; None where that is too long for a queue."""
    head = {**_head(reason, detail, at), **({"moved": moved} if moved else {})}
    try:
        text = _json({**head, "message": body.decode()})
    except UnicodeDecodeError:
        text = _json({**head, "base64": b64encode(body).decode()})
    return text if len(text.encode()) <= MOST_BYTES else None


def read_poison(text: bytes) -> Poisoned | None:
    """Return what an envelope holds; None where there is no envelope of ours."""
    try:
        envelope = json.loads(text)
        reason, detail, moved = envelope["reason"], envelope["detail"], envelope.get("moved", "")
        at = datetime.fromisoformat(envelope["at"])
        body = b64decode(envelope["base64"]) if "base64" in envelope else envelope["message"].encode()
        if all(isinstance(each, str) for each in (reason, detail, moved)) and at.tzinfo is not None:
            return Poisoned(reason=reason, detail=detail, at=at, body=body, moved=moved)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass  # no envelope of ours
    return None


def _head(reason: str, detail: str, at: datetime) -> dict[str, object]:
    # A lone surrogate in a foreign word could not be sent.
    said = detail[:500].encode("utf-8", "replace").decode()
    return {"v": 1, "reason": reason, "detail": said, "at": at.isoformat()}


def _json(envelope: dict[str, object]) -> str:
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
