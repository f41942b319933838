"""The views of the lab "Who relicenses next?" (counselor/strategy)."""

from __future__ import annotations

import ipywidgets
import pandas as pd
from IPython.display import HTML

from ospolab import control, openness, relicensing
from ospolab.data import load
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, GREEN, ORANGE, PURPLE, Figure, canvas, figure
from ospolab.lessons.openings import kept
from ospolab.lessons.tables import stacked
from ospolab.relicensing import Way

__all__ = [
    *(
        "BASES",
        "DAY",
        "MODELS",
        "SIGNALS",
        "WAYS",
        "WORTHS",
        "bases",
        "arrivals",
        "busl_rows",
        "components",
        "costs_key",
        "counts_key",
    ),
    *(
        "explorer",
        "fork_start",
        "models_shown",
        "opening",
        "side_by_side",
        "ways_figure",
        "ways_shown",
        "worths",
    ),
]

_NARROW = 5.6  # inches: letters stay readable on a telephone


# -------------------------------------------------------------------------------------- those who left, who stayed


@kept
def opening() -> Figure:
    """What those who left have in common, as such lists are usually shown: without anybody else."""
    return _bars(False, "What those who left open source have in common.")


def side_by_side() -> Figure:
    """The same five signals, with those who stayed beside them."""
    return _bars(True, "The same, with those who stayed beside them (striped).")


def _bars(both: bool, words: str) -> Figure:
    groups = relicensing.comparison()
    drawing, ax = canvas(_NARROW, 3.6 if both else 2.7)
    told = []
    for at, group in enumerate(groups):
        place = len(groups) - at
        sides = [(group.left, ORANGE, "", 0.18 if both else 0)]
        if both and group.stayed:
            sides.append((group.stayed, BLUE, "///", -0.18))
        for (some, of), colour, hatch, shift in sides:
            share = 100 * some / of
            ax.barh(
                place + shift, share, height=0.34 if both else 0.6, color=colour, hatch=hatch, edgecolor="white", lw=0
            )
            ax.text(share + 1.5, place + shift, f"{some} of {of}", va="center", fontsize=9)
        if both and not group.stayed:
            ax.text(1.5, place - 0.18, "cannot be counted", va="center", fontsize=9, style="italic")
        told.append(
            f"{group.signal}, {group.left[0]} of {group.left[1]}"
            + (f" against {group.stayed[0]} of {group.stayed[1]}" if both and group.stayed else "")
        )
    ax.set_yticks(range(len(groups), 0, -1), [group.signal for group in groups])
    ax.set_xlim(0, 122)
    ax.set_xticks([0, 50, 100])
    ax.set_xlabel("% that show it")
    tables = "relicensings, maintainers_by_employer, community_files, project_activity"
    return figure(drawing, alt=f"Bars: {'; '.join(told)}.", caption=f"{words} Data: {tables}.")


def worths() -> pd.DataFrame:
    """The five signals: how many who left show it, how many who stayed, and what it is worth; "" where unknown."""
    rows = []
    for group in relicensing.comparison():
        left, stayed = (f"{some} of {of}" for some, of in (group.left, group.stayed or (0, 0)))
        known = group.stayed is not None
        worth = group.left[0] / group.left[1] / (group.stayed[0] / group.stayed[1]) if known else None
        rows.append((group.signal, left, stayed if known else "", f"{worth:.1f}" if known else ""))
    return pd.DataFrame(rows, columns=["", "left", "stayed", "worth"]).set_index("").rename_axis(index=None)


def bases() -> pd.DataFrame:
    """The share that left in a year, had the twelve decisions come from so many projects of single companies."""
    rosters = pd.Index([50, 100, 300, 1000], name="projects of single companies")
    return pd.DataFrame({"left in a year": [f"{100 * relicensing.yearly(n):.1f} %" for n in rosters]}, index=rosters)


def fork_start() -> pd.DataFrame:
    """For each fork: when upstream changed, the fork's first complete quarter, and the contributors in it."""
    rows, gone = [], relicensing.left_open_source().set_index("project")["date"]
    for pair in ("elasticsearch/opensearch", "terraform/opentofu", "redis/valkey"):
        upstream, fork = pair.split("/")
        quarters = control.fork_quarters(pair)["contributors"]["fork"].dropna()
        rows.append((fork, gone[upstream.capitalize()], str(quarters.index[0]), int(quarters.iloc[0])))
    return pd.DataFrame(rows, columns=["", "change", "quarter", "people"]).set_index("").rename_axis(index=None)


# ------------------------------------------------------------------------------------------------------------ explorer

SIGNALS = {
    "vendor": "One company decides",
    "home": "No foundation holds it",
    "right": "Somebody can do it alone",
    "spread": "Five people make half",
}
_TIMES = (0.5, 1.0, 1.2, 1.6, 2.0, 3.0, 5.0, 10.0)
# As counted in the lesson; 1 where nothing could be counted.
WORTHS = {"vendor": 1.6, "home": 1.0, "right": 1.0, "spread": 1.2}
# The chance in a year if the twelve decisions came out of so many projects; None: out of the list itself.
BASES = {
    "0.1 %: if 12 of 1,000": 1000,
    "0.4 %: if 12 of 300": 300,
    "1.3 %: if 12 of 100": 100,
    "67 %: the list alone": None,
}
_WITHIN = 5  # years


