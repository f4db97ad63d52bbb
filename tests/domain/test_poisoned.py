from datetime import UTC, datetime

from hypothesis import given, strategies as st

from shared.domain.poisoned import MOST_BYTES, Poisoned, poison_text, read_poison, whole_poison_text

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
bodies = st.binary(max_size=2_000) | st.text().map(str.encode)


@given(bodies, st.text(max_size=100), st.text(max_size=40))
def test_a_message_survives_its_envelope(body: bytes, detail: str, moved: str) -> None:
    """Byte for byte, be it text or not."""
    text = whole_poison_text(body, reason="r", detail=detail, at=AT, moved=moved)

    assert text is not None
    assert read_poison(text.encode()) == Poisoned(reason="r", detail=detail, at=AT, body=body, moved=moved)


@given(st.binary(max_size=60_000), st.text(st.characters(), max_size=2_000))
def test_whatever_is_set_aside_fits_in_a_message(body: bytes, detail: str) -> None:
    """48 KiB of text are what base64 leaves of 64."""
    text = poison_text(body, reason="r", detail=detail, at=AT)
    found = read_poison(text.encode())

    assert len(text.encode()) <= MOST_BYTES
    assert found is not None
    assert found.reason == "r"


def test_a_lone_surrogate_does_not_keep_a_message_from_its_queue() -> None:
    """A foreign word in the detail may hold one."""
    assert poison_text(b"x", reason="r", detail="\ud800", at=AT).encode()


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_whatever_lies_there_is_an_envelope_or_none(text: bytes) -> None:
    """And never another error."""
    assert read_poison(text) is None
