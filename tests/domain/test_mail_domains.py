"""Sets of domains, and the domain of an address."""

import pytest

from shared.domain.mail_domains import Domains, domain_of, home_address, is_guest

DOMAINS = Domains(["Contoso.com", "*.contoso.org", "fabrikam.com."])


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        pytest.param("contoso.com", True, id="an exact name, in any case"),
        pytest.param("mail.contoso.com", False, id="a subdomain of an exact name"),
        pytest.param("notcontoso.com", False, id="a name with the same end"),
        pytest.param("mail.contoso.org", True, id="a subdomain"),
        pytest.param("eu.mail.contoso.org", True, id="a subdomain of a subdomain"),
        pytest.param("contoso.org", False, id="the parent of the subdomains"),
        pytest.param("notcontoso.org", False, id="a name with the same end as the parent"),
        pytest.param("fabrikam.com", True, id="written with a final dot"),
        pytest.param("", False, id="empty"),
    ],
)
def test_a_domain_is_in_the_set_by_its_exact_name_or_as_a_subdomain(domain: str, expected: bool) -> None:
    """`*.contoso.org` does not include contoso.org itself."""
    assert (domain in DOMAINS) is expected


@pytest.mark.parametrize(
    ("address", "guest", "home"),
    [
        pytest.param("Bo@Fabrikam.com", False, "bo@fabrikam.com", id="an ordinary address"),
        pytest.param("bo_fabrikam.com#EXT#@contoso.onmicrosoft.com", True, "bo@fabrikam.com", id="a guest"),
        pytest.param(
            "bo_berg_fabrikam.com#EXT#@contoso.onmicrosoft.com",
            True,
            "bo_berg@fabrikam.com",
            id="a guest with _",
        ),
        pytest.param("cy#EXT#@contoso.com", True, "cy#ext#@contoso.com", id="a guest without a domain"),
        pytest.param("/O=Exchange/CN=Bo", False, "/o=exchange/cn=bo", id="an X.500 address"),
    ],
)
def test_a_guest_has_an_address_in_the_own_tenant(address: str, guest: bool, home: str) -> None:
    """Entra ID puts it into the user principal name of the guest account."""
    assert (is_guest(address), home_address(address)) == (guest, home)


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        pytest.param("bo@Fabrikam.com", "fabrikam.com", id="plain"),
        pytest.param("Bo <mailto:bo@fabrikam.com>", "fabrikam.com", id="decorated"),
        pytest.param("bo@müller.example", "xn--mller-kva.example", id="with an umlaut"),
        pytest.param("/o=Exchange/cn=bo", None, id="an X.500 address"),
        pytest.param("", None, id="empty"),
    ],
)
def test_the_domain_of_an_address_is_canonical(address: str, domain: str | None) -> None:
    """It is unknown if the address can't be read."""
    assert domain_of(address) == domain
