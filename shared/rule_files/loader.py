"""Rule files in, a policy or problems out. The cloud and the desk load through this alone."""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from shared.domain.position import Position
from shared.rule_files.checks.rule_set import PlacedRule, check_guarded, check_lists, check_rules
from shared.rule_files.files.file import ReadFile, Setting, knows_keys, list_entries, read_file, read_lists
from shared.rule_files.files.key_places import HOMES
from shared.rule_files.problems import Problem, Severity, Spot
from shared.rule_files.reading.node_reader import Reader
from shared.rule_files.reading.session import Reading, ReadingEnds
from shared.rule_files.yaml_tree.nodes import Node
from shared.rule_files.yaml_tree.parser import read_yaml
from shared.rules.policy import AUTO, Policy

#: bounds of a policy, far beyond what people write: it is read every minute
MAX_FILES = 500
MAX_BYTES = 4 * 1024 * 1024
_NOWHERE = "rules"
#: settings whose field of `Policy` has another name
_FIELDS = {"drafts": "skip_drafts"}


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A rule file as it was found: `name` as problems show it (`rules/sales.yaml`), `content` its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Loaded:
    """A policy with warnings at most, or no policy and the errors that stand in its way."""

    policy: Policy | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the policy out of force; the others are warnings."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


def enough(files: Iterable[RuleFile]) -> tuple[RuleFile, ...]:
    """Return the files, up to the first that is too many for a policy; the others need not be read."""
    found: list[RuleFile] = []
    size = 0
    for file in files:
        found.append(file)
        size += len(file.content)
        if len(found) > MAX_FILES or size > MAX_BYTES:
            break
    return tuple(found)


def load_policy(files: Sequence[RuleFile], today: date | None = None) -> Loaded:
    """Read all files, in the order of their names, into one policy.

    Every problem of every file is returned, by place, up to `MAX_PROBLEMS`; past so many errors reading ends.
    With one error there is no policy. With `today` given, rules whose time is over are among the warnings.
    Nothing is raised, whatever the files hold.
    """
    if not files:
        nothing = "there are no rule files here; a rule file is named *.yaml"
        return Loaded(None, (Problem(file=_NOWHERE, line=1, column=1, text=nothing),))
    if too_much := _too_much(files):
        return Loaded(None, (Problem(file=_NOWHERE, line=1, column=1, text=too_much),))
    reading = Reading(homes=HOMES)
    try:
        policy = _read(sorted(files, key=lambda file: file.name), reading, today)
    except ReadingEnds:
        policy = None
    return Loaded(policy, reading.problems())


def _too_much(files: Sequence[RuleFile]) -> str:
    if len(files) > MAX_FILES:
        return f"there are more than {MAX_FILES} rule files; put several rules into one file"
    if sum(len(file.content) for file in files) > MAX_BYTES:
        return f"the rule files have more than {MAX_BYTES >> 20} MiB together; keep other files elsewhere"
    return ""


def _read(files: Sequence[RuleFile], reading: Reading, today: date | None) -> Policy | None:
    readers = [Reader(file.name, reading) for file in files]
    roots = [_root(file, reader) for file, reader in zip(files, readers, strict=True)]
    for root, reader in zip(roots, readers, strict=True):
        reading.lists.named.update(read_lists(root, reader))
    reading.lists_are_known = not reading.errors and all(knows_keys(root) for root in roots)
    read = [
        ReadFile() if root is None else read_file(root, reader)
        for root, reader in zip(roots, readers, strict=True)
    ]
    _check_ids(zip(read, readers, strict=True))
    settings = _merge(zip(read, readers, strict=True))
    rules = [
        PlacedRule(rule, node, reader.for_rule(rule.id))
        for file, reader in zip(read, readers, strict=True)
        for rule, node in file.rules
    ]
    reading.is_read = True
    with suppress(ReadingEnds):  # so many warnings were found that more of them help nobody
        check_rules(rules, today, reading)
        if "other_join_links" not in settings or settings["other_join_links"].value.skip:
            check_guarded(rules)
        if not reading.errors:
            _check_lists(roots, readers, settings)
        if not any(file.places for file in read) and not reading.errors:
            readers[0].warning(Position(1, 1), "there is no rule in any file, so nothing will be done")
    return None if reading.errors else _policy(files, read, settings)


def _root(file: RuleFile, reader: Reader) -> Node | None:
    root, mistakes = read_yaml(file.content)
    for mistake in mistakes:
        reader.problem(mistake, mistake.text)
    return root


def _check_lists(
    roots: Sequence[Node | None], readers: Sequence[Reader], settings: dict[str, Setting]
) -> None:
    internal = settings["internal_domains"].value if "internal_domains" in settings else AUTO
    for root, reader in zip(roots, readers, strict=True):
        entries = list_entries(root).values()
        check_lists(entries, reader, () if internal is AUTO else internal)


def _check_ids(files: Iterable[tuple[ReadFile, Reader]]) -> None:
    first: dict[str, Spot] = {}
    for read, reader in files:
        for rule_id, place in read.places:
            if rule_id in first:
                reader.for_rule(rule_id).problem(
                    place, "the id is taken already, by the rule in {other}", other=first[rule_id]
                )
            first.setdefault(rule_id, Spot(reader.file, place.line))


def _merge(files: Iterable[tuple[ReadFile, Reader]]) -> dict[str, Setting]:
    merged: dict[str, Setting] = {}
    where: dict[str, Spot] = {}
    for read, reader in files:
        for name, setting in read.settings.items():
            if name in merged:
                again = f"{name} is set already, in {{other}}; it holds for all files"
                reader.problem(setting.place, again, other=where[name])
            else:
                merged[name] = setting
                where[name] = Spot(reader.file, setting.place.line)
    return merged


def _policy(files: Sequence[RuleFile], read: Sequence[ReadFile], settings: dict[str, Setting]) -> Policy:
    values = {_FIELDS.get(name, name): setting.value for name, setting in settings.items()}
    return Policy(
        rules=tuple(rule for file in read for rule, _ in file.rules), hash=rules_hash(files), **values
    )


def rules_hash(files: Sequence[RuleFile]) -> str:
    """Return what a policy of these files is known by, in the log and at the desk."""
    whole = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.name):
        # Without its folder, whose name differs between desk and cloud.
        for part in (file.name.rpartition("/")[2].encode("utf-8", "replace"), file.content):
            whole.update(len(part).to_bytes(8) + part)
    return whole.hexdigest()[:12]
