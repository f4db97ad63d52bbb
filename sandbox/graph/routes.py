"""Routes of calls. As in Graph, fixed path segments ignore case; ids do not."""

from collections.abc import Callable, Iterator
from functools import cache
from http import HTTPStatus
from typing import NamedTuple

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from sandbox.graph.call import GraphAnswer, IncomingCall
from sandbox.graph.errors import Refusal

Handler = Callable[[IncomingCall], GraphAnswer]


class Route(NamedTuple):
    """A method and a path pattern with a handler.

    The app must have one of the permissions in `needs`. `locked` is False for handlers that take the lock
    themselves.
    """

    method: str
    pattern: str
    handler: Handler
    needs: tuple[str, ...] = ()
    locked: bool = True


class MatchedRoute(NamedTuple):
    """The route of one call, its path below `/v1.0`, and the ids in the path."""

    route: Route
    path: str
    args: dict[str, str]


class Router:
    """Finds the route for a path below `/v1.0`."""

    def __init__(self, routes: list[Route]) -> None:
        self._literals = {
            literal.lower(): literal for route in routes for literal in _literals(route.pattern)
        }
        self._routes = routes
        self._urls = _url_map(tuple((route.method, route.pattern) for route in routes)).bind("graph")

    def find(self, method: str, path: str) -> MatchedRoute:
        """Return the route of a call.

        Raises:
            Refusal: 400, there is no such resource; 405, it does not support the method.
        """
        canonical = "/".join(self._literals.get(segment.lower(), segment) for segment in path.split("/"))
        try:
            number, args = self._urls.match(canonical, method)
        except MethodNotAllowed as error:
            raise Refusal(
                HTTPStatus.METHOD_NOT_ALLOWED, "Request_BadRequest", "The method is not allowed."
            ) from error
        except NotFound as error:
            segment = path.rstrip("/").rpartition("/")[2]
            raise Refusal(
                HTTPStatus.BAD_REQUEST, "BadRequest", f"Resource not found for the segment '{segment}'."
            ) from error
        return MatchedRoute(self._routes[number], path, dict(args))


@cache
def _url_map(patterns: tuple[tuple[str, str], ...]) -> Map:
    """Return a map from paths to the numbers of routes. Compiling it takes long, so stand-ins share one."""
    rules = [
        Rule(pattern, methods=[method], endpoint=number) for number, (method, pattern) in enumerate(patterns)
    ]
    return Map(rules, strict_slashes=False, merge_slashes=False)


def _literals(pattern: str) -> Iterator[str]:
    return (segment for segment in pattern.split("/") if segment and not segment.startswith("<"))
