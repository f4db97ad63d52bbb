"""A table of figures, for the terminal and for a page."""

from dataclasses import dataclass, field

from rich.table import Table


@dataclass(slots=True)
class FigureTable:
    """Rows of texts under a title; the first column names a row, the others are figures."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add_row(self, *texts: str) -> None:
        """Append a row."""
        self.rows.append(texts)

    def for_terminal(self) -> Table:
        """Return the table as rich prints it."""
        table = Table(title=self.title, title_justify="left", title_style="bold")
        for number, column in enumerate(self.columns):
            table.add_column(column, justify="right" if number else "left")
        for row in self.rows:
            table.add_row(*row)
        return table

    def for_page(self) -> str:
        """Return the table in Markdown, with its title in bold."""
        lines = [self.columns, ("---", *["---:"] * (len(self.columns) - 1)), *self.rows]
        return "\n".join([f"**{self.title}**", "", *(f"| {' | '.join(line)} |" for line in lines)])
