"""The base of all pydantic models for Graph's JSON, and the field types that they share.

Only the properties that we select are described. Unknown properties are ignored, and `null` means the
default. An object of another shape raises an error that names the places, never the content.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from shared.domain.ids import is_id
from shared.errors import GraphError, GraphUnavailable, UnexpectedAnswer


def null_is(default: Any) -> BeforeValidator:
    """Return a validator that reads `null` as this default."""
    return BeforeValidator(lambda value: default if value is None else value)


def _checked_id(text: str) -> str:
    if not is_id(text):
        raise ValueError("this can't be an id of Graph's")
    return text


#: for a list: leaves out the items that are null
WithoutNulls = BeforeValidator(
    lambda value: (
        [item for item in value or () if item is not None] if isinstance(value, list | None) else value
    )
)
EmptyIsNone = BeforeValidator(lambda value: value or None)
Text = Annotated[str, null_is("")]
#: text; a value of another type becomes empty
LenientText = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else "")]
Flag = Annotated[bool, null_is(default=False)]
#: an id that can be used in paths, queue messages and table keys
ItemId = Annotated[str, AfterValidator(_checked_id)]


class Contradiction(ValueError):
    """The properties of an object contradict each other; the text never contains their values."""


class Shape(BaseModel):
    """A JSON object of Graph's; its properties have Graph's names in Python spelling."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, extra="ignore")


@contextmanager
def shape_errors(call: str, error_type: type[GraphError] = UnexpectedAnswer) -> Iterator[None]:
    """Turn a validation error inside the block into an `error_type` that names the call and the places."""
    try:
        yield
    except (ValueError, OverflowError) as error:
        raise error_type(call, status=HTTPStatus.OK, detail=_places(error)) from None


def _places(error: ValueError | OverflowError) -> str:
    """Return where an object has an unexpected shape; never the value there."""
    if isinstance(error, Contradiction):
        return str(error)
    if not isinstance(error, ValidationError):
        return "a date that can't be read"
    places = sorted({".".join(map(str, problem["loc"])) for problem in error.errors()})
    return f"unexpected shape at {', '.join(places[:5]) or 'the whole'}"


def page_items(data: dict[str, Any], call: str) -> list[Any]:
    """Return the items of a page, unchecked.

    Raises:
        GraphUnavailable: there is no list of items: Graph, or a proxy before it, has failed.
    """
    items = data.get("value")
    if not isinstance(items, list):
        raise GraphUnavailable(call, status=HTTPStatus.OK, detail="unexpected shape at value")
    return items


def parse_moment(text: str) -> datetime:
    """Read a DateTimeOffset, which is UTC if it has no offset; raises ValueError or OverflowError."""
    read = datetime.fromisoformat(text)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
