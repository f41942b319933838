"""Measures of relicensing: who left open source, what those share who did not, and out of how many.

Tables: see `ospolab.data`; `relicensings` holds known cases and is no sample. Everything here speaks of projects and
organisations, never of people.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import yaml

from ospolab import control, health, intake
from ospolab.data import load

__all__ = [
    "BEHIND",
    "SEEN_UNTIL",
    "YEARS_OF_THE_LIST",
    "Component",
    "Group",
    "Way",
    "absence_factors",
    "ceiling",
    "chance",
    "comparison",
    "decisions",
    "inventory",
    "left_open_source",
    "opens_on",
    "over",
    "project_years",
    "who_can_alone",
    "worth",
    "yearly",
]

# Who decided, for the projects of `relicensings` that left open source: the company behind each at that time.
BEHIND = {
    "Airbyte": "Airbyte",
    "Akka": "Lightbend",
    "ArangoDB": "ArangoDB",
    "Aseprite": "Igara Studio",
    "CockroachDB": "Cockroach Labs",
    "Consul": "HashiCorp",
    "Elasticsearch": "Elastic",
    "Kibana": "Elastic",
    "MongoDB": "MongoDB",
    "Redis": "Redis",
    "Sentry": "Sentry",
    "Terraform": "HashiCorp",
    "TimescaleDB": "Timescale",
    "Vagrant": "HashiCorp",
    "Vault": "HashiCorp",
    "ksqlDB": "Confluent",
}
SEEN_UNTIL = datetime(2026, 8, 7)  # the day of `foundation_projects`
YEARS_OF_THE_LIST = 9  # calendar years from the first to the last change that left open source, 2016 to 2024

_FEW_SIGN_OFFS, _FEW_PEOPLE, _ENOUGH_COMMITS = 0.10, 5, 20
# Repositories of `community_files` whose project left open source, and histories of `project_activity`, just before.
_LEFT_REPOS = {
    *("akka/akka", "aseprite/aseprite", "confluentinc/ksql", "hashicorp/terraform", "hashicorp/vagrant"),
    *("redis/redis", "timescale/timescaledb"),
}
_LEFT_HISTORIES = {"redis": "2023Q4", "terraform": "2023Q2"}
_FORKS = {"valkey", "opentofu"}  # their history is that of redis and terraform


# ------------------------------------------------------------------------------------------------- those who left


def left_open_source() -> pd.DataFrame:
    """Rows of `relicensings` that went from OSI-approved to not, with the column `behind`: who decided."""
    changes = load("relicensings")
    gone = changes[changes["osi_approved_before"] & ~changes["osi_approved_after"]]
    return gone.assign(behind=gone["project"].map(BEHIND))


def decisions(changes: pd.DataFrame) -> pd.DataFrame:
    """One row a decision: what one company changed on one day, with the number of projects and a listed fork.

    changes: rows of `left_open_source`. Returns date, behind, projects, fork (whether one is listed for any of them).
    """
    found = changes.groupby(["date", "behind"], as_index=False)
    return found.agg(projects=("project", "size"), fork=("fork", lambda forks: bool((forks != "").any())))


class Group(NamedTuple):
    """One signal in two groups: how many have it, of how many looked at. stayed: None if it cannot be counted."""

    signal: str
    left: tuple[int, int]
    stayed: tuple[int, int] | None
    where: str


@cache
def comparison() -> tuple[Group, ...]:
    """Five signals, counted among those who left and among those who stayed, each where a table of ours has it.

    Those who left are counted by decision: permissive, if most of the projects of that decision were; sign-offs, by the
    account that holds the repositories.
    """
    gone = left_open_source()
    made = decisions(gone)
    licences = gone["from_spdx"].map(_permissive).groupby([gone["date"], gone["behind"]]).mean() > 0.5
    cards = control.cards()
    files = load("community_files").set_index("repo")
    stayed = files.drop(index=list(_LEFT_REPOS))
    few = files["signoff_share_last_2y"] < _FEW_SIGN_OFFS
    accounts = few[list(_LEFT_REPOS)].groupby(lambda repo: repo.split("/")[0]).all()
    crowds = _absence_factors()
    return (
        Group(
            "one company",
            (len(made), len(made)),
            (int((cards["largest employer, %"] >= 50).sum()), len(cards)),
            "maintainers_by_employer: one employer has half of the seats or more",
        ),
        Group(
            "no foundation",
            (len(made), len(made)),
            None,
            "foundation_projects holds projects inside one only",
        ),
        Group(
            "permissive",
            (int(licences.sum()), len(licences)),
            (int(stayed["licence_spdx"].map(_permissive).sum()), len(stayed)),
            "community_files: the licence",
        ),
        Group(
            "few people",
            _few_people(crowds, list(_LEFT_HISTORIES)),
            _few_people(crowds, [name for name in crowds if name not in _LEFT_HISTORIES]),
            "project_activity: five people or fewer made half of a year's commits",
        ),
        Group(
            "few sign-offs",
            (int(accounts.sum()), len(accounts)),
            (int(few.drop(list(_LEFT_REPOS)).sum()), len(stayed)),
            "community_files: fewer than one commit in ten",
        ),
    )


def _permissive(licence: str) -> bool:
    return intake.category(licence) == "permissive"


@cache
def _absence_factors() -> dict[str, int]:
    """The contributor absence factor of twelve months, by project: just before the change, otherwise at the end."""
    found = {}
    for project in sorted(load("project_activity")["project"].unique()):
        if project in _FORKS:
            continue
        history = health.project_history(project)
        at = pd.Period(_LEFT_HISTORIES[project], freq="Q") if project in _LEFT_HISTORIES else history.index[-2]
        if health.trailing(history, 4).loc[at].sum() >= _ENOUGH_COMMITS:
            found[project] = int(health.absence_curve(history, 4, 0.5).loc[at])
    return found


def absence_factors() -> pd.Series:
    """How few people made half of a year's commits: redis and terraform just before they left, the others lately."""
    return pd.Series(_absence_factors(), name="people for half").sort_values(ascending=False, kind="stable")


