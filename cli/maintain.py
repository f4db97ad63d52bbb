"""`joinlink maintain`: what the app's timer does every quarter of an hour, now."""

import typer

from cli import parts
from cli.output import Exit, console, counted
from shared.worker.maintenance import Maintained


def maintain() -> None:
    """Hold the mailboxes in scope against those that are watched, and ask the app to make up the difference.

    This is what the timer does every fifteen minutes: after a change of rules you need not wait for it. The
    app itself works on the tasks, at a pace that Graph's limits bear. One run at a time is at work.

    Exit code 0: done. 1: the scope or the storage could not be read whole. 2: settings are missing.
    """
    with parts.opened() as (joinlink, _world):
        done = joinlink.maintenance().run()
    _show(done)
    raise typer.Exit(Exit.ERRORS if done.trouble else Exit.OK)


def _show(done: Maintained) -> None:
    out = console()
    if done.another_is_at_work:
        out.print("Another run is at work: it does what is due.")
        return
    for trouble in done.trouble:
        out.print(f"✗ {trouble}", style="bad", markup=False)
    if done.scope is not None:
        out.print(f"{counted(done.scope, 'mailbox', 'mailboxes')} in scope.")
    asked = ", ".join(f"{count:,} to {kind}" for kind, count in sorted(done.tasks.items()))
    out.print(f"Tasks for the app: {asked or 'none, all is as it should be'}.")
    if not done.complete:
        out.print("There is more to do; the next run goes on.")
