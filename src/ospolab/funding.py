"""What stands on what, and what money keeps standing: reach, criticality scores, and a simulation of a fund.

The graph is that of the course's own environment (tables `course_packages` and `course_requirements`). An arrow leads
from a package to one it needs. What people do to it is not known from these tables, so the chances that a package stops
are assumptions, drawn anew in each simulated year and never those of a real project.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import networkx as nx
import numpy as np
import pandas as pd

from ospolab import health
from ospolab.data import load

__all__ = [
    "SIGNALS",
    "WAYS_TO_CHOOSE",
    "Assumptions",
    "asked_for",
    "criticality_score",
    "graph",
    "longest_chain",
    "needs",
    "overview",
    "reach",
    "scored",
    "signals",
    "simulate",
    "standing",
]

# The graph


@cache
def _graph() -> nx.DiGraph:
    drawn = nx.from_pandas_edgelist(load("course_requirements"), "package", "requires", create_using=nx.DiGraph)
    drawn.add_nodes_from(load("course_packages")["package"])
    return drawn


def graph() -> nx.DiGraph:
    """The course's environment: one node a package, an arrow from a package to each one it needs."""
    return _graph().copy()


def asked_for() -> list[str]:
    """The packages that the course names in its own list, in alphabetical order."""
    packages = load("course_packages")
    return sorted(packages.loc[packages["asked_for"], "package"])


def needs(drawn: nx.DiGraph, package: str) -> set[str]:
    """Everything a package needs, directly or through others; without itself. Raises KeyError for an unknown one."""
    if package not in drawn:
        raise KeyError(f"there is no package {package!r} in this graph")
    return nx.descendants(drawn, package)


def reach(drawn: nx.DiGraph) -> pd.Series:
    """How many packages need each one, directly or through others: counts by package, largest first.

    The package itself is not counted. Packages of equal reach are in alphabetical order.
    """
    counts = {package: len(nx.ancestors(drawn, package)) for package in sorted(drawn)}
    return pd.Series(counts, name="reach").sort_values(ascending=False, kind="stable")


def longest_chain(drawn: nx.DiGraph) -> list[str]:
    """A longest chain of packages, each needing the next. Raises networkx.NetworkXUnfeasible if there is a cycle."""
    return nx.dag_longest_path(drawn)


def standing(drawn: nx.DiGraph, wanted: list[str], lost: set[str]) -> list[str]:
    """Which of the wanted packages still stand, in the order given, when those of `lost` are gone.

    A package stands if it is not lost itself and nothing it needs, directly or through others, is lost.
    """
    return [package for package in wanted if not ({package} | needs(drawn, package)) & lost]


def overview(drawn: nx.DiGraph | None = None) -> pd.DataFrame:
    """One row a package, by reach: direct dependents, reach, asked-for packages that need it, downloads, their rank.

    Downloads are those of 30 days worldwide (table `downloads_top`), in millions; empty below the 500 most downloaded.
    """
    drawn = drawn or _graph()
    top = load("downloads_top").set_index("package")["monthly_downloads"]
    wanted, reaches = set(asked_for()), reach(drawn)
    names = reaches.index
    return pd.DataFrame(
        {
            "direct": [drawn.in_degree(package) for package in names],
            "reach": reaches,
            "asked-for packages that need it": [
                len(({package} | nx.ancestors(drawn, package)) & wanted) for package in names
            ],
            "downloads, millions": (top.reindex(names) / 1e6).round().astype("Int64"),
            "download rank": top.rank(ascending=False).reindex(names).astype("Int64"),
        },
        index=names,
    )


# Criticality

# Weight and threshold of each input of the Open Source Project Criticality Score (OpenSSF).
SIGNALS = {
    "created_since": (1, 120),  # months since the project was created
    "updated_since": (1, 120),  # months since it was last updated: the only input of which less counts as more
    "contributor_count": (2, 5000),
    "org_count": (1, 10),  # organisations that contributors belong to
    "commit_frequency": (1, 1000),  # commits a week over the last year
    "recent_release_count": (0.5, 26),  # releases in the last year
    "closed_issues_count": (0.5, 5000),  # in the last 90 days
    "updated_issues_count": (0.5, 5000),  # in the last 90 days
    "issue_comment_frequency": (1, 15),  # comments an issue in the last 90 days
    "github_mention_count": (2, 500_000),  # mentions of the project in commit messages; first called dependents_count
}


def criticality_score(signals: dict[str, float]) -> float:
    """Criticality score, 0 to 1, from some or all of its inputs: the weighted mean of log(1 + S) / log(1 + T).

    signals: values S of inputs named in SIGNALS, none negative; S counts as at most its threshold T, and T - S where
    less is more. Inputs left out are left out of the mean. Raises ValueError for an unknown input, a negative value,
    or no input at all.
    Source: OpenSSF criticality_score, config/scorer/original_pike.yml at commit 924a24f; formula by Rob Pike.
    """
    if unknown := signals.keys() - SIGNALS.keys():
        raise ValueError(f"unknown input {sorted(unknown)[0]!r}; there are {', '.join(SIGNALS)}")
    if not signals or any(not value >= 0 for value in signals.values()):
        raise ValueError("no input, or one that is negative or not a number")
    total = 0.0
    for name, value in signals.items():
        weight, threshold = SIGNALS[name]
        counted = min(value, threshold)
        if name == "updated_since":
            counted = threshold - counted
        total += weight * math.log1p(counted) / math.log1p(threshold)
    return total / sum(SIGNALS[name][0] for name in signals)


