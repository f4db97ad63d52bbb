"""Where a notification URL points to: the same address means the same deployment of Joinlink."""

from urllib.parse import urlsplit

_DEFAULT_PORTS = {"https": 443, "http": 80}


def notification_address(url: str) -> str:
    """Return scheme, host and path of a URL in lower case; empty if it is not a URL.

    The query is left out: it holds the function key, which changes and is secret.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if not parts.hostname:
        return ""
    has_port = port is not None and port != _DEFAULT_PORTS.get(parts.scheme)
    host = f"{parts.hostname}:{port}" if has_port else parts.hostname
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}".lower()
