"""Mail domains from the command line."""

from collections.abc import Iterable

from cli.output import Refused
from shared.rule_files.vocabulary.addresses import DOMAIN_PATTERN


def mail_domains(words: Iterable[str]) -> tuple[str, ...]:
    """Return the domains in lower case, each once.

    Raises:
        Refused: one of the words is not a domain.
    """
    domains = tuple(dict.fromkeys(word.lower() for word in words if word))
    for domain in domains:
        if not DOMAIN_PATTERN.fullmatch(domain) or domain.startswith("*."):
            raise Refused(f'"{domain}" is not a mail domain such as contoso.com')
    return domains
