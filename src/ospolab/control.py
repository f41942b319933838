"""Measures of control: whose people decide in a project, did a fork win, how long projects last.

A seat is one maintainer of one project. Everything here ranks projects and employers, never people. Tables: see
`ospolab.data`; `maintainers_by_employer` has one row for the seats of one employer in one project.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pandas as pd

from ospolab import health
from ospolab.data import load

__all__ = [
    "BLANKS",
    "FEWEST",
    "NAMES",
    "OWNERS",
    "SPELLINGS",
    "UNSTATED",
    "archived_within",
    "blanks_read",
    "cards",
    "commit_factors",
    "elephant_factor",
    "fork_quarters",
    "fork_years",
    "joined",
    "largest_share",
    "seats",
]

# Not an employer: people who named none, and people who said that they are independent.
UNSTATED = "independent_or_unstated"

# Bodies with fewer seats are left out: with two seats, one employer always holds half.
FEWEST = 3

# What the unstated can be taken for. The first is how the course counts.
BLANKS = {
    "alone": "each on their own",
    "left-out": "left out altogether",
    "one-company": "one company (the naive way)",
    "largest": "all with the largest employer (the worst case)",
}

# One company written in two ways. The table itself joins only what differs in case or in a legal suffix.
SPELLINGS = {
    "AWS": "Amazon",
    "Aliyun": "Alibaba",
    "Alibaba Cloud": "Alibaba",
    "Alibaba Group": "Alibaba",
    "Amazon Web Services": "Amazon",
    "Cisco Systems": "Cisco",
    "Digital Ocean": "DigitalOcean",
    "GEICO Insurance": "Geico",
    "Grafana": "Grafana Labs",
    "Guidewire Software": "Guidewire",
    "IBM Research": "IBM",
    "JD.com": "JD",
    "Kuaishou Technology": "Kuaishou",
    "Kubermatic GmbH": "Kubermatic",
    "Lambda AI": "Lambda",
    "New York University": "NYU",
    "Palark GmbH": "Palark",
    "RedHat": "Red Hat",
    "Sangfor Technologies": "Sangfor",
    "edera.dev": "Edera",
    "ionos-cloud": "IONOS Cloud",
}
# Companies that belong to another one of the table, each from a public report that the lesson names among its sources.
# A choice, not a register of companies: owners change.
OWNERS = {
    "GitHub": "Microsoft",
    "Isovalent": "Cisco",
    "LinkedIn": "Microsoft",
    "Rancher Labs": "SUSE",
    "Red Hat": "IBM",
    "Splunk": "Cisco",
    "VMware": "Broadcom",
}
# Who counts as one employer.
NAMES = {
    "declared": "as the list writes them",
    "spellings": "spellings of one company joined",
    "owners": "owned companies joined with their owner",
}


def seats(project: str, table: pd.DataFrame | None = None) -> pd.Series:
    """Seats by employer of one project, largest first. table: default `maintainers_by_employer`.

    Raises ValueError for a project that the table does not have.
    """
    table = load("maintainers_by_employer") if table is None else table
    rows = table[table["project"] == project]
    if rows.empty:
        raise ValueError(f'There is no project "{project}" in the list of maintainers; spelling and case count.')
    found = rows.groupby("employer")["maintainers"].sum()
    return found.sort_index().sort_values(ascending=False, kind="stable")


def joined(table: pd.DataFrame, names: str = "declared") -> pd.DataFrame:
    """The table with employers joined by one of the rules in NAMES."""
    if names not in NAMES:
        raise ValueError(f'names is "{names}"; expected one of: {", ".join(NAMES)}')
    employer = table["employer"]
    if names != "declared":
        employer = employer.replace(SPELLINGS)
    if names == "owners":
        employer = employer.replace(OWNERS)
    found = table.assign(employer=employer)
    return found.groupby(["project", "maturity", "employer"], as_index=False)["maintainers"].sum()


def blanks_read(by_employer: Mapping[str, int], blanks: str = "alone") -> list[int]:
    """Seats of each employer once it is decided what the unstated are, largest first; see BLANKS.

    by_employer: seats by employer, the unstated under UNSTATED. Where nobody names an employer, "largest" takes all for
    people of one: the worst case is the worst case. Raises ValueError for another rule.
    """
    if blanks not in BLANKS:
        raise ValueError(f'blanks is "{blanks}"; expected one of: {", ".join(BLANKS)}')
    named = sorted((int(n) for employer, n in by_employer.items() if employer != UNSTATED), reverse=True)
    unstated = int(by_employer.get(UNSTATED, 0))
    if blanks == "left-out" or not unstated:
        return named
    if blanks == "one-company" or (blanks == "largest" and not named):
        return sorted([*named, unstated], reverse=True)
    if blanks == "largest":
        return [named[0] + unstated, *named[1:]]
    return [*named, *[1] * unstated]


def largest_share(by_employer: Mapping[str, int], blanks: str = "alone") -> float:
    """Share of the seats that the largest employer holds, 0 to 1; 0 if nobody names one.

    Someone who names no employer is nobody's employee and still has a seat: with "alone" the unstated count below the
    line and never above it.
    """
    named = any(employer != UNSTATED for employer in by_employer)
    counts = blanks_read(by_employer, blanks)
    return max(counts) / sum(counts) if counts and (named or blanks in ("one-company", "largest")) else 0.0


def elephant_factor(by_employer: Mapping[str, int], share: float = 0.5, blanks: str = "alone") -> int:
    """Smallest number of employers whose people together hold at least `share` of the seats (or of the commits).

    Low means concentrated, high means spread. With "alone" each of the unstated counts as an employer of one.
    0 if nothing is left to count. Raises ValueError on a share outside (0, 1].
    Source: CHAOSS, Elephant Factor, which counts commits of companies.
    """
    return health.contributor_absence_factor(blanks_read(by_employer, blanks), share)


@cache
def _cards(names: str, blanks: str) -> pd.DataFrame:
    table = joined(load("maintainers_by_employer"), names)
    rows = []
    for (project, maturity), group in table.groupby(["project", "maturity"]):
        counted = dict(zip(group["employer"], group["maintainers"], strict=True))
        listed = sum(counted.values())
        share = largest_share(counted, blanks)
        # What the count runs over: all seats, or those of whom an employer is known.
        base = sum(blanks_read(counted, blanks))
        rows.append(
            {
                "project": project,
                "maturity": maturity,
                "seats": listed,
                "unstated": counted.get(UNSTATED, 0),
                "largest employer, %": round(100 * share, 1),
                "elephant factor": elephant_factor(counted, blanks=blanks),
                "people for half": -(-listed // 2),
                "would be left": base - round(share * base),
            }
        )
    found = pd.DataFrame(rows).set_index("project")
    return found[found["seats"] >= FEWEST]


def cards(names: str = "declared", blanks: str = "alone") -> pd.DataFrame:
    """One row a project with at least FEWEST seats: how concentrated it is, by four definitions.

    Columns: maturity; seats; unstated (of the seats); largest employer, % (of the seats); elephant factor;
    people for half (of the seats: an absence factor in which each seat counts the same); would be left (seats, if the
    largest employer withdrew its people). names, blanks: rules of NAMES and BLANKS.
    """
    return _cards(names, blanks).copy()


def commit_factors(project: str, quarters: int = 8) -> pd.Series:
    """Elephant factor of a project's commits under four rules for who belongs to which company.

    The last `quarters` complete quarters of `project_activity`, bots left out. Only an e-mail domain of at least three
    people counts as a company there (orgN). Rules: "companies only", where all other commits are left out; "kinds of
    address", where each kind of private address is one company; "address by address", where each person without a
    company's address stands alone; "person by person", where one company's address makes all of a person's
    commits the company's.
    """
    activity = load("project_activity")
    rows = activity[(activity["project"] == project) & ~activity["is_bot"]]
    if rows.empty:
        raise ValueError(f'There is no project "{project}" in project_activity')
    last = rows["quarter"].max()  # its data ends somewhere within
    rows = rows[(rows["quarter"] < last) & (rows["quarter"] >= last - quarters)]
    company = rows["affiliation_class"].str.startswith("org")
    alone = "person " + rows["contributor"].astype(str)
    at = rows[company].groupby(["contributor", "affiliation_class"], as_index=False)["commits"].sum()
    main = at.sort_values(["commits", "affiliation_class"]).groupby("contributor")["affiliation_class"].last()
    rules = {
        "companies only": rows["affiliation_class"].where(company),
        "kinds of address": rows["affiliation_class"],
        "address by address": rows["affiliation_class"].where(company, alone),
        "person by person": rows["contributor"].map(main).fillna(alone),
    }
    return pd.Series(
        {
            rule: health.contributor_absence_factor(rows.groupby(whose.rename("whose"))["commits"].sum())
            for rule, whose in rules.items()
        },
        name=project,
    )


# Forks


def fork_quarters(pair: str) -> pd.DataFrame:
    """Complete quarters of a pair ("terraform/opentofu"): one row a quarter, columns (measure, side)."""
    table = load("forks_quarterly")
    rows = table[(table["pair"] == pair) & table["complete"]]
    if rows.empty:
        raise ValueError(f'There is no pair "{pair}"; there are {", ".join(sorted(table["pair"].unique()))}')
    measures = ["contributors", "commits", "contributor_absence_factor"]
    return rows.pivot(index="quarter", columns="side", values=measures)


def fork_years(pair: str) -> pd.DataFrame:
    """Means a quarter, by year: contributors, absence factor, and how many complete quarters stand behind them."""
    table = load("forks_quarterly")
    rows = table[(table["pair"] == pair) & table["complete"]].assign(year=lambda r: r["quarter"].dt.year)
    if rows.empty:
        raise ValueError(f'There is no pair "{pair}"; there are {", ".join(sorted(table["pair"].unique()))}')
    found = rows.groupby(["year", "side"]).agg(
        quarters=("quarter", "size"),
        contributors=("contributors", "mean"),
        absence_factor=("contributor_absence_factor", "mean"),
    )
    return found.round(1).unstack("side").rename(columns={"absence_factor": "absence factor"})


# Endings


def archived_within(years: float, at: str = "2026-08-07") -> tuple[int, int]:
    """Of the projects accepted at least `years` before `at`, how many were archived within `years`.

    Returns (archived, projects). Younger projects are left out of both numbers: nobody can know yet.
    at: the day of the snapshot.
    """
    table = load("foundation_projects")
    days = years * 365.25
    watched = table[(pd.Timestamp(at) - table["accepted"]).dt.days >= days]
    ended = (watched["archived"] - watched["accepted"]).dt.days <= days
    return int(ended.sum()), len(watched)
