"""The identities as which a desk may call Graph."""

from enum import Enum


class DeskIdentity(Enum):
    """An identity, in an admin's words."""

    APP = "the app itself"
    DESK_APP = "the desk's app registration"
    PERSON = "a person, through the desk's app registration"
    PRINCIPAL = "a service principal of the Azure CLI"

    @property
    def is_application(self) -> bool:
        """Whether its grants are application permissions, as the app's are."""
        return self is not DeskIdentity.PERSON
