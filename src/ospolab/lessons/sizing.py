"""The views of the lab "How big should your office be?" (enabler/strategy)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import ipywidgets
import pandas as pd
from IPython.display import HTML

from ospolab import maturity, survey
from ospolab.data import load
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, GREEN, ORANGE, PURPLE, Figure, canvas, figure
from ospolab.lessons.openings import kept
from ospolab.lessons.tables import wrapped

__all__ = [
    "KESSEL",
    "PEOPLE",
    "alone",
    "band_words",
    "bases",
    "explorer",
    "line",
    "of_stage",
    "opening",
    "places",
    "readings",
    "stages",
    "stairs",
    "team_figure",
    "verdict",
]

PEOPLE = {"0": "none yet", "1": "1", "2-4": "2 to 4", "5-9": "5 to 9", "10_plus": "10 or more", "dont_know": "?"}


def _percent(share: float) -> int:
    return int(100 * share + 0.5)


def _range(low: float, high: float) -> str:
    """An interval in words; with one decimal where an end would otherwise be printed as, or next to, half."""
    close = any(abs(end - 0.5) < 0.0055 for end in (low, high))
    return f"{100 * low:.1f} to {100 * high:.1f} %" if close else f"{_percent(low)} to {_percent(high)} %"


def verdict(low: float, high: float) -> str:
    """What an interval (ends in 0..1) says about most: "a majority", "a minority" or "cannot be said"."""
    return "a majority" if low > 0.5 else "a minority" if high < 0.5 else "cannot be said"


def line(yes: int, base: int) -> dict:
    """A line of a table: how many of how many, the share, what else fits, and whether most."""
    low, high = survey.wilson(yes, base)
    return {
        "yes": f"{yes:,} of {base:,}",
        "share": f"{_percent(yes / base)} %",
        "what fits": _range(low, high),
        "most?": verdict(low, high),
    }


def _table(rows: dict, first: str = "") -> HTML:
    """Rows of few short words, narrow enough for a telephone."""
    return wrapped(pd.DataFrame.from_dict(rows, orient="index").rename_axis(first), least="0")


def band_words(band: str) -> str:
    """A key of `survey.BANDS` in words."""
    return "10,000 and more" if band == "10000+" else " to ".join(f"{int(end):,}" for end in band.split("-"))


# ------------------------------------------------------------------------------------------------------- the headline


@kept
def opening() -> Figure:
    """The picture the lesson opens with: what the 53 % are made of."""
    have, base = survey.have_one(2018)
    both, _ = survey.have_one(2018, counted="have or plan one")
    parts = {"have one": (have, BLUE), "plan one": (both - have, ORANGE), "neither": (base - both, "#8a8a8a")}
    drawing, ax = canvas(height=1.9)
    left = 0.0
    for name, (count, colour) in parts.items():
        width = 100 * count / base
        hatch = "///" if name == "plan one" else None
        ax.barh([0], [width], left=left, color=colour, alpha=0.6 if hatch else 0.85, hatch=hatch)
        ax.annotate(f"{name}\n{_percent(count / base)} %", (left + width / 2, -0.62), ha="center", va="top")
        left += width
    ax.plot([0, 100 * both / base], [0.55, 0.55], color=BLUE, linewidth=3)
    ax.annotate(f"the headline: {_percent(both / base)} %", (0, 0.66), va="bottom")
    ax.axis("off")
    ax.set_ylim(-1.6, 1.2)
    return figure(
        drawing,
        alt=f"One bar for {base} answers of 2018: {_percent(have / base)} % have a program, "
        f"{_percent((both - have) / base)} % plan one, {_percent((base - both) / base)} % do neither. The headline of "
        f"{_percent(both / base)} % spans the first two.",
        caption=f"{base} answers of 2018. The hatched part is a plan. Data: survey_ospo.",
    )


def readings() -> HTML:
    """The headline of 2018 by what is counted and among whom: count, base, share, what else fits, and whether most."""
    rows = {}
    for counted, words in {"have or plan one": "have or plan", "have one": "have"}.items():
        yes, base = survey.have_one(2018, counted=counted)
        alone, alone_base = survey.have_one(2018, "size:self_or_none", counted)
        rows[f"{words}, of all"] = line(yes, base)
        rows[f"{words}, in a house"] = line(yes - alone, base - alone_base)
    return _table(rows)


def bases() -> HTML:
    """2018, have or plan one: everybody, who told their size, who told a sector of the table, and the rest."""
    all_yes, all_base = survey.have_one(2018, counted="have or plan one")
    rows = {"everybody": line(all_yes, all_base)}
    for by, name in {"size": "told their size", "sector": "told a sector"}.items():
        found = survey.groups(2018, by, "have or plan one").values()
        yes, base = sum(yes for yes, _ in found), sum(base for _, base in found)
        rows[name] = line(yes, base)
    rows["did not"] = line(all_yes - yes, all_base - base)
    return _table(rows)


def alone(counts: Mapping[str, tuple[int, int]]) -> HTML:
    """What the headline becomes with all weight on one group. counts: group -> (yes, base)."""
    return _table({group: line(*found) for group, found in counts.items()})


# ------------------------------------------------------------------------------------------------------- your own mix


def explorer() -> Explorer:
    """Year, what counts, and the mix of sizes and of sectors, against what the survey's headline becomes."""

    def slider(value: int, description: str) -> ipywidgets.IntSlider:
        return ipywidgets.IntSlider(
            value=value, min=0, max=100, step=1, description=description, continuous_update=False
        )

    controls = {
        "year": ipywidgets.Dropdown(options=[2018, 2019, 2021, 2022, 2023], value=2018, description="Year"),
        "counted": ipywidgets.Dropdown(options=[*survey.COUNTED], value="have or plan one", description="Counts"),
    }
    # The mix of those who answered in 2018, in per cent, so that moving a control moves away from the headline.
    for key, group, value in zip(_KEYS, _GROUPS, (29, 29, 18, 24, 57, 10, 33), strict=True):
        controls[key] = slider(value, group[0].upper() + group[1:])
    return Explorer("What does the headline become for your mix?", _view, controls)


