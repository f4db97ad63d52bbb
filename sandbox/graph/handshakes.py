"""The validation request: a URL must confirm that it accepts notifications.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from threading import Lock
from urllib.parse import quote, urlsplit
from uuid import uuid4

from sandbox.graph.errors import Refusal
from sandbox.graph.webhook_client import Post, Reply

_OK = 200


class Handshakes:
    """Validates notification URLs.

    `cold_starts` is how many of the next validation requests time out, as if the endpoint was still starting.
    """

    def __init__(self, post: Post) -> None:
        self._post = post
        self._lock = Lock()
        self.cold_starts = 0

    def validate(self, url: str) -> None:
        """POST a token to a URL, which must return it decoded, as plain text, within ten seconds.

        Raises:
            Refusal: 400, the answer is wrong or missing.
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
        return self._post(url, b"", {"Content-Type": "text/plain; charset=utf-8"})


def _failed(why: str) -> Refusal:
    return Refusal(
        400,
        "ValidationError",
        "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation"
        f" request ({why}).",
    )
