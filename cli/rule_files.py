"""The rule files of a command, loaded as in the cloud."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cli.bounded import read_bounded
from cli.output import Failed, Refused
from shared.domain.decision import Action, Mode
from shared.rule_files.loader import RuleFile, load_policy
from shared.rule_files.problems import Problem, Severity
from shared.rules.policy import Policy, Rule
from shared.storage.rule_folder import MOST_BYTES, SUFFIX, RuleFolder, is_rule_file
from shared.worker.common.world import World

DEFAULT = Path("rules")
_MISNAMED = f"the cloud does not read this file: a rule file is named *{SUFFIX}; rename it"
_MISPLACED = (
    "the cloud does not read this file: it reads the folder itself, not the folders in it; move the file"
)
#: what people and editors write instead of *.yaml
_SIMILAR_SUFFIXES = (".yml", ".yaml", ".yml.txt", ".yaml.txt")
#: a line that every rule file has, even one with many mistakes
_RULE_FILE_LINE = re.compile(rb"^[\"' {\xef\xbb\xbf]{0,8}(version|rules)[\"']?\s{0,8}:", re.MULTILINE)
#: a folder for rules that are not in force
_EXAMPLES = "examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRules:
    """The files of one policy: a folder's, as in the cloud, or a single file's.

    `problems` name files as the admin did; `policy` is None if one of them is an error. `names` maps the
    cloud's name of a file, which rules have, to the admin's. `now` is when the files were loaded.
    """

    path: Path
    now: datetime
    contents: dict[str, bytes]
    names: dict[str, str]
    policy: Policy | None
    problems: tuple[Problem, ...]
    #: texts that are in the place of a group's id
    group_names: tuple[str, ...] = ()

    def writes(self, rule: Rule) -> bool:
        """Return whether the rule adds links now: it enables, in enforce mode, and is active."""
        return rule.mode is Mode.ENFORCE and rule.action is Action.ENABLE and rule.is_evaluated(self.now)

    def source_line(self, problem: Problem) -> str:
        """Return the line of the problem; empty where the file has no such line."""
        lines = self.contents.get(problem.file, b"").decode("utf-8", "replace").splitlines()
        return lines[problem.line - 1] if problem.line <= len(lines) else ""


def load(paths: Sequence[Path]) -> list[LoadedRules]:
    """Load each folder and each file as a separate policy.

    Raises:
        Refused: a path does not exist, can't be read, or has no rule files.
    """
    return [_load(path) for path in paths or (DEFAULT,)]


def load_one(path: Path) -> Policy:
    """Load the policy that a command works with.

    Raises:
        Refused: the path can't be read.
        Failed: the rules have errors.
    """
    rules = _load(path)
    if rules.policy is None:
        command = f"joinlink validate {shlex.quote(str(path))}"
        raise Failed(f"the rules in {path} have errors; {command} shows them")
    return rules.policy


def _load(path: Path) -> LoadedRules:
    now = World().now()
    read = _read(path)
    folder = path if path.is_dir() else path.parent
    names = {file.name: (folder / file.name.rpartition("/")[2]).as_posix() for file in read}
    loaded = load_policy(read, today=now.date())
    return LoadedRules(
        path=path,
        now=now,
        contents={names[file.name]: file.content for file in read},
        names=names,
        policy=loaded.policy,
        problems=(*_not_read(path), *(_renamed(problem, names) for problem in loaded.problems)),
        group_names=loaded.group_names,
    )


def _renamed(problem: Problem, names: dict[str, str]) -> Problem:
    """Return the problem with the names of files that the admin used."""
    other = problem.other and replace(problem.other, file=names[problem.other.file])
    return replace(problem, file=names.get(problem.file, problem.file), other=other)


def _read(path: Path) -> tuple[RuleFile, ...]:
    """Return the files, with the names that they have in the cloud."""
    try:
        if not path.exists():
            raise Refused(f"{path} does not exist{_where(path)}")
        if not path.is_dir():
            return (_read_file(path),)
        files = RuleFolder(path).read()
    except OSError as error:
        raise Refused(f"{error.filename or path} can't be read: {error.strerror}") from error
    if not files:
        raise Refused(f"there are no rule files in {path}; {_why_none(_not_read(path))}")
    return files


def _why_none(others: list[Problem]) -> str:
    """Return why a folder has no rule file, by the first of its files that only look like one."""
    if not others:
        return f"a rule file is named *{SUFFIX}"
    more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
    return f"{others[0].file}{more}: {others[0].text}"


def _read_file(path: Path) -> RuleFile:
    """Read a single file; it may be a pipe.

    Problems show lines of the file, so other files, such as a private key, must be refused.
    """
    content = read_bounded(path, MOST_BYTES)
    if path.resolve().suffix != SUFFIX and not _RULE_FILE_LINE.search(content):
        raise Refused(f'{path} is not a rule file: no line of it begins with "version:" or "rules:"')
    return RuleFile(f"{path.absolute().parent.name}/{path.name}", content)


def _not_read(path: Path) -> list[Problem]:
    """Return warnings for files that look like rule files but are not read in the cloud."""
    if not path.is_dir():
        return [] if is_rule_file(path.name) else [_warning(path, _MISNAMED)]
    similar = [
        file
        for file in path.iterdir()
        if file.name.lower().endswith(_SIMILAR_SUFFIXES) and not _is_hidden(file)
    ]
    below = [
        file for file in path.glob(f"*/*{SUFFIX}") if not _is_hidden(file) and not _is_hidden(file.parent)
    ]
    return [
        *(_warning(file, _MISNAMED) for file in sorted(similar) if not is_rule_file(file.name)),
        *(_warning(file, _MISPLACED) for file in sorted(below) if file.parent.name != _EXAMPLES),
    ]


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".")


def _warning(file: Path, text: str) -> Problem:
    return Problem(file=file.as_posix(), line=1, column=1, text=text, severity=Severity.WARNING)


def _where(path: Path) -> str:
    if path == DEFAULT:
        return " here; name your folder of rule files, or create one with joinlink init"
    return ""
