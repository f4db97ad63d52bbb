"""Everything that is checked of a Bicep file without Azure and without its compiler."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tree_sitter import Node

from tests.infra.bicep_tree import (
    BicepFile,
    BicepProblem,
    body,
    child,
    identifiers,
    line,
    literal,
    properties,
    text,
)
from tests.infra.bicep_types import check_types

#: siteConfig properties that Azure refuses on Flex Consumption (error 51021)
_NOT_ON_FLEX = re.compile(
    r"\b(linuxFxVersion|windowsFxVersion|netFrameworkVersion|phpVersion|pythonVersion|nodeVersion|javaVersion"
    r"|javaContainer|javaContainerVersion|powerShellVersion|alwaysOn|ftpsState|use32BitWorkerProcess"
    r"|preWarmedInstanceCount|functionsRuntimeScaleMonitoringEnabled|functionAppScaleLimit|healthCheckPath"
    r"|keyVaultReferenceIdentity)$"
)
#: settings that Flex Consumption ignores or refuses
_DEPRECATED_SETTINGS = re.compile(
    r"^(FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_WORKER_RUNTIME|FUNCTIONS_WORKER_PROCESS_COUNT|WEBSITE_RUN_FROM_PACKAGE"
    r"|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|WEBSITE_CONTENT\w*|WEBSITE_TIME_ZONE|TZ|AzureWebJobsStorage)$"
)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: the roles that Joinlink gives, by their ids
ROLES = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
}
_HOSTS = re.compile(r"core\.windows\.net|vault\.azure\.net|login\.microsoftonline|management\.azure\.com")
_MICROSOFT_GRAPH = "00000003-0000-0000-c000-000000000000"


def check(path: Path, content: bytes | None = None) -> list[BicepProblem]:
    """Return what is wrong with the file, or with `content` in its place, by line."""
    file = BicepFile(path, content)
    checks = (_syntax, check_types, _unused, _references, _flex, _secrets, _guids, _environment)
    found = {problem for each in checks for problem in each(file)}
    return sorted(found, key=lambda problem: (problem.line, problem.text))


def _syntax(file: BicepFile) -> Iterator[BicepProblem]:
    for node in file.nodes:
        if node.type == "ERROR" or node.is_missing:
            yield BicepProblem(line(node), f"syntax: {text(node)[:60]!r}")


def _unused(file: BicepFile) -> Iterator[BicepProblem]:
    uses = Counter(text(each) for each in file.nodes if each.type == "identifier")
    pairs = (each for each in file.nodes if each.type == "object_property" and each.named_children)
    keys = Counter(text(pair.named_children[0]) for pair in pairs)  # a key of a property is not a use
    for kind, declared in (("parameter", file.declared.parameters), ("variable", file.declared.variables)):
        for name, node in declared.items():
            if uses[name] <= 1 + keys[name]:
                yield BicepProblem(line(node), f"the {kind} {name!r} is not used")
    for name, node in file.declared.resources.items():
        is_existing = any(text(each) == "existing" for each in node.children)
        if is_existing and uses[name] <= 1:
            yield BicepProblem(line(node), f"the existing resource {name!r} is not used")


def _references(file: BicepFile) -> Iterator[BicepProblem]:
    for name, node in file.declared.modules.items():
        source = next(each for each in node.children if each.type == "string")
        path = file.path.parent / (literal(source) or "")
        if not path.is_file():
            yield BicepProblem(line(node), f"the module {name!r} has no file {path.name}")
            continue
        yield from _module(file, name, node, BicepFile(path))
    for node in file.nodes:
        if node.type == "call_expression" and text(node.named_children[0]) in {
            "loadJsonContent",
            "loadTextContent",
        }:
            argument = text(node).partition("'")[2].partition("'")[0]
            if not (file.path.parent / argument).is_file():
                yield BicepProblem(line(node), f"the file {argument} does not exist")


def _module(file: BicepFile, name: str, node: Node, module: BicepFile) -> Iterator[BicepProblem]:
    content = body(node)
    given = properties(content) if content is not None else {}
    value = given.get("params", (node, None))[1]
    params = properties(value) if value is not None else {}
    for param, (pair, _) in params.items():
        if param not in module.declared.parameters:
            yield BicepProblem(line(pair), f"the module {name!r} has no parameter {param!r}")
    for param, declaration in module.declared.parameters.items():
        if param not in params and _is_required(declaration):
            yield BicepProblem(line(node), f"the module {name!r} needs the parameter {param!r}")
    outputs = set(module.declared.outputs)
    for used in re.finditer(rf"\b{name}\.\??outputs\.(\w+)", "\n".join(file.lines)):
        if used[1] not in outputs:
            yield BicepProblem(line(node), f"the module {name!r} has no output {used[1]!r}")


def _is_required(declaration: Node) -> bool:
    kind = child(declaration, "type")
    is_nullable = kind is not None and text(kind).endswith("?")
    return not is_nullable and all(text(each) != "=" for each in declaration.children)


def _flex(file: BicepFile) -> Iterator[BicepProblem]:
    for node in file.nodes:
        if node.type != "object_property" or not node.named_children:
            continue
        key = text(node.named_children[0]).strip("'")
        if key == "siteConfig" and (config := child(node, "object")) is not None:
            for name, (pair, _) in properties(config).items():
                if _NOT_ON_FLEX.search(name):
                    yield BicepProblem(line(pair), f"siteConfig.{name} is refused on Flex Consumption")
        if _DEPRECATED_SETTINGS.match(key):
            yield BicepProblem(line(node), f"the setting {key} does not belong on Flex Consumption")


def _secrets(file: BicepFile) -> Iterator[BicepProblem]:
    secure = {
        name for name, node in file.declared.parameters.items() if "@secure()" in _decorators(file, node)
    }
    for name, node in file.declared.outputs.items():
        if identifiers(node) & secure or re.search(r"\blist\w*\(", text(node)):
            yield BicepProblem(line(node), f"the output {name!r} holds a secret")
    for node in file.nodes:
        if node.type == "call_expression" and re.match(r"list\w*\(|[\w.]+\.list\w*\(", text(node)):
            yield BicepProblem(line(node), "keys must not be read by a template")


def _decorators(file: BicepFile, node: Node) -> str:
    above: list[str] = []
    for row in range(line(node) - 2, -1, -1):
        if not file.lines[row].startswith(("@", " ", ")", "}")):
            break
        above.append(file.lines[row])
    return "\n".join(above)


def _guids(file: BicepFile) -> Iterator[BicepProblem]:
    for number, content in enumerate(file.lines, start=1):
        for found in _GUID.finditer(content):
            if found[0] not in ROLES and found[0] != _MICROSOFT_GRAPH:
                yield BicepProblem(number, f"{found[0]} is not a known role")


def _environment(file: BicepFile) -> Iterator[BicepProblem]:
    for number, content in enumerate(file.lines, start=1):
        named = _HOSTS.search(content)
        if named and "privatelink.vaultcore" not in content:
            yield BicepProblem(number, f"use environment() instead of {named[0]}")
