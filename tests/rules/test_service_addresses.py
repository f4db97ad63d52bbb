"""Addresses that are nobody's: one row a kind."""

from typing import Any

import pytest

from shared.domain.event import Attendee
from shared.domain.mail_domains import Domains
from shared.rules.event.event_facts import Count, EventFacts
from shared.rules.event.service_addresses import ROWS, Nobody, Row, nobody
from tests.rules.conftest import NOW

ALL = [pytest.param(row, id=row.what) for row in ROWS]


@pytest.mark.parametrize("row", ALL)
def test_a_row_knows_its_example_and_says_where_it_is_published(row: Row) -> None:
    """Each row can be checked."""
    assert nobody(row.example) is row.kind
    assert row.source.startswith("https://")


@pytest.mark.parametrize("row", ALL)
def test_what_is_nobodys_is_never_an_external_person(row: Row, make_event: Any) -> None:
    """A resource counts as nobody; for what can't be told, no rule that asks for guests adds a link."""
    event = make_event(attendees=(Attendee(address=row.example), Attendee(address="cy@contoso.com")))
    facts = EventFacts(event, internal=Domains(["contoso.com"]), now=NOW)

    assert facts.external_attendees.low == 0
    assert facts.attendees == Count(1, 1 if row.kind is Nobody.RESOURCE else 2)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("bo@google.com", id="people at Google"),
        pytest.param("bo@webex.com", id="people at Webex"),
        pytest.param("bo@slack.com", id="people at Slack"),
        pytest.param("freda@fireflies.ai", id="people at Fireflies"),
        pytest.param("bo@contoso.com", id="colleagues"),
        pytest.param("noreplyson@fabrikam.com", id="a name that looks like a word"),
        pytest.param("bo@notteams.ms", id="a domain that ends alike"),
    ],
)
def test_people_are_not_taken_for_nobody(address: str) -> None:
    """A service's own staff are people."""
    assert nobody(address) is None
