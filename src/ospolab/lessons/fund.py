"""The views of the lab "Where one euro keeps most standing" (environmentalist/strategy)."""

from __future__ import annotations

import ipywidgets
import numpy as np
import pandas as pd

from ospolab import fund, funding
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, GREEN, ORANGE, Figure, canvas, figure
from ospolab.lessons.openings import kept

__all__ = ["choices", "crowd", "explorer", "opening", "popular_and_needed", "try_plan"]

# What the grader asks of a plan: this share of what the best plan within the rules keeps.
NEARLY_BEST, HALF_BEST = 0.85, 0.5


@kept
def opening() -> Figure:
    """The picture the lesson opens with: how much stands on each package, asked for or not."""
    reaches, wanted = funding.reach(funding.graph()), set(funding.asked_for())
    heights = reaches.to_numpy()
    ours = np.array([package in wanted for package in reaches.index])
    drawing, ax = canvas(height=3.2)
    places = np.arange(len(reaches))
    # One outline for all that came along: as bars of their own they would make the page several times as heavy.
    ax.stairs(heights, np.arange(len(heights) + 1) - 0.5, fill=True, color=BLUE, label="came along")
    ax.bar(
        places[ours], np.maximum(heights[ours], 0.4), width=1.0, color=ORANGE, hatch="////", label="asked for by name"
    )
    ax.set_xlabel(f"the {len(reaches)} packages, most needed first")
    ax.set_ylabel("packages that need it")
    ax.legend(loc="upper right", fontsize=9, frameon=False)
    first_ours = next(package for package in reaches.index if package in wanted)
    return figure(
        drawing,
        alt=f"Bars for {len(reaches)} packages, from {heights[0]} packages that need the first down to none. Of the "
        f"twenty most needed, {int(ours[:20].sum())} were asked for by name, {first_ours} first.",
        caption=f"This course asks for {len(wanted)} packages by name. The other {len(reaches) - len(wanted)} came "
        "along, and most of those that much stands on are among them. Data: course_packages, course_requirements.",
    )


def popular_and_needed() -> Figure:
    """Downloads worldwide against reach in this environment, for the packages among the 500 most downloaded."""
    table = funding.overview()
    known = table.dropna(subset=["downloads, millions"])
    drawing, ax = canvas(height=3.8)
    ax.scatter(known["downloads, millions"].astype(float), known["reach"], s=22, color=BLUE, alpha=0.75, linewidths=0)
    for name, shift in {
        "setuptools": (-8, 8), "packaging": (-1, 7), "markupsafe": (8, 2), "numpy": (-4, 8), "traitlets": (8, 0),
        "requests": (-10, 6),
    }.items():  # fmt: skip
        at = (float(known.loc[name, "downloads, millions"]), known.loc[name, "reach"])
        ax.annotate(
            name, at, xytext=shift, textcoords="offset points", ha="right" if shift[0] < 0 else "left", fontsize=9
        )
    ax.set_xscale("log")
    ax.set_xticks([50, 100, 200, 400, 800, 1600], ["50", "100", "200", "400", "800", "1,600"])
    ax.minorticks_off()
    ax.set_xlabel("downloads worldwide in 30 days, millions")
    ax.set_ylabel("packages here that need it")
    rank = known[["reach", "downloads, millions"]].rank().corr().iloc[0, 1]
    # Those below the 500 have fewer downloads than all others: put last, they can be ranked, too.
    with_rest = table[["reach", "downloads, millions"]].fillna(0).rank().corr().iloc[0, 1]
    least = known["downloads, millions"].min()
    return figure(
        drawing,
        alt=f"Dots for {len(known)} packages, downloads from {least} million to 1.6 billion against reach from 0 to "
        "34; a cloud with hardly a slope. setuptools and numpy stand right at the bottom, traitlets left and high.",
        caption=f"{len(known)} packages that are among the 500 most downloaded. Rank correlation {rank:.2f}, where 1 "
        f"would mean the same order; {with_rest:.2f} if the other {len(table) - len(known)} are put last. Data: "
        "downloads_top, course_requirements.",
    )


