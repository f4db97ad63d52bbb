"""How long a new Python process needs until the functions are indexed, and until its first answer 202."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from time import perf_counter

from sandbox.bench.figure_table import FigureTable

_TRIES = 5
_INDEX = "import function_app; functions = function_app.app.get_functions()"
_ANSWER = f"""{_INDEX}
import os
import azure.functions as func
[post] = [each for each in functions if each.get_function_name() == "notifications"]
body = os.environ["BENCH_BODY"].encode()
answer = post.get_user_function()(func.HttpRequest(method="POST", url="/api/notifications", body=body))
assert answer.status_code == 202, answer.status_code
os._exit(0)  # what an idle process does at its end is not measured
"""


def cold_start(environ: Mapping[str, str], body: Mapping[str, object]) -> FigureTable:
    """Measure with an app of these settings, and the body of a notification."""
    table = FigureTable("Cold start, a new Python process", ("until", "seconds", "goal", "x bare Python"))
    settings = {**environ, "BENCH_BODY": json.dumps(body)}
    bare = _process("pass", settings)
    for what, goal, code in (
        ("bare Python has started", "", "pass"),
        ("the functions are indexed", "0.6", _INDEX),
        ("the first answer 202", "1.0", _ANSWER),
    ):
        took = bare if code == "pass" else _process(code, settings)
        table.add_row(what, f"{took:.2f}", goal, f"{took / bare:.1f}")
    return table


def _process(code: str, environ: Mapping[str, str]) -> float:
    return min(_timed(code, {**os.environ, **environ}) for _ in range(_TRIES))


def _timed(code: str, environ: Mapping[str, str]) -> float:
    began = perf_counter()
    command = [sys.executable, "-c", code]
    subprocess.run(command, check=True, env=environ, stdout=subprocess.DEVNULL)  # noqa: S603 -- our own code
    return perf_counter() - began
