"""The fact tables of the course: real figures, reduced from public sources, small enough to work without a network.

    from ospolab.data import load, register
    load("handover_monthly")    # a DataFrame with typed columns
    register()                  # where each table comes from, of which day, under which licence

What a row means, and the traps in reading it, stands in the book's data register.
"""

from __future__ import annotations

import csv
import difflib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

# pandas is imported where a table is read, and not before: a form needs none, and in a browser it has to be fetched.
if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UnknownTable", "describe", "document", "documents", "load", "names", "register", "rows", "schema"]

FOLDER = Path(__file__).parent
TABLES = FOLDER / "tables"
DOCUMENTS = FOLDER / "documents"


class UnknownTable(KeyError):
    """There is no table of that name; the message suggests the nearest one."""

    def __str__(self) -> str:
        # KeyError would show the message in quotes, with its line ends escaped.
        return self.args[0]


def names() -> list[str]:
    """Names of all tables, in alphabetical order."""
    return sorted(path.stem for path in TABLES.glob("*.csv") if path.stem != "register")


def load(name: str) -> pd.DataFrame:
    """The table `name` as a DataFrame, a fresh copy at each call.

    Columns have the types of `schema(name)`: text as string ("" where the source is empty), flag as bool, count as
    int64 (Int64 where a cell may be empty), number as float64, date as datetime64, month and quarter as Period.
    Raises UnknownTable for a name that does not exist.
    """
    return _read(_known(name)).copy()


def rows(name: str) -> list[dict[str, str]]:
    """The table `name` as text, a dictionary for each row: for what needs neither types nor pandas.

    Raises UnknownTable for a name that does not exist.
    """
    with (TABLES / f"{_known(name)}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def register() -> pd.DataFrame:
    """Where the tables come from: one row a table, indexed by its name.

    Columns: source (repositories, ';' between several), commit, snapshot_date (date of the newest commit in the
    snapshot), licence, rows, sha256. Sources, commits and dates are in the same order.
    """
    import pandas as pd

    return (
        pd.read_csv(TABLES / "register.csv", dtype={"rows": "int64"})
        .assign(table=lambda r: r["table"].str.removesuffix(".csv"))
        .set_index("table")
    )


def schema(name: str) -> dict:
    """Column types and key of a table: {"key": [columns], "columns": {column: type}}; types as in schema.yml."""
    return _yaml("schema.yml")[_known(name)]


def describe(name: str) -> dict:
    """What a row and each column of a table mean, how it was reduced, its traps and its attribution."""
    return _yaml("tables.yml")[_known(name)]


def document(name: str) -> dict:
    """A JSON document of the course by the name of its file, "field-portal.cdx.json"; a fresh copy at each call.

    Raises UnknownTable for a name that `documents` does not have.
    """
    if name not in documents():
        raise UnknownTable(f'There is no document "{name}". All documents: {", ".join(documents())}.')
    return json.loads((DOCUMENTS / name).read_text(encoding="utf-8"))


def documents() -> dict[str, dict]:
    """Where the documents that are no tables come from: {file: title, kind, source, date, licence, sha256, limits}."""
    return yaml.safe_load((DOCUMENTS / "register.yml").read_text(encoding="utf-8"))


def _known(name: str) -> str:
    if name in (known := names()):
        return name
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    raise UnknownTable(f'There is no table "{name}".{hint} All tables: {", ".join(known)}.')


@cache
def _yaml(file: str) -> dict:
    return yaml.safe_load((FOLDER / file).read_text(encoding="utf-8"))


@cache
def _read(name: str) -> pd.DataFrame:
    import pandas as pd

    raw = pd.read_csv(TABLES / f"{name}.csv", dtype=str, keep_default_na=False)
    return pd.DataFrame({column: _typed(raw[column], kind) for column, kind in schema(name)["columns"].items()})


def _typed(cells: pd.Series, kind: str) -> pd.Series:
    import pandas as pd

    kind, optional = kind.removeprefix("optional "), kind.startswith("optional ")
    if kind == "text":
        return cells
    if kind == "flag":
        return cells.map({"true": True, "false": False})
    filled = cells.where(cells != "", None) if optional else cells
    if kind == "count":
        return pd.to_numeric(filled).astype("Int64" if optional else "int64")
    if kind == "number":
        return pd.to_numeric(filled).astype("float64")
    if kind == "date":
        return pd.to_datetime(filled, format="%Y-%m-%d")
    return pd.Series(pd.PeriodIndex(filled, freq={"month": "M", "quarter": "Q"}[kind]), index=cells.index)
