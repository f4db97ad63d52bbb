import os
import socket
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import ContainerClient

from sandbox.azurite import Azurite
from shared.errors import SettingsError, StorageUnavailable
from shared.rule_files.loader import MAX_FILES, load_policy
from shared.rule_files.yaml_tree.text import MAX_BYTES
from shared.settings import StorageSettings
from shared.storage.rule_container import RuleContainer
from shared.storage.rule_folder import RuleFolder


def test_a_folder_returns_its_rule_files_in_name_order(tmp_path: Path) -> None:
    """Other files are not read."""
    for name in ("b.yaml", "a.yaml", "notes.txt"):
        (tmp_path / name).write_text(name)

    assert [file.content for file in RuleFolder(tmp_path).read()] == [b"a.yaml", b"b.yaml"]


HIDDEN = (".yaml", ".hidden.yaml", "._a.yaml")


def test_hidden_files_and_folders_are_not_rule_files(tmp_path: Path) -> None:
    """Editors and operating systems create them."""
    for name in ("a.yaml", *HIDDEN):
        (tmp_path / name).write_text("x")
    (tmp_path / "folder.yaml").mkdir()

    assert [file.name for file in RuleFolder(tmp_path).read()] == [f"{tmp_path.name}/a.yaml"]


def test_a_broken_link_is_an_error(tmp_path: Path) -> None:
    """The missing file may have the rules that skip events."""
    (tmp_path / "a.yaml").symlink_to(tmp_path / "gone")
    with pytest.raises(FileNotFoundError):
        RuleFolder(tmp_path).read()


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    """An empty list would mean that there are no rules."""
    with pytest.raises(FileNotFoundError):
        RuleFolder(tmp_path / "gone").read()


def test_a_container_returns_its_current_rule_files(container: ContainerClient) -> None:
    """Added, changed and removed blobs are noticed; unchanged ones are not downloaded again."""
    container.create_container()
    container.upload_blob("b.yaml", b"two")
    container.upload_blob("a.yaml", b"one")
    container.upload_blob("notes.txt", b"no")
    rules = RuleContainer(container)
    first = rules.read()
    container.upload_blob("b.yaml", b"three", overwrite=True)
    container.upload_blob("c.yaml", b"")
    second = rules.read()
    container.delete_blob("a.yaml")
    third = rules.read()

    assert [file.content for file in first] == [b"one", b"two"]
    assert [file.content for file in second] == [b"one", b"three", b""]
    assert second[0] is first[0]
    assert [file.name.rsplit("/", 1)[-1] for file in third] == ["b.yaml", "c.yaml"]


def test_a_blob_that_grows_during_the_download_is_an_error(
    azurite: Azurite, unique: Callable[[str], str]
) -> None:
    """Its start may be a valid policy without the exceptions at the end. The next read gets all of it."""
    with _Growing.from_connection_string(azurite.connection_string, unique("rules")) as container:
        container.create_container()
        container.upload_blob("a.yaml", b"when: x\n")
        rules = RuleContainer(container)
        with pytest.raises(
            StorageUnavailable, match=r"/a\.yaml can't be read: the storage service answered 412"
        ):
            rules.read()
        [whole] = rules.read()

    assert whole.content == _Growing.WHOLE


def test_only_the_start_of_a_huge_blob_is_downloaded(container: ContainerClient) -> None:
    """Enough for the loader to refuse it; the limit is 256 KiB."""
    container.create_container()
    container.upload_blob("a.yaml", b"#" * 400_000)
    [file] = RuleContainer(container).read()

    assert MAX_BYTES < len(file.content) < 400_000


def test_a_missing_container_is_an_error(container: ContainerClient) -> None:
    """The policy in force stays."""
    with pytest.raises(StorageUnavailable, match="is not available"):
        RuleContainer(container).read()


def test_hidden_files_and_folders_of_a_container_are_not_rule_files(container: ContainerClient) -> None:
    """Nor are uploaded examples in a subfolder."""
    container.create_container()
    for name in ("a.yaml", "examples/b.yaml", "folder.yaml/c.yaml", "notes.txt", *HIDDEN):
        container.upload_blob(name, b"x")
    container.upload_blob("empty.yaml", b"", metadata={"hdi_isfolder": "true"})  # as Hadoop marks folders

    assert [file.name.rsplit("/", 1)[-1] for file in RuleContainer(container).read()] == ["a.yaml"]


def test_a_container_is_read_to_its_last_page(azurite: Azurite, unique: Callable[[str], str]) -> None:
    """A page of the service has 5,000 blobs; here, two."""
    with _ByTwos.from_connection_string(azurite.connection_string, unique("rules")) as container:
        container.create_container()
        names = ["a.yaml", "b.yaml", "c.yaml", "d/e.yaml", "f.yaml"]
        for name in names:
            container.upload_blob(name, b"x")
        read = RuleContainer(container).read()

    assert [file.name.partition("/")[2] for file in read] == ["a.yaml", "b.yaml", "c.yaml", "f.yaml"]


def test_a_container_of_another_account_is_refused(azurite: Azurite) -> None:
    """The connection string would open a container with the same name in its own account."""
    storage = StorageSettings(connection_string=azurite.connection_string)
    with pytest.raises(SettingsError, match="another storage account"):
        RuleContainer.connect("https://elsewhere.blob.core.windows.net/rules", storage, None)


