"""Shares of a survey: with the interval that the answers allow, and for another mix of houses than those who answered.

The counts are those of the table `survey_ospo`. A group is a pair (yes, base): so many said yes, of so many who were
counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from statistics import NormalDist
from typing import NamedTuple

import pandas as pd

from ospolab.data import load

__all__ = [
    "BANDS",
    "COUNTED",
    "SECTORS",
    "SIZES",
    "TEAMS",
    "Share",
    "formal_of_band",
    "groups",
    "have_one",
    "have_one_of_band",
    "middle_half",
    "square_and_add",
    "team_sizes",
    "teams_of_band",
    "weighted",
    "wilson",
    "workload",
]

# What may count -> the survey's answers that are added up. Until 2021 one "yes" stood for formal and informal.
COUNTED = {
    "have one": ("yes", "yes_formal", "yes_informal"),
    "have or plan one": ("yes", "yes_formal", "yes_informal", "planned"),
}
# The bands were cut otherwise until 2021 (2-50, 51-250 and so on). These four can be made of either cut, but for houses
# of exactly 50, 1,000 or 10,000 people. Self-employed (until 2021) and "does not know" are no house, and left out.
# Since 2022 the self-employed and consultants were asked to answer for the client they work for most.
SIZES = {
    "up to 50 people": ("2-50", "1-10", "11-49"),
    "50 to 1,000": ("51-250", "251-1000", "50-249", "250-999"),
    "1,000 to 10,000": ("1001-10000", "1000-9999"),
    "10,000 and more": ("over_10000", "10000-19999", "20000_plus"),
}
# Sectors with fewer than ten answers in a year are not in the table at all, and so in none of these.
SECTORS = {
    "technology, telecoms, media": ("technology", "telecom_media", "media"),
    "education, government": ("education", "government"),
    "all others": (
        *("finance", "health", "manufacturing", "retail", "utilities", "defence", "transport_automotive", "transport"),
        *("automotive", "business_services", "construction", "other"),
    ),
}
# Size bands of an organisation (`portfolio.organisation`) -> segments of the survey since 2022.
BANDS = {
    "1-10": ("size:1-10",),
    "11-49": ("size:11-49",),
    "50-249": ("size:50-249",),
    "250-999": ("size:250-999",),
    "1000-9999": ("size:1000-9999",),
    "10000+": ("size:10000-19999", "size:20000_plus"),
}
# Answers to "How many employees are part of your open source program?", small to large -> people at least, at most. The
# first box read "0 (no dedicated staff yet)".
TEAMS = {"0": (0, 0), "1": (1, 1), "2-4": (2, 4), "5-9": (5, 9), "10_plus": (10, None)}


class Share(NamedTuple):
    """A share and the ends of its interval, each between 0 and 1."""

    share: float
    low: float
    high: float


# ------------------------------------------------------------------------------------------------ a share and its doubt


def wilson(yes: int, base: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of the shares that `yes` of `base` answers are compatible with: (low, high), both in 0..1.

    yes: 0 to base. base: at least 1. confidence: in (0, 1), how often such an interval covers the true share, if those
    who answered were drawn by lot. Raises ValueError otherwise. Source: Wilson's score interval (1927).
    """
    if not 0 <= yes <= base or base < 1 or not 0 < confidence < 1:
        raise ValueError(f"no interval for {yes} of {base} at {confidence}")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    middle = (yes + z**2 / 2) / (base + z**2)
    reach = z / (base + z**2) * (yes * (base - yes) / base + z**2 / 4) ** 0.5
    return max(0.0, middle - reach), min(1.0, middle + reach)


def square_and_add(terms: Iterable[tuple[float, int, int]], confidence: float = 0.95) -> Share:
    """A sum of shares, each times its factor, with an interval. terms: (factor, yes, base), factors of either sign.

    The distances from each share to the end of its own Wilson interval are squared, added, and the root is taken.
    Source: Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10, for a difference (factors 1 and -1); for any
    factors Zou, Huang and Zhang, Computational Statistics & Data Analysis 53 (2009) 1080-1085. Raises ValueError as
    `wilson` does.
    """
    middle = down = up = 0.0
    for factor, yes, base in terms:
        share, (low, high) = yes / base, wilson(yes, base, confidence)
        below, above = (share - low, high - share) if factor >= 0 else (high - share, share - low)
        middle += factor * share
        down += (factor * below) ** 2
        up += (factor * above) ** 2
    return Share(middle, middle - down**0.5, middle + up**0.5)


