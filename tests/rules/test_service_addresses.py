"""Addresses of services: each row of the table, and people that must not match."""

from typing import Any

import pytest

from shared.domain.event import Attendee
from shared.domain.mail_domains import Domains
from shared.rules.event.event_facts import Count, EventFacts
from shared.rules.event.service_addresses import (
    SERVICE_ADDRESSES,
    ServiceAddress,
    ServiceAddressKind,
    service_address_kind,
)
from tests.rules.conftest import NOW

ROWS = [pytest.param(row, id=row.what) for row in SERVICE_ADDRESSES]


@pytest.mark.parametrize("row", ROWS)
def test_a_row_matches_its_example_and_names_its_source(row: ServiceAddress) -> None:
    """Each row can be checked."""
    assert service_address_kind(row.example) is row.kind
    assert row.source.startswith("https://")


@pytest.mark.parametrize("row", ROWS)
def test_a_service_address_is_never_an_external_person(row: ServiceAddress, make_event: Any) -> None:
    """A resource is not a person. Of other kinds it is not known, so no rule for external guests adds a link."""
    event = make_event(attendees=(Attendee(address=row.example), Attendee(address="cy@contoso.com")))
    facts = EventFacts(event, internal=Domains(["contoso.com"]), now=NOW)

    assert facts.external_attendees.low == 0
    assert facts.attendees == Count(1, 1 if row.kind is ServiceAddressKind.RESOURCE else 2)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("bo@google.com", id="an employee of Google"),
        pytest.param("bo@webex.com", id="an employee of Webex"),
        pytest.param("bo@slack.com", id="an employee of Slack"),
        pytest.param("freda@fireflies.ai", id="an employee of Fireflies"),
        pytest.param("bo@contoso.com", id="a colleague"),
        pytest.param("noreplyson@fabrikam.com", id="a name that begins like no-reply"),
        pytest.param("bo@notteams.ms", id="a domain that ends like teams.ms"),
    ],
)
def test_the_address_of_a_person_is_not_a_service_address(address: str) -> None:
    """The employees of a service are people."""
    assert service_address_kind(address) is None
