"""What no preview knows, whatever it reads: every report says so."""

UNKNOWABLE = (
    "Calendars change: a meeting that is edited or deleted before its turn is decided as it is then.",
    "Graph may refuse a write, or accept it and create no link, for example without a licence.",
    "Where limits run out, the order in which meetings are handled decides which of them get a link.",
    "A past meeting is shown as it is now, not as it was when it was created. Deleted meetings are missing.",
    "The members of groups and the departments of organizers are those of now.",
    "Busiest hour and day are estimates: Joinlink also acts when a meeting changes, which is not known.",
    "Attendees are a maximum: Graph does not say whether it mails them when a meeting gets its link.",
)
