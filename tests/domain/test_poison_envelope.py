from datetime import UTC, datetime

from hypothesis import given, strategies as st

from shared.domain.poison_envelope import (
    MAX_BYTES,
    PoisonEnvelope,
    envelope_text,
    full_envelope_text,
    read_envelope,
)

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
bodies = st.binary(max_size=2_000) | st.text().map(str.encode)


@given(bodies, st.text(max_size=100), st.text(max_size=40))
def test_a_message_survives_its_envelope(body: bytes, detail: str, moved: str) -> None:
    """Every byte, whether they are text or not."""
    text = full_envelope_text(body, reason="r", detail=detail, at=AT, moved=moved)

    assert text is not None
    assert read_envelope(text.encode()) == PoisonEnvelope(
        reason="r", detail=detail, at=AT, body=body, moved=moved
    )


@given(st.binary(max_size=60_000), st.text(st.characters(), max_size=2_000))
def test_every_envelope_fits_in_a_queue_message(body: bytes, detail: str) -> None:
    """64 KiB of base64 hold 48 KiB of text."""
    text = envelope_text(body, reason="r", detail=detail, at=AT)
    found = read_envelope(text.encode())

    assert len(text.encode()) <= MAX_BYTES
    assert found is not None
    assert found.reason == "r"


def test_a_detail_with_a_lone_surrogate_can_be_sent() -> None:
    """A detail may quote text from outside that has one."""
    assert envelope_text(b"x", reason="r", detail="\ud800", at=AT).encode()


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_text_in_a_poison_queue_raises_an_error(text: bytes) -> None:
    """Without an envelope there is no result."""
    assert read_envelope(text) is None
