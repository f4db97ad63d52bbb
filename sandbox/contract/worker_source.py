"""Microsoft's gRPC worker for Python 3.11 and 3.12, from its source; PyPI has only one of 2020."""

import io
import re
import subprocess
import sys
import tarfile
from pathlib import Path

#: version 4.34.0
COMMIT = "7e6acf36e43335ad69742923af9ff3d62b99242a"
_PACKAGE = "azure_functions_worker"
_PROTOS = ("FunctionRpc.proto", "identity/ClaimsIdentityRpc.proto", "shared/NullableTypes.proto")
#: the compiler writes imports from the top; Microsoft's build makes them absolute, too
_IMPORT = re.compile(r"^(?:from (identity|shared) import|import) (\w+_pb2)", re.MULTILINE)


def prepare(source: str, folder: Path) -> None:
    """Put the worker's package, with its compiled protocol, into an empty folder.

    `source` is the address of the repository, or a copy of it on this machine.

    Raises:
        subprocess.CalledProcessError: the commit can't be had.
    """
    clone = folder / "source"
    _git("init", "-q", "--bare", str(clone))
    _git("-C", str(clone), "fetch", "-q", "--depth", "1", source, COMMIT)
    archive = _git("-C", str(clone), "archive", COMMIT, _PACKAGE)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    protos = folder / _PACKAGE / "protos"
    places = [
        f"-I{protos / '_src' / 'src' / 'proto'}",
        f"--python_out={protos}",
        f"--grpc_python_out={protos}",
    ]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *places, *_PROTOS], check=True)  # noqa: S603 -- fixed
    for file in protos.rglob("*_pb2*.py"):
        file.write_text(_IMPORT.sub(_absolute, file.read_text(encoding="utf-8")), encoding="utf-8")


def main() -> None:
    """Prepare the worker from a source (first argument) in a folder (second argument)."""
    prepare(sys.argv[1], Path(sys.argv[2]))


def _absolute(found: re.Match[str]) -> str:
    package = f"{_PACKAGE}.protos.{found[1]}" if found[1] else f"{_PACKAGE}.protos"
    return found[0] if found[2] == "descriptor_pb2" else f"from {package} import {found[2]}"


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], check=True, stdout=subprocess.PIPE).stdout  # noqa: S603, S607 -- fixed


if __name__ == "__main__":
    main()
