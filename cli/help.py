"""Formats `--help`: paragraphs that wrap at the terminal's width, without Python's type names."""

import inspect
from typing import Any

from typer.core import TyperCommand, TyperGroup


def unwrapped(text: str) -> str:
    """Return a docstring with one line for each paragraph: typer keeps the line breaks of the source."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)


class _WithoutTypes:
    """Shows metavars and choices, but neither `<bool>` nor `<list[Path]>`; typer has no setting for that."""

    def get_params(self, ctx: Any) -> Any:
        params = super().get_params(ctx)  # type: ignore[misc]  # the class next to it has this method
        for param in params:
            label = param.display_type_rich(ctx=ctx) or ""
            shown = "" if label.startswith("<") and "|" not in label else label
            param.display_type_rich = lambda shown=shown, **_ctx: shown
        return params


class PlainCommand(_WithoutTypes, TyperCommand):
    """A command."""


class PlainGroup(_WithoutTypes, TyperGroup):
    """A group of commands."""
