"""A small tenant for trials: a test runs `joinlink canary` and rows of `joinlink prove` in it."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import httpx

from sandbox.graph import DirectoryUser
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
from shared.graph.protocol.call import GraphCall
from shared.graph.sender import Sender, Tally
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
    """A tenant whose app watches Ada's mailbox; Bo's is the second test mailbox.

    Ctrl-C comes before the calls with the numbers in `ctrl_c_before`, or when the answer to one of
    `ctrl_c_after` is there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0
        self.ctrl_c_before: set[int] = set()
        self.ctrl_c_after: set[int] = set()
        expires = (self.clock.now + timedelta(days=6)).isoformat()
        answer = self.subscribe(self.ada, prefer='IdType="ImmutableId"', expirationDateTime=expires)
        assert answer.status_code == 201

    def sleep(self, seconds: float) -> None:
        """Let the time pass; Graph delivers."""
        self.clock.advance(timedelta(seconds=seconds))
        self.graph.deliver()

    def trial(self, user: DirectoryUser) -> TrialMailbox:
        """Return a user's mailbox as a command at a desk sees it."""
        token = self.token()
        http = httpx.Client(transport=InProcess(self.graph), base_url="https://graph.test")

        class OneToken:
            def token(self, _resource: str, *, refused: str = "") -> Token:
                assert not refused
                return Token(token, timedelta(hours=1))

        sender = Sender(http, OneToken(), RESOURCE, self.clock)

        def send(call: GraphCall, tally: Tally) -> dict[str, Any]:
            self.sent += 1
            number = self.sent
            if number in self.ctrl_c_before:
                raise KeyboardInterrupt
            answer = sender.send(call, tally)
            if number in self.ctrl_c_after:
                raise KeyboardInterrupt
            return answer

        return TrialMailbox(user.id, TrialSender(send, Waiting(self.clock, self.sleep)))

    def proof(self, extras: str, identity: DeskIdentity = DeskIdentity.APP) -> Proof:
        """Return a run, with the `guest` or the `log` if `extras` names it."""
        ids = count(1)
        return Proof(
            trial=self.trial(self.ada),
            address="ada@contoso.com",
            identity=identity,
            rights=granted_rights(self.token()),
            guest=self.trial(self.bo) if extras == "guest" else None,
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
