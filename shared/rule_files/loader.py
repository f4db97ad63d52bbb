"""Loads rule files into a policy. The cloud and the command line both load through this module."""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.domain.position import Position
from shared.rule_files.checks.check_input import CheckInput, PlacedList, PlacedRule
from shared.rule_files.checks.stage import check
from shared.rule_files.files.file import (
    FILE,
    ParsedFile,
    has_only_known_keys,
    read_file,
)
from shared.rule_files.files.hints import KEY_PLACES, SYNONYMS
from shared.rule_files.files.lists import list_nodes, read_lists
from shared.rule_files.problems import FileLine, Problem, Severity
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.session import Session, StopReading
from shared.rule_files.yaml_tree.nodes import MappingNode, Node
from shared.rule_files.yaml_tree.parser import read_yaml
from shared.rules.policy import AUTO, OtherJoinLinks, Policy

#: bounds of a policy, far above what people write: rules are loaded every minute
MAX_FILES = 500
MAX_BYTES = 4 * 1024 * 1024
_ALL_FILES = "rules"


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A rule file: `name` as problems show it (`rules/sales.yaml`), and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class LoadResult:
    """A policy with warnings at most; or errors, and no policy.

    `group_names` are texts that are in the place of a group's id: probably the names of groups.
    """

    policy: Policy | None
    problems: tuple[Problem, ...]
    group_names: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the policy from being used; the others are warnings."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


@dataclass(frozen=True, slots=True)
class _Source:
    """A file while it is loaded: its reader, and its tree (None where it is not YAML)."""

    reader: NodeReader
    root: Node | None


def within_bounds(files: Iterable[RuleFile]) -> tuple[RuleFile, ...]:
    """Return the files up to the first one beyond the bounds of a policy; the rest need not be read."""
    found: list[RuleFile] = []
    size = 0
    for file in files:
        found.append(file)
        size += len(file.content)
        if len(found) > MAX_FILES or size > MAX_BYTES:
            break
    return tuple(found)


def load_policy(files: Sequence[RuleFile], today: date | None = None) -> LoadResult:
    """Load all files, in order of their names, into one policy.

    Returns the problems of all files in order of place, up to `MAX_PROBLEMS`; after that many errors, loading
    stops. With one error there is no policy. `today` adds warnings about rules that have expired. Never
    raises, for any content of the files.
    """
    if refusal := _refuse(files):
        return LoadResult(None, (Problem(file=_ALL_FILES, line=1, column=1, text=refusal),))
    session = Session(places=KEY_PLACES, synonyms=SYNONYMS)
    try:
        policy = _load(sorted(files, key=lambda file: file.name), session, today)
    except StopReading:
        policy = None
    return LoadResult(policy, session.problems(), tuple(session.group_names))


def _refuse(files: Sequence[RuleFile]) -> str:
    """Return why the files are not loaded at all; empty where they are."""
    if not files:
        return "there are no rule files here; a rule file is named *.yaml"
    if len(files) > MAX_FILES:
        return f"there are more than {MAX_FILES} rule files; put several rules into one file"
    if sum(len(file.content) for file in files) > MAX_BYTES:
        return f"the rule files have more than {MAX_BYTES >> 20} MiB together; keep other files elsewhere"
    return ""


def _load(files: Sequence[RuleFile], session: Session, today: date | None) -> Policy | None:
    sources = [_parse(file, session) for file in files]
    for source in sources:
        session.lists.named.update(read_lists(source.root, source.reader))
    session.has_all_lists = not session.errors and all(has_only_known_keys(each.root) for each in sources)
    read = [ParsedFile() if each.root is None else read_file(each.root, each.reader) for each in sources]
    _check_ids(sources, read)
    settings = _merge_settings(sources, read)
    given = _check_input(sources, read, settings, today)
    with suppress(StopReading):  # more problems than that help no one
        for problem in check(given):
            session.only_warnings_left = problem.severity is Severity.WARNING
            session.note(problem)
        if not any(file.rules for file in read) and not session.errors:
            sources[0].reader.warning(
                Position(1, 1), "there are no rules in any file, so Joinlink does nothing"
            )
    if session.errors:
        return None
    values = {FILE.by_name[name].field or name: value for name, value in settings.items()}
    return Policy(rules=tuple(placed.rule for placed in given.rules), hash=rules_hash(files), **values)


def _parse(file: RuleFile, session: Session) -> _Source:
    reader = NodeReader(file.name, session)
    root, mistakes = read_yaml(file.content)
    for mistake in mistakes:
        reader.problem(mistake, mistake.text)
    return _Source(reader, root)


def _check_ids(sources: Sequence[_Source], read: Sequence[ParsedFile]) -> None:
    first: dict[str, FileLine] = {}
    for source, file in zip(sources, read, strict=True):
        for place in (rule.id for rule in file.rules if rule.id is not None):
            if place.text in first:
                source.reader.for_rule(place.text).problem(
                    place, "the id is already used, by the rule in {other}", other=first[place.text]
                )
            first.setdefault(place.text, FileLine(source.reader.file, place.line))


def _merge_settings(sources: Sequence[_Source], read: Sequence[ParsedFile]) -> dict[str, Any]:
    """Return the values of the settings of all files, each of which may be in one file only."""
    merged: dict[str, Any] = {}
    places: dict[str, FileLine] = {}
    for source, file in zip(sources, read, strict=True):
        for name, setting in file.settings.items():
            if name in merged:
                again = f"{name} is already set, in {{other}}; it holds for all files, so remove one of them"
                source.reader.problem(setting.place, again, other=places[name])
            else:
                merged[name] = setting.value
                places[name] = FileLine(source.reader.file, setting.place.line)
    return merged


def _check_input(
    sources: Sequence[_Source], read: Sequence[ParsedFile], settings: dict[str, Any], today: date | None
) -> CheckInput:
    """Return what the checks read: the rules without errors of their own, the lists, and some settings."""
    session = sources[0].reader.session
    internal = settings.get("internal_domains", AUTO)
    return CheckInput(
        rules=tuple(
            PlacedRule(each.rule, each.node)
            for file in read
            for each in file.rules
            if each.rule is not None and isinstance(each.node, MappingNode)
        ),
        lists=tuple(
            PlacedList(source.reader.file, name, items)
            for source in sources
            for name, items in list_nodes(source.root)
        ),
        used_lists=frozenset(session.lists.used),
        own_domains=() if internal is AUTO else internal,
        skips_other_join_links=(settings.get("other_join_links") or OtherJoinLinks()).skip,
        is_complete=not session.errors,
        today=today,
        budget=session.comparison_budget,
    )


def rules_hash(files: Sequence[RuleFile]) -> str:
    """Return the hash that names the policy of these files in logs and at the command line."""
    whole = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.name):
        # Without the folder: its name differs between the command line and the cloud.
        for part in (file.name.rpartition("/")[2].encode("utf-8", "replace"), file.content):
            whole.update(len(part).to_bytes(8) + part)
    return whole.hexdigest()[:12]
