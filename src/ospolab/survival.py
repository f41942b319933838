"""How long something lasts when much of it has not ended yet: Kaplan and Meier's estimate, and several ways to end.

A *life* is a time and how it ended: "" for not yet (censored: seen alive for that long, and no longer looked at).
Nothing here knows about causes: a curve says how many were left, never why.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import NormalDist

import pandas as pd

from ospolab.data import load
from ospolab.relicensing import SEEN_UNTIL

__all__ = ["YEAR", "at", "curve", "incidence", "lives"]

YEAR = 365.25  # days


def curve(times: Sequence[float], ended: Sequence[bool], confidence: float = 0.95) -> pd.DataFrame:
    """The Kaplan-Meier estimate: the share that lasts longer than each time at which something ended.

    times: how long each was seen, 0 or more, in any unit; ended: whether it ended then (False: censored). Who is
    censored at a time is still counted among those at risk at that time. Returns a row for time 0 and one per time at
    which something ended: at_risk, ended, surviving (0..1), and low and high, the pointwise interval by Greenwood's
    variance on the scale log(-log S), which stays within 0..1 (where S is 0 or 1, both are S: it says nothing).
    Raises ValueError for lists of different length and for a negative time.
    Source: Kaplan and Meier, J. Am. Stat. Assoc. 53 (1958) 457-481.
    """
    if len(times) != len(ended):
        raise ValueError(f"{len(times)} times and {len(ended)} ends: expected one end for each time")
    if any(time < 0 for time in times):
        raise ValueError("a time is 0 or more")
    pairs, z = list(zip(times, ended, strict=True)), _normal(confidence)
    surviving, spread, rows = 1.0, 0.0, [(0.0, len(pairs), 0, 1.0, 1.0, 1.0)]
    for moment in sorted({time for time, end in pairs if end}):
        risk = sum(time >= moment for time, _ in pairs)
        ends = sum(bool(end) for time, end in pairs if time == moment)
        surviving *= 1 - ends / risk
        spread += ends / (risk * (risk - ends)) if risk > ends else math.inf
        low, high = _interval(surviving, spread, z)
        rows.append((moment, risk, ends, surviving, low, high))
    columns = ["time", "at_risk", "ended", "surviving", "low", "high"]
    return _seen(pd.DataFrame(rows, columns=columns).set_index("time"), times)


def incidence(times: Sequence[float], ends: Sequence[str]) -> pd.DataFrame:
    """With several ways to end: the share that has ended in each way by each time, and the share left.

    ends: the way each ended, "" for not yet. A row for time 0 and one per time at which something ended, a column per
    way (in alphabetical order), and "left"; each row adds up to 1. One minus the Kaplan-Meier estimate of one
    way, with the others taken as censored, would be larger: it asks what would be if nobody could end otherwise.
    Source: Aalen and Johansen, Scand. J. Stat. 5 (1978) 141-150.
    """
    ways = sorted({end for end in ends if end})
    left, done = 1.0, dict.fromkeys(ways, 0.0)
    rows = {0.0: {**done, "left": left}}
    for moment in sorted({time for time, end in zip(times, ends, strict=True) if end}):
        risk = sum(time >= moment for time in times)
        now = {way: sum(t == moment and e == way for t, e in zip(times, ends, strict=True)) for way in ways}
        for way, count in now.items():
            done[way] += left * count / risk
        left *= 1 - sum(now.values()) / risk
        rows[moment] = {**done, "left": left}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[*ways, "left"])
    return _seen(table.rename_axis("time"), times)


def at(table: pd.DataFrame, time: float) -> pd.Series:
    """The row of a curve or an incidence that holds at a time: the last one not later.

    Raises ValueError where nobody was seen for so long: the last value would go on for ever, and say nothing.
    """
    seen = table.attrs["seen"]
    if not 0 <= time <= seen:
        raise ValueError(f"nobody was seen for {time:g}: the longest was {seen:.1f}")
    return table[table.index <= time].iloc[-1]


def _seen(table: pd.DataFrame, times: Sequence[float]) -> pd.DataFrame:
    """The table, with how long the longest was seen."""
    table.attrs["seen"] = max(times, default=0.0)
    return table


def _normal(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def _interval(surviving: float, spread: float, z: float) -> tuple[float, float]:
    if not 0 < surviving < 1:
        return surviving, surviving
    width = z * math.sqrt(spread) / math.log(surviving)
    return surviving ** math.exp(-width), surviving ** math.exp(width)


# The lives of projects in a foundation


def lives(
    ways: Mapping[str, Iterable[str]] | None = None,
    years: tuple[int, int] = (2016, 2026),
    entered: str = "sandbox",
    stuck_after: float | None = None,
    until: datetime = SEEN_UNTIL,
) -> pd.DataFrame:
    """The projects of `foundation_projects` as lives: project, cohort (year of entry), years, end.

    ways: what counts as an end, by name: {"archived": ["archived"]} (the default), or for two ways that compete
    {"moved up": ["incubating", "graduated"], "archived": ["archived"]}; whatever comes first counts. years: first and
    last year of entry. entered: "sandbox" leaves out those that entered a level higher (accepted = incubating), "any"
    keeps all. stuck_after: a project that is neither archived nor has moved up so many years after it entered ends
    then, as "stuck". Time is in years; what has not ended by `until` is censored then (end "").
    """
    table = load("foundation_projects")
    higher = table["accepted"] == table["incubating"]
    kept = {"sandbox": ~higher, "any": higher | True}[entered]
    kept &= table["accepted"].dt.year.between(*years) & (table["accepted"] <= until)
    rows = []
    for row in table[kept].to_dict("records"):
        dates = [
            (row[column], name)
            for name, columns in (ways or {"archived": ["archived"]}).items()
            for column in columns
            if pd.notna(row[column]) and row[column] <= until
        ]
        if stuck_after is not None:
            late = row["accepted"] + pd.Timedelta(days=stuck_after * YEAR)
            moved = min((row[column] for column in ("incubating", "graduated") if pd.notna(row[column])), default=until)
            if moved > late and late <= until:
                dates.append((late, "stuck"))
        stop, end = min(dates, default=(until, ""))
        rows.append((row["project"], row["accepted"].year, (stop - row["accepted"]).days / YEAR, end))
    return pd.DataFrame(rows, columns=["project", "cohort", "years", "end"])
