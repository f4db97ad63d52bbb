"""Runs the app under Microsoft's gRPC worker; reads settings and a notification from standard input."""

import json
import sys
from pathlib import Path
from typing import Any

from azure.storage.queue import QueueClient, TextBase64DecodePolicy

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Handshake, notification, queue message; print what the worker answered."""
    given, worker = json.load(sys.stdin), Path(sys.argv[1])
    sys.path.insert(0, str(worker))
    from sandbox.contract.grpc_host import GrpcHost  # noqa: PLC0415 -- imports the worker's protocol

    with GrpcHost(worker, given["settings"]) as host:
        host.start(ROOT)
        print(f"ok      indexed and loaded: {', '.join(sorted(host.functions))}")
        token = host.post("notifications", b"", validationToken="a token")
        accepted = host.post("notifications", json.dumps(given["notification"]).encode())
        echoed = token.body.bytes or token.body.string.encode()
        if (token.status_code, echoed, accepted.status_code) != ("200", b"a token", "202"):
            print(f"FAILED  the webhook answered {token.status_code} and {accepted.status_code}")
            return 1
        print("ok      the webhook answered the handshake, and accepted a notification with 202")
        message = _message(given["settings"]["AzureWebJobsStorage"])
        host.take(
            "event_changes",
            message.content,
            Id=json.dumps(message.id),
            DequeueCount="1",
            PopReceipt=json.dumps(message.pop_receipt),
        )
        decided = [json.loads(line) for line in host.logged if '"event.decided"' in line]
        print(f"ok      the queue function ended with {[(one['outcome'], one['reason']) for one in decided]}")
    return 0 if [one["outcome"] for one in decided] == ["enabled"] else 1


def _message(connection_string: str) -> Any:
    decoding = TextBase64DecodePolicy()
    with QueueClient.from_connection_string(
        connection_string, "event-changes", message_decode_policy=decoding
    ) as queue:
        [message] = queue.receive_messages()
    return message


if __name__ == "__main__":
    sys.exit(main())
