"""A word of rule files, as people and editors are told of it."""

from dataclasses import dataclass
from itertools import repeat

from shared.rule_files.vocabulary.json_schema import Shape


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """One key: what it is for (Markdown), what stands behind it, an example as YAML; `form` tells more.

    `default` is what holds where the key is left out, as YAML; `without` tells the same in words, or more.
    `inner` are the keys of the block behind it; these have no shape of their own, it is part of this one.
    """

    name: str
    description: str
    shape: Shape
    example: str
    form: str = ""
    default: str = ""
    without: str = ""
    inner: tuple["Word", ...] = ()

    @property
    def values(self) -> dict[str, str]:
        """The only values, where the word has a few, and what each means."""
        choices = (shape for shape in (self.shape, *self.shape.get("anyOf", ())) if "enum" in shape)
        found = next(choices, {"enum": ()})
        return dict(zip(found["enum"], found.get("enumDescriptions", repeat("")), strict=False))

    @property
    def left_out(self) -> str:
        """What holds where the key is left out (Markdown); empty where that needs no word."""
        default = f"`{self.default}`" if self.default else ""
        return ", ".join(part for part in (default, self.without) if part)


def choice(values: dict[str, str]) -> Shape:
    """Return one of these values; each comes with what it means."""
    return {"enum": list(values), "enumDescriptions": list(values.values())}
