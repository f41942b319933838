"""The views of the lesson "One office, many forms" (foundations/one-office-many-forms)."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

import ipywidgets
import pandas as pd
from IPython.display import Markdown

from ospolab.data import load
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, ORANGE, Figure, canvas, figure
from ospolab.lessons.openings import kept
from ospolab.lessons.tables import wrapped
from ospolab.portfolio import charter
from ospolab.portfolio.organisation import INVENTED, REGIONS, SEGMENTS, Organisation
from ospolab.survey import wilson

__all__ = [
    "COPIED",
    "COUNTED",
    "copied_charter",
    "explorer",
    "homes",
    "opening",
    "organisations",
    "readings",
    "rules",
    "skeleton",
    "through_the_years",
    "verdict",
    "wilson",
    "worded",
    "wrapped",
]

# What may count as having an office -> the survey's answers that are then added up.
COUNTED = {
    "formal only": ("yes_formal",),
    "with informal": ("yes_formal", "yes_informal", "yes"),
    "with planned": ("yes_formal", "yes_informal", "yes", "planned"),
}

# Below this many answers, one more or less moves a share by more than three points.
_FEW = 30

# Sizes of organisations in the survey, small to large; they were cut otherwise until 2021. "Does not know" is left out.
_BANDS = (
    *("1-10", "2-50", "11-49", "50-249", "51-250", "250-999", "251-1000", "1000-9999", "1001-10000"),
    *("10000-19999", "over_10000", "20000_plus"),
)

# Keys of the survey that are not words already.
_WORDS = {
    "all": "everybody who answered",
    "self_or_none": "self-employed or not working",
    "over_10000": "more than 10,000 people",
    "20000_plus": "20,000 people and more",
    "academia": "academic and research institutions",
    "business_services": "business services",
    "cloud_provider": "cloud providers",
    "end_user": "organisations that mainly use IT",
    "integrator_consultancy": "integrators and consultants",
    "supplier": "IT suppliers",
    "telecom_media": "telecoms and media",
    "transport_automotive": "transport and automotive",
    "vendor": "IT vendors",
    "yes_formal": "formal",
    "yes_informal": "informal",
    "cto_office": "head of technology",
    "devrel_marketing": "developer relations, marketing",
    "dont_know": "does not know",
    "faculty_committee": "faculty committee",
    "it": "IT",
    "security_compliance_risk": "security, compliance, risk",
    "tech_transfer": "technology transfer",
}


def _words(key: str) -> str:
    """A key of the survey, such as "size:11-49", in words."""
    kind, _, name = key.rpartition(":")
    if name in _WORDS:
        return _WORDS[name]
    if kind == "size":
        low, high = (f"{int(number):,}" for number in name.split("-"))
        return f"{low} to {high} people"
    if key == "sector:other":
        return "other sectors"
    return name.replace("_", " ")


def worded(table: pd.DataFrame) -> pd.DataFrame:
    """A table of the survey with the keys among its labels and values in words."""
    return table.rename(index=_words, columns=_words).map(lambda cell: _words(cell) if isinstance(cell, str) else cell)


# ------------------------------------------------------------------------------------------------ a share and its doubt


def verdict(yes: int, base: int) -> str:
    """Whether most have one, as far as the answers carry: "a majority", "a minority" or "cannot be said"."""
    # As rounded for the reader: who is told "14 to 50 %" should not be told "a minority".
    low, high = (_percent(end) for end in wilson(yes, base))
    return "a majority" if low > 50 else "a minority" if high < 50 else "cannot be said"


def _percent(share: float) -> int:
    # Half a point goes up, as people round; round() takes 62.5 to 62 and 63.5 to 64.
    return int(100 * share + 0.5)


def _interval(yes: int, base: int) -> str:
    low, high = wilson(yes, base)
    return f"{_percent(low)} to {_percent(high)} %"


# ---------------------------------------------------------------------------------------------------- who has an office


@cache
def _has_ospo() -> pd.DataFrame:
    """Respondents by year and segment, one column an answer (0 where nobody gave it), and their base."""
    rows = load("survey_ospo").query("question == 'has_ospo'")
    counts = rows.pivot(index=["year", "segment"], columns="answer", values="respondents").fillna(0).astype(int)
    return counts.assign(base=rows.groupby(["year", "segment"]).base.first())


def segments(year: int) -> list[str]:
    """The survey's segments of a year that had at least ten answers: everybody, then sizes, then sectors."""
    names = list(_has_ospo().loc[year].index)
    sizes = [f"size:{band}" for band in _BANDS if f"size:{band}" in names]
    return ["all", *sizes, *(name for name in names if name.startswith("sector:"))]


