from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import ContainerClient

from shared.errors import StorageUnavailable
from shared.rule_files.loader import RuleFile
from shared.storage.last_good_rules import LastGoodRulesStore

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def test_a_damaged_blob_is_an_error(container: ContainerClient) -> None:
    """`PolicyReloader` handles it."""
    container.create_container()
    container.upload_blob("last-good-rules.json", b'{"files": [')
    with pytest.raises(StorageUnavailable, match="damaged"):
        LastGoodRulesStore(container).read()


def test_the_files_that_were_stored_last_are_returned(container: ContainerClient) -> None:
    """Byte for byte; none if none were stored."""
    kept = LastGoodRulesStore(container)
    before = kept.read()
    kept.keep((RuleFile("rules/old.yaml", b"old"),))
    files = (RuleFile("rules/é.yaml", b"\xff\x00"), RuleFile("rules/b.yaml", b""))
    kept.keep(files)

    assert before == ()
    assert kept.read() == files


def test_the_same_files_are_not_written_again(container: ContainerClient) -> None:
    """The time of the write shows since when they are in force."""
    kept, files = LastGoodRulesStore(container), (RuleFile("rules/a.yaml", b"a"),)
    kept.keep(files)
    etag = container.get_blob_client("last-good-rules.json").get_blob_properties().etag
    kept.keep(files)

    assert etag == container.get_blob_client("last-good-rules.json").get_blob_properties().etag


def test_all_processes_share_since_when_files_are_seen(container: ContainerClient) -> None:
    """Until one of them sees other files."""
    first, second = LastGoodRulesStore(container), LastGoodRulesStore(container)
    since = [
        kept.seen_since(rules, NOW + timedelta(minutes=minutes))
        for kept, rules, minutes in [(first, "a", 0), (second, "a", 5), (first, "b", 6), (second, "a", 7)]
    ]

    assert since == [NOW, NOW, NOW + timedelta(minutes=6), NOW + timedelta(minutes=7)]


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(timedelta(hours=1, seconds=1), id="long ago"),
        pytest.param(-timedelta(hours=3), id="by a clock that was set back"),
    ],
)
def test_an_old_sighting_does_not_count(container: ContainerClient, later: timedelta) -> None:
    kept = LastGoodRulesStore(container)
    kept.seen_since("a", NOW)

    assert kept.seen_since("a", NOW + later) == NOW + later


def test_a_damaged_sighting_does_not_count(container: ContainerClient) -> None:
    """It is replaced."""
    container.create_container()
    container.upload_blob("seen-rules.json", b'{"rules": 1')

    assert LastGoodRulesStore(container).seen_since("a", NOW) == NOW
