"""The keys of the blocks inside rule files. Their shapes are parts of those of the words around them."""

from cli.word import Word, choice
from shared.rule_files.vocabulary.json_schema import Shape

_HERE: Shape = {}
_PROVIDERS = {
    "teamsForBusiness": "Microsoft Teams",
    "skypeForBusiness": "Skype for Business",
    "skypeForConsumer": "Skype",
}


def _word(name: str, description: str, example: str, without: str = "", *, default: str = "") -> Word:
    return Word(name, description, _HERE, example, default=default, without=without)


MAILBOXES = (
    _word("include", "`all`, or a list of groups and users.", "[{user: ceo@contoso.com}]", default="all"),
    _word("exclude", "Groups and users that are taken out.", "[{user: boardroom@contoso.com}]", "nobody"),
    _word(
        "group",
        "The members of a group, by its object id; those of groups in it, too.",
        "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e",
    ),
    _word("user", "One mailbox, by its address or object id.", "ceo@contoso.com"),
)
OTHER_JOIN_LINKS = (
    _word("action", "As the word alone: `skip` or `ignore`.", "skip", default="skip"),
    _word(
        "look_in", "`body` searches the whole body, too.", "body", "subject, places and body preview alone"
    ),
    _word(
        "hosts",
        "Your own meeting servers: every link to them is a join link. "
        '`"*.video.contoso.com"`, in quotes, stands for subdomains only.',
        "[meet.contoso.com]",
        "only [known services](join-links.md)",
    ),
)
SWEEP = (
    _word(
        "every",
        "How often a mailbox is searched: from `1h` up, and not more seldom than `window` is long.",
        "6h",
        default="6h",
    ),
    _word("window", "How far ahead, from now: from `1h` to `1825d`.", "60d", default="60d"),
)
PROVIDER = Word("fallback", "The provider's name in Graph.", choice(_PROVIDERS), "teamsForBusiness")
LIMITS = (
    _word("per_hour", "Links in an hour, in all mailboxes together. Hours are UTC's.", "200", "unlimited"),
    _word("per_mailbox_per_day", "Links in one mailbox in a day. Days are UTC's.", "20", "unlimited"),
)
ACTIVE = (
    _word("from", "The first day on which the rule counts.", "2026-12-01", "it counts already"),
    _word("until", "The first day on which it does not count any more.", "2027-12-01", "for ever"),
)
BOUNDS = (
    _word("at_least", "The lowest value that is met.", "1", "no bound"),
    _word("at_most", "The highest value that is met.", "9", "no bound"),
)
TIMES = (
    _word(
        "at_least", "The shortest time that is met: a number with `s`, `m`, `h` or `d`.", "15m", "no bound"
    ),
    _word("at_most", "The longest time that is met: a number with `s`, `m`, `h` or `d`.", "24h", "no bound"),
)
TEXTS = (
    _word("contains", "A text that stands anywhere in it, or a list of which any will do.", "lunch"),
    _word("starts_with", "What it begins with, or a list of which any will do.", "Room"),
    _word("equals", "The whole of it, or a list of which any will do.", "Berlin"),
    _word(
        "matches",
        "An RE2 pattern that is found anywhere in it, or a list of which any will do.",
        "'^Team [0-9]+'",
    ),
)
PEOPLE = (
    _word("address_in", "Mail addresses, and names of `lists`.", "[bo@fabrikam.com]"),
    _word(
        "domain_in",
        "Mail domains, and names of `lists`; `*.contoso.com` stands for subdomains only.",
        "[fabrikam.com]",
    ),
    _word(
        "member_of",
        "Groups, by their object ids; members of groups in them count, too.",
        "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e",
    ),
)
STARTS_BETWEEN = (
    _word("from", "The time of day from which on it is met.", '"08:00"', "from midnight on"),
    _word("to", "The time of day at which it is met no more.", '"18:00"', "until midnight"),
    _word(
        "days",
        "Days of the week: `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`, or their whole names.",
        "[mon, fri]",
        "every day",
    ),
    _word("timezone", "The time zone of these times, by its IANA or Windows name.", "Europe/Berlin"),
)
