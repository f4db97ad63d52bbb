"""Resources held against Azure's types: unknown, read-only and missing properties, wrong types and values."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tree_sitter import Node

from tests.infra.bicep_tree import (
    BicepFile,
    BicepProblem,
    alternatives,
    body,
    line,
    literal,
    properties,
    text,
)

Schema = dict[str, Any]

_TYPES: dict[str, Schema] = json.loads((Path(__file__).parent / "data" / "azure_types.json").read_text())[
    "resources"
]
_NAMES = {name.lower(): name for name in _TYPES}
#: Bicep's own properties of a resource
_OWN = {"scope", "parent", "dependsOn"}
_KINDS = {"number": "int", "boolean": "bool", "object": "object", "array": "array"}


def check_types(file: BicepFile) -> Iterator[BicepProblem]:
    """Yield what Azure's types refuse in the file's resources."""
    yield from _walk(file, file.root, "")


def _walk(file: BicepFile, node: Node, parent: str) -> Iterator[BicepProblem]:
    inside = parent
    if node.type == "resource_declaration":
        inside = _full_type(node, parent)
        yield from _resource(file, node, inside)
    for each in node.children:
        yield from _walk(file, each, inside)


def _full_type(node: Node, parent: str) -> str:
    declared = next(text(each)[1:-1] for each in node.children if each.type == "string")
    if not parent or "/" in declared.partition("@")[0]:
        return declared
    kind, _, version = declared.partition("@")
    outer, _, outer_version = parent.partition("@")
    return f"{outer}/{kind}@{version or outer_version}"


def _resource(file: BicepFile, node: Node, declared: str) -> Iterator[BicepProblem]:
    if any(text(each) == "existing" for each in node.children):
        return
    known = _NAMES.get(declared.lower())
    if known is None:
        yield BicepProblem(line(node), f"{declared} is not a known type")
    elif (found := body(node)) is not None:
        yield from _ResourceType(file, known).object(found, _TYPES[known]["schema"], known, is_resource=True)


class _ResourceType:
    """One resource type, whose schemas refer to each other."""

    def __init__(self, file: BicepFile, name: str) -> None:
        self._file = file
        self._schemas: dict[str, Schema] = _TYPES[name]["defs"]

    def _resolve(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"]]
        return schema

    def object(
        self, node: Node, schema: Schema, where: str, *, is_resource: bool = False
    ) -> Iterator[BicepProblem]:
        schema = self._resolve(schema)
        given = properties(node)
        allowed: dict[str, Schema] = dict(schema.get("properties", {}))
        if "discriminator" in schema:
            variant = given.get(schema["discriminator"], (None, None))[1]
            name = literal(variant) if variant is not None else None
            if name is None:
                return
            if name not in schema["cases"]:
                yield BicepProblem(
                    line(node), f"{where}: {name!r} is not one of {', '.join(schema['cases'])}"
                )
                return
            allowed |= self._resolve(schema["cases"][name])["properties"]
        for name, (pair, value) in given.items():
            if "${" in name or (is_resource and name in _OWN):
                continue
            yield from self._property(name, pair, value, allowed, schema.get("additionalProperties"), where)
        for name, rule in allowed.items():
            if rule.get("required") and name not in given:
                yield BicepProblem(line(node), f"{where} has no {name!r}")

    def _property(  # noqa: PLR0917 -- the parts of one property
        self,
        name: str,
        pair: Node,
        value: Node | None,
        allowed: dict[str, Schema],
        others: Schema | None,
        where: str,
    ) -> Iterator[BicepProblem]:
        rule = allowed.get(name, others)
        if rule is None:
            if not self._file.is_silenced(pair, "BCP187"):
                yield BicepProblem(line(pair), f"{where} has no property {name!r}")
        elif rule.get("readOnly"):
            yield BicepProblem(line(pair), f"{where}.{name} is read-only")
        elif value is not None:
            yield from self._value(value, rule, f"{where}.{name}")

    def _value(self, node: Node, schema: Schema, where: str) -> Iterator[BicepProblem]:
        rule = self._resolve(schema)
        kind = rule.get("type")
        for each in alternatives(node):
            if each.type == "object" and kind == "object":
                yield from self.object(each, rule, where)
            elif each.type == "array" and kind == "array":
                for item in each.named_children:
                    yield from self._value(item, rule["items"], f"{where}[]")
            elif each.type == "for_statement" and kind == "array":
                if (found := body(each)) is not None:
                    yield from self._value(found, rule["items"], f"{where}[]")
            elif each.type == "string":
                yield from _string(each, rule, where)
            elif each.type in _KINDS and kind not in {_KINDS[each.type], "any", None}:
                yield BicepProblem(line(each), f"{where} must be {kind}, not {_KINDS[each.type]}")


def _string(node: Node, rule: Schema, where: str) -> Iterator[BicepProblem]:
    value = literal(node)
    if rule.get("type") not in {"string", "any", None}:
        yield BicepProblem(line(node), f"{where} must be {rule['type']}, not a string")
    elif value is not None and "enum" in rule and value not in rule["enum"]:
        yield BicepProblem(line(node), f"{where}: {value!r} is not one of {', '.join(rule['enum'])}")
