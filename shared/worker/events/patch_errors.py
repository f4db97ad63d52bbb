"""What an error in place of the answer to a PATCH shows. A status proves nothing about an effect."""

from http import HTTPStatus

from shared.domain.meeting import Answer
from shared.errors import (
    EventChanged,
    EventNotFound,
    Forbidden,
    GraphError,
    GraphUnavailable,
    JoinlinkError,
    MailboxUnusable,
    NotConnected,
    OutOfTime,
    Throttled,
    UnexpectedAnswer,
)

#: These end a message when Graph answers a read with them. As the answer to a PATCH they are not conclusive.
_CONCLUSIVE_FOR_READS_ONLY = (Forbidden, MailboxUnusable, EventNotFound, UnexpectedAnswer)


def proves_no_effect(error: JoinlinkError) -> bool:
    """Return whether the PATCH was certainly not carried out: its ETag was old, or it was never sent."""
    if isinstance(error, EventChanged):
        return error.status == HTTPStatus.PRECONDITION_FAILED
    return isinstance(error, NotConnected | OutOfTime)


def needs_read(error: JoinlinkError) -> bool:
    """Return whether only a later read can end the message, though the same answer to a read would end it."""
    return isinstance(error, _CONCLUSIVE_FOR_READS_ONLY)


def recorded_answer(error: JoinlinkError) -> Answer:
    """Return the kind of answer that is recorded with the attempt."""
    if isinstance(error, Forbidden):
        return Answer.FORBIDDEN
    if isinstance(error, Throttled | GraphUnavailable) or not isinstance(error, GraphError):
        return Answer.PASSING
    is_refused = isinstance(error, UnexpectedAnswer) and (error.status or 0) >= HTTPStatus.BAD_REQUEST
    return Answer.REFUSED if is_refused else Answer.PASSING
