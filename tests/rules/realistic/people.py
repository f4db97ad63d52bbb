"""Invitations with different invitees and places."""

from tests.rules.realistic.builders import GUEST, Case, case, location, person

_ROOM = "board@contoso.com"
_OURS = "no_rule_matched or insufficient_data"
_IMCEA = "IMCEASMTP-bo+40fabrikam+2Ecom@contoso.com"
_X500 = "/O=EXCHANGELABS/OU=EXCHANGE ADMINISTRATIVE GROUP (FYDIBOHF23SPDLT)/CN=RECIPIENTS/CN=0123-CY"


def people() -> list[Case]:
    """Return the events."""
    return [*_colleagues(), *_strangers(), *_decorated(), *_nobodies(), *_rooms()]


def _colleagues() -> list[Case]:
    return [
        case("No invitees", "no_rule_matched"),
        case("A colleague", "no_rule_matched", "cy@contoso.com"),
        case("A colleague in capitals", "no_rule_matched", "CY@CONTOSO.COM"),
        case("A colleague by an onmicrosoft address", "no_rule_matched", "cy@contoso.onmicrosoft.com"),
        case("A colleague of another verified domain", "no_rule_matched", "yuki@contoso.co.jp"),
        case("Only the organizer", "no_rule_matched", "al@contoso.com"),
        case("A mailing list of the company", "no_rule_matched", "all-hands@contoso.com"),
        case("A colleague by a plus address", "no_rule_matched", "cy+lists@contoso.com"),
        case("Forty colleagues", "no_rule_matched", *(f"p{number}@contoso.com" for number in range(40))),
        case("A colleague by an X.500 address", "insufficient_data", _X500),
        case("A line without an address", "insufficient_data", ""),
        case("A guest account of the own tenant", "no_rule_matched", "cy_contoso.com#EXT#@contoso.onmicrosoft.com"),
    ]  # fmt: skip


def _strangers() -> list[Case]:
    return [
        case("A customer", "link_added", GUEST),
        case("A customer and forty colleagues", "link_added", GUEST, *(f"p{number}@contoso.com" for number in range(40))),
        case("An optional customer", "link_added", "cy@contoso.com", person(GUEST, "optional")),
        case("A customer who declined", "link_added", person(GUEST, answer="declined")),
        case("A candidate with a private address", "link_added", "bo.applicant@gmail.com"),
        case("A guest account", "link_added", "bo_fabrikam.com#EXT#@contoso.onmicrosoft.com"),
        case("A subdomain that is not verified", "link_added", "bo@mail.contoso.com"),
        case("A domain that begins like the company's", "link_added", "bo@contoso.com.example"),
        case("A domain that ends like the company's", "link_added", "bo@notcontoso.com"),
        case("A mailing list of a partner", "link_added", "team@lists.fabrikam.com"),
        case("A domain with an umlaut", "link_added", "bo@müller.example"),
        case("A customer twice", "link_added", GUEST, GUEST.upper()),
        # The unreadable line may be a room, which the packaged rules leave alone.
        case("An unknown address and a customer", "insufficient_data", _X500, GUEST),
        case("A customer by a plus address", "link_added", "bo+meetings@fabrikam.com"),
    ]  # fmt: skip


def _decorated() -> list[Case]:
    return [
        case("A colleague in quotes", _OURS, "'cy@contoso.com'"),
        case("A colleague in double quotes", _OURS, '"cy@contoso.com"'),
        case("A colleague with a semicolon", _OURS, "cy@contoso.com;"),
        case("A colleague in angle brackets", _OURS, "<cy@contoso.com>"),
        case("A colleague with a name", _OURS, "Cy Young <cy@contoso.com>"),
        case("A colleague after mailto:", _OURS, "mailto:cy@contoso.com"),
        case("A colleague after SMTP:", _OURS, "SMTP:cy@contoso.com"),
        case("A colleague with a zero-width space", _OURS, "cy@contoso.com\u200b"),
        case("A colleague with a no-break space", _OURS, "\u00a0cy@contoso.com"),
        case("A colleague with a full stop", _OURS, "cy@contoso.com."),
        case("A colleague behind IMCEASMTP", _OURS, "IMCEASMTP-cy+40contoso+2Ecom@contoso.com"),
        case("A customer behind IMCEASMTP", "link_added or insufficient_data", _IMCEA),
        case("A customer in quotes", "link_added", "'bo@fabrikam.com'"),
        case("A customer after mailto:", "link_added", "mailto:bo@fabrikam.com"),
        case("Text that is not an address", "insufficient_data", "Bo from Fabrikam"),
    ]  # fmt: skip


def _nobodies() -> list[Case]:
    return [
        case("A room of Google", _OURS, "c_188abc@resource.calendar.google.com"),
        case("A calendar of Google", _OURS, "abcdef0123@group.calendar.google.com"),
        case("The address of a channel of Teams", _OURS, "0123abcd.contoso.com@emea.teams.ms"),
        case("The address of a channel of Slack", _OURS, "sales-aaaabbbb@contoso.slack.com"),
        case("A scheduling assistant: CalendarBridge", _OURS, "assistant@ai.calendarbridge.com"),
        case("A recorder: Fireflies", _OURS, "fred@fireflies.ai"),
        case("A bridge of Webex", _OURS, "bo.mybridge@webex.com"),
        case("A video room of Zoom", _OURS, "1234567890@zoomcrc.com"),
        case("A calendar of Google and a customer", "link_added", "abcdef0123@group.calendar.google.com", GUEST),
    ]  # fmt: skip


def _rooms() -> list[Case]:
    room = location("Boardroom", "conferenceRoom", _ROOM)
    return [
        case("A room, accepted", "no_rule_matched", GUEST, person(_ROOM, "resource", "accepted")),
        case("A room, not answered yet", "no_rule_matched", GUEST, person(_ROOM, "resource")),
        case("A room, declined", "link_added", GUEST, person(_ROOM, "resource", "declined"), location=room, locations=[room]),
        case("A room and another one, one declined", "no_rule_matched", GUEST, person(_ROOM, "resource", "declined"), person("lab@contoso.com", "resource", "accepted")),
        case("A room only as the location", "no_rule_matched", GUEST, location=room, locations=[room]),
        case("A room as a required guest", "no_rule_matched", GUEST, _ROOM, location=room, locations=[room]),
        case("A projector", "no_rule_matched", GUEST, person("projector@contoso.com", "resource", "accepted")),
        case("A customer in the resources field", "link_added or insufficient_data", "cy@contoso.com", person(GUEST, "resource")),
        case("A place by name", "link_added", GUEST, place="Boardroom, 3rd floor"),
        case("At the customer's", "link_added", GUEST, place="Fabrikam, 1 Main Street, Springfield"),
        case("A restaurant", "link_added", GUEST, location=location("Trattoria", "restaurant")),
        case("A hotel", "link_added", GUEST, location=location("Grand Hotel", "hotel")),
        case("Colleagues in a room", "no_rule_matched", "cy@contoso.com", person(_ROOM, "resource", "accepted")),
    ]  # fmt: skip
