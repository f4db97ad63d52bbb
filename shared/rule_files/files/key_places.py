"""Where each word of a rule file stands, for those who find one of them in another place."""

from shared.rule_files.files.file import FILE_KEYS
from shared.rule_files.files.rule import JOINS, RULE_KEYS
from shared.rule_files.vocabulary.catalogue import CATALOGUE
from shared.rule_files.vocabulary.texts import OPERATORS

_PLACES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("it stands under limits", ("per_hour", "per_mailbox_per_day")),
    ("it stands under active", ("from", "until")),
    ("it stands under starts_between", ("to", "days", "timezone")),
    ("it stands in a test, under tests", ("event", "expect", "members")),
    ("it stands behind a condition, as in attendees: {at_least: 1}", ("at_least", "at_most")),
    ("it stands behind a condition, as in subject: {contains: word}", tuple(OPERATORS)),
    ("it stands behind attendee or organizer", ("address_in", "domain_in", "member_of")),
    ("it stands under mailboxes", ("include", "exclude")),
    ("it stands under provider", ("fallback",)),
    ("it stands under other_join_links", ("look_in", "hosts")),
    ("it holds for all rules and stands beside version, at the left edge", FILE_KEYS),
    ("it is a condition and stands under when or unless", (*CATALOGUE, *JOINS)),
    ("it is a key of a rule and stands beside id", RULE_KEYS),
)
HOMES: dict[str, str] = {word: home for home, words in _PLACES for word in words}