_KEYS = ("small", "middle", "large", "largest", "technology", "public", "others")
_GROUPS = (*survey.SIZES, *survey.SECTORS)


def _view(year: int, counted: str, **weights: int) -> tuple[str, Figure]:
    given = dict(zip(_GROUPS, (weights[key] for key in _KEYS), strict=True))
    rows = {"as printed": survey.Share(*_with_interval(*survey.have_one(year, counted=counted)))}
    for by, named in {"size": survey.SIZES, "sector": survey.SECTORS}.items():
        chosen = {group: given[group] for group in named}
        if any(chosen.values()):
            rows[f"your mix by {by}"] = survey.weighted(survey.groups(year, by, counted), chosen)
    picture = _dots(rows, year, counted)
    said = [
        f"{year}, {counted}: as printed <b>{_percent(rows['as printed'].share)} %</b>, "
        f"{_range(*rows['as printed'][1:])} fits: <b>{verdict(*rows['as printed'][1:])}</b>."
    ]
    for name, found in [*rows.items()][1:]:
        said.append(
            f"By {name.removeprefix('your mix by ')}: <b>{_percent(found.share)} %</b>, {_range(*found[1:])}: "
            f"<b>{verdict(*found[1:])}</b>."
        )
    if len(rows) < 3:
        said.append("Give at least one size and one sector a weight to see both.")
    else:
        said.append("These are two answers and not one: the table does not cross size and sector.")
    return " ".join(said), picture


def _with_interval(yes: int, base: int) -> tuple[float, float, float]:
    return (yes / base, *survey.wilson(yes, base))


def _dots(rows: dict[str, survey.Share], year: int, counted: str) -> Figure:
    drawing, ax = canvas(height=0.55 * len(rows) + 1.1)
    for at, found in enumerate(rows.values()):
        colour = BLUE if at else PURPLE
        ax.plot([100 * found.low, 100 * found.high], [at, at], color=colour, linewidth=3.5, solid_capstyle="butt")
        ax.plot(100 * found.share, at, "o" if at else "s", color=colour, markersize=9)
        ax.annotate(
            f"{_percent(found.share)} %", (100 * found.high, at), xytext=(5, 0), textcoords="offset points", va="center"
        )
    ax.axvline(50, color=ORANGE, linewidth=1.4, linestyle=":")
    ax.annotate("half", (50, -0.62), xytext=(4, 0), textcoords="offset points", va="center", fontsize=10)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.5, -0.85)
    ax.set_xlim(0, 110)
    ax.set_xticks(range(0, 101, 20))
    ax.set_xlabel("per cent")
    words = "; ".join(f"{name}: {_percent(found.share)} %, {_range(*found[1:])}" for name, found in rows.items())
    return figure(
        drawing,
        alt=f"Share of those who {counted}, {year}, each with the range that fits. {words}.",
        caption=f"{year}, {counted}. The line shows which other shares fit the answers. Data: survey_ospo.",
    )


# ------------------------------------------------------------------------------------------------ people and places


