"""Decisions, and how messages end: outcomes, reasons and their levels. docs/decisions.md explains each."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Mode(StrEnum):
    """What a rule may do: nothing, report what it would do, or act."""

    OFF = "off"
    REPORT = "report"
    ENFORCE = "enforce"


class Action(StrEnum):
    """What a matching rule does with an event."""

    ENABLE = "enable"
    SKIP = "skip"


class Outcome(StrEnum):
    """How a message ended."""

    ENABLED = "enabled"
    WOULD_ENABLE = "would_enable"
    SKIPPED = "skipped"
    SUPERSEDED = "superseded"
    GONE = "gone"
    DELAYED = "delayed"
    NOT_HONORED = "not_honored"
    FORBIDDEN = "forbidden"
    MAILBOX_UNUSABLE = "mailbox_unusable"
    FAILED = "failed"
    # only of tasks for mailboxes
    SUBSCRIBED = "subscribed"
    RENEWED = "renewed"
    UNSUBSCRIBED = "unsubscribed"
    SWEPT = "swept"
    KEPT = "kept"


class Level(StrEnum):
    """The level of a log line: normal, something that an admin can fix, or that needs action now."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Reason(StrEnum):
    """Why a message ended so. The guards come first, in the order in which they run."""

    ALREADY_ONLINE = "already_online"
    NOT_ORGANIZER = "not_organizer"
    CANCELLED = "cancelled"
    ENDED = "ended"
    DRAFT = "draft"
    OTHER_JOIN_LINK = "other_join_link"
    REMOVED_BY_USER = "removed_by_user"
    WRITE_UNKNOWN = "write_unknown"
    GAVE_UP = "gave_up"
    NOT_IN_SCOPE = "not_in_scope"
    # other reasons for `skipped`
    RULE_SKIP = "rule_skip"
    NO_RULE_MATCHED = "no_rule_matched"
    LIMIT_REACHED = "limit_reached"
    NO_PROVIDER = "no_provider"
    PROVIDER_NOT_ALLOWED = "provider_not_allowed"
    INSUFFICIENT_DATA = "insufficient_data"
    UNREADABLE_EVENT = "unreadable_event"
    # `enabled`
    LINK_ADDED = "link_added"
    LINK_CONFIRMED = "link_confirmed"
    # `would_enable`
    REPORT_MODE = "report_mode"
    BRAKE = "brake"
    MEMORY_MISSING = "memory_missing"
    # `superseded` and `gone`
    READ_SINCE = "read_since"
    NOT_FOUND = "not_found"
    # `delayed`
    THROTTLED = "throttled"
    GRAPH_UNAVAILABLE = "graph_unavailable"
    UNAUTHORIZED = "unauthorized"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    MAILBOX_BUSY = "mailbox_busy"
    CHANGED_MEANWHILE = "changed_meanwhile"
    NOT_FOUND_YET = "not_found_yet"
    AWAITING_JOIN_LINK = "awaiting_join_link"
    AWAITING_DATA = "awaiting_data"
    NO_VALID_RULES = "no_valid_rules"
    SETTINGS_REFUSED = "settings_refused"
    ENDPOINT_NOT_VALIDATED = "endpoint_not_validated"
    WRITE_UNDER_WAY = "write_under_way"
    WRITE_UNCONFIRMED = "write_unconfirmed"
    WRITE_FORBIDDEN = "write_forbidden"
    MAILBOX_FULL = "mailbox_full"
    SUBSCRIPTION_LIMIT = "subscription_limit"
    LIFETIME_REFUSED = "lifetime_refused"
    OTHER_DEPLOYMENT = "other_deployment"
    OUT_OF_TIME = "out_of_time"
    LATER_VERSION = "later_version"
    WORKER_LOST = "worker_lost"
    MORE_PAGES = "more_pages"
    SECOND_LOOK = "second_look"
    # `not_honored`
    NO_JOIN_LINK = "no_join_link"
    OTHER_PROVIDER = "other_provider"
    # `forbidden` and `mailbox_unusable`
    ACCESS_DENIED = "access_denied"
    NO_USABLE_MAILBOX = "no_usable_mailbox"
    # `failed`
    UNREADABLE_MESSAGE = "unreadable_message"
    UNEXPECTED_ANSWER = "unexpected_answer"
    TOO_OLD = "too_old"
    UNEXPECTED_ERROR = "unexpected_error"
    MOVED_BY_THE_HOST = "moved_by_the_host"
    # `subscribed`, `renewed`, `unsubscribed`, `swept`
    SUBSCRIPTION_CREATED = "subscription_created"
    SUBSCRIPTION_ADOPTED = "subscription_adopted"
    SUBSCRIPTION_REPLACED = "subscription_replaced"
    SUBSCRIPTION_EXTENDED = "subscription_extended"
    SUBSCRIPTION_DELETED = "subscription_deleted"
    WINDOW_SEARCHED = "window_searched"
    # `kept`
    IN_ORDER = "in_order"
    RENEWED_LATELY = "renewed_lately"
    ROOM = "room"
    KIND_NOT_IN_SCOPE = "kind_not_in_scope"
    UNCLEAR_ROW = "unclear_row"

    @property
    def level(self) -> Level:
        """The level of a log line with this reason. With the outcome `failed` every line is an error."""
        if self in _ERRORS:
            return Level.ERROR
        return Level.WARNING if self in _WARNINGS else Level.INFO


