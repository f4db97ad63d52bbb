"""What an admin reads about Graph's errors."""

import pytest

from shared.errors import (
    EventNotFound,
    Forbidden,
    GraphError,
    GraphUnavailable,
    GroupNotFound,
    MailboxFull,
    MailboxUnusable,
    NotConnected,
    Unauthorized,
    UnexpectedAnswer,
)
from shared.graph.advice import advice_on


@pytest.mark.parametrize(
    ("error", "problem", "remedy"),
    [
        pytest.param(EventNotFound("c"), "no such event", "as in the log", id="no event"),
        pytest.param(MailboxUnusable("c"), "no usable mailbox", "Exchange Online", id="no mailbox"),
        pytest.param(GroupNotFound("c"), "no group with this object id", "Object ID", id="no group"),
        pytest.param(Forbidden("c"), "denies access", "permissions", id="no access"),
        pytest.param(MailboxFull("c"), "over its quota", "free space", id="a full mailbox"),
        pytest.param(
            Unauthorized("c", code="invalid_client", detail="AADSTS7000222"),
            "secret has expired",
            "create another",
            id="an expired secret",
        ),
        pytest.param(Unauthorized("c"), "token is refused", "secret or certificate", id="no token"),
        pytest.param(GraphUnavailable("c"), "can't be reached", "service health", id="down"),
        pytest.param(
            NotConnected("c"), "can't be reached", "network", id="a subclass has its parent's advice"
        ),
        pytest.param(UnexpectedAnswer("c"), "refuses the call", "complete", id="any other"),
    ],
)
def test_every_error_has_a_problem_and_a_remedy(error: GraphError, problem: str, remedy: str) -> None:
    advice = advice_on(error)

    assert problem in advice.problem
    assert remedy in advice.remedy