class _Growing(ContainerClient):
    """A container in which a file grows once, after it was listed and before it is read."""

    WHOLE = b"when: x\nunless: y\n"

    def walk_blobs(self, *args: Any, **options: Any) -> Any:
        listed: list[Any] = list(super().walk_blobs(*args, **options))
        if listed[0].size < len(self.WHOLE):
            self.upload_blob("a.yaml", self.WHOLE, overwrite=True)
        return listed


class _ByTwos(ContainerClient):
    """A container that lists two blobs per page."""

    def walk_blobs(self, *args: Any, **options: Any) -> Any:
        return super().walk_blobs(*args, **options, results_per_page=2)


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    """Kubernetes mounts files like this: `rules.yaml -> ..data/rules.yaml -> ..2026/rules.yaml`."""
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "a.yaml").write_text("x")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")

    assert [file.content for file in RuleFolder(tmp_path).read()] == [b"x"]


def test_the_folder_may_be_a_link(tmp_path: Path) -> None:
    """Its files are inside the folder."""
    (tmp_path / "true").mkdir()
    (tmp_path / "true" / "a.yaml").write_text("x")
    (tmp_path / "rules").symlink_to("true")

    assert [file.content for file in RuleFolder(tmp_path / "rules").read()] == [b"x"]


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _secret(path: Path) -> None:
    elsewhere = path.parent.parent / "secret"
    elsewhere.write_text("hunter2")
    path.symlink_to(elsewhere)


def _sibling(path: Path) -> None:
    """A folder whose name starts with the name of the rules folder."""
    other = path.parent.with_name(f"{path.parent.name}-other")
    other.mkdir()
    (other / "a.yaml").write_text("hunter2")
    path.symlink_to(other / "a.yaml")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(_pipe, "not a regular file", id="a pipe without a writer"),
        pytest.param(_socket, "No such device", id="a socket"),
        pytest.param(_loop, "levels of symbolic links", id="a link to itself"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), "a link out of the folder", id="an endless device"),
        pytest.param(lambda path: path.symlink_to("/proc/self/environ"), "a link out of the folder", id="the process's own settings"),
        pytest.param(_secret, "a link out of the folder", id="a secret elsewhere"),
        pytest.param(_sibling, "a link out of the folder", id="a file of a sibling folder"),
    ],
)  # fmt: skip
def test_only_regular_files_of_the_folder_are_read(
    tmp_path: Path, make: Callable[[Path], None], said: str
) -> None:
    """Anything else is an error at once, without its content."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "a.yaml").write_text("x")
    make(folder / "b.yaml")
    with pytest.raises(OSError, match=said) as refused:
        RuleFolder(folder).read()

    assert refused.value.filename == str(folder / "b.yaml")
    assert "hunter2" not in str(refused.value)


def test_only_the_start_of_a_huge_file_is_read(tmp_path: Path) -> None:
    """A sparse file needs no disk space, but could need all memory."""
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(1 << 40)
    [found] = RuleFolder(tmp_path).read()

    assert MAX_BYTES < len(found.content) < 400_000


def test_a_folder_with_too_many_or_too_large_files_is_read_in_part(tmp_path: Path) -> None:
    """Enough for the loader to refuse it."""
    many, large = tmp_path / "many", tmp_path / "large"
    many.mkdir()
    large.mkdir()
    for number in range(MAX_FILES + 50):
        (many / f"{number}.yaml").touch()
    for number in range(40):
        (large / f"{number}.yaml").write_bytes(b"#" * MAX_BYTES)
    found = RuleFolder(many).read(), RuleFolder(large).read()

    assert [len(files) for files in found] == [MAX_FILES + 1, 17]
    assert [load_policy(files).errors[0].text for files in found] == [
        "there are more than 500 rule files; put several rules into one file",
        "the rule files have more than 4 MiB together; keep other files elsewhere",
    ]


def test_a_container_with_too_many_or_too_large_files_is_read_in_part(
    azurite: Azurite, unique: Callable[[str], str]
) -> None:
    """The number of calls, bytes and seconds has a limit."""
    with _Crowded.from_connection_string(azurite.connection_string, unique("rules")) as container:
        container.create_container()
        container.upload_blob("0.yaml", b"#" * MAX_BYTES)
        rules = RuleContainer(container)
        container.listed = 1_000
        files = rules.read()
        container.listed = 20_000
        container.suffix = "txt"
        with pytest.raises(StorageUnavailable, match=r"has more than 10,000 blobs; use a container with"):
            rules.read()

    assert len(files) == 17
    assert container.fetched == 17


class _Crowded(ContainerClient):
    """A container that lists its only blob under many names."""

    listed = 0
    suffix = "yaml"
    fetched = 0

    def walk_blobs(self, *args: Any, **options: Any) -> Any:
        [blob] = super().walk_blobs(*args, **options)
        for number in range(self.listed):
            one = copy(blob)
            one.name = f"{number}.{self.suffix}"
            yield one

    def download_blob(self, *_blob: Any, **options: Any) -> Any:
        self.fetched += 1
        return super().download_blob("0.yaml", **options)
