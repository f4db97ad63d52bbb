"""What a fault does to an answer: another body, other headers, half of it, or one byte after the other."""

import json
from collections.abc import Callable, Iterator

from werkzeug import Response

from sandbox.graph.faults import Drop, Fault
from sandbox.graph.recorder import as_json


def altered(response: Response, fault: Fault) -> Response:
    """Change an answer's body and headers as the fault says; its length goes with it."""
    body = response.get_data() if fault.body is None else fault.body
    if fault.edit and body:
        parsed = json.loads(body)
        fault.edit(parsed)
        body = as_json(parsed).encode()
    response.set_data(body if fault.truncate is None else body[: fault.truncate])
    if fault.content_type is not None:
        response.headers["Content-Type"] = fault.content_type
    for name, value in fault.headers.items():
        response.headers.remove(name)
        if value is not None:
            response.headers[name] = value
    return response


def delivered(
    response: Response, fault: Fault, *, sleep: Callable[[float], None], hang_up: Callable[[], None]
) -> Response:
    """Have an answer's body sent slowly, or broken off in the middle, as the fault says."""
    if fault.drip:
        response.response = _dripping(response.get_data(), fault.drip.total_seconds(), sleep)
    if fault.drop is Drop.DURING:
        response.response = _broken(response.get_data(), hang_up)
    return response


def _dripping(body: bytes, seconds: float, sleep: Callable[[float], None]) -> Iterator[bytes]:
    for place in range(len(body)):
        sleep(seconds)
        yield body[place : place + 1]


def _broken(body: bytes, hang_up: Callable[[], None]) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    hang_up()
