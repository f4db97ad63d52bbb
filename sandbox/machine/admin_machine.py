"""The rules in which admins act: on rules, scope, group, mode, keys and held events, and on tokens."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from sandbox.machine.people import OwnerAct
from sandbox.machine.record import GroupUse
from sandbox.machine.tokens import TokenFault
from sandbox.machine.town_machine import MEETINGS, WORKERS, TownMachine

_PEOPLE = st.integers(0, 1)
_TOKEN_FAULTS = st.lists(st.sampled_from(TokenFault), max_size=3)


class AdminMachine(TownMachine):
    """Admins change what applies."""

    @rule(worker=WORKERS, braked=st.booleans())
    def restarts(self, worker: int, *, braked: bool) -> None:
        """An admin sets JOINLINK_MODE, which restarts a worker."""
        self.town.restart(self.town.workers[worker], is_braked=braked)

    @rule(mode=st.sampled_from(("enforce", "enforce", "report", "off")), minutes=st.sampled_from((0, 3)))
    def sets_mode(self, mode: str, minutes: int) -> None:
        """An admin changes the mode of the rule; perhaps it is in force before a person creates a meeting."""
        self.town.change_rules(replace(self.town.rules.now, mode=mode))
        if minutes:
            self.town.drain(until=self.town.now + timedelta(minutes=minutes))
            self.create(0, is_external=True, is_opted_out=False)

    @rule(per_hour=st.sampled_from((None, 1, 2)))
    def sets_limit(self, per_hour: int | None) -> None:
        """An admin changes the limit of the rule."""
        self.town.change_rules(replace(self.town.rules.now, per_hour=per_hour))

    @rule(excluded=st.booleans())
    def sets_scope(self, *, excluded: bool) -> None:
        """An admin excludes the second mailbox, or includes it again."""
        self.town.change_rules(replace(self.town.rules.now, excludes_second=excluded))

    @rule(uses_group=st.sampled_from(GroupUse))
    def sets_group(self, uses_group: GroupUse) -> None:
        """An admin names the group in the rule or in the scope, or names it no more."""
        self.town.change_rules(replace(self.town.rules.now, uses_group=uses_group))

    @rule(person=_PEOPLE)
    def changes_group(self, person: int) -> None:
        """A person joins the group, or leaves it."""
        self.town.change_group(person)

    @rule(target=MEETINGS, person=_PEOPLE, uses_group=st.sampled_from(GroupUse))
    def changes_group_early(self, person: int, uses_group: GroupUse) -> str:
        """A person joins the group, or leaves it, half a day before that person creates a meeting."""
        self.town.change_rules(replace(self.town.rules.now, uses_group=uses_group))
        self.create(person, is_external=True, is_opted_out=False)
        self.town.drain(until=self.town.now + timedelta(minutes=3))
        self.town.change_group(person)
        for _ in range(2):
            self.town.drain(until=self.town.now + timedelta(hours=3, minutes=15))
            self.town.maintain(self.town.workers[0])
        self.town.drain(until=self.town.now + timedelta(minutes=3))
        return self.create(person, is_external=True, is_opted_out=False)

    @rule(act=st.sampled_from((OwnerAct.ANSWER, OwnerAct.EDIT, OwnerAct.INVITE_INSIDE)))
    def changes_within_limit(self, act: OwnerAct) -> None:
        """A person changes a meeting at its write, the only one that its hour allows."""
        before = self.town.rules.now
        self.town.change_rules(replace(before, mode="enforce", per_hour=1))
        self.town.drain(until=self.town.now + timedelta(minutes=70))
        self.town.before_patch = act
        for _ in range(2):
            self.create(0, is_external=True, is_opted_out=False)
            self.town.drain(until=self.town.now + timedelta(minutes=1))
        self.town.change_rules(before)  # else no later meeting is written to

    @rule(worker=WORKERS, is_function_key=st.booleans())
    def replaces_key(self, worker: int, *, is_function_key: bool) -> None:
        """An admin replaces the key of clientState or of the function; the timer may find out."""
        admin = self.town.admin
        (admin.replace_function_key if is_function_key else admin.replace_state_key)()
        for each in self.town.workers:
            self.town.restart(each, is_braked=each.is_braked)
        self.town.maintain(self.town.workers[worker])

    @rule(act=st.sampled_from((None, OwnerAct.REMOVE_LINK, OwnerAct.REMOVE_LINK, OwnerAct.ANSWER)))
    def releases(self, act: OwnerAct | None) -> None:
        """An admin releases all held events; once they are handled, a person may change them."""
        released, people = self.town.admin.release_held(), self.town.people
        for event in released:
            people.events[event].is_released = True
        if released and act:
            self.town.drain(until=self.town.now + timedelta(minutes=3))
            for event in released:
                people.do(event, act)

    @rule(target=MEETINGS, faults=_TOKEN_FAULTS, at_write=st.booleans())
    def revokes_tokens(self, faults: list[TokenFault], *, at_write: bool) -> str:
        """Graph refuses all tokens, now or at the next write, and the token endpoint may fail."""
        self.town.tokens.faults.extend(faults)
        if at_write:
            self.town.revokes_at_patch = True
        else:
            self.town.revoke_tokens()
        return self.create(0, is_external=True, is_opted_out=False)

    @rule(target=MEETINGS, worker=WORKERS, faults=_TOKEN_FAULTS, reads=st.integers(0, 3))
    def starts_in_outage(self, worker: int, faults: list[TokenFault], reads: int) -> str:
        """A worker restarts, and gets no token, or can't read the group; a person creates a meeting."""
        self.town.tokens.faults.extend(faults)
        if reads:
            self.town.fail_graph("group 503", reads)
        running = self.town.workers[worker]
        self.town.restart(running, is_braked=running.is_braked)
        return self.create(0, is_external=True, is_opted_out=False)