def team_figure(year: int = 2023) -> Figure:
    """How many people offices have, a bar for each band of sizes."""
    bars = {band: survey.teams_of_band(band, year)[[*survey.TEAMS]] for band in survey.BANDS}
    drawing, ax = canvas(height=3.9)
    shades = dict(zip(survey.TEAMS, ("#8a8a8a", PURPLE, ORANGE, GREEN, BLUE), strict=True))
    hatches = dict(zip(survey.TEAMS, ("", "\\\\\\", "", "///", ""), strict=True))
    for at, counts in enumerate(bars.values()):
        left = 0.0
        for answer, count in counts.items():
            width = 100 * count / counts.sum()
            label = PEOPLE[answer] if at == 0 else None
            ax.barh(
                at, width, left=left, color=shades[answer], alpha=0.7, hatch=hatches[answer], height=0.72, label=label
            )
            if width > 2:
                box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
                ax.annotate(
                    str(count), (left + width / 2, at), ha="center", va="center", color="#202020", fontsize=9, bbox=box
                )
            left += width
    names = [f"{band_words(band)} ({counts.sum()})" for band, counts in bars.items()]
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.6)
    ax.set_xlim(0, 100)
    ax.set_xlabel("per cent of the offices whose size is known")
    ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=5, fontsize=9, frameon=False)
    words = "; ".join(
        f"{name}: " + ", ".join(f"{PEOPLE[answer]} {count}" for answer, count in counts.items() if count)
        for name, counts in zip(names, bars.values(), strict=True)
    )
    return figure(
        drawing,
        alt=f"People in the office, by people in the house, {year}; offices are counted. {words}.",
        caption=f"People in the office, by people in the house, {year}. The numbers count offices. Data: survey_ospo.",
    )


def places(band: str = "size:1000-9999", years: Collection[int] = (2022, 2023)) -> HTML:
    """Where offices of one band sit, year by year: how many, of how many, share, and what else fits."""
    rows = load("survey_ospo").query("question == 'reporting_location' and segment == @band")
    table = {}
    for answer, words in {"engineering": "engineering", "it": "IT", "cto_office": "head of technology"}.items():
        for year in years:
            row = rows[(rows.year == year) & (rows.answer == answer)].iloc[0]
            found = line(int(row.respondents), int(row.base))
            table[f"{words}, {year}"] = {"offices": found["yes"], "share": found["share"], "fits": found["what fits"]}
    return _table(table)


# --------------------------------------------------------------------------------------------------------- the stages


def of_stage() -> dict[int, list[str]]:
    """The ids of each stage's evidence."""
    return {stage: [id_ for id_, item in maturity.items().items() if item.stage == stage] for stage in (1, 2, 3, 4)}


_S = of_stage()

# What Kessel Controls (invented) can show.
KESSEL = {"1-1", "1-2", "1-3", "1-4", "1-6", "1-7", "1-8", "1-9", *_S[2][:6], *_S[3], "4-2"}


def stages() -> HTML:
    """The stages of the model: what each is about, how much evidence it has, and how much it takes up to there."""
    rows, so_far = {}, 0
    for stage, (_, of) in maturity.held(()).items():
        so_far += of
        rows[stage] = {"about": maturity.NAMES[stage], "evidence": of, "needed in all": so_far}
    return _table(rows, "stage")


def stairs(shown: Collection[str], whose: str) -> Figure:
    """The stages as steps, each filled as far as it can be shown, with the first gap marked. shown: ids of evidence."""
    found, reached = maturity.held(shown), maturity.stage_of(shown)
    drawing, ax = canvas(height=3.2)
    for stage, (there, of) in found.items():
        solid = stage <= reached
        ax.bar(stage, stage, color="none", edgecolor="#8a8a8a", width=0.94)
        ax.bar(
            stage, stage * there / of, color=BLUE if solid else ORANGE, alpha=0.75, hatch="" if solid else "///",
            width=0.94,
        )  # fmt: skip
        ax.annotate(f"{there} of {of}", (stage, stage + 0.06), ha="center", va="bottom")
    if reached < 4:
        ax.annotate("first gap ↓", (reached + 1, reached + 1.38), ha="center", va="bottom", color=ORANGE, weight="bold")
    ax.set_xticks([1, 2, 3, 4], [f"stage {stage}" for stage in (1, 2, 3, 4)])
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_ylim(0, 4.8)
    words = "; ".join(f"stage {stage}: {there} of {of}" for stage, (there, of) in found.items())
    gap = f"The first gap is in stage {reached + 1}" if reached < 4 else "There is no gap"
    return figure(
        drawing,
        alt=f"{whose}: evidence shown, as four steps. {words}. {gap}, so the stage is {reached}.",
        caption=f"{whose}: stage {reached}. Solid steps count; hatched ones are there, but above the first gap or part "
        "of it. Data: ospo_stages; the house is invented.",
    )
