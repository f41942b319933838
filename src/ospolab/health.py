"""Measures of project health, computed from who made how many commits when.

Every function here is short on purpose: a number that an office reports should be one that its reader can check.
Tables of counts have one row a period (month or quarter, none left out) and one column a contributor.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from ospolab.data import load

__all__ = [
    "COMPARED",
    "NEW_FOR",
    "RUNNING",
    "Rule",
    "absence_curve",
    "alarms",
    "commit_table",
    "contributor_absence_factor",
    "episodes",
    "factors",
    "latest",
    "newcomer_share",
    "project_card",
    "project_cards",
    "project_history",
    "raised",
    "rule_outcome",
    "rule_series",
    "stretches",
    "trailing",
]

# Projects of the table in which no hidden take-over by a newcomer is known (last checked 2026-11-23). They were not all
# calm: colors and faker were sabotaged by their own maintainer, left-pad was withdrawn. Left out: xz and event-stream,
# where there was a take-over, and the forks valkey, opentofu and faker-old, whose years belong to another row.
COMPARED = ["colors", "curl", "faker", "flask", "left-pad", "redis", "requests", "scorecard", "terraform"]

# Those of the table with at least twenty commits in each of the years 2021 and 2023; the forks are left out here too.
RUNNING = ["curl", "faker", "flask", "redis", "requests", "scorecard", "terraform", "xz"]

# Quarters for which a contributor counts as new: two years.
NEW_FOR = 8


def contributor_absence_factor(commits, share: float = 0.5) -> int:
    """Smallest number of contributors who together made at least `share` of the commits.

    commits: one non-negative count per contributor, any order, shape (n,). share: fraction in (0, 1].
    Returns an int in 1..n; 0 for no commits at all. Raises ValueError on negative or missing counts and on a share
    outside (0, 1].
    Source: CHAOSS, Contributor Absence Factor (formerly Bus Factor).
    """
    counts = np.sort(np.asarray(list(commits), dtype=float))[::-1]
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}; it must be above 0 and at most 1 (0.5 is half of the commits)")
    if not (counts >= 0).all():
        raise ValueError("commits holds something that is no count: negative, or not a number")
    if counts.sum() == 0:
        return 0
    # In binary fractions 0.55 * 100 is a little more than 55; the small allowance keeps that from costing a person.
    needed = share * counts.sum() - 1e-9
    return int(np.argmax(np.cumsum(counts) >= needed)) + 1


def factors(commits, shares: tuple[float, ...] = (0.5, 0.8)) -> pd.Series:
    """Contributor absence factors of one set of counts at several shares, labelled "50 %", "80 %"."""
    return pd.Series(
        {f"{share:.0%}".replace("%", " %"): contributor_absence_factor(commits, share) for share in shares}
    )


def commit_table(activity: pd.DataFrame, project: str) -> pd.DataFrame:
    """Commits per quarter and contributor of one project, bots left out, quarters without commits filled with zeros.

    activity: the table `project_activity`. Returns counts of shape (quarters, contributors).
    Raises ValueError for a project that the table does not have.
    """
    rows = activity[(activity["project"] == project) & ~activity["is_bot"]]
    if rows.empty:
        raise ValueError(
            f'There is no project "{project}"; there are {", ".join(sorted(activity["project"].unique()))}'
        )
    table = rows.pivot_table(index="quarter", columns="contributor", values="commits", aggfunc="sum", fill_value=0)
    every_quarter = pd.period_range(table.index.min(), table.index.max(), freq=table.index.freq, name="quarter")
    return table.reindex(every_quarter, fill_value=0).astype(int)


def trailing(table: pd.DataFrame, window: int) -> pd.DataFrame:
    """Sums over the last `window` periods, the present one included; periods without a full window are left out."""
    if not 1 <= window <= len(table):
        raise ValueError(f"window is {window} periods; this history has {len(table)}, so take 1 to {len(table)}")
    # Differences of running totals: pandas' own rolling sum takes a second where a project has a thousand contributors.
    totals = np.vstack([np.zeros((1, table.shape[1]), dtype=int), table.to_numpy().cumsum(axis=0)])
    return pd.DataFrame(totals[window:] - totals[:-window], index=table.index[window - 1 :], columns=table.columns)


def absence_curve(table: pd.DataFrame, window: int, share: float = 0.5) -> pd.Series:
    """Contributor absence factor over the trailing `window` periods, at each period that has a full window."""
    sums = trailing(table, window)
    return pd.Series(
        [contributor_absence_factor(row, share) for row in sums.to_numpy()], index=sums.index, name="factor"
    )


def newcomer_share(table: pd.DataFrame, window: int, new_for: int) -> pd.Series:
    """Largest share of the trailing commits that one newcomer made, at each period after the first `new_for`.

    A newcomer is a contributor whose first commit lies less than `new_for` periods back. In the first `new_for` periods
    of a history everyone is new and the measure says nothing, so they are left out. Shares are in 0..1, and 0 where
    there are no commits.
    """
    sums = trailing(table, window)
    age = np.arange(len(table))[:, None] - (table.to_numpy() > 0).argmax(axis=0)[None, :]
    by_newcomers = np.where(age[window - 1 :] < new_for, sums.to_numpy(), 0)
    commits = sums.to_numpy().sum(axis=1)
    share = pd.Series(by_newcomers.max(axis=1) / np.maximum(commits, 1), index=sums.index, name="share")
    return share.loc[table.index[new_for] :] if new_for < len(table) else share.iloc[:0]


def stretches(yes_or_no: pd.Series) -> pd.DataFrame:
    """The runs of yes in a yes/no series over time: one row a run, columns start and end (both inside the run)."""
    yes = yes_or_no.astype(bool).to_numpy()
    edges = np.diff(np.r_[False, yes, False].astype(int))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return pd.DataFrame({"start": yes_or_no.index[first], "end": yes_or_no.index[last]})


def episodes(yes_or_no: pd.Series) -> int:
    """How many separate alarms a yes/no series holds: a run of yes in a row is one alarm."""
    return len(stretches(yes_or_no))


# The same measures on the tables of the course.


def project_history(project: str) -> pd.DataFrame:
    """Commits per quarter and contributor of one project."""
    return _history(project).copy()


@cache
def _history(project: str) -> pd.DataFrame:
    if project == "xz by month":
        return load("handover_monthly").pivot(index="month", columns="role", values="authored")
    return commit_table(load("project_activity"), project)


def project_card(project: str, quarter: str | None = None) -> pd.Series:
    """The figures of one project that a health report gives, over the twelve months up to the end of `quarter`.

    quarter: e.g. "2023Q4"; by default the last but one, because the last holds the newest commit and may be incomplete.
    The newcomer's share is in whole per cents; None in the first two years, when everyone is new.
    """
    history = project_history(project)
    at = pd.Period(quarter, freq="Q") if quarter else history.index[-2]
    last_year = trailing(history, 4)
    if at not in last_year.index:
        first, last = last_year.index[0], last_year.index[-1]
        raise ValueError(f"{project} has twelve months of data at the end of {first} to {last}, not of {at}")
    commits, newest = last_year.loc[at], newcomer_share(history, 4, NEW_FOR)
    half, most = factors(commits)
    return pd.Series(
        {
            "project": project,
            "twelve months to the end of": str(at),
            "commits": int(commits.sum()),
            "people": int((commits > 0).sum()),
            "factor at 50 %": half,
            "factor at 80 %": most,
            "largest newcomer's share, %": round(100 * newest[at]) if at in newest.index else None,
        },
        name="card",
    )


def project_cards(projects: list[str], quarter: str | None = None) -> pd.DataFrame:
    """The cards of several projects, one row each, indexed by project; see `project_card`."""
    return pd.DataFrame([project_card(project, quarter) for project in projects]).set_index("project")


@dataclass(frozen=True)
class Rule:
    """An early-warning rule: it rings when one newcomer made at least `threshold` per cent of the commits of the last
    `window` months, where those are at least `fewest`. A newcomer is one for `new_for` months after the first commit.

    window and new_for are in months, threshold in per cent.
    """

    window: int
    new_for: int
    threshold: float
    fewest: int

    @classmethod
    def from_answers(cls, given: dict) -> Rule | None:
        """The rule that a form with the fields window, new-for, threshold and fewest describes; None if one is open."""
        if {"window", "new-for", "threshold", "fewest"} - given.keys():
            return None
        return cls(int(given["window"]), int(given["new-for"]), float(given["threshold"]), int(given["fewest"]))


def rule_series(project: str, rule: Rule) -> tuple[pd.Series, pd.Series]:
    """What a rule looks at: the largest newcomer's share (0..1) and the number of commits, over its trailing window.

    Months for xz (table handover_monthly), quarters for every other project (table project_activity). Both series have
    the same index. Raises ValueError where a rule's months are no whole quarters and the table has only those.
    """
    if project == "xz":
        history, step = _history("xz by month"), 1
    else:
        history, step = _history(project), 3
        if rule.window % step or rule.new_for % step:
            raise ValueError(f"{project} is counted in quarters: window and new_for must be multiples of 3 months")
    share = newcomer_share(history, rule.window // step, rule.new_for // step)
    return share, trailing(history, rule.window // step).sum(axis=1).reindex(share.index)


def latest(history: pd.DataFrame, rule: Rule) -> dict[str, object]:
    """What a rule sees at the end of a history of months: counts, factors, the largest newcomer's share, and whether
    it rings. Raises ValueError for a history shorter than the window.
    """
    commits = trailing(history, rule.window).iloc[-1]
    half, most = factors(commits)
    share = newcomer_share(history, rule.window, rule.new_for)
    known = len(share) > 0
    rings = known and commits.sum() >= rule.fewest and share.iloc[-1] >= rule.threshold / 100
    return {
        "commits": int(commits.sum()),
        "people": int((commits > 0).sum()),
        "factor at 50 %": half,
        "factor at 80 %": most,
        "largest newcomer's share": f"{share.iloc[-1]:.0%}"
        if known
        else f"unknown: younger than {rule.new_for} months",
        "the rule rings": "yes: ask" if rings else "no",
    }


def raised(project: str, rule: Rule) -> pd.Series:
    """In which periods a rule rings for a project: True or False, with the index of `rule_series`."""
    return _rings(*rule_series(project, rule), rule)


def alarms(rule: Rule, projects: list[str] = COMPARED) -> pd.DataFrame:
    """How often a rule rings for each project: columns alarms (runs of periods in which it rings) and years.

    Only years in which it could ring count: those with at least `rule.fewest` commits in the window.
    """
    series = {project: rule_series(project, rule) for project in projects}
    return pd.DataFrame(
        {
            "alarms": {project: episodes(_rings(*pair, rule)) for project, pair in series.items()},
            "years": {
                project: (commits >= rule.fewest).sum() / (12 if commits.index.freqstr == "M" else 4)
                for project, (_, commits) in series.items()
            },
        }
    )


def _rings(share: pd.Series, commits: pd.Series, rule: Rule) -> pd.Series:
    return (share >= rule.threshold / 100) & (commits >= rule.fewest)


@cache
def rule_outcome(rule: Rule) -> tuple[pd.Period | None, int]:
    """First month in which a rule rings for xz (None if never), and its alarms on the compared projects together."""
    xz = raised("xz", rule)
    return (xz.idxmax() if xz.any() else None), int(alarms(rule)["alarms"].sum())
