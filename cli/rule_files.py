"""The rule files that a command was pointed at, loaded as the cloud loads them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cli.output import Refused
from shared.rules.loader import RuleFile, load_policy
from shared.rules.policy import Policy
from shared.rules.problems import Problem

DEFAULT = Path("rules")
_SUFFIX = ".yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The files of one policy: a folder's, as in the cloud, or a single file's.

    `problems` name files as the admin did; `policy` is None where one of them is an error. `names` leads
    from the cloud's name of a file, which rules carry, to the admin's.
    """

    path: Path
    contents: dict[str, bytes]
    names: dict[str, str]
    policy: Policy | None
    problems: tuple[Problem, ...]

    def source_line(self, problem: Problem) -> str:
        """Return the line of the file that the problem is in; empty where there is none."""
        lines = self.contents.get(problem.file, b"").decode("utf-8", "replace").splitlines()
        return lines[problem.line - 1] if problem.line <= len(lines) else ""


def load(paths: Sequence[Path]) -> list[RuleSet]:
    """Load each folder, and each file, as a policy of its own.

    Raises:
        Refused: a path does not exist, can't be read, or has no rule files.
    """
    return [_load(path) for path in paths or (DEFAULT,)]


def load_one(path: Path) -> Policy:
    """Load the one policy that a command works with.

    Raises:
        Refused: it can't be read, or is not valid.
    """
    rules = _load(path)
    if rules.policy is None:
        raise Refused(f"the rules in {path} have errors; joinlink validate {path} shows them")
    return rules.policy


def _load(path: Path) -> RuleSet:
    files = _files(path)
    # The names that the cloud gives them, so that the policy's hash is the same there and here.
    named = {f"{file.absolute().parent.name}/{file.name}": file for file in files}
    read = [RuleFile(name, _read(file)) for name, file in named.items()]
    loaded = load_policy(read)
    names = {name: file.as_posix() for name, file in named.items()}
    return RuleSet(
        path=path,
        contents={names[file.name]: file.content for file in read},
        names=names,
        policy=loaded.policy,
        problems=tuple(
            replace(problem, file=names.get(problem.file, problem.file)) for problem in loaded.problems
        ),
    )


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.exists():
        raise Refused(f"{path} does not exist{_where(path)}")
    try:
        files = sorted(file for file in path.iterdir() if file.suffix == _SUFFIX)
    except OSError as error:
        raise Refused(f"{path} can't be read: {error.strerror}") from error
    if not files:
        raise Refused(f"there are no rule files in {path}; a rule file is named *.yaml")
    return files


def _where(path: Path) -> str:
    if path == DEFAULT:
        return " here; name your folder of rule files, or begin one with joinlink init"
    return ""


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}") from error
