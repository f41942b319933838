"""Who comes back after a first change: cohorts of newcomers, compared at the same age.

A newcomer's age is counted in quarters after the quarter of the first commit, which is age 0. What lies beyond the end
of a history is not known, and not the same as nothing: see `kaplan_meier`, and the cells that `fair` leaves empty.
Everything here describes projects: no share is given that rests on fewer than ENOUGH people, see `may_be_shown`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from ospolab import health, survival

__all__ = [
    "AGES",
    "DEFINITIONS",
    "ENOUGH",
    "PROJECTS",
    "Stayed",
    "activity",
    "baselines",
    "by_definition",
    "cohorts",
    "fair",
    "fair_at",
    "kaplan_meier",
    "may_be_shown",
    "naive",
    "people",
    "waiting_to_return",
]

# Shares of fewer newcomers, or of which fewer are the ones counted, are not shown: they would be noise, and whoever
# reads the public history could tell who is meant.
ENOUGH = 5
AGES = tuple(range(1, 9))

# Projects of the table with at least fifty newcomers whose two years lie within the history. The forks are left out:
# opentofu, valkey and faker-old hold the same people as terraform, redis and faker.
PROJECTS = ["curl", "faker", "flask", "redis", "requests", "scorecard", "terraform"]


@dataclass(frozen=True)
class Stayed:
    """What counts as having stayed by an age of k quarters: at least `commits` commits in the quarters `since` to k.

    since: 0 counts the first quarter as well, 1 only what came after it; None looks at quarter k alone.
    """

    words: str
    since: int | None = 1
    commits: int = 1

    def held(self, counts: np.ndarray, age: int) -> np.ndarray:
        """Whether each row of commits by age holds at `age`. What was not seen (NaN) counts as no commit."""
        since = age if self.since is None else self.since
        return np.nansum(counts[:, since : age + 1], axis=1) >= self.commits


DEFINITIONS = {
    "back": Stayed("came back at least once"),
    "there": Stayed("active in that very quarter", since=None),
    "three": Stayed("made three commits or more, the first included", since=0, commits=3),
}
SECOND_YEAR = Stayed("active in the second year", since=5)


def activity(project: str) -> pd.DataFrame:
    """Commits per quarter and person of a project, bots left out, without the last quarter, which is not complete."""
    return _activity(project).copy()


@cache
def _activity(project: str) -> pd.DataFrame:
    table = health.project_history(project).iloc[:-1]
    return table.loc[:, (table > 0).any()]


def people(project: str) -> dict[str, list[int]]:
    """Person -> the quarters with a commit, as running numbers: 4 * year, plus 0 to 3. Ascending, each once."""
    table = activity(project)
    numbers = np.array([4 * quarter.year + quarter.quarter - 1 for quarter in table.index])
    return {name: numbers[(table[name] > 0).to_numpy()].tolist() for name in table}


def _by_age(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The row of each person's first commit, and commits by age, shape (people, periods); NaN beyond the history."""
    counts = table.to_numpy(dtype=float).T
    first = (counts > 0).argmax(axis=1)
    at = first[:, None] + np.arange(counts.shape[1])[None, :]
    inside = at < counts.shape[1]
    return first, np.where(inside, np.take_along_axis(counts, np.where(inside, at, 0), axis=1), np.nan)


def cohorts(table: pd.DataFrame, stayed: Stayed, ages: Iterable[int] = AGES) -> pd.DataFrame:
    """One row a calendar year of first commits and an age, indexed by both.

    table: commits per quarter and person, every quarter complete. Columns: newcomers; seen, those whose age lies within
    the history; stayed, how many are known to have stayed by that age.
    """
    first, counts = _by_age(table)
    year = table.index.year.to_numpy()[first]
    rows = []
    for age in ages:
        seen = first + age < len(table)
        held = stayed.held(counts, age)
        rows += [
            (cohort, age, int(mine.sum()), int((mine & seen).sum()), int((mine & held).sum()))
            for cohort in sorted(set(year))
            for mine in [year == cohort]
        ]
    found = pd.DataFrame(rows, columns=["cohort", "age", "newcomers", "seen", "stayed"])
    return found.set_index(["cohort", "age"]).sort_index()


def may_be_shown(stayed, newcomers):
    """Whether a share points at nobody: of ENOUGH people or more, and none or ENOUGH of them counted.

    Takes two numbers or two columns. One to four who came back are "few", however large the cohort is.
    """
    return (newcomers >= ENOUGH) & ((stayed == 0) | (stayed >= ENOUGH))


