"""Which call goes where. Literal path segments are case-blind, as Graph's are; ids are not."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import NamedTuple

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from sandbox.graph.call import GraphAnswer, IncomingCall
from sandbox.graph.errors import Refusal

Handler = Callable[[IncomingCall], GraphAnswer]


class Route(NamedTuple):
    """A method and a path pattern, and who answers.

    `needs` are permissions of which one will do; `locked` is False for those who lock by themselves.
    """

    method: str
    pattern: str
    handler: Handler
    needs: tuple[str, ...] = ()
    locked: bool = True


class MatchedRoute(NamedTuple):
    """The route of one call, its path below `/v1.0`, and what the path holds."""

    route: Route
    path: str
    args: dict[str, str]


class Router:
    """Finds the route for a path below `/v1.0`."""

    def __init__(self, routes: list[Route]) -> None:
        self._literals = {
            literal.lower(): literal for route in routes for literal in _literals(route.pattern)
        }
        rules = [Rule(route.pattern, methods=[route.method], endpoint=route) for route in routes]
        self._urls = Map(rules, strict_slashes=False, merge_slashes=False).bind("graph")

    def find(self, method: str, path: str) -> MatchedRoute:
        """Return the route of a call.

        Raises:
            Refusal: 400 where there is no such resource, 405 where it knows no such method.
        """
        canonical = "/".join(self._literals.get(segment.lower(), segment) for segment in path.split("/"))
        try:
            route, args = self._urls.match(canonical, method)
        except MethodNotAllowed as error:
            raise Refusal(
                HTTPStatus.METHOD_NOT_ALLOWED, "Request_BadRequest", "The method is not allowed."
            ) from error
        except NotFound as error:
            segment = path.rstrip("/").rpartition("/")[2]
            raise Refusal(
                HTTPStatus.BAD_REQUEST, "BadRequest", f"Resource not found for the segment '{segment}'."
            ) from error
        return MatchedRoute(route, path, dict(args))


def _literals(pattern: str) -> Iterator[str]:
    return (segment for segment in pattern.split("/") if segment and not segment.startswith("<"))
