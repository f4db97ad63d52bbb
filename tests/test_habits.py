"""What a reader of the code can rely on: short files, one meaning per class name, no private imports."""

import ast
import statistics
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PRODUCT = [
    ROOT / "function_app.py",
    *(
        path
        for folder in ("cli", "functions", "infra", "shared")
        for path in sorted((ROOT / folder).rglob("*.py"))
    ),
]
SANDBOX = [path for path in sorted((ROOT / "sandbox").rglob("*.py")) if "node_modules" not in path.parts]
TESTS = [path for path in sorted((ROOT / "tests").rglob("*.py")) if "node_modules" not in path.parts]
LONGEST, MEDIAN = 300, 120


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_is_longer_than_300_lines() -> None:
    """A longer file does two jobs."""
    assert [name(path) for path in (*PRODUCT, *SANDBOX, *TESTS) if lines(path) > LONGEST] == []


def test_half_of_the_files_are_shorter_than_120_lines() -> None:
    """So most files can be read in one go."""
    assert statistics.median(map(lines, PRODUCT)) < MEDIAN


def test_each_class_name_is_used_once() -> None:
    """In the whole repository, private classes included, so that a search finds one class."""
    files: dict[str, list[str]] = defaultdict(list)
    for path in (*PRODUCT, *SANDBOX, *TESTS):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                files[node.name].append(name(path))

    assert {cls: found for cls, found in files.items() if len(found) > 1} == {}


def private_imports(path: Path) -> Iterator[str]:
    """Yield the private names that a file imports, from our modules or from a library."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                imported = [alias.name for alias in names]
            case ast.ImportFrom(module=module, names=names):
                imported = [f"{module}.{alias.name}" for alias in names]
            case _:
                continue
        for full_name in imported:
            if any(part.startswith("_") and not part.startswith("__") for part in full_name.split(".")[1:]):
                yield f"{name(path)}: {full_name}"


def test_no_private_name_is_imported() -> None:
    """A private name may change without notice."""
    assert [found for path in (*PRODUCT, *SANDBOX) for found in private_imports(path)] == []
