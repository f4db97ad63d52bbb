"""Graph's error codes (https://learn.microsoft.com/graph/errors), and the few messages that are needed.

Codes nest, differ in case between services, and new ones appear: any known one counts, whatever is around it.
Messages are searched here and never passed on, because they may hold an address.
"""

import re

_DEEPEST = 10
_FULL = frozenset({"errorquotaexceeded", "errormailboxquotaexceeded"})
_THROTTLING = frozenset({"toomanyrequests", "applicationthrottled", "activitylimitreached"})
#: there is no mailbox that Graph can serve
_UNUSABLE = frozenset({"errorinvaliduser", "errornonexistentmailbox"})
#: `MailboxNotEnabledForRESTAPI`, `RESTAPINotEnabledForComponentSharedMailbox` and their kin
_NOT_FOR_REST = re.compile(r"mailbox\w*forrestapi|restapinot(?:enabled|supported)for\w*")
#: of a 404: the directory does not know the user, or does not know the user yet
_NOT_FOUND = frozenset({"resourcenotfound", "request_resourcenotfound"})
#: these pass, also where the status of the answer means something else
_PASSING = frozenset(
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
#: what Graph says of a notification URL that it could not reach, or that answered wrongly
_ENDPOINT = re.compile(
    r"validation request|respond with 200|connection was (?:closed|forcibly closed|aborted|refused|reset)"
    r"|timed out|timeout|could not be resolved|no such host|name or service not known|unable to connect"
    r"|connection attempt failed|connect failure|actively refused|secure channel|could not be established"
    r"|handshake|\bssl\b|\btls\b|certificate|http status code is|error occurred while sending the request",
    re.IGNORECASE,
)
_LIMIT = re.compile(r"(?:maximum number|limit|quota)\b.{0,80}\bsubscription", re.IGNORECASE | re.DOTALL)


def codes_of(error: object) -> tuple[str, ...]:
    """Return the codes in an error object, the outermost first."""
    found: list[str] = []
    while isinstance(error, dict) and len(found) < _DEEPEST:
        code = error.get("code")
        if isinstance(code, str) and code:
            found.append(code)
        error = next((inner for key, inner in error.items() if str(key).lower() == "innererror"), None)
    return tuple(found)


def shown(codes: tuple[str, ...]) -> str:
    """Return the innermost code, fit for a log; a proxy may have put anything there."""
    return re.sub(r"[^\w.,\-]", "", codes[-1], flags=re.ASCII)[:80] if codes else ""


def message_of(error: object) -> str:
    """Return Graph's own text."""
    return str(error.get("message"))[:2000] if isinstance(error, dict) else ""


def mean_full(codes: tuple[str, ...]) -> bool:
    """Tell whether the mailbox is over its quota."""
    return not _FULL.isdisjoint(_lower(codes))


def mean_throttling(codes: tuple[str, ...]) -> bool:
    """Tell whether Graph asks us to wait."""
    return not _THROTTLING.isdisjoint(_lower(codes))


def mean_passing(codes: tuple[str, ...]) -> bool:
    """Tell whether the trouble passes by itself."""
    return not _PASSING.isdisjoint(_lower(codes))


def mean_unusable(codes: tuple[str, ...]) -> bool:
    """Tell whether Graph says without doubt that it can't serve the mailbox."""
    lower = _lower(codes)
    return not _UNUSABLE.isdisjoint(lower) or any(_NOT_FOR_REST.fullmatch(code) for code in lower)


def mean_no_such_user(codes: tuple[str, ...]) -> bool:
    """Tell whether a 404 is about the user, not about what was read of the user."""
    return not _NOT_FOUND.isdisjoint(_lower(codes))


def blames_endpoint(message: str) -> bool:
    """Tell whether Graph could not validate our notification URL."""
    return _ENDPOINT.search(message) is not None


def names_limit(message: str) -> bool:
    """Tell whether Graph refuses a subscription because there are too many."""
    return _LIMIT.search(message) is not None


def _lower(codes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(code.lower() for code in codes)
