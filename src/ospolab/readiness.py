"""Measures of a repository's readiness for strangers: files, weights, activity, and how long an answer takes.

Everything here measures repositories and teams, never people. Table: `community_files`, a row a repository.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import pandas as pd

from ospolab.data import load

__all__ = [
    "ELSEWHERE",
    "STRANGERS",
    "activity_score",
    "files",
    "middle_wait",
    "not_open_source",
    "order",
    "readiness",
    "scores",
    "share_within",
    "swaps",
]

# Who comes to the door -> (what they ask, columns of `community_files` in which they look for the answer).
STRANGERS = {
    "newcomer": ("How do I get my fix in?", ("contributing", "issue_templates", "ci")),
    "finder": ("Whom do I tell about a weakness, in private?", ("security",)),
    "guest": ("How do people treat each other here?", ("code_of_conduct",)),
    "dependent": ("Who decides, and what changed?", ("governance", "maintainers_or_codeowners", "changelog")),
    "reuser": ("May I use it, and how do I name it?", ("license", "reuse_compliant_dir", "citation")),
}

# Files that a repository of the table does not have, and that its organisation keeps once for all of its repositories,
# in a repository called `.github`: found in the stored copies of those, 2026-11-28. What is not here was not looked up
# or not found, which does not prove that there is none.
ELSEWHERE = {
    "akka/akka": {"code_of_conduct", "security"},
    "executablebooks/MyST-NB": {"code_of_conduct", "contributing", "issue_templates"},
    "google/nsjail": {"code_of_conduct", "security"},
    "hashicorp/terraform": {"security"},
    "hashicorp/vagrant": {"security"},
    "jupyter/nbgrader": {"code_of_conduct", "security"},
    "nodejs/security-wg": {"security"},
    "pallets/flask": {"security"},
    "scientific-python/repo-review": {"code_of_conduct"},
    "tukaani-project/xz": {"issue_templates", "security"},
}


def files(elsewhere: bool = False) -> pd.DataFrame:
    """Which community files the 36 repositories have: index repo, a column of bool for each kind of file.

    elsewhere: count also what the organisation keeps for all its repositories (ELSEWHERE).
    """
    table = load("community_files").set_index("repo")
    found = table[[name for _, names in STRANGERS.values() for name in names]].copy()
    if elsewhere:
        for repo, names in ELSEWHERE.items():
            found.loc[repo, sorted(names)] = True
    return found


def not_open_source(licence: str) -> bool:
    """Whether an SPDX expression of the table has a part that no approved licence covers: BUSL, SSPL, a LicenseRef."""
    return any(part in licence for part in ("BUSL", "SSPL", "LicenseRef"))


def readiness(present: Iterable[str], weights: Mapping[str, float]) -> float:
    """The weighted share of the files that are there, from 0 to 1; 0 if all weights are 0.

    present: the names of the files that are there. weights: file -> how much it counts, none negative. Files without a
    weight count nothing. Raises ValueError for a negative weight.
    """
    if any(weight < 0 for weight in weights.values()):
        raise ValueError("a weight below 0 would reward a missing file")
    there, total = set(present), sum(weights.values())
    return sum(weight for name, weight in weights.items() if name in there) / total if total else 0.0


def scores(table: pd.DataFrame, strangers: Mapping[str, float]) -> pd.Series:
    """The readiness of each repository, 0 to 100, when each of STRANGERS counts as much as given.

    The weight of a stranger is divided evenly among the files that answer the question.
    """
    weights = {
        name: strangers.get(who, 0) / len(names) for who, (_, names) in STRANGERS.items() for name in names
    }  # fmt: skip
    found = [100 * readiness([name for name in weights if row[name]], weights) for _, row in table.iterrows()]
    return pd.Series(found, index=table.index, name="readiness")


def order(values: Mapping[str, float]) -> list[str]:
    """Names by falling value; equal ones by name."""
    return sorted(values.keys(), key=lambda name: (-values[name], name))


def swaps(first: Mapping[str, float], second: Mapping[str, float]) -> list[tuple[str, str]]:
    """Pairs whose order turns round: the one is above in `first`, and below in `second`. Ties turn nothing round."""
    names = order(first)
    return [(a, b) for a, b in combinations(names, 2) if first[a] > first[b] and second[a] < second[b]]


def activity_score(repo: Mapping[str, float], brackets: str = "later") -> int:
    """The Repository Activity Score of InnerSource Commons: how active a repository looks, for sorting a portal.

    repo: forks, watchers, stars, issues, days (since the last update), weekly (commits a week, mean of 13 weeks), age
    (days since creation), described and guide (bool). brackets: the page was published with two different formulas;
    "earlier" multiplies by 1 to 2 for freshness and by 1 to 2 for pace, "later", with a bracket in another place, by
    0.01 to 1.01 and by 1/7 to 8/7. Source: InnerSource Patterns, "Repository Activity Score", CC-BY-SA-4.0; formula
    only, in our words. Raises ValueError for other brackets.
    """
    if brackets not in ("earlier", "later"):
        raise ValueError(f'brackets is "{brackets}"; expected "earlier" or "later"')
    points = 50 + 5 * repo["forks"] + repo["watchers"] + repo["stars"] / 3 + repo["issues"] / 5
    fresh = 100 - min(repo["days"], 100)
    pace = min(max(repo["weekly"] - 3, 0), 7)
    if brackets == "earlier":
        points *= (1 + fresh / 100) * (1 + pace / 7)
    else:
        points *= (1 + fresh) / 100 * (1 + pace) / 7
    boost = 1000 - min(repo["days"], 365) * 2.74
    points += boost * (365 - min(repo["age"], 365)) / 365
    points += 50 * bool(repo["described"]) + 100 * bool(repo["guide"])
    if points > 3000:
        points = 3000 + math.log(points) * 100
    return math.floor(points - 50 + 0.5)


def middle_wait(waits: Sequence[float | None]) -> float | None:
    """In how many days at least half of the changes had an answer; None if fewer than half have one yet.

    waits: days until the first answer, None for a change that still waits. Open changes are counted, as unanswered.
    """
    answered = sorted(wait for wait in waits if wait is not None)
    needed = math.ceil(len(waits) / 2)
    return answered[needed - 1] if 0 < needed <= len(answered) else None


def share_within(days: float, waits: Sequence[float | None], ages: Sequence[float]) -> float:
    """The share of changes answered within so many days, of those that were opened at least so many days ago.

    ages: days since each change was opened. 0.0 if none was watched that long.
    """
    watched = [wait for wait, age in zip(waits, ages, strict=True) if age >= days]
    return sum(wait is not None and wait <= days for wait in watched) / len(watched) if watched else 0.0
