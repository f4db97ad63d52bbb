"""Wrappers around a link neither hide a join link nor turn another link into one."""

import base64
import html
import json
import quopri
import re
from collections.abc import Callable
from string import ascii_lowercase, ascii_uppercase, digits, punctuation
from time import thread_time
from urllib.parse import quote

import pytest
from hypothesis import given, settings, strategies as st

from sandbox.bench.hostile import TEXTS
from shared.rules.links import wrapped_links
from shared.rules.links.join_links import find_join_link
from shared.rules.links.join_services import SERVERS, SERVICES
from shared.rules.links.wrapped_links import MAX_LAYERS, TooManyLayers, layers

PLAIN = f"{ascii_uppercase}{ascii_lowercase}{digits}./"


@settings(max_examples=500)
@given(
    st.lists(st.sampled_from(["=", "\r", "\n", " ", "\t", "\\", "n", "r", "x", "\\n", "=\r\n"]), max_size=9)
)
def test_a_text_that_is_not_searched_for_folds_has_none(parts: list[str]) -> None:
    """The quick look for folds finds every text that has one, and so for backslashes."""
    text = "".join(parts)
    slashes = wrapped_links._SLASH.sub("/", wrapped_links._ESCAPE.sub(wrapped_links._without_escape, text))

    assert wrapped_links._unfolded(text) == wrapped_links._FOLDS.sub("", text)
    assert wrapped_links._without_backslashes(text) == slashes.replace("\\", "/")


def all_quoted(link: str) -> str:
    return quote(link, safe="")


def proofpoint_2(link: str) -> str:
    """Proofpoint 2: "-" for "%", "_" for "/"; both are encoded if they are in the link itself."""
    code = (chr(byte) if chr(byte) in PLAIN else f"-{byte:02X}" for byte in link.encode())
    return "".join(code).replace("/", "_")


def proofpoint_3(link: str) -> str:
    """Proofpoint 3: a star replaces a special character, which is listed at the end; two stars replace several."""
    odd = re.compile("[^A-Za-z0-9.,/:?&=@;_-]{1,65}")
    code = base64.urlsafe_b64encode("".join(odd.findall(link)).encode()).decode()
    return (
        f"https://urldefense.com/v3/__{odd.sub(lambda found: stars(len(found[0])), link)}__;{code}!!AbC!xYz$"
    )


def stars(count: int) -> str:
    lengths = f"{ascii_uppercase}{ascii_lowercase}{digits}-_"
    return "*" if count == 1 else f"**{lengths[count - 2]}"


def base64_of(link: str) -> str:
    return base64.urlsafe_b64encode(link.encode()).decode()


