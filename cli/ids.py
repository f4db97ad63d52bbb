"""Checks ids and user principal names from the command line."""

from cli.output import Refused
from shared.domain.ids import is_id


def checked(option: str, id_or_name: str) -> str:
    """Return the id.

    Raises:
        Refused: neither an id nor a user principal name of Graph looks like this.
    """
    if id_or_name and not is_id(id_or_name):
        raise Refused(
            f"{option} takes an id or a user principal name as Graph shows it, without spaces, slashes and "
            "percent signs, and not only dots; copy it again"
        )
    return id_or_name
