from collections.abc import Callable, Iterator

import pytest
from azure.storage.blob import ContainerClient

from sandbox.azurite import Azurite
from shared.errors import StorageUnavailable
from shared.rules.loader import RuleFile
from shared.settings import StorageSettings
from shared.storage.blobs import container_of
from shared.storage.kept_rules import LastGoodRules


@pytest.fixture
def container(azurite: Azurite, unique: Callable[[str], str]) -> Iterator[ContainerClient]:
    storage = StorageSettings(connection_string=azurite.connection_string)
    with container_of(storage, None, unique("kept")) as client:
        yield client


def test_kept_files_that_are_damaged_are_an_error(container: ContainerClient) -> None:
    """Which the policies survive."""
    container.create_container()
    container.upload_blob("last-good-rules.json", b'{"files": [')
    with pytest.raises(StorageUnavailable, match="damaged"):
        LastGoodRules(container).read()


def test_the_last_good_files_come_back_as_they_were_kept(container: ContainerClient) -> None:
    """Byte for byte, the newest; nothing where nothing was kept."""
    kept = LastGoodRules(container)
    before = kept.read()
    kept.keep((RuleFile("rules/old.yaml", b"old"),))
    files = (RuleFile("rules/é.yaml", b"\xff\x00"), RuleFile("rules/b.yaml", b""))
    kept.keep(files)

    assert before == ()
    assert kept.read() == files


def test_rules_that_are_kept_already_are_not_written_again(container: ContainerClient) -> None:
    """Since when they are in force is told by when they were kept."""
    kept, files = LastGoodRules(container), (RuleFile("rules/a.yaml", b"a"),)
    kept.keep(files)
    etag = container.get_blob_client("last-good-rules.json").get_blob_properties().etag
    kept.keep(files)

    assert etag == container.get_blob_client("last-good-rules.json").get_blob_properties().etag
