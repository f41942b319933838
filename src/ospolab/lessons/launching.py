"""The views of the lab "Ready to release" (advocate/governance)."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cache

import ipywidgets
import pandas as pd
from IPython.display import HTML

from ospolab import launch, storeroom, survival
from ospolab.lessons import tables
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, ORANGE, Figure, canvas, figure
from ospolab.lessons.openings import kept

__all__ = ["MOVES", "after", "commits", "explorer", "opening", "places", "settings", "sheet", "told", "tree"]

# Two ways in which a time in the sandbox can end.
MOVES = {"moved up": ["incubating", "graduated"], "archived": ["archived"]}
LANES = ("key", "host", "loans", "scale", "cipher", "patent")


@kept
def opening() -> Figure:
    """The picture the lesson opens with: after which commits which finding is in the files."""
    history, dates = storeroom.history(), [step.on for step in storeroom.steps()]
    drawing, ax = canvas(height=3.2)
    said = []
    for lane, name in enumerate(reversed(LANES)):
        words, needle = storeroom.FINDINGS[name]
        held = launch.holding(history, needle)
        for at, subject in enumerate(storeroom.SUBJECTS):
            if subject in held:
                colour, hatch = (ORANGE, "//") if held[-1] != storeroom.SUBJECTS[-1] else (BLUE, "")
                ax.barh(lane, 0.9, left=at + 0.05, height=0.6, color=colour, hatch=hatch, edgecolor="none")
        first = dates[storeroom.SUBJECTS.index(held[0])]
        last = (
            "today" if held[-1] == storeroom.SUBJECTS[-1] else f"before {dates[storeroom.SUBJECTS.index(held[-1]) + 1]}"
        )
        said.append(f"{words}: from {first} to {last}, {len(held)} commits")
    ax.set_yticks(range(len(LANES)), [storeroom.FINDINGS[name][0] for name in reversed(LANES)])
    ax.set_xticks([at + 0.5 for at in range(len(dates))], [f"{day[5:7]}/{day[2:4]}" for day in dates])
    ax.set_xlim(0, len(dates))
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("ten commits, by month")
    return figure(
        drawing,
        alt=f"Six lanes over ten commits. {'; '.join(reversed(said))}. Only the key's ends earlier.",
        caption="What is in the files after each commit of an invented repository. Five things are still there. The "
        "key was taken out, and matters most: whoever gets the repository gets all ten columns.",
    )


# ------------------------------------------------------------------------------------------------ the repository, read


def commits() -> HTML:
    """The ten commits: the day, the role, what it says and which files it writes."""
    rows = {
        step.subject: {"day": step.on, "by": f"the {step.by}", "files": ", ".join(step.files)}
        for step in storeroom.steps()
    }
    return tables.stacked(pd.DataFrame.from_dict(rows, orient="index"))


def tree() -> HTML:
    """The files of the last commit, with the lines of each."""
    files = storeroom.history()[-1][1]
    shown = "".join(
        f"<details><summary><code>{path}</code></summary><pre>{html.escape(text)}</pre></details>"
        for path, text in sorted(files.items())
    )
    return HTML(f'<div class="ospolab-files">{shown}</div>')


def places() -> HTML:
    """What a search for eight patterns finds: after how many of the ten commits, and whether it is there today."""
    history = storeroom.history()
    rows = [
        [words, str(len(launch.holding(history, needle))), "yes" if _today(needle) else "no"]
        for words, needle in storeroom.FINDINGS.values()
    ]
    return tables.plain(["found", "commits", "today"], rows)


def _today(needle: str) -> bool:
    return bool(launch.holding(storeroom.history()[-1:], needle))


def told() -> HTML:
    """What the team of the exercise says the day before the release, finding by finding."""
    return tables.stacked(pd.DataFrame({"the team says": TOLD}))


TOLD = {
    "key": "The provider confirmed this morning that it is revoked, and that nobody but us had used it. Then we "
    "rewrote the history. A search through all commits of a fresh clone finds nothing.",
    "host": "I deleted the address in the last commit. A search of the files finds nothing.",
    "loans": "Out of all commits, together with the key; a search through them for the file and for each of its rows "
    "finds nothing. The tests use made-up rows. Before and after, commit by commit, only the settings and "
    "this file differ.",
    "scale.js": "The licence text of its authors lies beside it since noon, and the file points to it: look at the "
    "last commit. Counsel is content with that for the old commits, in writing.",
    "security policy": "The file is there. In it stands: to be done.",
    "contractor": "Purchasing looks for the contract. They say next week.",
    "cipher": "Replaced by the standard library. Counsel has answered in writing, for the old commits too, that no "
    "notice is needed; it is filed.",
}


# --------------------------------------------------------------------------------------------------- survival, explorer


def after(times: tuple[float, ...] = (3, 4), *ranges: tuple[int, int]) -> pd.DataFrame:
    """Per cent that had moved up, been archived, or done neither, so long after they entered, by years of entry."""
    rows = {}
    for years in ranges:
        lives = survival.lives(MOVES, years)
        table = survival.incidence(lives["years"], lives["end"])
        for time in times:
            now = survival.at(table, time) * 100
            rows[_range(years), f"{time:g} years"] = {
                "projects": len(lives),
                "moved up": round(now.get("moved up", 0.0), 1),
                "archived": round(now.get("archived", 0.0), 1),
                "neither": round(now["left"], 1),
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def sheet(*ranges: tuple[int, int], at: tuple[float, ...] = (3, 4)) -> HTML:
    """`after`, in per cent, as a table that fits a narrow page."""
    table = after(tuple(at), *ranges)
    table.index = [f"{years} ({size:.0f}), {time}" for (years, time), size in table["projects"].items()]
    shown = table[["moved up", "archived", "neither"]].map("{:.1f}".format)
    return tables.wrapped(shown.rename_axis("entered (projects), after"), least="0")


def _range(years: tuple[int, int]) -> str:
    return f"{years[0]}–{years[1]}" if years[0] < years[1] else str(years[0])


ENDS = {"archived": "archived", "moved up": "moved up", "archived, or 3 years without moving up": "stuck"}
OPEN = {
    "count for as long as they were seen": "seen",
    "are left out": "out",
    "count as if they never ended": "never",
}


def explorer() -> Explorer:
    """Years of entry, what counts as an end and what becomes of those still open, against the share that ended."""
    return Explorer(
        "How many end, and how soon?",
        _view,
        {
            "years": ipywidgets.IntRangeSlider(
                value=(2021, 2022), min=2017, max=2026, description="Entered in", continuous_update=False
            ),
            "end": ipywidgets.Dropdown(options=ENDS, value="archived", description="An end is"),
            "still": ipywidgets.Dropdown(options=OPEN, value="seen", description="Those still open"),
            "horizon": ipywidgets.IntSlider(
                value=4, min=1, max=8, description="Looked at after, years", continuous_update=False
            ),
        },
    )


def settings(horizon: int = 4) -> HTML:
    """What the explorer says at five settings, as a table: what had ended by the horizon, in per cent."""
    rows = {}
    for years, end, still in (
        ((2023, 2026), "archived", "never"),
        ((2023, 2026), "archived", "seen"),
        ((2021, 2022), "archived", "seen"),
        ((2021, 2022), "moved up", "seen"),
        ((2021, 2022), "stuck", "seen"),
    ):
        words = {value: text for text, value in ENDS.items()}[end], {value: text for text, value in OPEN.items()}[still]
        shares = [_share(_side(years, inside, end, still, horizon)) for inside in (True, False)]
        rows[f"{_range(years)}: {words[0]}. Those still open {words[1]}"] = shares
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["ended", "all others"])
    return tables.wrapped(table.rename_axis(f"after {horizon} years"), least="5em")


@dataclass(frozen=True)
class _Side:
    """One of the two groups: its name, the share that had ended by each time, how long one was seen, and how many.

    share: what had ended by the horizon, None where nobody was seen so long. known: of how many it is known where they
    stood then; the others count for as long as they were seen. interval: of the share, at 95 %, where there is one.
    """

    name: str
    ended: pd.Series
    seen: float
    size: int
    share: float | None
    known: int
    interval: tuple[float, float] | None = None


@cache
def _side(years: tuple[int, int], inside: bool, end: str, still: str, horizon: int) -> _Side:
    name = _range(years) if inside else "all other years"
    ways = MOVES if end == "moved up" else {"archived": ["archived"]}
    lives = survival.lives(ways, (2016, 2026), stuck_after=3 if end == "stuck" else None)
    lives = lives[lives["cohort"].between(*years) == inside]
    if still == "out":
        lives = lives[lives["end"] != ""]
    elif still == "never":
        lives = lives.assign(years=lives["years"].where(lives["end"] != "", float("inf")))
    if lives.empty:
        return _Side(name, pd.Series(dtype=float), 0.0, 0, None, 0)
    table = survival.incidence(lives["years"], lives["end"])
    ended = 100 * (
        table["moved up"] if "moved up" in table else 0 * table["left"] if end == "moved up" else 1 - table["left"]
    )
    # Where only the ended are counted, nobody is left to be seen: the last value stands.
    seen = float("inf") if still == "out" else table.attrs["seen"]
    share = float(ended[ended.index <= horizon].iloc[-1]) if horizon <= seen else None
    lost = int(((lives["end"] == "") & (lives["years"] < horizon)).sum())
    interval = None
    if share and still == "seen" and end != "moved up":
        row = survival.at(survival.curve(lives["years"], lives["end"] != ""), horizon)
        interval = 100 * (1 - row["high"]), 100 * (1 - row["low"])
    return _Side(name, ended, seen, len(lives), share, len(lives) - lost, interval)


def _view(years: tuple[int, int], end: str, still: str, horizon: int) -> tuple[str, Figure]:
    drawing, ax = canvas()
    sides = [_side(tuple(years), inside, end, still, horizon) for inside in (True, False)]
    words = []
    for side, colour, dash in zip(sides, (BLUE, ORANGE), ("-", "--"), strict=True):
        until = min(side.seen, 9.5)
        shown = side.ended[side.ended.index <= until]
        if side.size:
            steps = [*shown.index, until], [*shown, shown.iloc[-1]]
            ax.step(*steps, dash, where="post", color=colour, label=f"{side.name} ({side.size})")
        words.append(f"{side.name}, {side.size} projects: {_share(side)}")
    ax.axvline(horizon, color=BLUE, linewidth=1, linestyle=":")
    ax.set_xlim(0, 9.5)
    ax.set_ylim(0, 105 if still == "out" else max(60, ax.get_ylim()[1]))
    ax.set_xlabel("years since they entered")
    ax.set_ylabel("% ended")
    ax.legend(loc="upper left", frameon=False)
    label = {value: text for text, value in ENDS.items()}[end]
    picture = figure(
        drawing,
        alt=f"Two rising steps, the share of sandbox projects that had ended ({label}) by years since they entered. "
        f"After {horizon} years: {'; '.join(words)}.",
        caption=f"Entered in the sandbox of one foundation; an end is: {label}. Data: foundation_projects.",
    )
    return _said(sides, horizon, label, still), picture


def _interval(side: _Side) -> str:
    return f" ({side.interval[0]:.0f} to {side.interval[1]:.0f})" if side.interval else ""


def _share(side: _Side) -> str:
    return "not known" if side.share is None else f"{side.share:.0f} %"


def _said(sides: list[_Side], horizon: int, label: str, still: str) -> str:
    ours, others = sides
    after = f"After {horizon} year{'s' * (horizon > 1)}"
    if ours.share is None:
        return f"{after}: nobody who entered in {ours.name} was seen for so long. <b>There is no answer yet.</b>"
    said = f"{after} <b>{ours.share:.0f} %</b>{_interval(ours)} of those of {ours.name} had ended ({label})"
    if others.share is None:
        return f"{said}. Nobody of the other years was seen so long. <b>There is nothing to compare with.</b>"
    said += f", and {others.share:.0f} %{_interval(others)} of all others."
    gap = ours.share - others.share
    said += (
        f" <b>{'More' if gap > 0 else 'Fewer'} of {ours.name} ended.</b>" if abs(gap) >= 5 else " They differ little."
    )
    how = "In brackets: 95 % interval. " if ours.interval or others.interval else ""
    more = {
        "seen": f"{how}Where they stood then is known of {ours.known} of {ours.size}; the others count as long as "
        "they were seen.",
        "out": "But only projects that ended are counted: sooner or later that makes 100 %.",
        "never": "But a project of last year is counted as one that will never end.",
    }
    return f"{said} {more[still]}"
