"""How Graph's JSON is checked: what all shapes have in common.

Only what we select is described. Unknown properties are ignored, `null` means the default, and a shape that
does not fit ends in an error with the places, never with the content.
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


def or_(default: Any) -> BeforeValidator:
    """Return what reads `null` as this default."""
    return BeforeValidator(lambda value: default if value is None else value)


def _fit_for_a_url(text: str) -> str:
    if not is_id(text):
        raise ValueError("no id of Graph's looks like this")
    return text


#: what is left of a list that holds null
WithoutNulls = BeforeValidator(
    lambda value: (
        [item for item in value or () if item is not None] if isinstance(value, list | None) else value
    )
)
EmptyIsNone = BeforeValidator(lambda value: value or None)
Text = Annotated[str, or_("")]
Flag = Annotated[bool, or_(default=False)]
#: an id that paths, queue messages and table keys can take
ItemId = Annotated[str, AfterValidator(_fit_for_a_url)]


class Shape(BaseModel):
    """An object of Graph's; its properties have Graph's names in Python spelling."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, extra="ignore")


@contextmanager
def understood(call: str, kind: type[GraphError] = UnexpectedAnswer) -> Iterator[None]:
    """Turn what does not fit into an error of this kind, which names the call and the places."""
    try:
        yield
    except (ValueError, OverflowError) as error:
        raise kind(call, status=HTTPStatus.OK, detail=misfit(error)) from None


def misfit(error: ValueError | OverflowError) -> str:
    """Return where an object does not have its shape; never what stands there."""
    if not isinstance(error, ValidationError):
        return "a date that can't be read"
    places = sorted({".".join(map(str, problem["loc"])) for problem in error.errors()})
    return f"unexpected shape at {', '.join(places[:5]) or 'the whole'}"


def items_from(data: dict[str, Any], call: str) -> list[Any]:
    """Return the items of a page, whatever they are.

    Raises:
        GraphUnavailable: it is no page: Graph, or a proxy before it, has stumbled.
    """
    items = data.get("value")
    if not isinstance(items, list):
        raise GraphUnavailable(call, status=HTTPStatus.OK, detail="unexpected shape at value")
    return items


def moment(text: str) -> datetime:
    """Read a DateTimeOffset, which is UTC where it has no offset."""
    read = datetime.fromisoformat(text)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
