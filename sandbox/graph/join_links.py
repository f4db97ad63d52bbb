"""The join link of an online meeting: its URL, and the block that Exchange appends to the body."""

import html
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

_PREVIEW_LENGTH = 255


def join_url(provider: str, *, thread: str, tenant_id: str, organizer_id: str) -> str:
    """Return a join URL in the provider's format; `thread` is an opaque text, unique to the meeting."""
    if provider == "teamsForBusiness":
        context = quote(f'{{"Tid":"{tenant_id}","Oid":"{organizer_id}"}}', safe="")
        return (
            f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{thread}%40thread.v2/0?context={context}"
        )
    return f"https://meet.lync.com/{tenant_id}/{thread}"


def with_join_block(body: Mapping[str, str], url: str) -> dict[str, str]:
    """Return the body with the join block at its end, or unchanged if it has the link."""
    if has_link(body, url):
        return dict(body)
    link = html.escape(url)
    block = (
        "<br><div>________________________________________________________________________________</div>"
        f'<div><b>Online meeting</b></div><div><a href="{link}">Join the meeting now</a></div>'
    )
    content = as_html(body)
    inner, closing, rest = content.rpartition("</body>")
    return {
        "contentType": "html",
        "content": f"{inner}{block}{closing}{rest}" if closing else content + block,
    }


def has_link(body: Mapping[str, str], url: str) -> bool:
    """Return whether the body contains the join URL."""
    return url in html.unescape(body["content"])


def as_html(body: Mapping[str, str]) -> str:
    """Return a body as HTML."""
    if body["contentType"] == "html":
        return body["content"]
    lines = html.escape(body["content"]).replace("\n", "<br>")
    return f"<html><body>{lines}</body></html>"


def as_text(body: Mapping[str, str]) -> str:
    """Return a body as text; the URL of a link follows its text, as in Exchange."""
    if body["contentType"] == "text":
        return body["content"]
    linked = re.sub(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', r"\2&lt;\1&gt;", body["content"])
    broken = re.sub(r"<br/?>|</div>|</p>", "\r\n", linked)
    return html.unescape(re.sub(r"<[^>]+>", "", broken)).strip()


def preview(body: Mapping[str, Any]) -> str:
    """Return the first characters of a body's text, Graph's bodyPreview."""
    return as_text(body)[:_PREVIEW_LENGTH]
