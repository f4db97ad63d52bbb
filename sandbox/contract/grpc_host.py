"""The Functions host's side of the gRPC protocol, as far as it calls functions.

https://github.com/Azure/azure-functions-language-worker-protobuf
"""

import os
import queue
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc
from azure_functions_worker import protos

_WAIT_SECONDS = 120
_END = None


class InvocationFailed(Exception):
    """The worker answered with a failure; this has its text."""


class GrpcHost(protos.FunctionRpcServicer):  # type: ignore[misc]  # generated code without types
    """Starts Microsoft's worker, and sends it one request at a time. `functions` has the metadata by name."""

    def __init__(self, worker: Path, settings: Mapping[str, str]) -> None:
        self._worker, self._settings = worker, settings
        self._to_worker: queue.Queue[Any] = queue.Queue()
        self._from_worker: queue.Queue[Any] = queue.Queue()
        self._server = grpc.server(ThreadPoolExecutor(2))
        self.functions: dict[str, Any] = {}
        #: what functions logged
        self.logged: list[str] = []

    def EventStream(self, request_iterator: Iterator[Any], _context: Any) -> Iterator[Any]:  # noqa: N802 -- of the protocol
        """Receive the worker's messages in another thread; yield messages to it."""
        ThreadPoolExecutor(1).submit(self._receive, request_iterator)
        yield from iter(self._to_worker.get, _END)

    def start(self, app: Path) -> None:
        """Load the app in a folder: init, metadata, then every function."""
        self._ask("start_stream", None)
        init = protos.WorkerInitRequest(host_version="4.1037.0", function_app_directory=str(app))
        self._ask("worker_init_response", protos.StreamingMessage(worker_init_request=init))
        asked = protos.FunctionsMetadataRequest(function_app_directory=str(app))
        message = protos.StreamingMessage(functions_metadata_request=asked)
        found = self._ask("function_metadata_response", message).function_metadata_results
        self.functions = {one.name: one for one in found}
        for one in found:
            load = protos.FunctionLoadRequest(function_id=one.function_id, metadata=one)
            self._ask("function_load_response", protos.StreamingMessage(function_load_request=load))

    def post(self, function: str, body: bytes, **query: str) -> Any:
        """Call an HTTP function with a POST; return its answer as RpcHttp."""
        http = protos.RpcHttp(
            method="POST",
            url=f"https://joinlink.example/api/{function}",
            headers={"content-type": "application/json"},
            query=query,
            body=protos.TypedData(bytes=body),
        )
        return self._call(function, "req", protos.TypedData(http=http), {}).return_value.http

    def take(self, function: str, text: str, **metadata: str) -> None:
        """Call a queue function with a message."""
        facts = {name: protos.TypedData(json=value) for name, value in metadata.items()}
        self._call(function, "message", protos.TypedData(string=text), facts)

    def __enter__(self) -> Self:
        protos.add_FunctionRpcServicer_to_server(self, self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        worker = [sys.executable, "-m", "azure_functions_worker", "--host", "127.0.0.1", "--port", str(port)]
        environment = {**os.environ, **self._settings, "PYTHONPATH": str(self._worker)}
        self._process = subprocess.Popen(  # noqa: S603 -- fixed arguments
            [*worker, "--workerId", uuid.uuid4().hex, "--requestId", uuid.uuid4().hex], env=environment
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._to_worker.put(_END)
        self._server.stop(None)

    def _call(self, function: str, argument: str, data: Any, metadata: Mapping[str, Any]) -> Any:
        invocation = protos.InvocationRequest(
            invocation_id=str(uuid.uuid4()),
            function_id=self.functions[function].function_id,
            input_data=[protos.ParameterBinding(name=argument, data=data)],
            trigger_metadata=metadata,
        )
        return self._ask("invocation_response", protos.StreamingMessage(invocation_request=invocation))

    def _receive(self, messages: Iterator[Any]) -> None:
        for message in messages:
            if message.WhichOneof("content") == "rpc_log":
                self.logged.append(message.rpc_log.message)
            else:
                self._from_worker.put(message)

    def _ask(self, expected: str, message: Any) -> Any:
        """Send a message; return the answer of this kind.

        Raises:
            InvocationFailed: the answer is a failure.
            queue.Empty: there is none.
        """
        if message is not None:
            message.request_id = str(uuid.uuid4())
            self._to_worker.put(message)
        while (answer := self._from_worker.get(timeout=_WAIT_SECONDS)).WhichOneof("content") != expected:
            pass
        content = getattr(answer, expected)
        result = getattr(content, "result", None)
        if result is not None and result.status == protos.StatusResult.Failure:
            raise InvocationFailed(f"{expected}: {result.exception.message}")
        return content
