"""Checks ids and user principal names from the command line."""

from cli.output import Refused
from shared.domain.ids import GUID, is_id
from shared.rule_files.vocabulary.people import how_to_find_id


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


def checked_group(option: str, group: str) -> str:
    """Return the object id of a group in lower case.

    Raises:
        Refused: it is not an object id; a name is not enough.
    """
    if group and not GUID.fullmatch(group):
        raise Refused(f'{option} takes the object id of a group, not "{group}"{how_to_find_id(group)}')
    return group.lower()