def explorer() -> Explorer:
    """Base rate and worth of four signals, against order and chance of the ten components."""
    labels = list(BASES)
    controls = {
        "base": ipywidgets.Dropdown(options=labels, value=labels[1], description="Base, a year"),
        **{
            name: ipywidgets.SelectionSlider(
                options=[(f"× {times:g}", times) for times in _TIMES],
                value=WORTHS[name],
                description=words,
                continuous_update=False,
            )
            for name, words in SIGNALS.items()
        },
        "scale": ipywidgets.Dropdown(
            options=["stretched to the longest bar", "from 0 to 100 %"],
            value="stretched to the longest bar",
            description="Scale",
        ),
    }
    return Explorer("Who relicenses next?", _ranked, controls)


def _ranked(base: str, vendor: float, home: float, right: float, spread: float, scale: str) -> tuple[str, Figure]:
    times = {"vendor": vendor, "home": home, "right": right, "spread": spread}
    a_year = 16 / 24 if BASES[base] is None else relicensing.yearly(BASES[base])
    found = {
        one.what: relicensing.over(
            _WITHIN, relicensing.chance(a_year, [times[signal] for signal in sorted(one.signals)])
        )
        for one in relicensing.inventory().values()
    }
    ranked = pd.Series(found).round(12).sort_values(ascending=False, kind="stable")
    usual = 100 * relicensing.over(_WITHIN, a_year)
    drawing, ax = canvas(_NARROW, 3.9)
    places = range(len(ranked), 0, -1)
    first = ranked.iloc[0]
    bars = ax.barh(places, 100 * ranked, color=[ORANGE if one == first else BLUE for one in ranked], height=0.7)
    ax.bar_label(bars, labels=[f"{100 * one:.2g} %" for one in ranked], padding=3, fontsize=9)
    ax.axvline(usual, color=GREEN, linestyle="--")
    ax.set_yticks(list(places), ranked.index)
    ax.set_xlim(0, 122 if scale.startswith("from") else max(122 * first, usual * 1.1))
    ax.set_xlabel(f"chance within {_WITHIN} years, %")
    listed = "; ".join(f"{what} {100 * one:.2g} %" for what, one in ranked.items())
    picture = figure(
        drawing,
        alt=f"Bars of ten invented components by their chance within {_WITHIN} years: {listed}. A dashed line marks "
        f"the base, {usual:.2g} %.",
        caption="Ten invented components. Dashed: the base, without any signal.",
    )
    return _said(ranked, usual, base), picture


def _said(ranked: pd.Series, usual: float, base: str) -> str:
    first, last = ranked.iloc[0], ranked.iloc[-1]
    top = [what for what, one in ranked.items() if one == first]
    with_base = f"The base is {usual:.2g} % within {_WITHIN} years."
    if first == last:
        return f"{with_base} All ten stand level: <b>without weights there is no order.</b>"
    named = top[0] if len(top) == 1 else f"{', '.join(top[:-1])} and {top[-1]}"
    said = f"First: <b>{named}</b>, {100 * first:.2g} %. {with_base} "
    if base.startswith("67"):
        return (
            f"{said}<b>A score of nearly 100, and worth nothing:</b> two in three is the make-up of a list of "
            "relicensings, not the share of projects that relicense."
        )
    stay = round(100 * (1 - first))
    return f"{said}<b>Of a hundred like the first, {stay} would not change in that time.</b>"


# ------------------------------------------------------------------------------------------------ when it happens

DAY = 700  # euro a day of an engineer, invented like all costs of the lab
WAYS = {
    "stay": Way("stay on the last open release", 0, 10, 2, 0, True),
    "accept": Way("take the new terms, if they allow our use", 8, 2, 1, 0, False),
    "join": Way("join a fork", 20, 15, 1, 0, True),
    "own": Way("a fork of our own", 10, 150, 1, 0, True),
    "pay": Way("pay the maker", 3, 0, 1, 24_000, False),
    "replace": Way("replace it", 110, 3, 1, 0, True),
}
_EXERCISE_WAYS = {
    "stay": Way("Stay on the last open release", 0, 15, 2, 0, True),
    "join": Way("Join the fork", 40, 12, 1, 0, True),
    "pay": Way("Pay the maker", 5, 0, 1, 22_000, False),
    "replace": Way("Replace it", 120, 2, 1, 0, True),
}
EXERCISE_DAY = 600


