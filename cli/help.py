"""What `--help` shows: paragraphs that break at the width of the terminal, and no types of Python."""

import inspect
from typing import Any

from typer.core import TyperCommand, TyperGroup


def unbroken(text: str) -> str:
    """Return a docstring with one line for each paragraph."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)


class _Untyped:
    """Shows a parameter by its metavar or choices; `<bool>` and `<list[Path]>` are for developers."""

    def get_params(self, ctx: Any) -> Any:
        params = super().get_params(ctx)  # type: ignore[misc]  # typer's command beside it has it
        for param in params:
            kind = param.display_type_rich(ctx=ctx) or ""
            shown = "" if kind.startswith("<") and "|" not in kind else kind
            param.display_type_rich = lambda shown=shown, **_ctx: shown
        return params


class Command(_Untyped, TyperCommand):
    """A command."""


class Group(_Untyped, TyperGroup):
    """A group of commands."""
