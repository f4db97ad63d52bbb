"""Finds which Log Analytics workspace has the app's log."""

from collections.abc import Mapping
from typing import Annotated

import typer

from cli.output import Refused
from shared.domain.ids import GUID

#: the setting with its id; azd has it as an output of infra/main.bicep
WORKSPACE = "JOINLINK_LOG_WORKSPACE"
WorkspaceOption = Annotated[
    str,
    typer.Option(
        "--workspace",
        metavar="ID",
        help=f"Id of the Log Analytics workspace with the app's log, a GUID. Default: {WORKSPACE}.",
        show_default=False,
    ),
]


def workspace_id(option: str, environ: Mapping[str, str]) -> str:
    """Return the id of --workspace, or else of the settings.

    Raises:
        Refused: there is none, or it is not a GUID.
    """
    workspace = option.strip() or environ.get(WORKSPACE, "").strip()
    if not workspace:
        raise Refused(
            f"no log to read: name the workspace with --workspace or {WORKSPACE}, by the Workspace ID"
            " (a GUID) of its overview page, or give a file with log lines"
        )
    if not GUID.fullmatch(workspace):
        raise Refused(
            "a workspace is named by its Workspace ID, a GUID on its overview page; this is none:"
            f' "{workspace}"'
        )
    return workspace.lower()
