"""A fund for an invented portfolio: what a plan keeps standing, and which rules it breaks.

Fourteen components and twelve services, in `fund.yml`, all invented. A service stands if every component it needs,
directly or through others, is still kept. A grant helps if enough of it arrives, by a way the component can take.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import yaml

__all__ = [
    "WAYS",
    "Component",
    "Grant",
    "Rules",
    "best",
    "broken",
    "by_popularity",
    "cheapest",
    "components",
    "drawn_chances",
    "drawn_gains",
    "effective",
    "expected",
    "from_answers",
    "gain",
    "portfolio",
    "quiet",
    "rules",
    "service_table",
    "services",
    "sound_parts",
    "wins",
]

WAYS = {
    "sponsorship": "sponsorship",
    "contract": "contract",
    "staff": "staff time of our own",
    "foundation": "foundation, earmarked",
}


@dataclass(frozen=True)
class Component:
    """One invented component. people: who make half of the work. chance: that it stops within a year, 0 to 1.

    least: euros that must arrive before they do any good. ways: keys of WAYS that it can take.
    """

    name: str
    million: int
    people: int
    chance: float
    least: int
    ways: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Rules:
    """What the invented finance department asks. Euros; fee and effect are shares.

    fund: all there is. reserve: of it, kept back. fewest: components that get something, at least. most: for one of
    them. staff: for all staff time together. fee: what a foundation keeps. effect: share of the chance that a grant
    which arrives takes away.
    """

    fund: int
    reserve: int
    fewest: int
    most: int
    staff: int
    fee: float
    effect: float

    @property
    def spendable(self) -> int:
        return self.fund - self.reserve


@dataclass(frozen=True)
class Grant:
    """Money for one component: euros that leave the fund, and the way they go."""

    component: str
    euros: float
    way: str | None

    @property
    def arrives(self) -> float:
        """Euros that arrive."""
        return self.euros * (1 - rules().fee) if self.way == "foundation" else self.euros


@cache
def _file() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))


@cache
def rules() -> Rules:
    return Rules(**_file()["rules"])


@cache
def components() -> dict[str, Component]:
    """The components by name, most downloaded first."""
    return {
        name: Component(name=name, **{**facts, "ways": tuple(facts["ways"]), "needs": tuple(facts["needs"])})
        for name, facts in _file()["components"].items()
    }


@cache
def services() -> dict[str, frozenset[str]]:
    """For each service the components it needs, directly or through others."""
    drawn = nx.DiGraph()
    drawn.add_nodes_from(components())
    drawn.add_edges_from((one.name, need) for one in components().values() for need in one.needs)
    return {
        service: frozenset(direct).union(*(nx.descendants(drawn, component) for component in direct))
        for service, direct in _file()["services"].items()
    }


def portfolio() -> pd.DataFrame:
    """The components as a table, one row each: what a plan is made from. All figures are invented.

    million: downloads a month. services: how many need it, directly or through others. least: euros that must arrive.
    takes: by which ways it can be helped.
    """
    rows = [
        {
            "component": one.name,
            "million": one.million,
            "people": one.people,
            "chance": f"{round(100 * one.chance)} %",
            "services": sum(one.name in needed for needed in services().values()),
            "least €": one.least,
            "takes": ", ".join(one.ways) or "none",
        }
        for one in components().values()
    ]
    return pd.DataFrame(rows).set_index("component").rename_axis(None)


def service_table() -> pd.DataFrame:
    """For each service the components it needs, directly or through others, in words."""
    return pd.DataFrame({"needs": {name: ", ".join(sorted(needed)) for name, needed in services().items()}})


# What a plan does


def from_answers(given: Mapping[str, Any]) -> list[Grant]:
    """The plan that the table `grants` of the form "fund" describes; rows without euros are no grant."""
    rows = given.get("grants") or {}
    return [
        Grant(name, float(row["euros"]), row.get("way"))
        for name in components()
        if (row := rows.get(name)) and row.get("euros")
    ]


def effective(plan: list[Grant]) -> set[str]:
    """The components that the plan really helps: by a way they can take, with enough arriving."""
    found = components()
    return {
        grant.component
        for grant in plan
        if grant.way in found[grant.component].ways and grant.arrives >= found[grant.component].least - 0.005
    }


def expected(helped: set[str], chances: Mapping[str, float] | None = None) -> float:
    """How many services stand at the end of the year, on average. chances: other ones than the portfolio's.

    Components stop independently of each other, so a service stands with the product of what its components have left.
    """
    left = {
        name: 1 - (chances or {}).get(name, one.chance) * ((1 - rules().effect) if name in helped else 1)
        for name, one in components().items()
    }
    return sum(math.prod(left[component] for component in needed) for needed in services().values())


def gain(plan: list[Grant], chances: Mapping[str, float] | None = None) -> float:
    """Services that the plan keeps standing, on average, beyond those that stand without it."""
    return expected(effective(plan), chances) - expected(set(), chances)


def quiet(plan: list[Grant]) -> float:
    """Share of years in which the plan saves nothing, because nothing it helps would have stopped without it."""
    found = components()
    return math.prod(1 - rules().effect * found[name].chance for name in effective(plan))


def cheapest(component: Component) -> Grant | None:
    """The smallest grant that helps a component, within the rules; None if there is none."""
    options = [
        Grant(
            component.name,
            math.ceil(component.least / (1 - rules().fee)) if way == "foundation" else component.least,
            way,
        )
        for way in component.ways
    ]
    options = [one for one in options if one.euros <= (rules().staff if one.way == "staff" else rules().most)]
    return min(options, key=lambda grant: grant.euros, default=None)


def by_popularity() -> list[Grant]:
    """The plan of somebody who pays the most downloaded first, as far as the money goes."""
    plan: list[Grant] = []
    for component in components().values():
        grant = cheapest(component)
        if grant and sum(one.euros for one in plan) + grant.euros <= rules().spendable:
            plan.append(grant)
    return plan


@cache
def best() -> tuple[float, tuple[str, ...]]:
    """The most services that a plan within the rules can keep, and the components it helps. Every plan is tried."""
    grants = [grant for one in components().values() if (grant := cheapest(one))]
    top: tuple[float, tuple[str, ...]] = (0.0, ())
    for size in range(1, len(grants) + 1):
        for chosen in combinations(grants, size):
            if sum(one.euros for one in chosen) <= rules().spendable and not broken(list(chosen)):
                helped = {one.component for one in chosen}
                top = max(top, (expected(helped) - expected(set()), tuple(sorted(helped))))
    return top


def drawn_chances(draw: random.Random) -> dict[str, float]:
    """Chances as they might really be: each between half and twice what was guessed, at most 0.9."""
    return {name: min(0.9, one.chance * 2 ** draw.uniform(-1, 1)) for name, one in components().items()}


def drawn_gains(plan: list[Grant], draw: random.Random, times: int = 200) -> list[float]:
    """What the plan keeps in each of so many drawn worlds; equal draws give equal worlds, whatever the plan."""
    return [gain(plan, drawn_chances(draw)) for _ in range(times)]


def wins(plan: list[Grant], draw: random.Random, times: int = 200) -> float:
    """In what share of drawn worlds the plan keeps more than paying the most downloaded first."""
    other = by_popularity()
    worlds = [drawn_chances(draw) for _ in range(times)]
    return sum(gain(plan, chances) > gain(other, chances) for chances in worlds) / times


# The rules


def sound_parts(plan: list[Grant]) -> list[bool]:
    """Whether the plan keeps the rules about sums, about ways, and about what must arrive; all False without a plan."""
    if not plan:
        return [False, False, False]
    return [not said for said in _said(plan)]


def broken(plan: list[Grant]) -> list[str]:
    """Which rules a plan breaks, a sentence each; [] if it keeps all."""
    return [sentence for part in _said(plan) for sentence in part]


def _said(plan: list[Grant]) -> tuple[list[str], list[str], list[str]]:
    keep, found = rules(), components()
    sums, ways, arriving = [], [], []
    total = sum(grant.euros for grant in plan)
    if total > keep.spendable:
        sums.append(f"The grants add up to {total:,.0f} €; after the reserve there are {keep.spendable:,} €.")
    if len(plan) < keep.fewest:
        sums.append(f"The plan helps {len(plan)}; the rules ask for at least {keep.fewest} components.")
    for grant in plan:
        if grant.euros > keep.most:
            sums.append(f"{grant.component} gets {grant.euros:,.0f} €; the most for one component is {keep.most:,} €.")
    staff = sum(grant.euros for grant in plan if grant.way == "staff")
    if staff > keep.staff:
        sums.append(f"Staff time costs {staff:,.0f} €; there are people for {keep.staff:,} €.")
    for grant in plan:
        component = found[grant.component]
        if grant.way is None:
            ways.append(f"{grant.component}: by which way?")
        elif grant.way not in component.ways:
            takes = " or ".join(WAYS[way] for way in component.ways) or "no help at all"
            ways.append(f"{grant.component} cannot take {WAYS[grant.way]}; it takes {takes}.")
        if grant.arrives < component.least - 0.005:
            fee = f" ({grant.euros:,.0f} € less the foundation's share)" if grant.way == "foundation" else ""
            arriving.append(
                f"{grant.component} gets {grant.arrives:,.0f} €{fee}; below {component.least:,} € it does no good."
            )
    return sums, ways, arriving
