"""How Graph's JSON is checked: what all shapes have in common.

Only what we select is described. Unknown properties are ignored, `null` means the default, and a shape that
does not fit ends in `UnexpectedAnswer` with the places, never with the content.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from shared.errors import UnexpectedAnswer


def or_(default: Any) -> BeforeValidator:
    """Return what reads `null` as this default."""
    return BeforeValidator(lambda value: default if value is None else value)


Text = Annotated[str, or_("")]


Flag = Annotated[bool, or_(default=False)]


class Shape(BaseModel):
    """An object of Graph's; its properties have Graph's names in Python spelling."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, extra="ignore")


@contextmanager
def understood(call: str) -> Iterator[None]:
    """Turn what does not fit into UnexpectedAnswer, which names the call and the places."""
    try:
        yield
    except ValidationError as error:
        places = sorted({".".join(map(str, problem["loc"])) for problem in error.errors()})
        raise UnexpectedAnswer(call, detail=f"unexpected shape at {', '.join(places[:5])}") from None
    except (ValueError, OverflowError) as error:
        raise UnexpectedAnswer(call, detail="a date that can't be read") from error


def moment(text: str) -> datetime:
    """Read a DateTimeOffset, which is UTC where it has no offset."""
    read = datetime.fromisoformat(text)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
