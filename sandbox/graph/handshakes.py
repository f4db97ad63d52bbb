"""The handshake: a URL proves that it wants notifications before it gets any.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from collections.abc import Callable
from threading import Lock
from urllib.parse import quote, urlsplit
from uuid import uuid4

from sandbox.graph.errors import Refusal
from sandbox.graph.posting import Reply

_OK = 200


class Handshakes:
    """Asks URLs for the token that it sends them; `validate` makes the POST.

    `cold_starts` is how many of the next handshakes come to nothing because the endpoint is still starting:
    its answer would come after the ten seconds that Graph waits.
    """

    def __init__(self, validate: Callable[[str], Reply]) -> None:
        self._validate = validate
        self._lock = Lock()
        self.cold_starts = 0

    def shake(self, url: str) -> None:
        """POST a token to a URL, which must come back decoded, as plain text, within ten seconds.

        Raises:
            Refusal: 400, it did not.
        """
        token = f"Validation: Testing client application reachability for subscription Request-Id: {uuid4()}"
        joint = "&" if urlsplit(url).query else "?"
        try:
            reply = self._ask(f"{url}{joint}validationToken={quote(token, safe='')}")
        except TimeoutError as error:
            raise Refusal(400, "InvalidRequest", "Subscription validation request timed out.") from error
        except OSError as error:
            raise _failed("no answer") from error
        is_text = reply.content_type.partition(";")[0].strip().lower() == "text/plain"
        if reply.status != _OK or not is_text or reply.body != token.encode():
            raise _failed(f"status: {reply.status}, content type: {reply.content_type}")

    def _ask(self, url: str) -> Reply:
        with self._lock:
            is_cold = self.cold_starts > 0
            self.cold_starts -= is_cold
        if is_cold:
            raise TimeoutError
        return self._validate(url)


def _failed(why: str) -> Refusal:
    return Refusal(
        400,
        "ValidationError",
        "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation"
        f" request ({why}).",
    )
