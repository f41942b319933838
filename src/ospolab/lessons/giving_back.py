"""The views of the lab "What a private fork costs" (advocate/strategy)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets
import numpy as np
import pandas as pd
from IPython.display import HTML

from ospolab import carrying, forkcases, forkcost
from ospolab.carrying import Carried
from ospolab.control import fork_quarters
from ospolab.data import load
from ospolab.forkcost import INPUTS, Case, Range
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, GREEN, ORANGE, Figure, canvas, figure
from ospolab.lessons.openings import kept
from ospolab.lessons.tables import plain, stacked

__all__ = [
    "assumed",
    "bars_to_read",
    "euros",
    "explorer",
    "given_back",
    "hard_forks",
    "log_to_read",
    "opening",
    "over_time",
    "pace",
    "patch_figures",
    "side_by_side",
    "tiles",
    "tornado",
    "try_case",
]

_MARKS = {
    "conflict": ("✕", ORANGE, "////"),
    "glue, conflict": ("✕", ORANGE, "////"),
    "quiet break": ("!", ORANGE, ""),
    "clean": ("·", BLUE, ""),
    "glue, clean": ("·", BLUE, ""),
    "already there": ("=", GREEN, ""),
}


def euros(value: float) -> str:
    """An amount to the nearest hundred, as people say it: 1,900."""
    return f"{round(value, -2):,.0f}"


# ------------------------------------------------------------------------------------------------------- what git said


@kept
def opening() -> Figure:
    """The picture the lesson opens with: what git said about eighteen updates, and nothing else."""
    grid = carrying.remembered().grid()
    silent = int((grid != "conflict").to_numpy().sum())
    return tiles(
        grid.replace("quiet break", "clean"),
        caption=f"Three patches of a private fork, put onto six releases. A cross: git reported a conflict. A dot: git "
        f"said nothing, {silent} times. One of the {silent} dots switched off a flood alarm.",
    )


def given_back(given: Carried) -> Figure:
    """The same fork with `timeout` given back."""
    return tiles(
        given.grid(),
        caption="A cross: conflict. A dot: clean. !: git said clean, and our test failed. From 1.2 on the row timeout "
        "is the glue, the one line of it that is left.",
    )


def tiles(grid: pd.DataFrame, caption: str = "") -> Figure:
    """What became of each patch at each release, as tiles. grid: as `Carried.grid` gives it."""
    drawing, ax = canvas(height=0.9 + 0.5 * len(grid))
    for y, (_, row) in enumerate(grid.iterrows()):
        for x, outcome in enumerate(row):
            if not outcome:
                continue
            mark, colour, hatch = _MARKS[outcome]
            loud = outcome not in ("clean", "glue, clean")
            ax.bar(
                x,
                0.84,
                bottom=y - 0.42,
                width=0.9,
                color=colour,
                alpha=0.85 if loud else 0.25,
                hatch=hatch,
                linewidth=0,
            )
            ax.annotate(mark, (x, y), ha="center", va="center", fontsize=15, fontweight="bold")
    ax.set_xticks(range(grid.shape[1]), grid.columns)
    ax.set_yticks(range(len(grid)), grid.index)
    ax.invert_yaxis()
    ax.tick_params(length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.set_xlabel("release of upstream")
    rows = [
        f"{name}: " + ", ".join(f"{release} {outcome}" for release, outcome in row.items() if outcome)
        for name, row in grid.iterrows()
    ]
    return figure(drawing, alt=f"Tiles, a row a patch and a column a release. {'. '.join(rows)}.", caption=caption)


def side_by_side(kept: Carried, given: Carried) -> HTML:
    """Conflicts of each patch, carried throughout and with `timeout` given back."""
    before, after = kept.conflicts(), given.conflicts()
    rows = [[name, str(before[name]), str(after[name])] for name in before.index]
    rows.append(["together", str(before.sum()), str(after.sum())])
    return plain(["conflicts", "all carried", "timeout given back"], rows)


# ------------------------------------------------------------------------------------------------------------- money


def assumed(case: Case) -> HTML:
    """What is assumed, a row an input."""
    rows = []
    for name, (words, unit) in INPUTS.items():
        one: Range = getattr(case, name)
        by = 100 if unit == "%" else 1
        mark = " %" if unit == "%" else ""
        rows.append([words, *(f"{value * by:g}{mark}" for value in (one.low, one.likely, one.high))])
    return plain(["", "low", "likely", "high"], rows)


def pace(times: int, of: int, years: float = 2) -> pd.DataFrame:
    """The same counted patch with upstreams of different pace: a row each. Euros over the years, 80 of 100 futures."""
    rows = {}
    for words, releases in {
        "3 a year": Range(2, 3, 4),
        "6 a year": Range(4, 6, 8),
        "12 a year": Range(9, 12, 14),
    }.items():
        futures = forkcost.simulate(forkcases.lesson_case(times, of, releases, years))
        low, high = futures.quantile(0.1), futures.quantile(0.9)
        share, _ = forkcost.verdict(futures)
        rows[words] = {
            "keep, €": f"{euros(low['keep'])}–{euros(high['keep'])}",
            "give, €": f"{euros(low['give'])}–{euros(high['give'])}",
            "pays in": f"{share:.0%}",
        }
    return pd.DataFrame(rows).T


def over_time(case: Case, caption: str = "") -> Figure:
    """What keeping and giving back have cost, month by month: the middle future, and the band of 80 in 100."""
    months = np.arange(0, round(case.years * 12) + 1, max(1, round(case.years)))
    costs = forkcost.bands(case, months / 12)
    drawing, ax = canvas()
    for column, colour, dash, words in (("keep", ORANGE, "--", "keep it"), ("give", BLUE, "-", "give it back")):
        low, middle, high = costs[column].T
        ax.fill_between(months, low, high, color=colour, alpha=0.18, linewidth=0)
        ax.plot(months, middle, color=colour, linestyle=dash, label=words)
    ax.set_xlabel("months")
    ax.set_ylabel("euros so far")
    ax.set_ylim(bottom=0)
    ax.legend(loc="upper left", fontsize=9, frameon=False)
    said = "; ".join(
        f"{words} {euros(costs[column][-1, 0])} to {euros(costs[column][-1, 2])} euros"
        for column, words in (("keep", "keep it"), ("give", "give it back"))
    )
    alt = f"Two rising lines with bands over {months[-1]} months. At the end, in 80 of 100 futures: {said}."
    return figure(drawing, alt=alt, caption=caption)


def tornado(case: Case) -> Figure:
    """What giving back saves if one input at a time goes to the ends of its range, the longest bar on top."""
    table = forkcost.tornado(case)
    middle = forkcost.saved(case)
    drawing, ax = canvas(height=3.6)
    for y, (_, row) in enumerate(table.iterrows()):
        for end, colour, hatch in (("low", ORANGE, "////"), ("high", BLUE, "")):
            ax.barh(y, row[end] - middle, left=middle, color=colour, hatch=hatch, height=0.6, linewidth=0, alpha=0.85)
    ax.axvline(0, color="#808080", linewidth=1.5, linestyle=":")
    ax.set_yticks(range(len(table)), [INPUTS[name][0] for name in table.index])
    ax.invert_yaxis()
    ax.set_xlabel("euros saved by giving back (dotted: no difference)")
    ax.bar(0, 0, color=ORANGE, hatch="////", label="input at its low end")
    ax.bar(0, 0, color=BLUE, label="at its high end")
    ax.legend(loc="lower left", fontsize=9, frameon=False)
    words = "; ".join(
        f"{INPUTS[name][0]}: {euros(row['low'])} at its low end, {euros(row['high'])} at its high end"
        for name, row in table.iterrows()
    )
    return figure(
        drawing,
        alt=f"Bars, longest first, around {euros(middle)} euros saved. {words}.",
        caption="A tornado chart: one input at a time goes to the ends of its range, the others stay as is likely.",
    )


def explorer() -> Explorer:
    """Size of the patch, pace of upstream, share with trouble, chance, rate and years: the cost of both ways."""
    options = {
        "size": ipywidgets.Dropdown(
            options=[(words, key) for key, (words, *_) in forkcases.SIZES.items()],
            value="few",
            description="The patch is",
        ),
        "pace": ipywidgets.IntSlider(value=3, min=1, max=12, description="Releases a year", continuous_update=False),
        "trouble": ipywidgets.IntSlider(
            value=80, min=0, max=100, step=10, description="With trouble (%)", continuous_update=False
        ),
        "accepted": ipywidgets.IntSlider(
            value=70, min=0, max=100, step=10, description="Chance taken (%)", continuous_update=False
        ),
        "rate": ipywidgets.IntSlider(
            value=75, min=40, max=150, step=5, description="Euros an hour", continuous_update=False
        ),
        "years": ipywidgets.IntSlider(value=2, min=1, max=6, description="Years needed", continuous_update=False),
    }
    return Explorer("Keep it, or give it back?", _compared, options)


def _around(value: float, most: float = float("inf")) -> Range:
    """A value as a range: a quarter less, a quarter more."""
    return Range(0.75 * value, value, max(value, min(1.25 * value, most)))


def _compared(size: str, pace: int, trouble: int, accepted: int, rate: int, years: int) -> tuple[str, Figure]:
    words, redo, offer = forkcases.SIZES[size]
    case = Case(
        releases=_around(pace),
        check=Range(0.25, 0.5, 1),
        trouble=_around(trouble / 100, 1),
        redo=redo,
        offer=offer,
        accepted=_around(accepted / 100, 1),
        wait=Range(1, 2, 3),
        glue=Range(0, 0.1, 0.4),
        rate=_around(rate),
        years=years,
    )
    futures = forkcost.simulate(case)
    low, high = futures.quantile(0.1), futures.quantile(0.9)
    share, found = forkcost.verdict(futures)
    after = forkcost.pays_from(case)
    verdict = {
        "give": "<b>Give it back.</b>",
        "keep": "<b>For the money alone: keep it.</b>",
        "open": "<b>The money does not decide.</b>",
    }[found]
    when = "It never pays for itself" if after is None else f"With likely values it pays from release {after} on"
    told = "one year" if years == 1 else f"{years} years"
    said = (
        f"Over {told}, in 80 of 100 futures: keeping costs {euros(low['keep'])} to {euros(high['keep'])} €, giving "
        f"back {euros(low['give'])} to {euros(high['give'])} €. {when}"
        + ("." if after is None else f" ({after / pace * 12:,.0f} months).")
        + f" On average over refusals, giving back is cheaper in <b>{100 * share:.0f} of 100</b>. {verdict}"
    )
    picture = over_time(
        case,
        f"A patch of {words}. Lines: the middle future; bands: 80 of 100. Hours are invented.",
    )
    return said, picture


# --------------------------------------------------------------------------------------------------------- hard forks


def hard_forks() -> HTML:
    """What each hard fork had in its complete quarters: people and core (medians), most people on both sides."""
    table = load("forks_quarterly")
    rows = []
    for pair in sorted(table["pair"].unique()):
        quarters = fork_quarters(pair)
        people, core = (
            quarters["contributors"]["fork"].dropna(),
            quarters["contributor_absence_factor"]["fork"].dropna(),
        )
        both = table[(table["pair"] == pair) & (table["side"] == "fork") & table["complete"]]
        shared = both["contributors_in_both"].dropna()
        rows.append(
            [
                pair.split("/")[1],
                str(len(people)),
                f"{people.median():g}",
                f"{core.median():g}",
                f"{shared.max()} ({len(shared)})",
            ]
        )
    return plain(["fork", "quarters", "people", "core", "on both sides"], rows)


# ---------------------------------------------------------------------------------------------------------- exercise


def log_to_read() -> Figure:
    """What git said about another fork of the same project; what its tests said stands in the task."""
    return tiles(
        carrying.remembered("exercise").grid().replace("quiet break", "clean"),
        caption="What git said. A cross: conflict. A dot: clean. An equals sign: nothing is left of the patch, as "
        "upstream has the very same; after it there is nothing more to update.",
    )


def bars_to_read() -> Figure:
    """The tornado chart of task 3: the alarm of the exercise, needed for five years."""
    return tornado(forkcases.case("alarm", years=5))


def patch_figures() -> HTML:
    """What is assumed about the patches of the exercise's last task, likely value and range."""

    def said(one: Range, unit: str) -> str:
        by, mark = (100, " %") if unit == "%" else (1, "")
        return f"{one.likely * by:g}{mark} ({one.low * by:g}–{one.high * by:g})"

    table = {
        name: {words: said(inputs[key], unit) for key, (words, unit) in INPUTS.items() if key in inputs}
        for name, (_, inputs) in forkcases.PATCHES.items()
    }
    return stacked(pd.DataFrame(table))


