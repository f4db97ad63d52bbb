"""Addresses of events, directories and rule files have one canonical form."""

import pytest
from hypothesis import given, strategies as st

from shared.domain.address import read_address, untagged

BO = "bo@contoso.com"

READ = [
    pytest.param("bo@contoso.com", BO, id="as it should be"),
    pytest.param("BO@Contoso.COM", BO, id="letters are case-blind"),
    # https://github.com/phw198/OutlookGoogleCalendarSync/issues/7
    pytest.param("'bo@contoso.com'", BO, id="quotes of Outlook's contacts"),
    pytest.param('"bo@contoso.com"', BO, id="double quotes"),
    pytest.param("\u201cbo@contoso.com\u201d", BO, id="quotes of a word processor"),
    pytest.param("`bo@contoso.com`", BO, id="backticks"),
    # https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/825
    pytest.param("Bo Berg <bo@contoso.com>", BO, id="a name in front"),
    pytest.param('"Berg, Bo" <bo@contoso.com>', BO, id="a name with a comma"),
    pytest.param("<bo@contoso.com>", BO, id="angle brackets"),
    pytest.param("&lt;bo@contoso.com&gt;", BO, id="angle brackets of a web page"),
    pytest.param("bo@contoso.com (Bo Berg)", BO, id="a name behind"),
    pytest.param("[bo@contoso.com]", BO, id="square brackets"),
    pytest.param("bo@contoso.com<mailto:bo@contoso.com>", BO, id="an address as its own name"),
    pytest.param("bo@contoso.com;", BO, id="a semicolon behind"),
    pytest.param("; bo@contoso.com ,", BO, id="separators around a single address"),
    pytest.param("bo@contoso.com.", BO, id="the dot of a sentence, or of DNS"),
    # https://github.com/marvinthepa/mutt-ical/pull/2
    pytest.param("mailto:bo@contoso.com", BO, id="mailto"),
    # https://github.com/TimDaub/simple-caldav/issues/9
    pytest.param("mailto:mailto:bo@contoso.com", BO, id="mailto twice"),
    # https://github.com/Qowaiv/Qowaiv/issues/76
    pytest.param("Bo Berg <MAILTO:bo@contoso.com>", BO, id="mailto behind a name"),
    pytest.param("mailto:bo%40contoso.com?subject=Review", BO, id="a whole link"),
    pytest.param("SMTP:bo@contoso.com", BO, id="the kind that Exchange puts in front"),
    pytest.param("\u200bbo@con\u00adtoso.com\u200f", BO, id="invisible characters"),
    pytest.param("\ufeffbo@contoso.com\u00a0\r\n", BO, id="blanks of all kinds"),
    pytest.param("bo\uff20contoso\uff0ecom", BO, id="wide letters"),
    # https://mskb.pkisolutions.com/kb/189492
    pytest.param("IMCEASMTP-bo+40contoso+2Ecom@*", BO, id="packed by Exchange"),
    pytest.param("imceasmtp-bo+40contoso+2ecom@fabrikam.com", BO, id="packed, in small letters"),
    pytest.param("IMCEASMTP-Bo_Berg+40contoso+2Ecom@x.com", None, id="packed, with a slash in it"),
    pytest.param("IMCEAMAILTO-bo+40contoso+2Ecom@fabrikam.com", BO, id="a link that was packed"),
    pytest.param("bo@b\u00fccher.example", "bo@xn--bcher-kva.example", id="a domain in letters of a language"),
    pytest.param("bo@XN--BCHER-KVA.example", "bo@xn--bcher-kva.example", id="the same in ASCII"),
    pytest.param("o'brien@contoso.com", "o'brien@contoso.com", id="an apostrophe belongs to a name"),
    pytest.param("bo+news@contoso.com", "bo+news@contoso.com", id="a tag belongs to an address"),
    pytest.param("", None, id="nothing"),
    pytest.param("Jane Doe", None, id="a name alone"),
    pytest.param("urn:uuid:6f1a", None, id="a participant of CalDAV without mail"),
    # https://github.com/microsoftgraph/microsoft-graph-docs/issues/13898
    pytest.param("/o=ExchangeLabs/ou=Exchange Administrative Group (F)/cn=Recipients/cn=bo", None, id="X.500"),
    pytest.param("EX:/o=ExchangeLabs/cn=bo@contoso.com", None, id="X.500 with a kind"),
    # https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcmail/59fd64a5-029c-4ec9-bee2-ecd61993bb13
    pytest.param("IMCEAEX-_O=EXCHANGELABS_CN=BO@contoso.com", None, id="X.500, packed"),
    pytest.param("IMCEAINVALID-bo+40contoso+2Ecom@contoso.com", None, id="what Outlook could not resolve"),
    pytest.param("IMCEAFAX-+2B49301234@contoso.com", None, id="a fax machine"),
    pytest.param("bo@contoso.com; cy@contoso.com", None, id="two addresses"),
    pytest.param("cy@contoso.com <bo@contoso.com>", None, id="another address as name"),
    # https://github.com/markuspoerschke/iCal/issues/501
    pytest.param("mailto:noreply@x.com:mailto:bo@contoso.com", None, id="a parameter that was glued on"),
    pytest.param("bo berg@contoso.com", None, id="a blank in a name"),
    pytest.param('"bo berg"@contoso.com', None, id="a name in quotes that are part of it"),
    pytest.param("'bo'@contoso.com", None, id="quotes around half of it"),
    pytest.param('x"bo@contoso.com', None, id="a quote inside a word"),
    # https://github.com/nextcloud/calendar/issues/569
    pytest.param("bo@", None, id="no domain"),
    pytest.param("bo@contoso", None, id="half a domain"),
    pytest.param("bo@10.0.0.1", None, id="a machine"),
    pytest.param("bo@@contoso.com", None, id="two signs"),
    pytest.param("prvs=4728bo=bo@contoso.com", None, id="a tagged return address"),
    pytest.param("bo%contoso.com@fabrikam.com", None, id="a route through a relay"),
    pytest.param("SRS0=HHH=TT=contoso.com=bo@fabrikam.com", None, id="a rewritten sender"),
    pytest.param("\ud800bo@contoso.com", None, id="half a character"),
    pytest.param("bo@contoso.com" + " " * 1000, None, id="without end"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ)
def test_decoration_around_an_address_is_removed(text: str, expected: str | None) -> None:
    """If no single valid address remains, the address is unknown."""
    assert read_address(text) == expected


@given(st.text(max_size=40) | st.from_regex(r"[ -~]{0,12}@[ -~]{0,12}", fullmatch=True))
def test_the_result_is_canonical(text: str) -> None:
    """No text raises, and reading the result again does not change it."""
    address = read_address(text)

    assert address is None or read_address(address) == address


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        pytest.param("bo+news@contoso.com", BO, id="a tag"),
        pytest.param("bo+a+b@contoso.com", BO, id="several"),
        pytest.param(BO, BO, id="none"),
        pytest.param("+news@contoso.com", "+news@contoso.com", id="a tag without a name"),
    ],
)
def test_a_plus_address_reaches_the_mailbox_without_its_tag(address: str, expected: str) -> None:
    """https://petri.com/using-plus-addressing-exchange-online."""
    assert untagged(address) == expected