def crowd() -> Figure:
    """The score of one invented project, all else equal, as more and more people contribute to it."""
    people = np.unique(np.geomspace(1, 5000, 60).astype(int))
    fixed = {"created_since": 120, "updated_since": 0, "commit_frequency": 5}
    scores = [funding.criticality_score({**fixed, "contributor_count": count}) for count in people]
    drawing, ax = canvas(height=2.9)
    ax.plot(people, scores, color=ORANGE)
    ax.set_xscale("log")
    ax.set_xticks([1, 10, 100, 1000, 5000], ["1", "10", "100", "1,000", "5,000"])
    ax.minorticks_off()
    ax.set_ylim(0, 1)
    ax.set_xlabel("people who ever contributed")
    ax.set_ylabel("score")
    return figure(
        drawing,
        alt=f"A line that only rises: the score is {scores[0]:.2f} with one contributor, {scores[-1]:.2f} with 5,000.",
        caption="One invented project, ten years old, five commits a week: four inputs of the criticality score. The "
        "more people ever contributed, the higher it scores.",
    )


# In tables and beside bars; see `ospolab.funding.WAYS_TO_CHOOSE` for whole sentences.
_SHORT = {"downloads": "most downloaded", "reach": "most needed here", "look": "look first, then pay"}


def choices(looks: int = 40, order: str = "reach", **assumed) -> pd.DataFrame:
    """The same simulated years under each way to choose: one row a way.

    looks, order: see `ospolab.funding.simulate`. assumed: see `ospolab.funding.Assumptions`. without: asked-for
    packages that stand without the fund; kept: how many more stand with it; both are means over the years. years it
    kept any: of 100. spent: euros, rounded to hundreds.
    """
    rows = {}
    for way, words in _SHORT.items():
        years = funding.simulate(way, funding.Assumptions(**assumed), looks, order)
        kept = years["with"] - years["without"]
        rows[words] = {
            "without": round(years["without"].mean(), 1),
            "kept": round(kept.mean(), 2),
            "years it kept any, of 100": round(100 * (kept > 0).mean()),
            "spent, €": int(round(years["spent"].mean(), -2)),
        }
    return pd.DataFrame(list(rows.values()), index=list(rows))


def explorer() -> Explorer:
    """Whom the fund pays, how many it looks at first, how many are fragile; and what stands at the end of a year."""
    return Explorer(
        "What does the fund keep standing?",
        _year,
        {
            "choose": ipywidgets.Dropdown(
                options=[(words, way) for way, words in funding.WAYS_TO_CHOOSE.items()],
                value="downloads",
                description="The fund pays",
            ),
            "looks": ipywidgets.IntSlider(
                value=40, min=10, max=90, step=10, description="Looked at first", continuous_update=False
            ),
            "fragile": ipywidgets.Dropdown(
                options=[(f"{share} % of packages", share) for share in (2, 5, 10, 20, 40)],
                value=5,
                description="Assumed fragile",
            ),
            "missed": ipywidgets.IntSlider(
                value=0, min=0, max=75, step=25, description="A look misses (%)", continuous_update=False
            ),
            "effect": ipywidgets.IntSlider(
                value=80, min=0, max=100, step=20, description="Grant effect (%)", continuous_update=False
            ),
        },
    )


