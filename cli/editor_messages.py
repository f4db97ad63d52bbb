"""What editors say to a value that is written wrongly; without that, they would show the pattern."""

from cli.language import CLOCK_TIME, DATE, DAY_AND_TIME, ID, PERSON, START
from shared.domain.ids import GUID
from shared.rule_files.reading.named_lists import NAME
from shared.rule_files.vocabulary.addresses import ADDRESS, DOMAIN
from shared.rule_files.vocabulary.catalogue import CATALOGUE
from shared.rule_files.vocabulary.durations import DURATION
from shared.rule_files.vocabulary.json_schema import TEXT, Shape, matching, rebuilt

_MESSAGES: dict[str, str] = {
    shape["pattern"]: message
    for shape, message in (
        (TEXT, "Needs text."),
        (DOMAIN, 'Needs a domain such as contoso.com or "*.contoso.com".'),
        (ADDRESS, "Needs an address such as bo@contoso.com."),
        (matching(NAME), "Needs the name of a list: letters, digits, - and _."),
        (matching(GUID), "Needs an object id such as 5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e."),
        (DURATION, "Needs a time such as 90s, 15m, 24h or 7d."),
        (CLOCK_TIME, "Needs a time of day such as 08:00."),
        (CATALOGUE["rollout"].syntax.shape(), "Needs a share above 0% and up to 100%, such as 25%."),
        (ID, "Needs at most 64 small letters (a to z), digits and hyphens, and no hyphen at the beginning."),
        (DATE, "Needs a date such as 2026-12-31."),
        (DAY_AND_TIME, "Needs a time such as 2026-12-31 09:00."),
        (START, "Needs a time such as 09:00, mon 09:00, in 2h or 2026-12-31 09:00."),
        (PERSON, "Needs an address, or the name of a colleague in one word."),
    )
}


def with_messages(schema: Shape) -> Shape:
    """Return the schema with what is to be said where a pattern is not matched."""

    def tell(part: Shape) -> None:
        match part:
            case {"anyOf": [{"enum": choices}, {"pattern": _} as case_blind]}:
                case_blind |= _say(f"Needs one of {', '.join(choices)}.")
            case {"pattern": str(pattern)} if pattern in _MESSAGES:
                part |= _say(_MESSAGES[pattern])

    whole: Shape = rebuilt(schema, tell)
    return whole


def _say(message: str) -> Shape:
    # The first is said where the pattern is not matched, the other where there is no text at all.
    return {"patternErrorMessage": message, "errorMessage": message}
