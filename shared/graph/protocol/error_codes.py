"""What Graph's error codes mean (https://learn.microsoft.com/graph/errors), and a few of its messages.

Codes nest, differ in case between services, and new ones appear. So one known code is enough, at any depth.
Messages are only searched here and never passed on, because they may contain an address.
"""

import re
from datetime import timedelta

_MAX_DEPTH = 10
_MAILBOX_FULL = frozenset({"errorquotaexceeded", "errormailboxquotaexceeded"})
_THROTTLING = frozenset({"toomanyrequests", "applicationthrottled", "activitylimitreached"})
_MAILBOX_UNUSABLE = frozenset({"errorinvaliduser", "errornonexistentmailbox"})
#: `MailboxNotEnabledForRESTAPI`, `RESTAPINotEnabledForComponentSharedMailbox` and similar codes
_NOT_FOR_REST = re.compile(r"mailbox\w*forrestapi|restapinot(?:enabled|supported)for\w*")
#: with status 404: the directory doesn't know the user, or doesn't know the user yet
_UNKNOWN_USER = frozenset({"resourcenotfound", "request_resourcenotfound"})
#: a permission or a policy keeps Joinlink out
_ACCESS_DENIED = frozenset(
    {"erroraccessdenied", "accessdenied", "authorization_requestdenied", "extensionerror"}
)
#: temporary, even where the status of the answer suggests otherwise
_TRANSIENT = frozenset(
    {
        "badgateway",
        "errorconnectionfailed",
        "errorinternalservererror",
        "errorinternalservertransienterror",
        "errormailboxmoveinprogress",
        "errormailboxstoreunavailable",
        "errorserverbusy",
        "errortimeoutexpired",
        "gatewaytimeout",
        "internalservererror",
        "servicenotavailable",
        "serviceunavailable",
    }
)
#: Graph could not reach the notification URL, or got a wrong answer from it
_NOTIFICATION_URL = re.compile(
    r"validation request|respond with 200|connection was (?:closed|forcibly closed|aborted|refused|reset)"
    r"|timed out|timeout|could not be resolved|no such host|name or service not known|unable to connect"
    r"|connection attempt failed|connect failure|actively refused|secure channel|could not be established"
    r"|handshake|\bssl\b|\btls\b|certificate|http status code is|error occurred while sending the request",
    re.IGNORECASE,
)
_SUBSCRIPTION_LIMIT = re.compile(
    r"(?:maximum number|limit|quota)\b.{0,80}\bsubscription", re.IGNORECASE | re.DOTALL
)

#: "Subscription expiration can only be 4230 minutes in the future." An expiry in the past is another mistake.
_EXPIRATION = re.compile(
    r"(?:subscription expiration|expiration ?date)(?!.{0,200}\bpast\b)", re.IGNORECASE | re.DOTALL
)
#: a whole number of minutes, without a sign; no sensible number is longer
_MINUTES = re.compile(r"(?<![\d.,+-])(\d{1,9})\s*minutes?\b", re.IGNORECASE | re.ASCII)


def codes_of(error: object) -> tuple[str, ...]:
    """Return the codes in an error object, the outermost first."""
    found: list[str] = []
    while isinstance(error, dict) and len(found) < _MAX_DEPTH:
        code = error.get("code")
        if isinstance(code, str) and code:
            found.append(code)
        error = next((inner for key, inner in error.items() if str(key).lower() == "innererror"), None)
    return tuple(found)


def loggable_code(codes: tuple[str, ...]) -> str:
    """Return the innermost code without the characters that no code has; a proxy may send any text."""
    return re.sub(r"[^\w.,\-]", "", codes[-1], flags=re.ASCII)[:80] if codes else ""


def message_of(error: object) -> str:
    """Return the message in an error object."""
    return str(error.get("message"))[:2000] if isinstance(error, dict) else ""


def is_mailbox_full(codes: tuple[str, ...]) -> bool:
    """Return whether the mailbox is over its quota."""
    return not _MAILBOX_FULL.isdisjoint(_lower(codes))


def is_throttling(codes: tuple[str, ...]) -> bool:
    """Return whether Graph asks us to wait."""
    return not _THROTTLING.isdisjoint(_lower(codes))


def is_transient(codes: tuple[str, ...]) -> bool:
    """Return whether the error is temporary."""
    return not _TRANSIENT.isdisjoint(_lower(codes))


def is_mailbox_unusable(codes: tuple[str, ...]) -> bool:
    """Return whether the codes leave no doubt that Graph can't serve the mailbox."""
    lower = _lower(codes)
    return not _MAILBOX_UNUSABLE.isdisjoint(lower) or any(_NOT_FOR_REST.fullmatch(code) for code in lower)


def is_access_denied(codes: tuple[str, ...]) -> bool:
    """Return whether the codes leave no doubt that a permission or a policy keeps Joinlink out."""
    return not _ACCESS_DENIED.isdisjoint(_lower(codes))


def is_unknown_user(codes: tuple[str, ...]) -> bool:
    """Return whether a 404 is about the user, not about an item in the user's mailbox."""
    return not _UNKNOWN_USER.isdisjoint(_lower(codes))


def blames_notification_url(message: str) -> bool:
    """Return whether Graph could not validate our notification URL."""
    return _NOTIFICATION_URL.search(message) is not None


def names_concurrency(message: str) -> bool:
    """Return whether Graph refused a request because others to the same mailbox were under way."""
    return "mailboxconcurrency" in message.lower()


def names_subscription_limit(message: str) -> bool:
    """Return whether Graph refuses a subscription because there are too many."""
    return _SUBSCRIPTION_LIMIT.search(message) is not None


def refuses_expiration(message: str) -> bool:
    """Return whether Graph refuses the expiry of a subscription because it is too far ahead."""
    return _EXPIRATION.search(message) is not None


def longest_expiration(message: str) -> timedelta | None:
    """Return how far ahead the message allows an expiry, unchecked; None if it names no such number."""
    named = _MINUTES.search(message)
    return timedelta(minutes=int(named[1])) if named else None


def _lower(codes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(code.lower() for code in codes)
