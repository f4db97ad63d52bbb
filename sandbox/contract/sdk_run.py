"""Runs all calls of Microsoft's Graph SDK; reads the stand-in's facts as JSON from standard input."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator

from sandbox.contract.app_calls import AppCalls
from sandbox.contract.person_calls import PersonCalls

Call = Callable[[], Awaitable[None]]


def main() -> int:
    """Print a line for each call; return 1 if an answer is not Graph's."""
    facts = json.load(sys.stdin)
    failed = asyncio.run(_run([*_calls(PersonCalls(facts)), *_calls(AppCalls(facts))]))
    return 1 if failed else 0


def _calls(calls: PersonCalls | AppCalls) -> Iterator[Call]:
    """Yield the public coroutines of an object, in the order of its class."""
    for name in vars(type(calls)):
        method = getattr(calls, name)
        if not name.startswith("_") and asyncio.iscoroutinefunction(method):
            yield method


async def _run(calls: list[Call]) -> int:
    failed = 0
    for call in calls:
        what = (call.__doc__ or "").rstrip(".")
        try:
            await call()
        except Exception as error:  # noqa: BLE001 -- every call is tried
            failed += 1
            print(f"FAILED  {what}\n        {type(error).__name__}: {error}", flush=True)
        else:
            print(f"ok      {what}", flush=True)
    print(f"{len(calls) - failed} of {len(calls)} as in Graph")
    return failed


if __name__ == "__main__":
    sys.exit(main())
