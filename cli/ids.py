"""Ids and names of users, as words of a command."""

from cli.output import Refused
from shared.domain.ids import is_id


def checked(option: str, word: str) -> str:
    """Return the word.

    Raises:
        Refused: no id and no name that Graph gives looks like this.
    """
    if word and not is_id(word):
        raise Refused(
            f"{option} takes an id or a user principal name as Graph shows it, without spaces, slashes and "
            "percent signs, and not only dots; copy it again"
        )
    return word
