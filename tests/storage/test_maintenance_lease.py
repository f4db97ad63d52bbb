"""The lease of maintenance: by the table service's time alone."""

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


def test_one_holder_at_a_time_has_the_lease(table: Table) -> None:
    """Until it is given back; nobody gives back another's."""
    lease = MaintenanceLease(table)
    assert lease.take("first")
    assert not lease.take("second")
    lease.release("second")
    assert not lease.take("second")
    lease.release("first")

    assert lease.take("second")


def test_a_lease_that_is_not_renewed_ends(table: Table, azurite: Azurite) -> None:
    """Its holder was killed; the late renewal of one that was only slow is refused."""
    lease = MaintenanceLease(table)
    assert lease.take("first")
    azurite.advance(LASTS + timedelta(seconds=2))
    assert not lease.renew("first")

    assert lease.take("second")
    assert not lease.renew("first")


def test_a_renewed_lease_lasts_on_and_never_beyond_its_bound(table: Table, azurite: Azurite) -> None:
    """Whoever renews for ever gets ten minutes in all."""
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


def test_what_a_writer_says_of_time_changes_nothing(table: Table, azurite: Azurite) -> None:
    """A desk a month ahead, of this version or another, has the lease for four minutes."""
    month = datetime(2026, 12, 26, tzinfo=UTC)
    table.write("maintenance", "lease", {"holder": "desk", "until": month, "Timestamp": month}, etag=None)
    lease = MaintenanceLease(table)
    assert not lease.take("cloud")
    azurite.advance(LASTS + timedelta(seconds=2))

    assert lease.take("cloud")


def test_the_renewal_of_a_former_holder_keeps_nobody_out(table: Table, azurite: Azurite) -> None:
    """It is another's, so it does not count for the lease of now."""
    lease = MaintenanceLease(table)
    assert lease.take("first")
    azurite.advance(SOON)
    assert lease.renew("first")
    lease.release("first")
    assert lease.take("second")
    azurite.advance(LASTS + timedelta(seconds=2))

    assert lease.take("third")
