"""A small app for host processes: the text of a message says what its call does."""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import azure.functions as func

log = logging.getLogger("sample")
log.setLevel(logging.INFO)
ENOUGH_SECONDS = 30


def build(settings: Mapping[str, str], now: Callable[[], datetime]) -> func.FunctionApp:
    """Build it; functions and tests signal each other by files in the folder FOLDER."""
    app, folder = func.FunctionApp(), Path(settings["FOLDER"])

    @app.queue_trigger("msg", "%QUEUE%", "AzureWebJobsStorage")
    def work(msg: func.QueueMessage) -> None:
        text = msg.get_body().decode()
        log.info("begun %s %s", text, msg.dequeue_count)
        (folder / f"begun-{text}").touch()
        match text.split("-")[0]:
            case "kill":
                _wait_for(folder / "die")
                os._exit(9)
            case "raise":
                raise LookupError(text)
            case "wait":
                _wait_for(folder / "go")
        (folder / f"done-{text}").touch()
        log.info("done %s", text)

    @app.route("door", methods=["GET"])
    def door(req: func.HttpRequest) -> func.HttpResponse:
        thread = threading.Thread(target=log.info, args=("from a thread of no call",))
        thread.start()
        thread.join()
        log.info("asked %s", req.params.get("n"))
        return func.HttpResponse(now().isoformat(), headers={"X-Worker": str(os.getpid())})

    @app.timer_trigger("timer", "0 0 * * * *")
    def tick(timer: func.TimerRequest) -> None:
        log.info("tick %s", timer.past_due)

    return app


def broken(_settings: Mapping[str, str], _now: Callable[[], datetime]) -> func.FunctionApp:
    """Build an app that is not supported."""
    app = func.FunctionApp()

    @app.timer_trigger("timer", "0 0 * * * *")
    async def waits(timer: func.TimerRequest) -> None:
        raise NotImplementedError

    return app


def _wait_for(file: Path) -> None:
    for _ in range(ENOUGH_SECONDS * 100):
        if file.exists():
            return
        time.sleep(0.01)  # another process creates the file
