import pytest
from hypothesis import given, strategies as st

from shared.graph.protocol.client_state import client_state, mailbox_of
from tests.domain.test_ids import NOT_OBJECT_IDS

KEY = "k" * 32
ADA = "aaaaaaaa-0000-4000-8000-000000000001"


@given(st.uuids().map(str), st.text(min_size=1))
def test_a_client_state_proves_its_mailbox_and_no_other(mailbox: str, key: str) -> None:
    """A changed state proves nothing."""
    state = client_state(key, mailbox)

    assert mailbox_of(state, [key]) == mailbox
    assert mailbox_of(state + "A", [key]) is None
    assert mailbox_of(state, [key + "x"]) is None


def test_a_client_state_is_short_enough_for_graph() -> None:
    """Graph refuses a clientState of more than 128 characters."""
    assert len(client_state(KEY, ADA)) <= 128


@pytest.mark.parametrize("mailbox", NOT_OBJECT_IDS)
def test_a_state_names_a_mailbox_by_its_object_id_only(mailbox: str) -> None:
    """Who has the key could name a mailbox by its address; it would have another memory of writes there."""
    assert mailbox_of(client_state(KEY, mailbox), [KEY]) is None