def _countable(year: int) -> dict[str, tuple[str, ...]]:
    """What may count, in that year: before 2022 one "yes" stood for formal and informal."""
    return {name: keys for name, keys in COUNTED.items() if year >= 2022 or "yes" in keys}


def readings(year: int, segment: str) -> pd.DataFrame:
    """One row for each way of counting the same answers: how many have an office, the share, what else fits, verdict.

    Ways that the survey of that year did not allow are left out. Raises KeyError for a segment it does not have.
    """
    answered = _has_ospo().loc[(year, segment)]
    rows = {}
    for counted, keys in _countable(year).items():
        yes, base = int(answered[list(keys)].sum()), int(answered.base)
        rows[counted] = {
            "yes": yes,
            "of": base,
            "share": f"{_percent(yes / base)} %",
            "what fits": _interval(yes, base),
            "most?": verdict(yes, base),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _dots(rows: dict[str, tuple[int, int]], chosen: str, alt: str, caption: str) -> Figure:
    """A dot for each share and a line for what else fits. rows: {label: (yes, base)}, top first; `chosen` is filled,
    or "" and all are.
    """
    drawing, ax = canvas(height=0.55 * len(rows) + 1.1)
    for at, (label, (yes, base)) in enumerate(rows.items()):
        low, high = (100 * end for end in wilson(yes, base))
        told = label == chosen or not chosen
        ax.plot([low, high], [at, at], color=BLUE, linewidth=3.5 if told else 1.8, solid_capstyle="butt")
        ax.plot(100 * yes / base, at, "o", color=BLUE, markersize=10, markerfacecolor=BLUE if told else "none")
        # Beside the line, where it cannot run into the mark of one half.
        ax.annotate(f"{_percent(yes / base)} %", (high, at), xytext=(5, 0), textcoords="offset points", va="center")
    ax.axvline(50, color=ORANGE, linewidth=1.4, linestyle=":")
    ax.annotate("half", (50, -0.62), xytext=(4, 0), textcoords="offset points", va="center", fontsize=10)
    ax.set_yticks(range(len(rows)), [f"▸ {label}" if label == chosen else label for label in rows])
    ax.set_ylim(len(rows) - 0.5, -0.85)
    ax.set_xlim(0, 110)
    ax.set_xticks(range(0, 101, 20))
    ax.set_xlabel("per cent")
    return figure(drawing, alt, caption)


def _said(rows: dict[str, tuple[int, int]]) -> str:
    """The shares and their ranges, for those who do not see the picture."""
    return "; ".join(
        f"{label}: {_percent(yes / base)} %, {_interval(yes, base)}" for label, (yes, base) in rows.items()
    )


@kept
def opening() -> Figure:
    """The picture the lesson opens with: who has an office, in five kinds of house."""
    shown = ["size:20000_plus", "size:1000-9999", "size:11-49", "sector:government", "sector:education"]
    rows = {}
    for segment in shown:
        row = readings(2023, segment).loc["with informal"]
        rows[f"{_words(segment)} ({row.of} answers)"] = (int(row.yes), int(row.of))
    return _dots(
        rows,
        "",
        alt="Share that has an office, formal or informal, in 2023, each with the range that fits the answers. "
        f"{_said(rows)}.",
        caption="Who has an office, formal or informal, in 2023. The line shows which other shares fit the answers. "
        "Data: survey_ospo.",
    )


def explorer() -> Explorer:
    """Year, segment and what counts as having an office, against whether most have one."""
    years = sorted({year for year, _ in _has_ospo().index}, reverse=True)
    year = ipywidgets.Dropdown(options=years, value=2023, description="Year")
    segment = ipywidgets.Dropdown(options=_offered(2023), value="size:11-49", description="Whose answers")
    counted = ipywidgets.Dropdown(options=[*COUNTED], value="with informal", description="Counts as having one")

    def only_what_there_is(change) -> None:
        kept, there = segment.value, _offered(change["new"])
        if kept not in segments(change["new"]):
            # The group stays chosen, so that the sentence can say that it is missing.
            there.append((f"{_words(kept)} (no figure in {change['new']})", kept))
        segment.options = there
        segment.value = kept

    # Before the Explorer listens, so that it never asks for a segment that the chosen year does not have.
    year.observe(only_what_there_is, "value")
    return Explorer("Do most have an office?", _view, {"year": year, "segment": segment, "counted": counted})


def _offered(year: int) -> list[tuple[str, str]]:
    return [(_words(name), name) for name in segments(year)]


def _view(year: int, segment: str, counted: str) -> tuple[str, Figure]:
    if segment not in segments(year):
        said = f"The survey of {year} has no group “{_words(segment)}”; here is everybody instead. "
        sentence, picture = _view(year, "all", counted)
        return said + sentence, picture
    table = readings(year, segment)
    rows = {name: (int(row.yes), int(row.of)) for name, row in table.iterrows()}
    who, chosen = _words(segment), "Filled: what you chose. " if counted in rows else ""
    picture = _dots(
        rows,
        counted if counted in rows else "none of them",
        alt=f"{who}, {year}: share that has an office, by what counts, each with the range that fits. {_said(rows)}.",
        caption=f"{who[0].upper()}{who[1:]}, {year}. {chosen}Data: survey_ospo.",
    )
    if counted not in rows:
        sentence = f"In {year} one <i>yes</i> stood for formal and informal: <b>{counted} cannot be counted.</b>"
        return sentence, picture
    yes, base = rows[counted]
    do = "have or plan one" if counted == "with planned" else f"have one ({counted})"
    sentence = (
        f"{who[0].upper()}{who[1:]}, {year}: {yes} of {base} {do}. That is <b>{_percent(yes / base)} %</b>; anything "
        f"from {_interval(yes, base)} fits. Do most {do.split(' (')[0]}? <b>{_CONCLUSION[verdict(yes, base)]}</b>"
    )
    if base < _FEW:
        sentence += f" Only {base} answered: one more or less moves the share by {_percent(1 / base)} points."
    return sentence, picture


_CONCLUSION = {
    "a majority": "Yes, a majority.",
    "a minority": "No, a minority.",
    "cannot be said": "It cannot be said.",
}


def through_the_years() -> pd.DataFrame:
    """The trap: universities and schools from 2018 to 2024, beside everybody who answered."""
    rows = {}
    for year in (2018, 2019, 2021, 2022, 2023, 2024):
        segment = "sector:academia" if year == 2024 else "sector:education"
        one, everybody = (readings(year, name).loc["with informal"] for name in (segment, "all"))
        rows[year] = {
            "group": segment.removeprefix("sector:"),
            "answers": one.of,
            "have one": one["share"],
            "what fits": one["what fits"],
            "everybody": everybody["share"],
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def homes() -> pd.DataFrame:
    """Where offices sit, in per cent of those who have one: one row a place, "–" where that year's list lacked it."""
    rows = load("survey_ospo").query("question == 'reporting_location' and segment == 'all'")
    percent = (rows.respondents / rows.base).map(_percent).astype("Int64")
    table = rows.assign(percent=percent).pivot(index="answer", columns="year", values="percent")
    table = table[[2018, 2021, 2022, 2023, 2024]].sort_values(2023, ascending=False)
    table = table.rename(index=_words).astype(object).fillna("–")
    return table.rename_axis(index=None, columns=None)


# ------------------------------------------------------------------------------------- the organisation and its charter


# What is shipped, in a word or two; `organisation.SHIPS` has the sentences.
_SHIPPED = {
    "saas": "a service",
    "device": "devices",
    "app": "an app",
    "research": "research with code",
    "nothing": "nothing",
}


def organisations() -> pd.DataFrame:
    """The five invented organisations, one row each, by the five things that shape an office."""
    table = pd.DataFrame.from_dict(
        {
            one.name: {
                "sector": SEGMENTS[one.segment],
                "size": f"{one.people:,}",
                "region": REGIONS[one.region],
                "ships": ", ".join(_SHIPPED[thing] for thing in one.ships),
                "uses open source": ", ".join(way.replace("-", " ") for way in one.uses),
            }
            for one in INVENTED.values()
        },
        orient="index",
    )
    return table.rename_axis("invented")


# The charter of the opening: sentences of a large company, as keys of the clauses.
COPIED = ("counsel-answers", "release-gate", "allowed-without-asking", "sales-target", "named-supplier", "exclusive")


def copied_charter() -> pd.DataFrame:
    """The six sentences of the opening, each with the segments in whose charter it has no place."""
    sentences = [charter.clauses()[key] for key in COPIED]
    table = {
        "sentence": [one.words for one in sentences],
        "no place in": [_named(one.out_of_place) for one in sentences],
    }
    return pd.DataFrame(table, index=pd.RangeIndex(1, len(COPIED) + 1, name="no."))


def _named(chosen: frozenset[str]) -> str:
    """Segments in the order of the course, in words."""
    return "all" if chosen == set(SEGMENTS) else ", ".join(name for name in SEGMENTS if name in chosen) or "–"


def rules() -> pd.DataFrame:
    """Every clause that some charter must hold, whose, and why: one row a clause."""
    table = pd.DataFrame(
        [
            {
                "clause": one.words,
                "needed by": _named(one.required) if one.required else "who ships a device or an app",
                "why": one.why,
            }
            for one in charter.clauses().values()
            if one.required or one.required_if_ships
        ]
    )
    return table.set_index(pd.RangeIndex(1, len(table) + 1, name="no."))


def skeleton(segment: str) -> Markdown:
    """The charter of a segment's invented organisation on one page: what must stand there, and blanks for the rest.

    segment: a key of SEGMENTS. Raises ValueError for another word, with the nearest.
    """
    if segment not in INVENTED:
        nearest = get_close_matches(str(segment).lower(), _NAMES, n=1, cutoff=0.5)
        meant = f' Did you mean "{_NAMES[nearest[0]]}"?' if nearest else ""
        raise ValueError(f'"{segment}" is no segment; choose one of {", ".join(SEGMENTS)}.{meant}')
    return Markdown(_page(INVENTED[segment]))


# What somebody may write for a segment -> its key.
_NAMES = {
    **{key: key for key in SEGMENTS},
    **{"university": "education", "school": "education", "firm": "business", "company": "business"},
    **{
        "ministry": "government",
        "administration": "government",
        "ngo": "non-government",
        "foundation": "non-government",
    },
}


def _page(organisation: Organisation) -> str:
    must = "\n".join(f"   - {charter.clauses()[key].sentence}" for key in charter.required(organisation))
    return f"""**Charter of the open source office** · {organisation.name} (invented)

1. **What it is for:** one sentence, with what would be missing without it.
2. **Who stands behind it:** one role, high enough to sign. **Where it sits:** one place.
3. **What it does:** a few activities. **With how many days a month?** At least one for each.
4. **What holds here:**

{must}

5. **What it does not decide:** stays with those who do it today.
6. **After a year:** what will be there that can be seen. **Looked at again:** in how many months?

Signed by ____ (role), on ____.

*Rules of a course, not legal advice: counsel reads this page before anyone signs it.*"""
