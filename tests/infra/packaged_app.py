"""Runs in a process of its own, on nothing but the unpacked package and Microsoft's runtime library.

It reads one JSON object with `app`, `notification` and the queue's connection string from stdin, hands the notification
and then the queue message to the app, and prints where the modules came from.
"""

import json
import sys

import azure_functions_runtime as runtime
from microsoft_runtime import Worker  # type: ignore[import-not-found]  # a copy is beside this file


def main() -> None:
    """Do the main job: a notification becomes a join link."""
    given = json.load(sys.stdin)
    runtime.start_threadpool_executor()
    worker = Worker()
    worker.start(given["app"])
    body = json.dumps(given["notification"]).encode()
    # Graph delivers again after a 503, which a busy machine may answer.
    statuses = (worker.post(body)["status_code"].value for _ in range(10))
    status = next((each for each in statuses if each == "202"), "503")
    from azure.storage.queue import QueueClient, TextBase64DecodePolicy  # noqa: PLC0415 -- the package's own

    policy = TextBase64DecodePolicy()
    with QueueClient.from_connection_string(
        given["storage"], "event-changes", message_decode_policy=policy
    ) as queue:
        [message] = queue.receive_messages()
    worker.change(message.content, message.id, message.pop_receipt)
    runtime.stop_threadpool_executor()
    places = {
        name: str(getattr(sys.modules[name], "__file__", "")) for name in ("shared", "httpx", "msal", "yaml")
    }
    sys.stdout.write(json.dumps({"status": status, "places": places}))


if __name__ == "__main__":
    main()
