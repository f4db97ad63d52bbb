"""The rows of `joinlink prove`: what Joinlink relies on, how it is tried, and what follows if it is not so.

The rows of docs/unproven.md that a tenant can answer are the same (a test compares them).
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared.desk.prove import calendar_rows, event_rows, mail_rows, series_rows, subscription_rows
from shared.desk.prove.proof import Need, Proof, RowAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A row. `relies` is what Joinlink relies on; `otherwise` is what it does if that is not so."""

    id: str
    relies: str
    tried: str
    otherwise: str
    needs: tuple[Need, ...] = ()
    #: raises GraphError, LogUnavailable, SignInFailed or NoAnswer where it has no answer
    answer: Callable[[Proof], RowAnswer]


QUESTIONS = (
    Question(
        id="if-match",
        relies="Graph honours `If-Match` on the PATCH of an event. This matters in one case only: a process is"
        " suspended for more than two minutes between its lease and its PATCH ([reliability.md](reliability.md)).",
        tried="It changes an event, and writes to it with the ETag from before the change.",
        otherwise="The lease in the table `meetings` alone keeps two instances from writing to one event. A"
        " process that is suspended for longer than its lease could write to an event that changed meanwhile.",
        answer=event_rows.if_match,
    ),
    Question(
        id="read-after-write",
        relies="A read shows the effect of a write after one minute at the latest.",
        tried="It sends the app's PATCH, and reads the event until it is online.",
        otherwise="A link could count as removed by a person although it was only not visible yet: raise"
        " `SETTLED` in `shared/domain/attempt.py`.",
        answer=event_rows.read_after_write,
    ),
    Question(
        id="exceptions",
        relies="A PATCH of the series master also gives existing exceptions the link.",
        tried="It changes one occurrence of a series, sends the app's PATCH to the master, and reads all.",
        otherwise="Joinlink writes to the master only, so exceptions that exist already get no link.",
        answer=series_rows.exceptions,
    ),
    Question(
        id="join-url",
        relies="The join URL is in the answer to the PATCH, or appears within a minute.",
        tried="It sends the app's PATCH, and reads the event for a minute.",
        otherwise="Joinlink reports `not_honored` for an event whose link comes later: raise `VERIFY_DELAY` in"
        " `shared/worker/common/delays.py`.",
        answer=event_rows.join_url,
    ),
    Question(
        id="attendee-mail",
        relies="The PATCH of these two properties may send mail to every attendee. Joinlink assumes that it does.",
        tried="It invites the guest, sends the app's PATCH, and counts the guest's messages for three minutes.",
        otherwise="Joinlink counts mails that nobody gets: limits and the pace of a backfill are stricter than"
        " they need to be.",
        needs=(Need.GUEST,),
        answer=mail_rows.attendee_mail,
    ),
    Question(
        id="private-events",
        relies="Application permissions can read private events.",
        tried="It creates a private event, and reads it.",
        otherwise="Rules see a private event without its content. Set `unless: {sensitivity: private}`, so that"
        " no rule decides about what it can't see.",
        needs=(Need.APPLICATION,),
        answer=event_rows.private_events,
    ),
    Question(
        id="drafts",
        relies="An event that was not sent to its attendees yet has `isDraft: true`.",
        tried="It creates an event with `isDraft: true`, and reads it.",
        otherwise="The guard `draft` does not see such an event. The settle time (`JOINLINK_SETTLE`) alone keeps"
        " Joinlink from writing to an event that is being typed.",
        answer=event_rows.drafts,
    ),
    Question(
        id="last-modified",
        relies="A single event comes with `lastModifiedDateTime`. Only `event.missed` depends on it.",
        tried="It creates an event, and reads it with the properties that the app selects.",
        otherwise="Joinlink does not log `event.missed`, and does not replace a subscription whose notifications"
        " do not come. Sweeps still find the events.",
        answer=event_rows.last_modified,
    ),
    Question(
        id="secondary-calendars",
        relies="A subscription to `users/{id}/events` reports changes in the default calendar only. If it"
        " reports all, further calendars get their links sooner.",
        tried="It creates an event in a new calendar and one in the default calendar, and searches the app's log.",
        otherwise="Nothing is lost: Joinlink also decides about events in other calendars that are reported.",
        needs=(Need.LOG,),
        answer=calendar_rows.secondary_calendars,
    ),
    Question(
        id="calendar-subscriptions",
        relies="A subscription to `users/{id}/calendars/{id}/events` reports changes in that calendar. If it does not,"
        " only sweeps find them.",
        tried="It subscribes to a new calendar, creates an event in it, and searches the app's log.",
        otherwise="Leave `JOINLINK_CALENDAR_SUBSCRIPTIONS` off: only sweeps find events in further calendars,"
        " hours later.",
        needs=(Need.APP, Need.LOG),
        answer=calendar_rows.calendar_subscriptions,
    ),
    Question(
        id="exchange-grants",
        relies="A subscription is accepted with a calendar permission that only Exchange has granted.",
        tried="It subscribes with a token that has no `Calendars.Read` from Entra.",
        otherwise="Joinlink can't watch mailboxes with `--mode exchange`: use `--mode mixed`"
        " ([permissions.md](permissions.md)).",
        needs=(Need.APP,),
        answer=subscription_rows.exchange_grants,
    ),
    Question(
        id="subscription-length",
        relies="A subscription may last for six days and 20 hours.",
        tried="It subscribes for that time.",
        otherwise="Joinlink asks for the length that Graph names, or for the next shorter, and renews more often.",
        needs=(Need.APP,),
        answer=subscription_rows.subscription_length,
    ),
    Question(
        id="two-subscriptions",
        relies="One mailbox can have a subscription to `created,updated` and another to `created,updated,deleted`,"
        " so that the new one exists before the old one ends.",
        tried="It creates both; one of them may be the app's own already.",
        otherwise="Joinlink deletes the old subscription before it creates the new one, and a sweep finds what"
        " changed in between.",
        needs=(Need.APP,),
        answer=subscription_rows.two_subscriptions,
    ),
)
