"""Where rule files come from: a folder beside the app."""

from pathlib import Path

from shared.rules.loader import RuleFile


class RuleFolder:
    """The `*.yaml` files of one folder, in name order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> tuple[RuleFile, ...]:
        """Return the files as they are now.

        Raises:
            OSError: the folder or a file can't be read.
        """
        files = sorted(self._folder.glob("*.yaml"))
        return tuple(RuleFile(f"{self._folder.name}/{path.name}", path.read_bytes()) for path in files)
