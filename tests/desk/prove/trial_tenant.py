"""A small tenant in which a test runs rows of `joinlink prove`, with the log of an app that is notified."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count

import httpx

from sandbox.serve import InProcess
from shared.auth.token_source import Token
from shared.desk.app_log.app_log import LogSearch
from shared.desk.app_log.endings import EndingCounts, Period
from shared.desk.app_log.logged_line import LoggedLine
from shared.desk.permissions import granted_rights
from shared.desk.prove.proof import Proof
from shared.desk.sign_in.desk_identity import DeskIdentity
from shared.desk.trial.decision_log import DecisionLog
from shared.desk.trial.trial_mailbox import TrialMailbox
from shared.desk.trial.trial_sender import TrialSender
from shared.desk.trial.waiting import Waiting
from shared.graph.sender import Sender
from tests.sandbox.graph.world import NOTIFY, GraphWorld

RESOURCE = "https://graph.microsoft.com"


class NotifiedLog:
    """The log of an app that decides about everything it is notified of, at once."""

    def __init__(self, world: GraphWorld) -> None:
        self._world = world

    def lines(self, search: LogSearch) -> Sequence[LoggedLine]:
        ids = [item["resourceData"]["id"] for _url, body in self._world.posts for item in body["value"]]
        keys = [{"event_id": one, "source": "notification"} for one in ids if one in search.texts]
        return [LoggedLine("event.decided", self._world.clock.now, each) for each in keys]

    def endings(self, period: Period) -> EndingCounts:
        raise NotImplementedError(period)


class TrialTenant(GraphWorld):
    """A tenant whose app watches Ada's mailbox; Bo's is the second test mailbox."""

    def __init__(self) -> None:
        super().__init__()
        expires = (self.clock.now + timedelta(days=6)).isoformat()
        answer = self.subscribe(self.ada, prefer='IdType="ImmutableId"', expirationDateTime=expires)
        assert answer.status_code == 201

    def sleep(self, seconds: float) -> None:
        """Let the time pass; Graph delivers."""
        self.clock.advance(timedelta(seconds=seconds))
        self.graph.deliver()

    def proof(self, extras: str, identity: DeskIdentity = DeskIdentity.APP) -> Proof:
        """Return a run, with the `guest` or the `log` if `extras` names it."""
        token, ids = self.token(), count(1)
        http = httpx.Client(transport=InProcess(self.graph), base_url="https://graph.test")

        class OneToken:
            def token(self, _resource: str, *, refused: str = "") -> Token:
                assert not refused
                return Token(token, timedelta(hours=1))

        def mailbox(owner: str) -> TrialMailbox:
            sender = Sender(http, OneToken(), RESOURCE, self.clock)
            return TrialMailbox(owner, TrialSender(sender.send, Waiting(self.clock, self.sleep)))

        return Proof(
            trial=mailbox(self.ada.id),
            address="ada@contoso.com",
            identity=identity,
            rights=granted_rights(token),
            guest=mailbox(self.bo.id) if extras == "guest" else None,
            guest_address="bo@contoso.com",
            log=DecisionLog(NotifiedLog(self), self.clock) if extras == "log" else None,
            url=NOTIFY,
            client_state=lambda mailbox: f"{mailbox}.x",
            new_id=lambda: f"{next(ids):08}-0000-4000-8000-000000000000",
        )

    def is_clean(self) -> bool:
        """Return whether Ada's mailbox is as it was before."""
        self.graph.faults.clear()
        mailbox = self.graph.mailboxes.of(self.ada.id)
        subscriptions = [one.change_type for _row, one in self.graph.subscriptions.active()]
        return (len(mailbox.events), len(mailbox.calendars), subscriptions) == (0, 1, ["created,updated"])