def signals(project: str, quarter: str) -> dict[str, float]:
    """The four inputs of the score that `project_activity` has, at the end of a quarter. Bots are left out.

    Quarters count as three months, so both ages are a little rough.
    """
    history = health.project_history(project).loc[:quarter]
    active = history.index[history.sum(axis=1) > 0]
    return {
        "created_since": 3 * len(history),
        "updated_since": 3 * (history.index[-1] - active[-1]).n,
        "contributor_count": int((history.sum() > 0).sum()),
        "commit_frequency": history.iloc[-4:].to_numpy().sum() / 52,
    }


# The last quarter before something happened that many remember; all others are looked at at the end of 2023.
_BEFORE = {"left-pad": "2015Q4", "event-stream": "2018Q2", "colors": "2021Q4", "faker-old": "2021Q1", "xz": "2023Q4"}


def scored() -> pd.DataFrame:
    """The projects of `project_activity` by their score from four of its ten inputs, lowest first.

    Columns: at (quarter), contributors (ever), people for half (of the commits of the last twelve months), score, and
    incident. Projects with an incident are looked at before it; the forks valkey and opentofu are left out, because
    their history holds that of another row.
    """
    rows = []
    for project in [*_BEFORE, *(p for p in health.RUNNING if p not in _BEFORE)]:
        at = _BEFORE.get(project, "2023Q4")
        found = signals(project, at)
        year = health.project_history(project).loc[:at].iloc[-4:].sum()
        rows.append(
            {
                "project": project,
                "at": at,
                "contributors": found["contributor_count"],
                "people for half": health.contributor_absence_factor(year),
                "score": round(criticality_score(found), 2),
                "incident": "yes" if project in _BEFORE else "",
            }
        )
    return pd.DataFrame(rows).set_index("project").rename_axis(None).sort_values("score", kind="stable")


# The fund

WAYS_TO_CHOOSE = {
    "downloads": "the most downloaded",
    "reach": "the most needed here",
    "look": "the fragile ones found by looking first",
}


@dataclass(frozen=True)
class Assumptions:
    """What is assumed about a year: every number here is invented for teaching.

    fragile_share: of packages, drawn at random, that hang on one tired person. fragile, other: chance that such a
    package, or any other, stops within the year. effect: share of that chance that a grant takes away. fund, grant and
    look are euros: what there is, the smallest useful grant, and a first look at one package.
    """

    fragile_share: float = 0.05
    fragile: float = 0.3
    other: float = 0.002
    effect: float = 0.8
    fund: int = 50_000
    grant: int = 5_000
    look: int = 500


def simulate(
    choose: str, assumed: Assumptions = Assumptions(), looks: int = 40, worlds: int = 1000, seed: int = 20261128
) -> pd.DataFrame:
    """Many drawn years: how many asked-for packages stand without and with the fund. One row a world.

    choose: a key of WAYS_TO_CHOOSE. looks: with "look", how many packages are looked at, those of largest reach first.
    Columns: without, with, spent (euros). Equal seeds draw equal worlds, whatever is chosen, so that plans are compared
    in the same years. Raises ValueError for an unknown way to choose, or for looks that cost more than the fund.
    """
    if choose not in WAYS_TO_CHOOSE:
        raise ValueError(f"choose is {choose!r}; expected one of {', '.join(WAYS_TO_CHOOSE)}")
    if choose == "look" and looks * assumed.look > assumed.fund:
        raise ValueError(f"{looks} looks at {assumed.look} euros cost more than the fund of {assumed.fund}")
    packages, needed, by = _matrix()
    draw = np.random.default_rng(seed)
    fragile = draw.random((worlds, len(packages))) < assumed.fragile_share
    luck = draw.random((worlds, len(packages)))
    chance = np.where(fragile, assumed.fragile, assumed.other)
    if choose == "look":
        grants = (assumed.fund - looks * assumed.look) // assumed.grant
        looked = by["reach"][:looks]
        found = fragile[:, looked] & (np.cumsum(fragile[:, looked], axis=1) <= grants)
        paid = np.zeros_like(fragile)
        paid[:, looked] = found
        spent = looks * assumed.look + found.sum(axis=1) * assumed.grant
    else:
        chosen = by[choose][: assumed.fund // assumed.grant]
        paid = np.zeros_like(fragile)
        paid[:, chosen] = True
        spent = np.full(worlds, len(chosen) * assumed.grant)
    after = np.where(paid, chance * (1 - assumed.effect), chance)
    return pd.DataFrame(
        {"without": _stand(luck < chance, needed), "with": _stand(luck < after, needed), "spent": spent}
    )


def _stand(lost: np.ndarray, needed: np.ndarray) -> np.ndarray:
    """How many wanted packages stand in each world. lost: (worlds, packages); needed: (wanted, packages), bool."""
    return (lost.astype(np.float32) @ needed.T.astype(np.float32) == 0).sum(axis=1)


@cache
def _matrix() -> tuple[list[str], np.ndarray, dict[str, np.ndarray]]:
    """All packages; for each asked-for one what it needs, itself included; the orders in which money may go."""
    table = overview().sort_index()
    packages, drawn = list(table.index), _graph()
    needed = np.array([[p == w or p in nx.descendants(drawn, w) for p in packages] for w in asked_for()])
    orders = {
        "downloads": np.argsort(-table["downloads, millions"].fillna(0).to_numpy(dtype=float), kind="stable"),
        "reach": np.argsort(-table["reach"].to_numpy(), kind="stable"),
    }
    return packages, needed, orders
