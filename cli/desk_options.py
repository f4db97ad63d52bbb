"""Options of the commands of the desk. They are not in `cli.desk`, which takes long to import."""

from pathlib import Path
from typing import Annotated

import typer

#: the option that every command of the desk has
SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        metavar="FILE",
        help="The app's settings, in a file like local.settings.json. Default: the environment, the azd"
        " environment, or local.settings.json of the working folder.",
        show_default=False,
    ),
]

#: the option of commands that may use the app's own identity for Graph
AsApp = Annotated[
    bool,
    typer.Option(
        "--as-app", help="Use the app's own secret or certificate for Graph, not the desk's app registration."
    ),
]
