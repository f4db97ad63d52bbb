"""Says in an admin's words why Graph or the storage account fails."""

from collections.abc import Iterator
from contextlib import contextmanager

from cli.output import Failed
from shared.errors import GraphError, StorageUnavailable
from shared.graph.advice import advice_on


@contextmanager
def failures_in_words() -> Iterator[None]:
    """Raise Failed, with what to do, for an error of Graph or of the storage account."""
    try:
        yield
    except GraphError as error:
        advice = advice_on(error)
        raise Failed(f"{advice.problem}; {advice.remedy} ({error})") from error
    except StorageUnavailable as error:
        raise Failed(f"the storage account does not answer ({error}); try again") from error