WRAPPERS: dict[str, Callable[[str], str]] = {
    "Safe Links": lambda link: f"https://eur01.safelinks.protection.outlook.com/?url={all_quoted(link)}&data=05%7C01&reserved=0",
    "Safe Links in Teams": lambda link: f"https://statics.teams.cdn.office.net/evergreen-assets/safelinks/2/atp-safelinks.html?url={all_quoted(link)}&locale=en",
    "Safe Links for government": lambda link: f"https://gcc02.safelinks.protection.office365.us/?url={all_quoted(link)}&data=05",
    "Proofpoint 1": lambda link: f"https://urldefense.proofpoint.com/v1/url?u={all_quoted(link)}&k=AbC%3D%0A&r=x",
    "Proofpoint 2": lambda link: f"https://urldefense.proofpoint.com/v2/url?u={proofpoint_2(link)}&d=DwMFaQ&c=x_y-z&r=1&e=",
    "Proofpoint 2, its target last": lambda link: f"https://urldefense.us/v2/url?c=x-y_z&u={proofpoint_2(link)}&e=",
    "Proofpoint 3": proofpoint_3,
    "Barracuda": lambda link: f"https://linkprotect.cudasvc.com/url?a={all_quoted(link).lower() if link.islower() else all_quoted(link)}&c=E,1,x&typo=1",
    "Cisco": lambda link: f"https://secure-web.cisco.com/1AbC_d-E/{all_quoted(link)}",
    "Sophos": lambda link: f"https://eu-central-1.protection.sophos.com?d=fabrikam.com&u={base64_of(link)}&p=m&i=1",
    "Bitdefender": lambda link: f"https://linkscan.io/scan/ux/{base64_of(link)}/AbC?c=1",
    "Trend Micro": lambda link: f"https://ca-1234.dut.trendmicro.com/wis/clicktime/v1/query?url={all_quoted(link)}&umid=1",
    "Symantec": lambda link: f"https://clicktime.symantec.com/15siFAbC?h=x&u={all_quoted(link)}",
    "FireEye": lambda link: f"https://protect2.fireeye.com/v1/url?k=0a-1b&q=1&e=2&u={all_quoted(link)}",
    "Check Point": lambda link: f"https://url.avanan.click/v2/___{link}___.YXAzOmE",
    "Google": lambda link: f"https://www.google.com/url?q={all_quoted(link)}&sa=D&source=calendar&usg=AbC",
    "Bing": lambda link: f"https://www.bing.com/ck/a?!&&p=0a&u=a1{base64_of(link).rstrip('=')}&ntb=1",
    "Slack": lambda link: f"https://slack-redir.net/link?url={all_quoted(link)}&v=3",
    "LinkedIn": lambda link: f"https://www.linkedin.com/redir/redirect?url={all_quoted(link)}&urlhash=x",
    "Facebook": lambda link: f"https://l.facebook.com/l.php?u={all_quoted(link)}&h=x",
    "Okta": lambda link: f"https://contoso.okta.com/login/login.htm?fromURI={all_quoted(link)}",
    "AD FS": lambda link: f"https://sts.contoso.com/adfs/ls/?wa=wsignin1.0&wctx={all_quoted(f'rm=0&ru={all_quoted(link)}')}",
    "Auth0": lambda link: f"https://contoso.auth0.com/authorize?state={base64_of(json.dumps({'returnTo': link}))}",
    "a sign-in page": lambda link: f"https://login.contoso.com/?returnUrl={link}",
    "Menlo": lambda link: f"https://safe.menlosecurity.com/{link}",
    "F5": lambda link: re.sub("https://([^/?#]+)", lambda found: f"https://vpn.contoso.com/f5-w-{found[0].encode().hex()}$$", link, count=1),
    "angle brackets": lambda link: f"<{link}>",
    "a sentence": lambda link: f"We meet at {link}.",
    "German quotes": lambda link: f"\u201e{link}\u201c",
    "Chinese punctuation": lambda link: f"\u4f1a\u8bae\uff1a{link}\u3002",
    "Markdown": lambda link: f"[{link}]({link})",
    "HTML": lambda link: f'<p>Join <a href="{html.escape(link)}">here</a></p>',
    "HTML, in parts": lambda link: f"<p>{link[:12]}<b>{link[12:]}</b></p>",
    "HTML's numbers": lambda link: "".join(f"&#{ord(letter)};" for letter in link),
    "HTML's names": lambda link: link.replace("&", "&amp;").replace("/", "&sol;").replace(":", "&colon;").replace(".", "&period;"),
    "JSON": lambda link: json.dumps({"url": link}).replace("/", "\\/"),
    "quoted-printable": lambda link: quopri.encodestring((link + " " + "x" * 80).encode()).decode(),
    "quoted-printable, broken in the link": lambda link: f"{link[:15]}=\r\n{link[15:]}",
    "a folded calendar file": lambda link: f"LOCATION:{link[:15]}\r\n {link[15:]}",
    "soft hyphens": lambda link: re.sub(r"(?<=\S)(?=\S)", "\u00ad", link),
    "zero-width spaces": lambda link: re.sub(r"(?<=\S)(?=\S)", "\u200b", link),
    "wide letters": lambda link: "".join(chr(ord(letter) + 0xFEE0) for letter in link) if link.isascii() and " " not in link and link.isprintable() else link,
    "capitals of the host": lambda link: re.sub("https://[^/?#]+", lambda found: found[0].upper(), link, count=1),
}  # fmt: skip
LINKS = st.sampled_from([row.example for row in (*SERVICES, *SERVERS)])
PAGES = st.sampled_from([page for row in (*SERVICES, *SERVERS) for page in row.other_pages.split()])
#: a cut through the name of a host leaves a second half that is a host, too
CUTS = {
    "HTML, in parts",
    "quoted-printable, broken in the link",
    "a folded calendar file",
    "quoted-printable",
}
UNCUT = st.lists(st.sampled_from(sorted(WRAPPERS.keys() - CUTS)), max_size=3)
SOME = st.lists(st.sampled_from(sorted(WRAPPERS)), max_size=3)
ZOOM = "https://fabrikam.zoom.us/j/98765432101?pwd=Qq1&from=addon"


