"""Microsoft's own runtime library, called as the Functions host calls it."""

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as runtime
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.native_invocation import invocation_request_native


class _Protos:
    """Replaces the classes that are generated from the host's protocol with plain attributes."""

    BindingInfo = type("BindingInfo", (SimpleNamespace,), {"in": 0, "out": 1, "inout": 2, "undefined": 3})
    StatusResult = type("StatusResult", (SimpleNamespace,), {"Failure": 0, "Success": 1})

    def __getattr__(self, name: str) -> type[SimpleNamespace]:
        return type(name, (SimpleNamespace,), {})


@dataclass
class Worker:
    """Microsoft's runtime with our app; `functions` has ids by name."""

    functions: dict[str, str] = field(default_factory=dict)
    bindings: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def start(self, folder: str) -> None:
        """Index the app in `folder`, as on a start of the host."""
        request = SimpleNamespace(
            properties={"host": "127.0.0.1", "protos": _Protos()},
            request=SimpleNamespace(
                worker_init_request=SimpleNamespace(capabilities={}, function_app_directory=folder)
            ),
        )
        answer = asyncio.run(runtime.worker_init_request(request))
        assert answer.result.status == 1, answer.result.exception.message
        for found in asyncio.run(runtime.functions_metadata_request(request)).function_metadata_results:
            self.functions[found.name] = found.function_id
            self.bindings[found.name] = [json.loads(raw) for raw in found.raw_bindings]

    def invoke(self, name: str, argument: str, data: Datum, **metadata: Datum) -> Any:
        """Invoke a function; return its answer. Fails if the function raised an error."""
        ok, answer, _outputs, error, trace = asyncio.run(
            invocation_request_native(str(uuid.uuid4()), self.functions[name], [(argument, data)], metadata)
        )
        assert ok, f"{error}\n{trace}"
        return answer

    def change(self, content: str, identifier: str, pop_receipt: str) -> None:
        """Invoke the function of the queue event-changes with a message."""
        self.invoke(
            "event_changes",
            "message",
            Datum(content, "string"),
            Id=Datum(identifier, "string"),
            DequeueCount=Datum("1", "json"),
            PopReceipt=Datum(pop_receipt, "string"),
        )

    def post(self, body: bytes = b"", **query: str) -> Any:
        """Invoke the webhook with a POST; return the parts of its answer."""
        request = {
            "method": Datum("POST", "string"),
            "url": Datum("https://joinlink.example/api/notifications", "string"),
            "headers": {"content-type": Datum("application/json", "string")},
            "params": {},
            "query": {name: Datum(value, "string") for name, value in query.items()},
            "body": Datum(body, "bytes"),
        }
        return self.invoke("notifications", "req", Datum(request, "http")).value
