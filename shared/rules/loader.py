"""Rule files in, a policy or problems out. The cloud and the desk load through this alone."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from shared.rules.checks import PlacedRule, check_lists, check_rules
from shared.rules.file_reader import ReadFile, Setting, list_entries, read_file, read_lists
from shared.rules.lists import Lists, NamedList
from shared.rules.policy import AUTO, Policy
from shared.rules.problems import MAX_PROBLEMS, Problem, Severity
from shared.rules.reader import Reader
from shared.rules.yaml_nodes import Node, Place, read_yaml

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


def load_policy(files: Sequence[RuleFile], today: date | None = None) -> Loaded:
    """Read all files, in the order of their names, into one policy.

    Every problem of every file is returned, by place; past `MAX_PROBLEMS` they are counted only, warnings
    before errors. With one error there is no policy. With `today` given, rules whose time is over are among
    the warnings. Nothing is raised, whatever the files hold.
    """
    if not files:
        nothing = "there are no rule files here; a rule file is named *.yaml"
        return Loaded(None, (Problem(file=_NOWHERE, line=1, column=1, text=nothing),))
    problems: list[Problem] = []
    ordered = sorted(files, key=lambda file: file.name)
    lists: dict[str, NamedList] = {}
    named = Lists(lists)
    readers = [Reader(file.name, problems, lists=named) for file in ordered]
    roots = [_root(file, reader) for file, reader in zip(ordered, readers, strict=True)]
    for root, reader in zip(roots, readers, strict=True):
        lists |= read_lists(root, reader)
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
    check_rules(rules, today)
    if any(problem.severity is Severity.ERROR for problem in problems):
        return Loaded(None, _listed(problems))
    _check_lists(roots, readers, settings)
    if not any(file.rules for file in read):
        readers[0].warning(Place(line=1, column=1), "there is no rule in any file, so nothing will be done")
    return Loaded(_policy(ordered, read, settings), _listed(problems))


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
    first: dict[str, str] = {}
    for read, reader in files:
        for rule_id, place in read.places:
            if rule_id in first:
                reader.for_rule(rule_id).problem(
                    place, f"the id is taken already, by the rule in {first[rule_id]}"
                )
            first.setdefault(rule_id, f"{reader.file}:{place.line}")


def _merge(files: Iterable[tuple[ReadFile, Reader]]) -> dict[str, Setting]:
    merged: dict[str, Setting] = {}
    where: dict[str, str] = {}
    for read, reader in files:
        for name, setting in read.settings.items():
            if name in merged:
                reader.problem(
                    setting.place, f"{name} is set already, in {where[name]}; it holds for all files"
                )
            else:
                merged[name] = setting
                where[name] = f"{reader.file}:{setting.place.line}"
    return merged


def _policy(files: Sequence[RuleFile], read: Sequence[ReadFile], settings: dict[str, Setting]) -> Policy:
    values = {_FIELDS.get(name, name): setting.value for name, setting in settings.items()}
    return Policy(rules=tuple(rule for file in read for rule, _ in file.rules), hash=_hash(files), **values)


def _hash(files: Sequence[RuleFile]) -> str:
    whole = hashlib.sha256()
    for file in files:
        for part in (file.name.encode("utf-8", "replace"), file.content):
            whole.update(len(part).to_bytes(8) + part)
    return whole.hexdigest()[:12]


def _listed(problems: list[Problem]) -> tuple[Problem, ...]:
    # What keeps the policy out of force is never left out for the sake of a warning.
    ordered = sorted(problems, key=lambda problem: (problem.severity is Severity.WARNING, *_place(problem)))
    told, more = sorted(ordered[:MAX_PROBLEMS], key=_place), ordered[MAX_PROBLEMS:]
    if not more:
        return tuple(told)
    last, text = told[-1], f"there are {len(more)} more problems; mend these first"
    # The first of those left out is the worst of them.
    return (*told, replace(last, rule=None, suggestion=None, text=text, severity=more[0].severity))


def _place(problem: Problem) -> tuple[str, int, int]:
    return problem.file, problem.line, problem.column