def ways_figure(years: int = 5) -> Figure:
    """What each way out has cost after each year; the fork of one's own is left out, being far above the others."""
    drawing, ax = canvas(_NARROW, 3.6)
    lines = {"stay": (ORANGE, "-"), "pay": (PURPLE, "-."), "replace": (GREEN, ":"), "join": (BLUE, "--")}
    told = []

    def last(key: str) -> float:
        return 0.001 * WAYS[key].so_far(years, DAY)[-1]

    for key, (colour, dash) in lines.items():
        spent = [0.001 * one for one in WAYS[key].so_far(years, DAY)]
        ax.plot(range(1, years + 1), spent, dash, color=colour, marker="o", markersize=4, label=WAYS[key].words)
        told.append(f"{WAYS[key].words} {', '.join(f'{one:.0f}' for one in spent)}")
    ax.set_xticks(range(1, years + 1))
    ax.set_xlabel("after so many years")
    ax.set_ylabel("thousand euro in all")
    ax.set_ylim(0)
    ax.legend(fontsize=9, frameon=False)
    return figure(
        drawing,
        alt=f"Lines, thousand euro in all after 1 to {years} years: {'; '.join(told)}.",
        caption=f"What four ways out have cost. All figures invented. Not in the picture, thousand euro after {years} "
        f"years: {WAYS['own'].words}, {last('own'):.0f}; {WAYS['accept'].words}, {last('accept'):.0f}.",
    )


def ways_shown(ways: dict[str, Way] = _EXERCISE_WAYS) -> HTML:
    """What each way of the exercise takes, as a table: days once, days a year, euro a year."""
    rows = {
        way.words: (f"{way.once:g}", f"{way.days:g}" + (", doubling" if way.growth == 2 else ""), f"{way.money:,.0f}")
        for way in ways.values()
    }
    return stacked(pd.DataFrame(rows, index=["days once", "days a year", "euro a year"]).T)


def costs_key(years: int = 3) -> dict[str, float]:
    """Thousand euro that each way of the exercise has cost after `years`."""
    spent = {key: way.so_far(years, EXERCISE_DAY) for key, way in _EXERCISE_WAYS.items()}
    return {key: 0.001 * costs[-1] for key, costs in spent.items()}


# ------------------------------------------------------------------------------------------------------- the exercise


def busl_rows() -> HTML:
    """The changes to BUSL-1.1 of `relicensings`: what a learner counts."""
    gone = relicensing.left_open_source()
    rows = gone[gone["to_spdx"] == "BUSL-1.1"]
    rows = rows.assign(date=rows["date"].astype(str), fork=rows["fork"].replace("", "(empty)"))
    return stacked(rows[["project", "date", "from_spdx", "fork"]].set_index("project").rename_axis(index=None))


def components() -> HTML:
    """The invented inventory, one row a component."""
    agreements = {"same": "none", "grant": "holder chooses"}
    rows = [
        (one.home, one.licence, agreements[one.agreement], one.name_held_by, one.people)
        for one in relicensing.inventory().values()
    ]
    names = [one.what for one in relicensing.inventory().values()]
    return stacked(pd.DataFrame(rows, index=names, columns=["home", "licence", "agreement", "name", "half"]))


MODELS = {"a": "Granite-4.1", "b": "CrystalChat", "c": "Polyglot-Ko", "d": "gpt-oss-20b"}


def models_shown(models: dict[str, str] = MODELS) -> HTML:
    """Components of some models by their records: "open", "listed" (named, not openly licensed), or "-" for neither."""
    found = {}
    for model in models.values():
        row = openness.record(model)
        found[model] = {
            words: "open" if row[f"{part}_open"] else "listed" if row[part] else "-"
            for part, words in openness.WORDS.items()
        }
    return stacked(pd.DataFrame(found))


def arrivals() -> pd.DataFrame:
    """Projects of the foundation by when they came in: how many, and for how many years they were watched together.

    By a mark that was there from the start: whoever left could not have reached the highest level afterwards.
    """
    projects = load("foundation_projects")
    at = pd.cut(projects["accepted"].dt.year, [0, 2019, 2022, 9999], labels=["to 2019", "2020 to 2022", "since 2023"])
    rows = {
        str(when): (len(some), round(relicensing.project_years(some)))
        for when, some in projects.groupby(at, observed=True)
    }
    return pd.DataFrame(rows, index=["projects", "project-years"]).T


def counts_key() -> dict[str, tuple[float, float, str]]:
    """Field -> (figure, how far off it may be, where to look again) of the exercise's figures."""
    rows = relicensing.left_open_source().query("to_spdx == 'BUSL-1.1'")
    made = len(relicensing.decisions(rows))
    years = arrivals().loc["to 2019", "project-years"]
    return {
        "decisions": (made, 0, "One company on one day decides once: look for equal dates."),
        "copyleft": (
            int((rows["from_spdx"] == "MPL-2.0").sum()),
            0,
            "MPL-2.0 is copyleft, file by file; the others are not.",
        ),
        "yearly": (100 * made / 6 / 200, 0.03, "Decisions, divided by 6 years and by 200 projects, in per cent."),
        "ceiling": (300 / years, 0.06, "3 divided by the project-years of those who came in up to 2019, in per cent."),
    }
