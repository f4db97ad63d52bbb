"""The lease of maintenance, which only depends on the table service's time."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.azurite import Azurite
from shared.settings import StorageSettings
from shared.storage.maintenance_lease import AT_MOST, LASTS, MaintenanceLease
from shared.storage.tables import Table

SOON = LASTS - timedelta(seconds=30)


@pytest.fixture
def table(azurite: Azurite, unique: Callable[[str], str]) -> Iterator[Table]:
    connected = Table.connect(unique("t"), StorageSettings(connection_string=azurite.connection_string), None)
    yield connected
    connected.close()


def test_only_one_holder_has_the_lease(table: Table) -> None:
    """Until that holder releases it; no other can."""
    lease = MaintenanceLease(table)
    assert lease.take("first")
    assert not lease.take("second")
    lease.release("second")
    assert not lease.take("second")
    lease.release("first")

    assert lease.take("second")


def test_a_lease_that_is_not_renewed_ends(table: Table, azurite: Azurite) -> None:
    """Its holder was killed. If the holder was only slow, its late renewal is refused."""
    lease = MaintenanceLease(table)
    assert lease.take("first")
    azurite.advance(LASTS + timedelta(seconds=2))
    assert not lease.renew("first")

    assert lease.take("second")
    assert not lease.renew("first")


def test_renewals_extend_a_lease_to_ten_minutes_at_most(table: Table, azurite: Azurite) -> None:
    lease = MaintenanceLease(table)
    assert lease.take("first")
    azurite.advance(SOON)
    assert lease.renew("first")
    azurite.advance(SOON)
    assert lease.renew("first")
    assert not lease.take("second")
    azurite.advance(AT_MOST - 2 * SOON + timedelta(seconds=2))

    assert not lease.renew("first")
    assert lease.take("second")


def test_the_clock_of_a_holder_does_not_matter(table: Table, azurite: Azurite) -> None:
    """A desk whose clock is a month ahead, of any version, has the lease for four minutes."""
    month = datetime(2026, 12, 26, tzinfo=UTC)
    table.write("maintenance", "lease", {"holder": "desk", "until": month, "Timestamp": month}, etag=None)
    lease = MaintenanceLease(table)
    assert not lease.take("cloud")
    azurite.advance(LASTS + timedelta(seconds=2))

    assert lease.take("cloud")


def test_the_renewal_of_an_earlier_holder_does_not_extend_the_lease(table: Table, azurite: Azurite) -> None:
    lease = MaintenanceLease(table)
    assert lease.take("first")
    azurite.advance(SOON)
    assert lease.renew("first")
    lease.release("first")
    assert lease.take("second")
    azurite.advance(LASTS + timedelta(seconds=2))

    assert lease.take("third")
