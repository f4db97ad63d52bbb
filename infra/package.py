"""`make package`: a zip that Azure Functions runs as it is, or (`--source`) one that Azure builds.

It holds what `.funcignore` leaves, and the packages of requirements.txt for the target Python on Linux x86_64. The same
commit gives the same files in the same order, with the same times.
"""

import argparse
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pathspec

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "build" / "package"
#: where Azure Functions looks for packages
PACKAGES = ".python_packages/lib/site-packages"
#: the limit of what an admin should have to upload and a cold start to unpack
LIMIT_BYTES = 100_000_000
#: wheels of these build on all machines that Flex Consumption uses
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
_TIME = (2026, 1, 1, 0, 0, 0)
_HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def main() -> None:
    """Build the zip and print its size; exit with a sentence where that fails."""
    parser = argparse.ArgumentParser(prog="make package", description=__doc__)
    parser.add_argument(
        "--python", default="3.12", metavar="VERSION", help="Python of the app (default: 3.12)"
    )
    parser.add_argument("--source", action="store_true", help="leave the packages out: Azure installs them")
    options = parser.parse_args()
    folder = OUTPUT / "app"
    try:
        assemble(folder, python=None if options.source else options.python)
    except subprocess.CalledProcessError:
        sys.exit(f"The packages for Python {options.python} could not be installed. What pip says is above.")
    unpacked = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    name = "joinlink-source.zip" if options.source else f"joinlink-python{options.python}.zip"
    packed = pack(folder, OUTPUT / name)
    shutil.rmtree(folder)
    print(f"{packed.relative_to(ROOT)}: {_megabytes(packed.stat().st_size)}, {_megabytes(unpacked)} unpacked")
    if unpacked > LIMIT_BYTES:
        sys.exit(f"That is over {_megabytes(LIMIT_BYTES)}. Find out which package grew.")


def assemble(folder: Path, *, python: str | None) -> None:
    """Put the app's files, and with `python` its packages for that version, into a new folder.

    Raises:
        subprocess.CalledProcessError: pip could not install a package.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for name in deployed_files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    if python is not None:
        _install(folder / PACKAGES, python)


def deployed_files() -> list[str]:
    """Return the paths of the files that are deployed: neither `.gitignore` nor `.funcignore` names them."""
    lines = [
        line for name in (".gitignore", ".funcignore") for line in (ROOT / name).read_text().splitlines()
    ]
    ignored = pathspec.GitIgnoreSpec.from_lines([*lines, ".git"])
    return sorted(_files(ROOT, ignored))


def _files(folder: Path, ignored: pathspec.GitIgnoreSpec) -> Iterator[str]:
    for path in folder.iterdir():
        name = path.relative_to(ROOT).as_posix()
        if ignored.match_file(f"{name}/" if path.is_dir() else name):
            continue
        if path.is_dir():
            yield from _files(path, ignored)
        else:
            yield name


def _install(folder: Path, python: str) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--quiet",
        "install",
        "--no-deps",
        "--no-compile",
    ]
    if python != _HERE or sys.platform != "linux":
        platforms = [word for platform in _PLATFORMS for word in ("--platform", platform)]
        command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", python, *platforms]
    subprocess.run([*command, "--target", str(folder), "-r", str(ROOT / "requirements.txt")], check=True)
    for cache in folder.rglob("__pycache__"):
        shutil.rmtree(cache)


def pack(folder: Path, target: Path) -> Path:
    """Pack the folder's files into a zip, the same for the same files; return its path."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _TIME)
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
    return target


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"


if __name__ == "__main__":
    main()