def try_case(given: Mapping[str, Any]) -> str:
    """What the figures of the learner's business case come to. given: the answers of the form "case"."""
    case = forkcases.from_answers(given)
    if case is None:
        return (
            "Nothing to compute yet: choose a patch, the years, and an hourly rate as low, likely, high in this order "
            "(for a patch of your own its table, too). Then run this cell again."
        )
    futures = forkcost.simulate(case)
    low, high = futures.quantile(0.1), futures.quantile(0.9)
    share, found = forkcost.verdict(futures)
    word = {"give": "give it back", "keep": "keep it", "open": "undecided"}[found]
    told = "1 year" if case.years == 1 else f"{case.years:g} years"
    after, bars, turns = forkcost.pays_from(case), forkcost.tornado(case), forkcost.turning(case)
    said = [
        f"Keeping it over {told}, 80 of 100 futures: {euros(low['keep'])} to {euros(high['keep'])} €.",
        f"Giving it back:                        {euros(low['give'])} to {euros(high['give'])} €.",
        f"Giving back is cheaper, refusals averaged in, in {100 * share:.0f} of 100 futures; for the money: {word}.",
        f"If upstream were sure to say yes: in {100 * forkcost.sure_yes(case):.0f} of 100.",
        "Break-even: never." if after is None else f"Break-even, likely values: release {after}.",
        "Longest bars: " + "; ".join(INPUTS[name][0] for name in bars.index[:3]) + ".",
    ]
    if turns:
        by = {name: 100 if INPUTS[name][1] == "%" else 1 for name in turns}
        at = [
            f"{INPUTS[name][0]} at {turns[name] * by[name]:.3g} {INPUTS[name][1]}".rstrip()
            for name in bars.index
            if name in turns
        ]
        said.append(f"Turn the likely sum over alone, within their range: {'; '.join(at)}.")
    else:
        said.append("No input alone turns the likely sum over within its range.")
    return "\n".join(said)
