"""The envelope of a message in a poison queue: the message, the reason why it is there, and since when.

Only the Functions host puts messages there without an envelope. Standard library only.
"""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime

#: A queue message holds 64 KiB of base64.
MAX_BYTES = 48 * 1024
#: So much is kept of a message that is too long for an envelope. Joinlink's own messages are far shorter.
_CUT_TO_BYTES = 7_000
_MAX_DETAIL = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PoisonEnvelope:
    """A message in its envelope. `moved` is its earlier id in the poison queue, if the host had moved it."""

    reason: str
    detail: str
    at: datetime
    body: bytes
    moved: str = ""


def envelope_text(body: bytes, *, reason: str, detail: str, at: datetime) -> str:
    """Return the envelope of a message. A body that is too long is cut off; `cut` has its full length."""
    full = full_envelope_text(body, reason=reason, detail=detail, at=at)
    if full is not None:
        return full
    start = body[:_CUT_TO_BYTES].decode("utf-8", "replace")
    return _json({**_head(reason, detail, at), "message": start, "cut": len(body)})


def full_envelope_text(body: bytes, *, reason: str, detail: str, at: datetime, moved: str = "") -> str | None:
    """Return the envelope of a message with its whole body; None if that is too long for a queue."""
    head = {**_head(reason, detail, at), **({"moved": moved} if moved else {})}
    try:
        text = _json({**head, "message": body.decode()})
    except UnicodeDecodeError:
        text = _json({**head, "base64": b64encode(body).decode()})
    return text if len(text.encode()) <= MAX_BYTES else None


def read_envelope(text: bytes) -> PoisonEnvelope | None:
    """Return what an envelope contains; None if the text is not an envelope."""
    try:
        envelope = json.loads(text)
        reason, detail, moved = envelope["reason"], envelope["detail"], envelope.get("moved", "")
        at = datetime.fromisoformat(envelope["at"])
        body = b64decode(envelope["base64"]) if "base64" in envelope else envelope["message"].encode()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    are_texts = all(isinstance(each, str) for each in (reason, detail, moved))
    if not are_texts or at.tzinfo is None:
        return None
    return PoisonEnvelope(reason=reason, detail=detail, at=at, body=body, moved=moved)


def _head(reason: str, detail: str, at: datetime) -> dict[str, object]:
    # `detail` may quote text from outside with a lone surrogate, which can't be encoded.
    encodable = detail[:_MAX_DETAIL].encode("utf-8", "replace").decode()
    return {"v": 1, "reason": reason, "detail": encodable, "at": at.isoformat()}


def _json(envelope: dict[str, object]) -> str:
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