def _few_people(crowds: dict[str, int], projects: list[str]) -> tuple[int, int]:
    return sum(crowds[name] <= _FEW_PEOPLE for name in projects), len(projects)


# ------------------------------------------------------------------------------------------------------------- rates


def worth(left: Iterable[bool | None], stayed: Iterable[bool | None]) -> float:
    """How many times as common a signal is among those who left as among those who stayed (a likelihood ratio).

    left, stayed: for each project whether it shows the signal; None: unknown, left out. 1 tells nothing. Raises
    ValueError if nothing is known of a group, or if nobody who stayed shows it: then it cannot be counted.
    """
    known = [[one for one in group if one is not None] for group in (left, stayed)]
    if not all(known):
        raise ValueError("a group of which nothing is known has no share")
    gone, here = (sum(group) / len(group) for group in known)
    if here == 0:
        raise ValueError("nobody who stayed shows it: the comparison group cannot tell what it is worth")
    return gone / here


def chance(base: float, worths: Iterable[float]) -> float:
    """A base rate after signals: odds of the base times each worth, as a probability (Bayes' rule in odds).

    base: from 0 to below 1. worths: as from `worth`, taken as independent, which signals of one company rarely are.
    Raises ValueError outside.
    """
    if not 0 <= base < 1:
        raise ValueError("a base rate lies between 0 and 1")
    odds = base / (1 - base) * math.prod(worths)
    return odds / (1 + odds)


def over(years: float, a_year: float) -> float:
    """The chance of at least one event in so many years, from the chance in one; the years taken as independent."""
    return 1 - (1 - a_year) ** years


def project_years(projects: pd.DataFrame, until: datetime = SEEN_UNTIL) -> float:
    """Years that projects of `foundation_projects` were watched: from `accepted` to `archived`, or else to `until`."""
    ends = projects["archived"].fillna(until)
    return float((ends - projects["accepted"]).dt.days.sum() / 365.25)


