"""`joinlink canary`: follows one meeting through the whole chain of the real tenant."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from time import sleep
from typing import Annotated
from uuid import uuid4

import typer

from cli.desk import open_desk
from cli.desk_options import AsApp, SettingsFile
from cli.durations import duration_between
from cli.formats import canary_json, canary_text
from cli.ids import checked
from cli.output import AsJson, Exit, Refused, ask, note, print_json
from cli.trial import check_can_ask, clean_up, found_log
from cli.workspace import WorkspaceOption
from shared.desk.canary.canary import Canary
from shared.desk.canary.canary_plan import (
    CanaryExpectation,
    CanaryPlan,
    CanaryWish,
    Judge,
    NoCanary,
    plan_canary,
)
from shared.desk.canary.hops import HopResult
from shared.desk.wiring import Desk
from shared.domain.address import read_address
from shared.domain.decision import Reason
from shared.domain.mailbox import User
from shared.domain.meeting import Meeting
from shared.storage.meetings import Meetings
from shared.worker.events.providers import choose_provider

_SHORTEST, _LONGEST = timedelta(seconds=30), timedelta(hours=1)


def canary(
    *,
    mailbox: Annotated[
        str,
        typer.Option(
            "--mailbox",
            "-m",
            metavar="MAILBOX",
            help="A mailbox of yours, by object id or user principal name.",
        ),
    ],
    rule: Annotated[
        str,
        typer.Option(
            "--rule",
            metavar="ID",
            help="The rule to try. Default: the first in enforce mode that adds links.",
            show_default=False,
        ),
    ] = "",
    online: Annotated[
        bool, typer.Option("--online", help="Create a meeting that is online, which the app must not change.")
    ] = False,
    attendee: Annotated[
        list[str] | None,
        typer.Option(
            "--attendee",
            metavar="ADDRESS",
            help="Who is invited, and gets mail. Default: the mailbox, and an address that nobody has.",
            show_default=False,
        ),
    ] = None,
    workspace: WorkspaceOption = "",
    timeout: Annotated[
        str, typer.Option("--timeout", metavar="TIME", help="How long the link may take: 90s, 5m.")
    ] = "5m",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Create the meeting without asking.")] = False,
    as_app: AsApp = False,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """Follow a test meeting through the whole chain.

    Creates a meeting that a rule wants, and waits until the running app has added the link. Shows each hop
    with its time: created, notified, decided, patched, verified, unchanged by a second change, deleted. If a
    hop fails, it shows what to check next. It deletes its meeting, also after Ctrl-C. The identity needs
    Calendars.ReadWrite for the mailbox.

    Exit code 0: no hop failed. 1: one did, or Graph refuses. 2: wrong arguments, or the app can't
    add the link now. 130: stopped.
    """
    check_can_ask(yes=yes, as_json=as_json, hint="--yes creates the meeting")
    at_most = duration_between("--timeout", timeout, _SHORTEST, _LONGEST)
    invited = [_address(each) for each in attendee or ()]
    with open_desk(settings, writes=True, as_app=as_app) as desk:
        user = desk.user(checked("--mailbox", mailbox))
        organizer = user.name or mailbox
        wish = CanaryWish(organizer=organizer, attendees=invited, rule=rule, is_online=online)
        judge = _judge(desk, user)
        plan = _plan(desk, judge, wish, user)
        log = found_log(desk, workspace)
        if plan.expectation is CanaryExpectation.REPORT and log is None:
            raise Refused(
                f"{canary_text.why_report(plan, judge)}: only the app's log shows its decision, and"
                " --workspace reads it"
            )
        part = Canary(
            trial=desk.trial_mailbox(user.id, sleep),
            judge=judge,
            record=partial(_record, desk.meetings(), user.id),
            log=log,
            timeout=at_most,
            settle=desk.settings.settle,
            say=note,
        )
        provider = _provider(part, plan)
        canary_text.show_plan(plan, judge, organizer, as_json=as_json)
        if not yes and not ask(f"Create it in {organizer}?", "--yes creates it"):
            raise typer.Exit(Exit.ERRORS)
        _follow(part, plan, provider, partial(_show, plan, as_json=as_json))


def _address(text: str) -> str:
    address = read_address(text)
    if address is None:
        raise Refused(f'--attendee expects a mail address, not "{text}"')
    return address


def _judge(desk: Desk, user: User) -> Judge:
    policy = desk.policy_in_force().current()
    if policy is None:
        raise Refused("the app has no rules in force yet: deploy it, and see joinlink status")
    facts = desk.event_reader().directory.facts(policy, organizer=user.id)
    app = desk.in_force().app
    noted = app.report_only if app else None
    return Judge(policy=policy, facts=facts, has_brake=desk.is_report_only if noted is None else noted)


def _plan(desk: Desk, judge: Judge, wish: CanaryWish, user: User) -> CanaryPlan:
    obstacles = list(desk.readiness().obstacles(user.id))
    if obstacles:
        raise Refused(f"nothing is created: {obstacles[0]}")
    try:
        return plan_canary(wish, judge, now=desk.world.now(), transaction=str(uuid4()))
    except NoCanary as error:
        raise Refused(f"nothing is created: {error}") from error


def _provider(part: Canary, plan: CanaryPlan) -> str:
    """Return the provider that the app will request."""
    provider = choose_provider(part.trial.default_calendar(), plan.rule.provider)
    if isinstance(provider, Reason):
        raise Refused(
            f"nothing is created: the calendar offers no provider ({provider}): see docs/decisions.md"
        )
    return provider


def _record(meetings: Meetings, mailbox: str, event: str) -> Meeting | None:
    return meetings.read(mailbox, event).meeting


def _follow(part: Canary, plan: CanaryPlan, provider: str, show: Callable[..., None]) -> None:
    """Run the canary, show the hops, and exit."""
    results: list[HopResult] = []
    try:
        for result in part.run(plan, provider):
            results.append(result)  # noqa: PERF402 -- those before Ctrl-C are shown, too
    except KeyboardInterrupt:
        clean_up(part.trial)
        show(results, stopped=True)
        raise typer.Exit(Exit.STOPPED) from None
    except Exception:
        clean_up(part.trial)
        show(results, stopped=True)
        raise
    show(results)
    failed = any(result.is_ok is False for result in results)
    raise typer.Exit(Exit.ERRORS if failed else Exit.OK)


def _show(plan: CanaryPlan, results: list[HopResult], *, as_json: bool, stopped: bool = False) -> None:
    if as_json:
        print_json(canary_json.document(plan, results, stopped=stopped))
    else:
        canary_text.show_hops(results, stopped=stopped)
