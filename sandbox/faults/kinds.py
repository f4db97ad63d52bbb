"""The kinds of faults: the table, each with the final states that it allows for an event."""

import json
from typing import Any

from sandbox.faults.fault import AllowedEnd, FaultAction, FaultEffect, PlannedFault, Target, UserAction

_WRITE = r"/users/[^/]+/events/[^/]+$"
READ = _WRITE
_TOKEN = "/msi/token"  # noqa: S105 -- a path, no secret
_HTML = (
    "<html><head><title>Bad Gateway</title></head><body>The proxy could not reach the server.</body></html>"
)
_JSON_TYPE = ("Content-Type", "application/json")
_HTML_TYPE = ("Content-Type", "text/html")
#: The result of the write is unknown if the event changes before the app reads it again.
_UNCERTAIN = (AllowedEnd.LINK, AllowedEnd.HELD)


def _refused(code: str) -> str:
    return json.dumps({"error": {"code": code, "message": "Failed by the sandbox."}})


_CONCURRENCY = json.dumps(
    {
        "error": {
            "code": "ApplicationThrottled",
            "message": "Application is over its MailboxConcurrency limit.",
        }
    }
)


def _write(kind: str, **properties: Any) -> PlannedFault:
    defaults: dict[str, Any] = {
        "kind": f"write {kind}",
        "target": Target.GRAPH,
        "method": "PATCH",
        "path": _WRITE,
        "headers": (_JSON_TYPE,),
        "allows": _UNCERTAIN,
    }
    return PlannedFault(**{**defaults, **properties})


def _answers(effect: FaultEffect) -> tuple[PlannedFault, ...]:
    """Return all wrong answers to a write that took effect, or did not."""
    when: dict[str, Any] = {"effect": effect}
    return (
        _write(f"429 with Retry-After {effect}", status=429, headers=(_JSON_TYPE, ("Retry-After", "7")),
               body=_refused("TooManyRequests"), **when),
        _write(f"429 without Retry-After {effect}", status=429, body=_refused("TooManyRequests"), **when),
        _write(f"503 with Retry-After {effect}", status=503, headers=(_JSON_TYPE, ("Retry-After", "5")),
               body=_refused("serviceNotAvailable"), **when),
        _write(f"500 {effect}", status=500, body=_refused("ErrorInternalServerError"), **when),
        _write(f"502 of a proxy {effect}", status=502, headers=(_HTML_TYPE,), body=_HTML, **when),
        _write(f"400 of Graph {effect}", status=400, body=_refused("ErrorInvalidRequest"),
               allows=(*_UNCERTAIN, AllowedEnd.POISON), **when),
        _write(f"empty 400 {effect}", status=400, headers=(), **when),
        _write(f"401 {effect}", status=401, body=_refused("InvalidAuthenticationToken"), **when),
        _write(f"403 of a proxy {effect}", status=403, headers=(_HTML_TYPE,), body=_HTML, **when),
        _write(f"404 of a proxy {effect}", status=404, headers=(_HTML_TYPE,), body=_HTML, **when),
        _write(f"423 {effect}", status=423, headers=(), **when),
        _write(f"302 {effect}", status=302, headers=(("Location", "https://login.example/"),), **when),
        _write(f"truncated 200 {effect}", status=200, body='{"@odata.etag": "W/', **when),
        _write(f"200 of a proxy {effect}", status=200, headers=(_HTML_TYPE,), body=_HTML, **when),
        _write(f"lost {effect}", action=FaultAction.DROP, **when),
    )  # fmt: skip


#: Faults of the write itself.
WRITE_FAULTS = (
    *_answers(FaultEffect.BEFORE),
    *_answers(FaultEffect.AFTER),
    _write("slow", action=FaultAction.DELAY, latency=(60, 400), allows=(AllowedEnd.LINK,)),
    _write("slow body", action=FaultAction.DRIP, latency=(2, 20), allows=(AllowedEnd.LINK,)),
    _write("MailboxConcurrency", status=429, headers=(_JSON_TYPE, ("Retry-After", "1")), body=_CONCURRENCY),
    _write("507", status=507, body=_refused("ErrorQuotaExceeded")),
    _write("403 of Graph that lasts", status=403, body=_refused("ErrorAccessDenied"), lasts=True),
    _write("ignored", action=FaultAction.IGNORE, allows=(*_UNCERTAIN, AllowedEnd.GAVE_UP)),
    _write(
        "412 without a race",
        status=412,
        headers=(_JSON_TYPE,),
        body=_refused("ErrorIrresolvableConflict"),
        allows=(AllowedEnd.LINK,),
    ),
    _write("raced, 412", action=FaultAction.PASS, first=UserAction.DRIFT, allows=(AllowedEnd.LINK,)),
    _write(
        "raced by an edit, 412", action=FaultAction.PASS, first=UserAction.EDIT, allows=(AllowedEnd.LINK,)
    ),
    _write("event vanishes before", action=FaultAction.PASS, first=UserAction.DELETE),
)

