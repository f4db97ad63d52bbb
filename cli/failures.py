"""What an admin reads if Graph or the storage account fails during a command, whichever it is."""

from cli.output import Failed
from shared.desk.graph_refusal import refusal_words
from shared.errors import GraphError, QueueUnavailable, StorageUnavailable


def explained(error: Exception) -> Exception:
    """Return an error of a service as what is wrong and what to do; any other error as it is."""
    if isinstance(error, GraphError):
        return Failed(refusal_words(error))
    if isinstance(error, (StorageUnavailable, QueueUnavailable)):
        return Failed(f"the storage account does not answer ({error}); nothing is lost, try again")
    return error
