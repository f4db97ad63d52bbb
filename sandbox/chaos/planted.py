"""Bugs to plant in the product, to see that the judge finds each: `make chaos ARGS="--plant NAME"`.

A PATCH without `If-Match` alone breaks no promise here: the lease keeps two hosts apart.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack

from sandbox.machine.planted import PLANTED as PLANTED_IN_MACHINE


def _neither_etag_nor_lease() -> AbstractContextManager[object]:
    stack = ExitStack()
    for name in ("skip-etag", "forget-attempt"):
        stack.enter_context(PLANTED_IN_MACHINE[name]())
    return stack


PLANTED: Mapping[str, Callable[[], AbstractContextManager[object]]] = {
    **{name: PLANTED_IN_MACHINE[name] for name in ("none", "forget-attempt", "drop-on-503")},
    "neither-etag-nor-lease": _neither_etag_nor_lease,
}
