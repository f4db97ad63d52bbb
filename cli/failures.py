"""What an admin reads if Graph or the storage account fails during a command, whichever it is."""

from cli.output import Failed
from shared.errors import GraphError, QueueUnavailable, StorageUnavailable
from shared.graph.advice import advice_on


def explained(error: Exception) -> Exception:
    """Return an error of a service as what is wrong and what to do; any other error as it is."""
    if isinstance(error, GraphError):
        advice = advice_on(error)
        return Failed(f"{advice.problem}; {advice.remedy} ({error})")
    if isinstance(error, (StorageUnavailable, QueueUnavailable)):
        return Failed(f"the storage account does not answer ({error}); nothing is lost, try again")
    return error
