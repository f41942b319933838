"""Homes for a project: foundations, as far as a source could be read (homes.yml), and what a project may need of one.

Each fact is dated and has a source; what no source said is not known (None), and has to be asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
import yaml

from ospolab.data import load

__all__ = ["FEATURES", "Home", "after", "answers", "homes"]

# What a project may need of a home, besides a place for its licence.
FEATURES = {
    "licence": "takes the project under its licence",
    "no-form": "nobody ever has to sign or click a form",
    "any-field": "takes projects of any field",
    "holds-money": "takes in and spends money for the project",
    "eu-seat": "has its seat in the European Union",
    "keeps-name": "the name may stay with us",
}


@dataclass(frozen=True)
class Home:
    """One home. licences: kind of licence (`ospolab.agreements.LICENCES`) -> taken, not taken, or not known (None).

    features: keys of FEATURES without "licence". asks: what contributors are asked for. says: what the source says.
    sources: addresses. read: the day on which stored copies of them were read.
    """

    id: str
    name: str
    seat: str
    licences: Mapping[str, bool | None]
    features: Mapping[str, bool | None]
    asks: str
    says: str
    sources: tuple[str, ...]
    read: date


@cache
def homes() -> dict[str, Home]:
    """Every home by its id, in alphabetical order of the names."""
    rows = yaml.safe_load(Path(__file__).with_name("homes.yml").read_text(encoding="utf-8"))
    return {row["id"]: Home(**row) for row in rows}


def answers(licence: str) -> dict[str, dict[str, bool | None]]:
    """Home -> feature -> True, False or None, for a project under a licence of that kind; for `agreements.sift`."""
    return {home.id: {"licence": home.licences[licence], **home.features} for home in homes().values()}


def after(years: int, at: str = "2026-08-07") -> pd.Series:
    """Where projects of `foundation_projects` stood so many years after they were accepted.

    Only those that were accepted at least so long before `at`, the day of the snapshot. A project that was archived by
    then counts as archived, whatever it had reached.
    """
    table, days = load("foundation_projects"), years * 365.25
    old = table[(pd.Timestamp(at) - table["accepted"]).dt.days >= days]
    state = pd.Series("sandbox", index=old.index)
    for level in ("incubating", "graduated", "archived"):
        state[(old[level] - old["accepted"]).dt.days <= days] = level
    order = ["sandbox", "incubating", "graduated", "archived"]
    return state.value_counts().reindex(order, fill_value=0).rename(f"after {years} years")