_WARNINGS = frozenset(
    {
        Reason.LIMIT_REACHED,
        Reason.NO_PROVIDER,
        Reason.PROVIDER_NOT_ALLOWED,
        Reason.INSUFFICIENT_DATA,
        Reason.UNREADABLE_EVENT,
        Reason.WRITE_UNKNOWN,
        Reason.WRITE_FORBIDDEN,
        Reason.NO_VALID_RULES,
        Reason.GRAPH_UNAVAILABLE,
        Reason.STORAGE_UNAVAILABLE,
        Reason.ENDPOINT_NOT_VALIDATED,
        Reason.MAILBOX_FULL,
        Reason.SUBSCRIPTION_LIMIT,
        Reason.LIFETIME_REFUSED,
        Reason.OTHER_DEPLOYMENT,
        Reason.OUT_OF_TIME,
        Reason.LATER_VERSION,
        Reason.WORKER_LOST,
        Reason.ACCESS_DENIED,
        Reason.NO_USABLE_MAILBOX,
        Reason.NO_JOIN_LINK,
        Reason.OTHER_PROVIDER,
        Reason.UNEXPECTED_ANSWER,
    }
)
_ERRORS = frozenset(
    {
        Reason.MEMORY_MISSING,
        Reason.UNAUTHORIZED,
        Reason.SETTINGS_REFUSED,
        Reason.UNREADABLE_MESSAGE,
        Reason.TOO_OLD,
        Reason.UNEXPECTED_ERROR,
        Reason.MOVED_BY_THE_HOST,
    }
)


class Verdict(StrEnum):
    """What the worker must do after a decision."""

    ENABLE = "enable"
    #: nothing; if the rules in report mode were promoted, it would be `enable`
    WOULD_ENABLE = "would_enable"
    SKIP = "skip"
    #: decide again later, because a fact is not known (`on_missing: retry`)
    RETRY = "retry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do with an event, and what to do if the rules in report mode were promoted (`projected`).

    `rule` is the id of the rule that decided, None if a guard decided or no rule matched. With the reason
    `insufficient_data` it is the rule that needs the unknown fact, or that would add the link if the unknown
    body has none; with `would_enable` the rule that would
    add the link. `enforced_rule` is the rule that decided among those in `enforce` mode. `projected` is
    `enable` or `skip`, with its own reason and rule.
    """

    verdict: Verdict
    reason: Reason
    rule: str | None = None
    enforced_rule: str | None = None
    projected: Verdict
    projected_reason: Reason
    projected_rule: str | None = None

    @property
    def adds_link(self) -> bool:
        """Whether the event gets a link, or would get one if the rules in report mode were promoted."""
        return self.verdict in {Verdict.ENABLE, Verdict.WOULD_ENABLE}

    def under_brake(self, reason: Reason = Reason.BRAKE) -> "Decision":
        """Return the decision while writes are not allowed; `reason` says why they are not."""
        if self.verdict is not Verdict.ENABLE:
            return self
        return replace(self, verdict=Verdict.WOULD_ENABLE, reason=reason)
