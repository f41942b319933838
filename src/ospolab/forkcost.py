"""What carrying a patch costs, what offering it costs, and from when on the second is the cheaper: with ranges.

Each input is a `Range`: low, likely, high. A range is drawn from as a triangle, which needs no figure besides the three
and gives the ends more weight than smoother shapes do. Inputs are drawn independently of each other, with a fixed seed.
Money is in euros of the day: a few years are too short for interest to change a decision that these ranges do not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from ospolab.survey import wilson

__all__ = [
    "INPUTS",
    "SURE",
    "Case",
    "Range",
    "bands",
    "brackets",
    "break_even",
    "cocomo",
    "counted",
    "give_cost",
    "keep_cost",
    "labour",
    "pays_from",
    "per_release",
    "saved",
    "simulate",
    "sure_yes",
    "tornado",
    "turning",
    "verdict",
]

SURE = 0.75  # of the drawn futures: what this course calls enough to decide on money alone
DRAWS, SEED = 4000, 2026
MONTH_HOURS = 152  # of work in a person-month, as COCOMO counts


@dataclass(frozen=True)
class Range:
    """Three figures for one: the least, the likely and the most that it may be. Raises ValueError out of order."""

    low: float
    likely: float
    high: float

    def __post_init__(self):
        if not self.low <= self.likely <= self.high:
            raise ValueError(f"low, likely, high are {self.low:g}, {self.likely:g}, {self.high:g}: not in order")

    def at(self, part: np.ndarray) -> np.ndarray:
        """The values below which shares `part` (0 to 1) of the triangle lie."""
        if self.low == self.high:
            return np.full_like(part, self.low)
        width, left = self.high - self.low, self.likely - self.low
        peak = left / width
        rising = self.low + np.sqrt(part * width * left)
        falling = self.high - np.sqrt((1 - part) * width * (self.high - self.likely))
        return np.where(part < peak, rising, falling)


@dataclass(frozen=True)
class Case:
    """What is assumed about one carried patch.

    releases: of upstream, taken in a year. check: hours for each of them, whatever git says. trouble: share of the
    releases in which the patch conflicts or breaks, 0 to 1. redo: hours each time it does. offer: hours, once, from
    tidying to the last round of review and the sign-off. accepted: chance that it is taken, 0 to 1. wait: releases
    that pass until it is in one. glue: share of the carrying that stays when it was taken, 0 to 1. rate: euros an
    hour. years: how long the patch will be needed.
    """

    releases: Range
    check: Range
    trouble: Range
    redo: Range
    offer: Range
    accepted: Range
    wait: Range
    glue: Range
    rate: Range
    years: float = 3

    def likely(self) -> dict[str, float]:
        """Every input at its likely value."""
        return {name: getattr(self, name).likely for name in INPUTS}


# Input -> words for charts and papers, and its unit.
INPUTS = {
    "releases": ("releases a year", ""),
    "check": ("hours of checking", "h"),
    "trouble": ("releases with trouble", "%"),
    "redo": ("hours each time", "h"),
    "offer": ("hours to offer it", "h"),
    "accepted": ("chance that it is taken", "%"),
    "wait": ("releases until it is in", ""),
    "glue": ("stays as glue", "%"),
    "rate": ("euros an hour", "€"),
}
assert [field.name for field in fields(Case)] == [*INPUTS, "years"]


def labour(contributions: Mapping[str, tuple[float, float]], rate: float) -> float:
    """What a number of contributions cost in labour. contributions: {kind: (how many, hours for each)}.

    Source: CHAOSS, Labor Investment: number of contributions x average hours x average hourly rate, summed over kinds.
    """
    return sum(number * hours for number, hours in contributions.values()) * rate


def cocomo(lines: float, rate: float) -> float:
    """What Basic COCOMO, organic mode, says it costs to write so many lines: 2.4 x (lines / 1000)^1.05 person-months.

    Source: Boehm, Software Engineering Economics, 1981. Made for whole programs; here to show what it does not say.
    """
    return 2.4 * (lines / 1000) ** 1.05 * MONTH_HOURS * rate


def counted(times: int, of: int) -> Range:
    """A share that was counted, as a range: Wilson's interval for 95 %. Few releases give a wide one."""
    low, high = wilson(times, of)
    return Range(round(low, 2), round(times / of, 2), round(high, 2))


# The four sums. Each takes numbers, or arrays of them.


def per_release(check, trouble, redo, rate):
    """Euros that one release costs while the patch is carried."""
    return (check + trouble * redo) * rate


def keep_cost(releases, each):
    """Euros for carrying a patch over so many releases, at `each` a release."""
    return releases * each


def give_cost(releases, each, once, accepted, wait, glue):
    """Euros for offering it: `once`, then carrying while it waits, then its glue, or all of it if it was not taken.

    accepted: 1 or 0 for a future in which that is known; a chance gives the mean of both.
    """
    waiting = np.minimum(wait, releases)
    after = (releases - waiting) * (accepted * glue + 1 - accepted)
    return once + (waiting + after) * each