def ceiling(years: float) -> float:
    """The highest yearly rate that still fits "none seen in so many project-years", at 95 %.

    With a rate r, none is seen with probability exp(-r * years); 5 % of that gives about 3 / years ("rule of three").
    """
    if years <= 0:
        raise ValueError("nothing was watched")
    return -math.log(0.05) / years


def yearly(roster: int) -> float:
    """The share that left in a year, had the known decisions come from so many projects of single companies.

    The numerator is counted; `roster` is an assumption, because no table of ours counts such projects. A rate of
    single companies has the sign "one company" in it: do not multiply it by that sign's worth once more.
    """
    return len(decisions(left_open_source())) / YEARS_OF_THE_LIST / roster


# --------------------------------------------------------------------------------------------- rights, and their dates


def who_can_alone(licence: str, agreement: str) -> str:
    """Who could give the next release other terms: "anyone", "holder" or "all".

    licence: "permissive" or "copyleft" (weak copyleft, too, as to its own files). agreement: what contributions come
    with: "same" (under the project's licence, with or without a sign-off), "grant" (an agreement that lets one holder
    choose the terms) or "own" (all written by one holder). Raises ValueError for other words.

    anyone: a permissive licence lets whoever keeps its notices put their own version under further terms. holder: the
    one who has the rights. all: each holder of rights in the code that stays, or the code is written anew.
    """
    if licence not in ("permissive", "copyleft") or agreement not in ("same", "grant", "own"):
        raise ValueError(f"unknown: {licence!r} with {agreement!r}")
    if licence == "permissive":
        return "anyone"
    return "all" if agreement == "same" else "holder"


def opens_on(released: date, change_date: date | None = None) -> date:
    """When a version under BUSL-1.1 falls under its change licence: on its change date, or four years after it was
    first published under BUSL-1.1, whichever comes first. change_date: None if none is stated.

    29 February has an anniversary only in leap years; where the fourth is none, 28 February stands for it (our choice:
    the licence does not say). Source: text of BUSL-1.1, second paragraph of the terms.
    """
    try:
        fourth = released.replace(year=released.year + 4)
    except ValueError:
        fourth = released.replace(year=released.year + 4, day=28)
    return min(fourth, change_date) if change_date else fourth


# ------------------------------------------------------------------------------------------------- ways out, and costs


@dataclass(frozen=True)
class Way:
    """What one way out takes: days once, days in the first year, how these grow a year, money a year.

    freely: whether it can be gone without anybody's permission.
    """

    words: str
    once: float
    days: float
    growth: float
    money: float
    freely: bool

    def so_far(self, years: int, day: float) -> list[float]:
        """What it has cost after each of so many years. day: what a day of an engineer costs."""
        spent, found = self.once * day, []
        for year in range(years):
            spent += self.days * self.growth**year * day + self.money
            found.append(spent)
        return found


# ----------------------------------------------------------------------------------------------------- the inventory


@dataclass(frozen=True)
class Component:
    """A component of the invented inventory. home: company, foundation, community or person.

    agreement: see `who_can_alone`. name_held_by: who holds the trademark or name. people: how many made half of last
    year's commits.
    """

    key: str
    what: str
    home: str
    licence: str
    agreement: str
    name_held_by: str
    people: int

    @property
    def alone(self) -> str:
        """See `who_can_alone`."""
        return who_can_alone("permissive" if _permissive(self.licence) else "copyleft", self.agreement)

    @property
    def signals(self) -> frozenset[str]:
        """Which of the four signals it shows: vendor, right, home, spread.

        home: outside a foundation, or inside one that does not hold its name.
        """
        shown = {
            "vendor": self.home == "company",
            "right": self.alone in ("anyone", "holder"),
            "home": self.home != "foundation" or self.name_held_by.startswith("company"),
            "spread": self.people <= _FEW_PEOPLE,
        }
        return frozenset(signal for signal, holds in shown.items() if holds)


@cache
def inventory() -> dict[str, Component]:
    """The ten components of the lab, all invented, by key."""
    rows = yaml.safe_load((Path(__file__).parent / "relicensing.yml").read_text(encoding="utf-8"))
    return {key: Component(key=key, **facts) for key, facts in rows.items()}