def weighted(counts: Mapping[str, tuple[int, int]], weights: Mapping[str, float]) -> Share:
    """What the share would be if the houses were mixed as in `weights`, with its interval.

    counts: group -> (yes, base). weights: group -> how many of your houses are in it, in any unit; a group that is not
    named has none. Raises ValueError for a negative weight, for no weight at all, and for a weight on a group without
    answers: nothing can be said about it.
    """
    if any(weight < 0 for weight in weights.values()) or not sum(weights.values()) > 0:
        raise ValueError("weights must not be negative, and at least one must be above 0")
    if unknown := [group for group, weight in weights.items() if weight and not counts.get(group, (0, 0))[1]]:
        raise ValueError(f"nobody of this group answered: {', '.join(unknown)}")
    total = sum(weights.values())
    found = square_and_add((weight / total, *counts[group]) for group, weight in weights.items() if weight)
    return Share(found.share, max(0.0, found.low), min(1.0, found.high))


# ------------------------------------------------------------------------------------------------- counts of the survey


@cache
def _answers(question: str) -> pd.DataFrame:
    """Respondents by year and segment, one column an answer (0 where nobody gave it), and their base."""
    rows = load("survey_ospo").query("question == @question")
    counts = rows.pivot(index=["year", "segment"], columns="answer", values="respondents").fillna(0).astype(int)
    return counts.assign(base=rows.groupby(["year", "segment"]).base.first())


def have_one(year: int, segment: str = "all", counted: str = "have one") -> tuple[int, int]:
    """(yes, base) of one segment of the survey, such as "all", "size:11-49" or "sector:education".

    counted: a key of COUNTED. Raises KeyError for a segment or a year that the table does not have.
    """
    row = _answers("has_ospo").loc[(year, segment)]
    return int(sum(row[answer] for answer in COUNTED[counted])), int(row.base)


def groups(year: int, by: str, counted: str = "have one") -> dict[str, tuple[int, int]]:
    """(yes, base) of each group of houses in one year. by: "size" or "sector"; the groups of SIZES or SECTORS.

    A group in which nobody answered is left out.
    """
    there, found = _answers("has_ospo").loc[year].index, {}
    for group, keys in {"size": SIZES, "sector": SECTORS}[by].items():
        parts = [have_one(year, f"{by}:{key}", counted) for key in keys if f"{by}:{key}" in there]
        if parts:
            found[group] = (sum(yes for yes, _ in parts), sum(base for _, base in parts))
    return found


def team_sizes(year: int, *segments: str) -> pd.Series:
    """How many people offices have: respondents by answer, a key of TEAMS, then "dont_know". Segments are added up.

    Heads that "are part of" the office, not full-time posts. Asked from 2020 to 2023, and only where there is one.
    """
    rows = _answers("team_size").loc[[(year, segment) for segment in segments or ("all",)]]
    return rows.reindex(columns=[*TEAMS, "dont_know"], fill_value=0).sum()


def have_one_of_band(band: str, year: int = 2023) -> tuple[int, int]:
    """(yes, base) of a band of sizes, a key of BANDS: who has an office, formal or informal."""
    parts = [have_one(year, segment) for segment in BANDS[band]]
    return sum(yes for yes, _ in parts), sum(base for _, base in parts)


def formal_of_band(band: str, year: int = 2023) -> int:
    """Of those counted by `have_one_of_band`: how many called the office formal (hours, reporting or job titles)."""
    rows = _answers("has_ospo").loc[[(year, segment) for segment in BANDS[band]]]
    return int(rows.yes_formal.sum())


def teams_of_band(band: str, year: int = 2023) -> pd.Series:
    """As `team_sizes`, for a key of BANDS. 2023 is the last year in which it was asked."""
    return team_sizes(year, *BANDS[band])


def middle_half(teams: pd.Series) -> tuple[str, str]:
    """The two answers between which the middle half of the offices lies: lower and upper quartile, keys of TEAMS.

    teams: as of `team_sizes`. Those who do not know are left out. Raises ValueError if nobody knows.
    """
    known = teams.reindex([*TEAMS], fill_value=0)
    if not known.sum():
        raise ValueError("nobody knows how many people their office has")
    so_far = known.cumsum()
    lower, upper = ((so_far >= share * known.sum()).idxmax() for share in (0.25, 0.75))
    return str(lower), str(upper)


# ---------------------------------------------------------------------------------------------------- people from work


def workload(work: Mapping[str, tuple[float, float, float]], hours: float) -> tuple[float, float]:
    """People that a month's work takes, at least and at most, as full-time posts.

    work: kind -> (times a month, hours each at least, hours each at most). hours: what one full-time person has for
    this work in a month, after holidays and meetings. Raises ValueError for hours of 0 or less, for a negative figure,
    and where the least is more than the most.
    """
    if hours <= 0 or any(times < 0 or not 0 <= least <= most for times, least, most in work.values()):
        raise ValueError("hours a month above 0; times and hours not negative, the least not above the most")
    least = sum(times * low for times, low, _ in work.values())
    most = sum(times * high for times, _, high in work.values())
    return least / hours, most / hours