#: Faults of the write, after which a person changes the event before the app can read it again. By chance
#: these would be rare.
WRITE_FAULTS_THEN_CHANGE = (
    _write("503 after, link removed", effect=FaultEffect.AFTER, status=503,
           headers=(_JSON_TYPE, ("Retry-After", "5")), then=UserAction.REMOVE_LINK),
    _write("429 after, link removed", effect=FaultEffect.AFTER, status=429,
           headers=(_JSON_TYPE, ("Retry-After", "5")), then=UserAction.REMOVE_LINK),
    _write("lost after, link removed", effect=FaultEffect.AFTER, action=FaultAction.DROP, then=UserAction.REMOVE_LINK),
    _write("lost before, then drift", action=FaultAction.DROP, then=UserAction.DRIFT),
    _write("503 before, then edit", status=503, headers=(_JSON_TYPE, ("Retry-After", "5")), then=UserAction.EDIT),
    _write("lost after, then edit", effect=FaultEffect.AFTER, action=FaultAction.DROP, then=UserAction.EDIT),
    _write("killed before, then drift", action=FaultAction.KILL, then=UserAction.DRIFT),
    _write("killed after, link removed", effect=FaultEffect.AFTER, action=FaultAction.KILL, then=UserAction.REMOVE_LINK),
)  # fmt: skip


def _kill(
    kind: str, target: Target, method: str, path: str, effect: FaultEffect, *more: AllowedEnd
) -> PlannedFault:
    return PlannedFault(
        kind=f"killed {kind}", target=target, method=method, path=path, effect=effect, action=FaultAction.KILL,
        allows=(*_UNCERTAIN, *more),
    )  # fmt: skip


HOST_KILLS = (
    _kill("before the write", Target.GRAPH, "PATCH", _WRITE, FaultEffect.BEFORE),
    _kill("after the write", Target.GRAPH, "PATCH", _WRITE, FaultEffect.AFTER),
    _kill("at the read", Target.GRAPH, "GET", READ, FaultEffect.AFTER),
    _kill("before a row", Target.TABLE, "*", "/meetings", FaultEffect.BEFORE),
    _kill("after a row", Target.TABLE, "*", "/meetings", FaultEffect.AFTER, AllowedEnd.UNCOUNTED),
    _kill("after sending", Target.QUEUE, "POST", "/event-changes", FaultEffect.AFTER),
    _kill("in a sweep", Target.GRAPH, "GET", "/calendarView", FaultEffect.AFTER),
)

