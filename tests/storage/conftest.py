"""What tests of storage share."""

from collections.abc import Callable, Iterator

import pytest
from azure.storage.blob import ContainerClient

from sandbox.azurite import Azurite
from shared.settings import StorageSettings
from shared.storage.blobs import container_client
from shared.storage.tables import Table


@pytest.fixture
def table(azurite: Azurite, unique: Callable[[str], str]) -> Iterator[Table]:
    connected = Table.connect(unique("t"), StorageSettings(connection_string=azurite.connection_string), None)
    yield connected
    connected.close()


@pytest.fixture
def container(azurite: Azurite, unique: Callable[[str], str]) -> Iterator[ContainerClient]:
    storage = StorageSettings(connection_string=azurite.connection_string)
    with container_client(unique("c"), storage, None) as client:
        yield client
