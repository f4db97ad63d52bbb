"""What an admin reads if Graph refuses a call: what is wrong, and what to do; a missing right by its name."""

from shared.desk.permissions import permission_for
from shared.errors import Forbidden, GraphError
from shared.graph.advice import advice_on


def refusal_words(error: GraphError) -> str:
    """Return the refusal in words."""
    permission = permission_for(error.call)
    if type(error) is Forbidden and permission:
        return (
            f"Graph denies access: grant this identity {permission.name}, {permission.purpose}; if it has it,"
            f" check its application access policies ({error})"
        )
    advice = advice_on(error)
    return f"{advice.problem}; {advice.remedy} ({error})"