#: Faults of reads and other calls; after these, every event that should get a link still gets it.
OTHER_FAULTS = (
    PlannedFault(kind="read 429 with Retry-After 0", target=Target.GRAPH, method="GET", path=READ, status=429,
          headers=(_JSON_TYPE, ("Retry-After", "0")), body=_refused("TooManyRequests")),
    PlannedFault(kind="read 503", target=Target.GRAPH, method="GET", path=READ, status=503,
          headers=(_JSON_TYPE,), body=_refused("serviceNotAvailable")),
    PlannedFault(kind="read 503 with Retry-After", target=Target.GRAPH, method="GET", path=READ, status=503,
          headers=(("Retry-After", "9"),)),
    PlannedFault(kind="read lost", target=Target.GRAPH, method="GET", path=READ, action=FaultAction.DROP),
    PlannedFault(kind="read truncated", target=Target.GRAPH, method="GET", path=READ, status=200,
          headers=(_JSON_TYPE,), body='{"id": "AAMk'),
    PlannedFault(kind="read 200 of a proxy", target=Target.GRAPH, method="GET", path=READ, status=200,
          headers=(_HTML_TYPE,), body=_HTML),
    PlannedFault(kind="read 421", target=Target.GRAPH, method="GET", path=READ, status=421),
    PlannedFault(kind="read 401 in flight", target=Target.GRAPH, method="GET", path=READ, status=401,
          headers=(_JSON_TYPE,), body=_refused("InvalidAuthenticationToken")),
    PlannedFault(kind="read MailboxConcurrency", target=Target.GRAPH, method="GET", path=READ, status=429,
          headers=(_JSON_TYPE, ("Retry-After", "1")), body=_CONCURRENCY),
    PlannedFault(kind="read 429 without Retry-After", target=Target.GRAPH, method="GET", path=READ, status=429,
          headers=(_JSON_TYPE,), body=_refused("TooManyRequests")),
    PlannedFault(kind="read slow", target=Target.GRAPH, method="GET", path=READ, action=FaultAction.DELAY,
          latency=(40, 300)),
    PlannedFault(kind="read slow body", target=Target.GRAPH, method="GET", path=READ, action=FaultAction.DRIP,
          latency=(2, 20)),
    PlannedFault(kind="read, then changed", target=Target.GRAPH, method="GET", path=READ, action=FaultAction.PASS,
          then=UserAction.EDIT),
    PlannedFault(kind="read, then vanished", target=Target.GRAPH, method="GET", path=READ, action=FaultAction.PASS,
          then=UserAction.DELETE),
    PlannedFault(kind="mailbox 403 that lasts", target=Target.GRAPH, method="GET", path=READ, status=403,
          headers=(_JSON_TYPE,), body=_refused("ErrorAccessDenied"), lasts=True),
    PlannedFault(kind="provider 500", target=Target.GRAPH, method="GET", path="/calendar$", status=500),
    PlannedFault(kind="calendar 404 of a proxy", target=Target.GRAPH, method="GET", path="/calendarView",
          status=404),
    PlannedFault(kind="calendar 500", target=Target.GRAPH, method="GET", path="/calendarView", status=500),
    PlannedFault(kind="subscribing 503", target=Target.GRAPH, path="/subscriptions", status=503),
    PlannedFault(kind="subscribing lost after", target=Target.GRAPH, method="POST", path="/subscriptions$",
          action=FaultAction.DROP, effect=FaultEffect.AFTER),
    PlannedFault(kind="mailboxSettings 503", target=Target.GRAPH, path="/mailboxSettings", status=503),
    PlannedFault(kind="users 503", target=Target.GRAPH, path="/v1.0/(users|groups)$", status=503),
    PlannedFault(kind="token 429", target=Target.TOKEN, path=_TOKEN, status=429, headers=(("Retry-After", "3"),)),
    PlannedFault(kind="token 500", target=Target.TOKEN, path=_TOKEN, status=500),
    PlannedFault(kind="token lost", target=Target.TOKEN, path=_TOKEN, action=FaultAction.DROP),
    PlannedFault(kind="table 503", target=Target.TABLE, status=503),
    PlannedFault(kind="row lost before", target=Target.TABLE, method="P.*", path="/meetings", action=FaultAction.DROP,
          allows=_UNCERTAIN),
    PlannedFault(kind="row lost after", target=Target.TABLE, method="P.*", path="/meetings", action=FaultAction.DROP,
          effect=FaultEffect.AFTER, allows=(*_UNCERTAIN, AllowedEnd.UNCOUNTED)),
    PlannedFault(kind="row 500 after", target=Target.TABLE, method="P.*", path="/meetings", status=500,
          effect=FaultEffect.AFTER, allows=(*_UNCERTAIN, AllowedEnd.UNCOUNTED)),
    PlannedFault(kind="queue 503", target=Target.QUEUE, method="POST", status=503),
    PlannedFault(kind="queue 500 after", target=Target.QUEUE, method="POST", status=500, effect=FaultEffect.AFTER),
    PlannedFault(kind="table slow", target=Target.TABLE, action=FaultAction.DELAY, latency=(20, 200)),
    PlannedFault(kind="rules 503", target=Target.BLOB, status=503),
    PlannedFault(kind="host's delete lost, message given again", target=Target.HOST, method="DELETE", action=FaultAction.DROP),
    PlannedFault(kind="host's delete 500 after", target=Target.HOST, method="DELETE", status=500, effect=FaultEffect.AFTER),
    PlannedFault(kind="host's receive lost after, message hidden", target=Target.HOST, method="GET", action=FaultAction.DROP,
          effect=FaultEffect.AFTER),
    PlannedFault(kind="host's receive 503", target=Target.HOST, method="GET", status=503),
    PlannedFault(kind="webhook slow, Graph drops", target=Target.WEBHOOK, action=FaultAction.DELAY, seconds=11),
    PlannedFault(kind="webhook lost before", target=Target.WEBHOOK, action=FaultAction.DROP),
    PlannedFault(kind="webhook lost after", target=Target.WEBHOOK, action=FaultAction.DROP, effect=FaultEffect.AFTER),
    PlannedFault(kind="webhook 503", target=Target.WEBHOOK, status=503),
)  # fmt: skip

ALL_FAULTS = (*WRITE_FAULTS, *WRITE_FAULTS_THEN_CHANGE, *HOST_KILLS, *OTHER_FAULTS)