def break_even(once: float, each: float, accepted: float, wait: float = 0, glue: float = 0) -> int | None:
    """After how many releases offering has cost no more than keeping, on average. None: never.

    once: euros to offer it. each: euros a release while it is carried.
    """
    saved_each = each * accepted * (1 - glue)
    if once <= 0:
        return 0
    if saved_each <= 0:
        return None
    return math.ceil(round(wait + once / saved_each, 9))


def saved(case: Case, **at: float) -> float:
    """Euros that offering saves over the years, on average, every input at its likely value but those given."""
    one = case.likely() | at
    each, releases = (
        per_release(*(one[key] for key in ("check", "trouble", "redo", "rate"))),
        one["releases"] * case.years,
    )
    given = give_cost(releases, each, one["offer"] * one["rate"], one["accepted"], one["wait"], one["glue"])
    return float(keep_cost(releases, each) - given)


def pays_from(case: Case) -> int | None:
    """The break-even of a case in releases, with every input at its likely value."""
    one = case.likely()
    each = per_release(one["check"], one["trouble"], one["redo"], one["rate"])
    return break_even(one["offer"] * one["rate"], each, one["accepted"], one["wait"], one["glue"])


# What is made of ranges


def simulate(case: Case, years: float | None = None) -> pd.DataFrame:
    """4,000 drawn futures, euros over the years. The same case draws the same futures.

    Columns: keep; give, in which the patch is taken or is not, by lot; and give on average, over both.
    """
    return _futures(_drawn(case), case.years if years is None else years)


def bands(case: Case, years: Iterable[float], ends: tuple[float, ...] = (0.1, 0.5, 0.9)) -> dict[str, np.ndarray]:
    """What keep and give have cost after each of `years`: {column: array, a row a year, a column an end}."""
    drawn = _drawn(case)
    made = [_futures(drawn, one) for one in years]
    return {column: np.array([np.quantile(one[column], ends) for one in made]) for column in ("keep", "give")}


def _drawn(case: Case) -> dict[str, np.ndarray]:
    """One value of each input a future, and whether the patch is `taken` in it."""
    parts = np.random.default_rng(SEED).random((len(INPUTS) + 1, DRAWS))
    drawn = {name: getattr(case, name).at(part) for name, part in zip(INPUTS, parts, strict=False)}
    drawn["taken"] = (parts[-1] < drawn["accepted"]).astype(float)  # in each future it is taken, or it is not
    return drawn


def _futures(drawn: dict[str, np.ndarray], years: float) -> pd.DataFrame:
    each = per_release(drawn["check"], drawn["trouble"], drawn["redo"], drawn["rate"])
    releases = drawn["releases"] * years
    once = drawn["offer"] * drawn["rate"]
    give, mean = (
        give_cost(releases, each, once, drawn[taken], drawn["wait"], drawn["glue"]) for taken in ("taken", "accepted")
    )
    return pd.DataFrame({"keep": keep_cost(releases, each), "give": give, "give on average": mean})


def verdict(futures: pd.DataFrame) -> tuple[float, str]:
    """In which share of the futures offering pays on average, and what that says: "give", "keep" or "open".

    On average over being taken or not: a refusal costs the offer, being taken saves for years, and to count how often
    each happens would weigh them alike.
    """
    share = float((futures["give on average"] < futures["keep"]).mean())
    return share, "give" if share >= SURE else "keep" if share <= 1 - SURE else "open"


def sure_yes(case: Case) -> float:
    """In which share of the futures offering would pay if it were sure to be taken: what asking first can find out."""
    return verdict(simulate(replace(case, accepted=Range(1, 1, 1))))[0]


def brackets(case: Case) -> tuple[float, float]:
    """What keeping costs if everything is at its low end, and if everything is at its high end: interval arithmetic.

    True, and far too wide: it needs every input to go the same way at once.
    """

    def at(end: str) -> float:
        each = per_release(*(getattr(one, end) for one in (case.check, case.trouble, case.redo, case.rate)))
        return float(keep_cost(getattr(case.releases, end) * case.years, each))

    return at("low"), at("high")


def tornado(case: Case) -> pd.DataFrame:
    """What offering saves if one input at a time goes to the ends of its range; longest bar first.

    Index: inputs. Columns: low, high (euros saved at that end), swing (the length of the bar).
    """
    rows = {
        name: {end: saved(case, **{name: getattr(getattr(case, name), end)}) for end in ("low", "high")}
        for name in INPUTS
    }
    table = pd.DataFrame(rows).T
    return table.assign(swing=(table["high"] - table["low"]).abs()).sort_values("swing", ascending=False, kind="stable")


def turning(case: Case, beyond: bool = False) -> dict[str, float]:
    """Inputs that alone would turn the decision within their range: {input: value at which nothing is saved}.

    beyond: also those that do it outside their range, up to ten times its high end, or 1 for a share.
    """
    found = {}
    for name, (_, unit) in INPUTS.items():
        one: Range = getattr(case, name)
        low, high = (0.0, 1.0 if unit == "%" else 10 * one.high) if beyond else (one.low, one.high)
        sign = saved(case, **{name: low}) > 0
        if sign == (saved(case, **{name: high}) > 0):
            continue
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if (saved(case, **{name: middle}) > 0) == sign else (low, middle)
        found[name] = (low + high) / 2
    return found
