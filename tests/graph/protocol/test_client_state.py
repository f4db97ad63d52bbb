from hypothesis import given, strategies as st

from shared.graph.protocol.client_state import client_state, mailbox_of

KEY = "k" * 32
ADA = "aaaaaaaa-0000-4000-8000-000000000001"

ascii_texts = st.text(st.characters(codec="ascii"), min_size=1)


@given(ascii_texts, st.text(min_size=1))
def test_a_client_state_proves_its_mailbox_and_no_other(mailbox: str, key: str) -> None:
    """This holds for a mailbox without a dot; a changed state proves nothing."""
    state = client_state(key, mailbox)

    assert mailbox_of(state, [key]) == (None if "." in mailbox else mailbox)
    assert mailbox_of(state + "A", [key]) is None
    assert mailbox_of(state, [key + "x"]) is None


def test_a_client_state_is_short_enough_for_graph() -> None:
    """Graph refuses a clientState of more than 128 characters."""
    assert len(client_state(KEY, ADA)) <= 128
