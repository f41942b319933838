"""Tables of a lesson that hold words: whole in JupyterLab and in the book, and legible on a narrow page.

pandas cuts long words, and keeps its tables as wide as they are; figures alone are better left to it.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import TYPE_CHECKING

from IPython.display import HTML

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["plain", "stacked", "wrapped"]


def wrapped(table: pd.DataFrame, least: str = "6em") -> HTML:
    """A table of sentences, which wrap as text does where pandas cuts them; on a narrow page it scrolls.

    least: width that each column but the first keeps; with "0" a table of few short words fits a narrow page.
    """

    def line(kind: str, cells: Iterable[object]) -> str:
        first, *others = (html.escape(str(cell)) for cell in cells)
        rest = "".join(f'<{kind} style="text-align:left;min-width:{least}">{cell}</{kind}>' for cell in others)
        return f'<tr><th style="text-align:left">{first}</th>{rest}</tr>'

    rows = "".join(line("td", row) for row in table.itertuples())
    head = line("th", [table.index.name or "", *table.columns])
    table_ = f'<table class="table"><thead>{head}</thead><tbody>{rows}</tbody></table>'
    return HTML(f'<div style="overflow-x:auto">{table_}</div>')


def stacked(table: pd.DataFrame) -> HTML:
    """A wide table, whole; as text its columns would be cut to the width of whoever's window.

    On a narrow page each row becomes a block of its own, in which each value has its column's name before it.
    """
    wrap = "white-space:normal;text-align:left;vertical-align:top"

    def cell(value: object, tag: str, role: str, more: str = "") -> str:
        return f'<{tag} role="{role}" style="{wrap}"{more}>{html.escape(str(value) or "(none)")}</{tag}>'

    head = cell(" ", "td", "cell") + "".join(cell(name.strip(), "th", "columnheader") for name in table.columns)
    rows = "".join(
        '<tr role="row">'
        + cell(name, "th", "rowheader")
        + "".join(
            cell(value, "td", "cell", f' data-column="{html.escape(column.strip())}"')
            for column, value in zip(table.columns, row, strict=True)
        )
        + "</tr>"
        for name, *row in table.itertuples()
    )
    return HTML(
        '<table class="dataframe ospolab-stacks" role="table">'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">{rows}</tbody></table>'
    )


def plain(head: list[str], rows: list[list[str]]) -> HTML:
    """A table without an index; as HTML, because the book renders no tables in Markdown outputs."""
    top = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>\n" for row in rows)
    return HTML(f'<table class="dataframe">\n<thead><tr>{top}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>')