def _year(choose: str, looks: int, fragile: int, missed: int, effect: int) -> tuple[str, Figure]:
    assumed = funding.Assumptions(fragile_share=fragile / 100, missed=missed / 100, effect=effect / 100)
    every = {way: funding.simulate(way, assumed, looks) for way in funding.WAYS_TO_CHOOSE}
    kept = {way: (years["with"] - years["without"]) for way, years in every.items()}
    means = {way: one.mean() for way, one in kept.items()}
    years, wanted = every[choose], len(funding.asked_for())
    first = max(means, key=means.__getitem__)
    said = (
        f"Without the fund {years['without'].mean():.1f} of the {wanted} stand at the end of a year, on average. "
        f"Paying <b>{funding.WAYS_TO_CHOOSE[choose]}</b> keeps <b>{means[choose]:.2f}</b> more, for "
        f"{years['spent'].mean():,.0f} €; in {100 * (kept[choose] > 0).mean():.0f} of 100 years it keeps any at all."
    )
    if max(means.values()) < 0.005:
        verdict = "Money that changes nothing keeps nothing, whoever gets it."
    elif first == choose:
        verdict = "<b>Under these assumptions no other of the three ways keeps more.</b>"
    else:
        verdict = f"<b>Paying {funding.WAYS_TO_CHOOSE[first]} would keep {means[first]:.2f}.</b>"
    return f"{said} {verdict}", _bars(means, kept, choose, fragile, effect)


def _bars(means: dict, kept: dict, chosen: str, fragile: int, effect: int) -> Figure:
    drawing, ax = canvas(height=2.5)
    for row, (way, colour, hatch) in enumerate(zip(_SHORT, (ORANGE, BLUE, GREEN), ("////", "--", ""), strict=True)):
        low, high = _interval(kept[way])
        ax.barh(row, means[way], color=colour, hatch=hatch, height=0.55, alpha=1 if way == chosen else 0.45)
        ax.plot([low, high], [row, row], color="#808080", linewidth=3)
        ax.annotate(f"{means[way]:.2f}", (high, row), xytext=(6, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(3), [f"{'▸ ' if way == chosen else ''}{words}" for way, words in _SHORT.items()])
    ax.invert_yaxis()
    ax.set_xlim(0, max(0.5, max(_interval(one)[1] for one in kept.values()) * 1.2))
    ax.set_xlabel("asked-for packages kept standing, mean of the drawn years")
    words = "; ".join(f"{_SHORT[way]} {means[way]:.2f}" for way in _SHORT)
    return figure(
        drawing,
        alt=f"Three bars, packages kept standing by the fund when {fragile} % are fragile and a grant takes away "
        f"{effect} % of the chance: {words}.",
        caption="10,000 drawn years, the same for each way. The grey line says how well the mean is known (95 %). "
        "Chances, effect and costs are invented. Data: course_requirements, downloads_top.",
    )


def _interval(values: pd.Series) -> tuple[float, float]:
    """Where the true mean lies, with 95 % confidence."""
    half = 1.96 * values.std() / len(values) ** 0.5
    return max(0.0, values.mean() - half), values.mean() + half


def try_plan(given: dict) -> str:
    """Says which rules the learner's plan breaks and what it keeps. given: the answers of the form "fund"."""
    plan = fund.from_answers(given)
    if not plan:
        return "No grant yet. Put euros and a way into some rows of the form above. Then run this cell again."
    before, after = fund.expected(set()), fund.expected(fund.effective(plan))
    broken = fund.broken(plan)
    said = list(broken) or ["It keeps all the rules."]
    spent = sum(grant.euros for grant in plan)
    components = "1 component" if len(plan) == 1 else f"{len(plan)} components"
    said.append(f"Spent: {spent:,.0f} € of {fund.rules().spendable:,} €, on {components}.")
    popular = before + fund.gain(fund.by_popularity())
    said.append(
        f"Services standing, on average: {before:.2f} without the fund, {after:.2f} with it "
        f"({popular:.2f} if the most downloaded were paid first)."
    )
    low, high = fund.spread(plan)
    said.append(
        f"If each guess may be half or twice as large, the plan keeps {low:.1f} to {high:.1f} more in 80 of 100 cases."
    )
    share = (after - before) / fund.best()[0]
    if spent > fund.rules().spendable:
        said.append("What a plan keeps does not count while it costs more than there is.")
    elif broken:
        said.append("Mend the rules first; then this line says how good the plan is.")
    elif share < HALF_BEST:
        said.append("Other plans within the rules keep more than twice as much.")
    elif share < NEARLY_BEST:
        said.append("Good; some plans within the rules keep a fair bit more.")
    else:
        said.append("No plan within the rules keeps much more.")
    return "\n".join(said)
