"""The tables that the exercise of the lab "How big should your office be?" (enabler/strategy) reads from."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
from IPython.display import HTML

from ospolab import maturity, survey
from ospolab.data import load
from ospolab.lessons.sizing import band_words, line, of_stage
from ospolab.lessons.tables import wrapped

__all__ = ["HOUSES", "bands", "claims", "sheet", "teams"]

_S = of_stage()

# Invented. What can be shown, and what people only say; the rest is missing.
HOUSES = {
    "A": {
        "name": "Brightwater Pumps, a firm of 400 that hosts two projects",
        "shown": {*_S[1], "2-1", "2-3", "2-7", "2-8", *_S[3][:5]},
        "said": {"2-2"},
    },
    "B": {
        "name": "The Ministry of Ports, 1,100 people, ships an app",
        "shown": {*_S[1], *_S[2], "4-1", "4-4"} - {"1-6"},
        "said": {"1-6"},
    },
    "C": {
        "name": "A university library, 140 people, publishes no software and does not want to",
        "shown": {*_S[1], *_S[2], "4-1", "4-2", "4-3", "4-4"},
        "said": set(),
    },
}


def sheet(letter: str) -> HTML:
    """The evidence sheet of an invented house: for each stage what is shown, only said, missing."""
    house = HOUSES[letter]

    def words(ids: Collection[str]) -> str:
        return "; ".join(maturity.items()[id_].words for id_ in maturity.items() if id_ in ids)

    rows = {}
    for stage, ids in _S.items():
        there, told = set(ids) & house["shown"], set(ids) & house["said"]
        for kind, found in {"shown": there, "only said": told, "missing": set(ids) - there - told}.items():
            if found:
                all_or_some = f"all {len(ids)}" if len(found) == len(ids) else words(found)
                rows[f"{stage} {kind}"] = {"evidence": all_or_some}
    table = wrapped(pd.DataFrame.from_dict(rows, orient="index").rename_axis("stage"), least="0")
    return HTML(f"<p><strong>{letter}. {house['name']}</strong></p>{table.data}")


# What the sentences of the first task are about: no. -> (question, year, segment, answers, in words).
_CLAIMS = {
    "1": ("has_ospo", 2019, "all", ("yes",), "everybody: do you have one? Yes"),
    "2": ("has_ospo", 2019, "all", ("yes", "planned"), "everybody: do you have one? Yes, or planning one"),
    "3": (
        *("has_ospo", 2022, "sector:automotive", ("yes_formal", "yes_informal")),
        "automotive: do you have one? Yes, formal or informal",
    ),
    "4": ("team_size", 2023, "all", ("10_plus",), "who has one: how many are part of it? 10 or more"),
    "5, first": ("benefits", 2023, "all", ("licence_compliance",), "who has one: tick what you gained. Compliance"),
    "5, then": (
        *("benefits_very_impactful", 2024, "all", ("licence_compliance",)),
        "who has one: grade each gain. Compliance, in the top two grades",
    ),
    "6": (
        *("team_size", 2021, "size:over_10000", ("10_plus",)),
        "who has one, in houses of more than 10,000: how many are part of it? 10 or more (27 more: do not know)",
    ),
    "7": (
        *("reporting_location", 2023, "size:50-249", ("engineering",)),
        "who has one, in houses of 50 to 249: where does it sit? Engineering",
    ),
    "8": (
        *("has_ospo", 2023, "all", ("yes_formal", "yes_informal")),
        "everybody: do you have one? Yes, formal (204) or informal (110)",
    ),
}


def claims() -> HTML:
    """The counts behind the sentences of the exercise's first task; what is added up there is named."""
    table, rows = load("survey_ospo"), {}
    for name, (question, year, segment, answers, words) in _CLAIMS.items():
        asked = table[(table.question == question) & (table.year == year) & (table.segment == segment)]
        counted = line(int(asked[asked.answer.isin(answers)].respondents.sum()), int(asked.base.iloc[0]))
        rows[name] = {
            "year": year,
            "who was asked what": words,
            "how many": f"{counted['yes']}: {counted['share']}; {counted['what fits']} fits",
        }
    return wrapped(pd.DataFrame.from_dict(rows, orient="index").rename_axis("no."), least="0")


def bands() -> HTML:
    """For each band of sizes: who said in 2023 that they have an office, how many a formal one, and what else fits."""
    rows = {}
    for band in survey.BANDS:
        counted = line(*survey.have_one_of_band(band))
        rows[band_words(band)] = {
            "have one": counted["yes"],
            "formal": survey.formal_of_band(band),
            "share": counted["share"],
            "what fits": counted["what fits"],
        }
    return wrapped(pd.DataFrame.from_dict(rows, orient="index").rename_axis("people in the house"), least="0")


def teams() -> HTML:
    """For each band of sizes: how many people were part of the offices in 2023."""
    short = {"0": "0", "1": "1", "2-4": "2–4", "5-9": "5–9", "10_plus": "10+", "dont_know": "?"}
    rows = {
        band_words(band): {short[answer]: int(count) for answer, count in survey.teams_of_band(band).items()}
        for band in survey.BANDS
    }
    return wrapped(pd.DataFrame.from_dict(rows, orient="index").rename_axis("people in the house"), least="0")