def fair(found: pd.DataFrame) -> pd.Series:
    """The shares (0 to 1) of `cohorts` that may be compared and shown: everybody seen for the whole window, and enough.

    The others are NaN.
    """
    return naive(found).where(found["seen"] == found["newcomers"])


def fair_at(table: pd.DataFrame, stayed: Stayed, age: int) -> pd.Series:
    """The shares that may be compared at one age, by cohort."""
    return fair(cohorts(table, stayed, [age])).droplevel("age")


def naive(found: pd.DataFrame) -> pd.Series:
    """The same shares as if whoever has not been seen to stay had left. What may not be shown is NaN here as well."""
    return (found["stayed"] / found["newcomers"]).where(may_be_shown(found["stayed"], found["newcomers"]))


def kaplan_meier(times: Iterable[float], happened: Iterable[bool]) -> pd.Series:
    """The share for whom it has happened, by time; everybody counts for as long as they were watched.

    times: when it happened, or until when somebody was watched without its happening. happened: which of the two.
    Returns 1 - S(t) at each time at which something happened, ascending. Who is watched until t counts as at risk at t.
    Source: E. L. Kaplan and P. Meier, 1958 (the product-limit estimate). Raises ValueError for lists of two lengths.
    """
    surviving = survival.curve(list(map(float, times)), list(map(bool, happened)))["surviving"]
    return (1 - surviving.iloc[1:]).rename("share")  # without time 0, at which nothing has happened


def waiting_to_return(table: pd.DataFrame) -> pd.DataFrame:
    """For each person the cohort (year), the quarters until the return or the end of the data, and which it was."""
    first, counts = _by_age(table)
    later = counts[:, 1:] > 0
    back = later.any(axis=1)
    end = len(table) - 1 - first
    return pd.DataFrame(
        {
            "cohort": table.index.year.to_numpy()[first],
            "quarters": np.where(back, later.argmax(axis=1) + 1, end),
            "back": back,
        }
    )


def _share(first: np.ndarray, counts: np.ndarray, may: np.ndarray, stayed: Stayed, age: int) -> tuple[float, int]:
    held = stayed.held(counts[may & (first + age < counts.shape[1])], age)
    return (float(held.mean()) if may_be_shown(held.sum(), len(held)) else np.nan), len(held)


# What "stayed" can mean for a comparison of projects: column -> (definition, age in quarters).
MEANINGS = {
    "came back in a year": (DEFINITIONS["back"], 4),
    "3 commits in a year": (DEFINITIONS["three"], 4),
    "active in 2nd year": (SECOND_YEAR, 8),
}


def by_definition(first: int = 2020, last: int = 2022, projects: Iterable[str] = tuple(PROJECTS)) -> pd.DataFrame:
    """Projects against meanings of "stayed", in per cent of the newcomers of the years `first` to `last`; NaN: few.

    Only newcomers whose two years lie within the history count, the same ones in each column.
    """
    rows = {}
    for project in projects:
        table = activity(project)
        begun, counts = _by_age(table)
        year = table.index.year.to_numpy()[begun]
        may = (year >= first) & (year <= last) & (begun + 8 < len(table))
        shares = {words: 100 * _share(begun, counts, may, *meaning)[0] for words, meaning in MEANINGS.items()}
        rows[project] = {"newcomers": int(may.sum()), **shares}
    return pd.DataFrame(rows).T.astype({"newcomers": int})


# For the community plan: measure -> (definition, age), over the newest eight quarters of first commits whose window is
# within the history.
MEASURES = {"back": MEANINGS["came back in a year"], "three": MEANINGS["3 commits in a year"],
            "second-year": MEANINGS["active in 2nd year"]}  # fmt: skip


def baselines(project: str) -> pd.DataFrame:
    """What a plan starts from: for each of MEASURES the share (per cent), of how many, and their first quarters.

    The share is NaN where it rests on too few.
    """
    table = activity(project)
    begun, counts = _by_age(table)
    rows = {}
    for measure, (stayed, age) in MEASURES.items():
        newest = len(table) - 1 - age
        may = (begun <= newest) & (begun > newest - 8)
        share, number = _share(begun, counts, may, stayed, age)
        rows[measure] = (100 * share, number, f"{table.index[newest - 7]} to {table.index[newest]}")
    return pd.DataFrame(rows, index=["share", "of", "first change"]).T