def wrapped(link: str, wrappers: list[str]) -> str:
    for name in wrappers:
        link = WRAPPERS[name](link)
    return link


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_wrapped_link_is_found(wrapper: str) -> None:
    """Each wrapper alone, so that a failure names it."""
    found = find_join_link(wrapped(ZOOM, [wrapper]))

    assert found == ("Zoom", True)


@settings(max_examples=500, deadline=None)
@given(link=LINKS, wrappers=SOME)
def test_no_three_wrappers_hide_a_join_link(link: str, wrappers: list[str]) -> None:
    """For any service and any order of wrappers."""
    found = find_join_link(wrapped(link, wrappers))

    assert found is not None
    assert found.is_certain


@settings(max_examples=500, deadline=None)
@given(page=PAGES, wrappers=UNCUT)
def test_no_three_wrappers_make_a_join_link(page: str, wrappers: list[str]) -> None:
    """A wrapped page is not taken for a join link."""
    assert find_join_link(wrapped(page, wrappers)) is None


def test_a_link_in_too_many_layers_is_uncertain() -> None:
    """The guard applies then. Only an attack has so many layers."""
    deep = ZOOM
    for _ in range(2 * MAX_LAYERS):
        deep = f"https://example.com/?u={all_quoted(deep)}"

    assert find_join_link(deep) == ("too many wrappers", False)


def test_all_layers_of_a_text_have_a_bound_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large text with tags has fewer layers: each costs as much as the whole text, and twice with its tags."""
    monkeypatch.setattr(wrapped_links, "MAX_CHARACTERS", 100_000)
    text = "<b>" + TEXTS["Proofpoint in Proofpoint"](6_000)
    read: list[str] = []
    with pytest.raises(TooManyLayers):
        read.extend(layers(text))

    assert find_join_link(text) == ("too many wrappers", False)
    assert find_join_link(f"{TEXTS['HTML'](6_000)} {all_quoted(ZOOM)}") == ("Zoom", True)


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(st.text(max_size=300), st.lists(st.sampled_from(["%", "&", "#", "x", "=", "aHR0c", "\\", "://", "zoom.us", "/j/1", ".", "urldefense.com/v2/url?u=", "urldefense.com/v3/__", "*", "f5-w-", "$$", "\ud83d", "<", ">", "\n", "9" * 30]), max_size=40).map("".join)))  # fmt: skip
def test_no_text_raises(text: str) -> None:
    """Whatever the text contains."""
    find_join_link(text)


@pytest.mark.parametrize("name", TEXTS)
def test_the_search_of_a_hostile_text_takes_linear_time(name: str) -> None:
    """Four times the text takes four times the work, not sixteen times. `make bench` shows the times."""
    assert any(takes_linear_time(TEXTS[name], 6_000) for _ in range(3))


@pytest.mark.parametrize("sign", punctuation + "\r\n\u200b\ud83d")
def test_a_row_of_one_sign_takes_linear_time(sign: str) -> None:
    """Alone, and after the signs that may begin a line break."""
    for before in ("", "=", "\r"):
        assert any(takes_linear_time(row_of(sign, before), 4_000) for _ in range(3))


def row_of(sign: str, before: str) -> Callable[[int], str]:
    return lambda size: f"{before}{sign * size} ."


def takes_linear_time(text: Callable[[int], str], size: int) -> bool:
    """Compare the processor time of this thread for a text and for one that is four times as long."""
    short, long = (processor_time(text(length)) for length in (size, 4 * size))
    return long < 9 * short


def processor_time(text: str) -> float:
    began = thread_time()
    find_join_link(text)
    return thread_time() - began
