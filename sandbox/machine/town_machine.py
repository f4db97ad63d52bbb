"""How every example of the machine begins and ends, and what its rules have in common."""

from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize

from sandbox.machine.opening import open_town
from sandbox.machine.people import OwnerAct
from sandbox.machine.record import GroupUse, TenantRules

if TYPE_CHECKING:
    from sandbox.machine.town import Town

MEETINGS: "Bundle[str]" = Bundle("meetings")
WORKERS = st.integers(0, 1)
#: what turns the answer of the rules, or makes Graph refuse the write
ACTS_AT_WRITE = st.sampled_from(
    (
        OwnerAct.OPT_OUT,
        OwnerAct.INVITE_INSIDE,
        OwnerAct.CANCEL,
        OwnerAct.ANSWER,
        OwnerAct.ADD_LINK,
        OwnerAct.DELETE,
    )
)


class TownMachine(RuleBasedStateMachine):
    """Opens a town, and calms it down at the end."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self.town: Town

    @initialize(
        target=MEETINGS,
        honors=st.sampled_from((True, True, False)),
        stale=st.sampled_from((0, 0, 0, 10)),
        per_hour=st.sampled_from((None, None, None, 1, 2)),
        per_day=st.sampled_from((None, None, None, 1)),
        uses_group=st.sampled_from((GroupUse.NONE, *GroupUse)),
        act=st.one_of(st.none(), ACTS_AT_WRITE),
    )
    def opens(
        self,
        *,
        honors: bool,
        stale: int,
        per_hour: int | None,
        per_day: int | None,
        uses_group: GroupUse,
        act: OwnerAct | None,
    ) -> str:
        """Graph has its habits, the rules their limits; a person may change the first meeting at its write.

        Every example begins so, since later steps may leave little to write.
        """
        town = open_town(
            honors_if_match=honors,
            stale_for=timedelta(seconds=stale),
            rules=TenantRules(per_hour=per_hour, per_mailbox_per_day=per_day, uses_group=uses_group),
        )
        self.town = self._stack.enter_context(town)
        return self.change_at_write(act) if act else self.create(0, is_external=True, is_opted_out=False)

    def change_at_write(self, act: OwnerAct) -> str:
        """Have a person change a new meeting between our last read of it and its PATCH."""
        self.town.before_patch = act
        meeting = self.create(0, is_external=True, is_opted_out=False)
        self.town.drain(until=self.town.now + timedelta(minutes=1))
        return meeting

    def create(self, owner: int, *, is_external: bool, is_opted_out: bool, is_series: bool = False) -> str:
        """Have a person create a meeting, and let its message become visible."""
        people = self.town.people
        event = people.create(owner, is_external=is_external, is_opted_out=is_opted_out, is_series=is_series)
        self.town.settle()
        return event

    def teardown(self) -> None:
        """After calm, every event is as it should be, and a further pass writes nothing."""
        with self._stack:
            if hasattr(self, "town") and not self.town.judge.violations:
                self.town.calm_down()
