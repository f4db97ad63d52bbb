"""Runs an app in Microsoft's runtime library, with the calls of the host."""

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
    """Replaces the classes that are generated from the host's protocol by simple namespaces."""

    BindingInfo = type("BindingInfo", (SimpleNamespace,), {"in": 0, "out": 1, "inout": 2, "undefined": 3})
    StatusResult = type("StatusResult", (SimpleNamespace,), {"Failure": 0, "Success": 1})

    def __getattr__(self, name: str) -> type[SimpleNamespace]:
        return type(name, (SimpleNamespace,), {})


@dataclass
class Worker:
    """Microsoft's runtime with our app; `functions` has the id of each function by name."""

    functions: dict[str, str] = field(default_factory=dict)
    bindings: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def start(self, folder: str) -> None:
        """Index the app in `folder`, as the host requests."""
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
        """Call a function as the host does; return its answer, or raise its error."""
        ok, answer, _outputs, error, trace = asyncio.run(
            invocation_request_native(str(uuid.uuid4()), self.functions[name], [(argument, data)], metadata)
        )
        assert ok, f"{error}\n{trace}"
        return answer

    def change(self, content: str, identifier: str, pop_receipt: str) -> None:
        """Deliver a message of the queue event-changes."""
        self.invoke(
            "event_changes",
            "message",
            Datum(content, "string"),
            Id=Datum(identifier, "string"),
            DequeueCount=Datum("1", "json"),
            PopReceipt=Datum(pop_receipt, "string"),
        )

    def post(self, body: bytes = b"", **query: str) -> Any:
        """Send a POST to the webhook; return the parts of the HTTP answer."""
        request = {
            "method": Datum("POST", "string"),
            "url": Datum("https://joinlink.example/api/notifications", "string"),
            "headers": {"content-type": Datum("application/json", "string")},
            "params": {},
            "query": {name: Datum(value, "string") for name, value in query.items()},
            "body": Datum(body, "bytes"),
        }
        return self.invoke("notifications", "req", Datum(request, "http")).value
