"""The views of the lab "The metric that improved" (environmentalist/community-engagement)."""

from __future__ import annotations

import ipywidgets
import pandas as pd

from ospolab import health
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, ORANGE, Figure, canvas, figure
from ospolab.lessons.openings import kept

__all__ = [
    "MOST_ALARMS",
    "arrows",
    "curve_to_read",
    "explorer",
    "factor_figure",
    "hand_over",
    "latest",
    "opening",
    "try_rule",
    "verdicts",
]

# What the exercise asks of a rule: it rings for xz half a year before the back door was found, and at most this often
# on the nine compared projects together (108 project-years: once in eleven years for each).
_LATEST = "2023-09"
MOST_ALARMS = 10

# The last full quarter before the backdoor in xz became known.
_SEEN_FROM = "2023Q4"


def latest() -> pd.Period:
    """The last month in which a rule of the exercise has to have rung for xz."""
    return pd.Period(_LATEST, freq="M")


def factor_figure(
    curves: dict[str, pd.Series], alt: str, caption: str = "", marks: dict[str, str] | None = None
) -> Figure:
    """Step curves of the contributor absence factor over time.

    curves: {label: factor by period}, at most two. marks: {period: words} to point out on the time axis.
    Periods are months or quarters; a step is drawn at the end of its period.
    """
    if len(curves) > 2:
        raise ValueError("more than two curves cannot be told apart by dash and colour alone; draw two figures")
    drawing, ax = canvas()
    top = max(curve.max() for curve in curves.values())
    for (label, curve), colour, dash in zip(curves.items(), (BLUE, ORANGE), ("-", "--"), strict=False):
        ax.step(curve.index.to_timestamp(how="end"), curve, where="post", color=colour, linestyle=dash, label=label)
    for row, (period, words) in enumerate((marks or {}).items()):
        when = pd.Period(period).to_timestamp(how="end")
        ax.axvline(when, color="#808080", linewidth=1, linestyle=":")
        # Each a little lower than the one before, so that words of neighbouring months do not run into each other.
        ax.annotate(words, (when, top * (1.45 - 0.14 * row)), xytext=(4, 0), textcoords="offset points", va="top")
    ax.set_ylim(0, top * (1.5 if marks else 1.25))
    ax.set_ylabel("people")
    ax.yaxis.get_major_locator().set_params(integer=True)
    if len(curves) > 1:
        ax.legend(loc="upper left", fontsize=9, frameon=False)
    return figure(drawing, alt, caption)


@kept
def opening() -> Figure:
    """The picture the lesson opens with: the green arrow."""
    curve = health.absence_curve(health.project_history("xz"), window=4, share=0.8).loc["2020Q1":_SEEN_FROM]
    return factor_figure(
        {"80 %": curve},
        marks={"2023Q1": "▲ better"},
        alt=f"Step curve from {curve.index[0]} to {curve.index[-1]}: the number of people who made 80 % of the commits "
        f"to xz over twelve months is {curve.iloc[0]}, and {curve.iloc[-1]} from the first quarter of 2023 on.",
        caption="What the dashboard showed for xz: people who made 80 % of the commits of the last twelve months.",
    )


def hand_over(curve: pd.Series) -> Figure:
    """The factor of xz month by month, with what happened beside it. curve: factor at 80 % by month."""
    return factor_figure(
        {"80 %": curve.loc["2018-01":"2026-06"]},
        marks={"2022-06": "pressure", "2023-03": "first release", "2024-03": "back door found"},
        alt="Step curve for xz, 2018 to 2026: 1, with jumps to 2 for two months in 2019 and in 2022; then 2 from "
        "January 2023 to December 2024; then 1. Marked are the pressure on the maintainer (June 2022), the newcomer's "
        "first release (March 2023) and the discovery (March 2024).",
        caption="xz: people who made 80 % of the commits of the last twelve months; each month is drawn at its end. "
        "Data: handover_monthly.",
    )


def verdicts(project: str, at: str = "2023Q4") -> pd.DataFrame:
    """What the dashboard prints about a project at the end of quarter `at`, against two years before: one row a
    window in months, one column a share.
    """
    history = health.project_history(project).loc[:at]

    def printed(quarters: int, share: float) -> str:
        curve = health.absence_curve(history, quarters, share)
        return _arrow(curve.iloc[-1 - health.NEW_FOR], curve.iloc[-1])

    windows = {f"{quarters * 3} months": quarters for quarters in (1, 2, 4, 8, 12)}
    return pd.DataFrame(
        {f"{share} %": {name: printed(n, share / 100) for name, n in windows.items()} for share in (50, 80)}
    )


def arrows(then: pd.Series, now: pd.Series) -> pd.DataFrame:
    """What a dashboard prints: the factor of each project at two times, and an arrow with a word."""
    shown = pd.DataFrame({"before": then, "after": now})
    return shown.assign(dashboard=[_arrow(before, after) for before, after in zip(then, now, strict=True)])


def _arrow(before: int, after: int) -> str:
    return "▲ better" if after > before else "▼ worse" if after < before else "● unchanged"


def explorer() -> Explorer:
    """Window, share and project against what a dashboard would print, seen from the end of 2023 or of the history."""
    projects = [*sorted([*health.COMPARED, "xz", "event-stream"])]
    histories = {project: health.project_history(project).loc[:_SEEN_FROM] for project in projects}

    def view(project: str, window: int, share: int) -> tuple[str, Figure]:
        return _dashboard(project, histories[project], window, share)

    return Explorer(
        "What would the dashboard have printed?",
        view,
        {
            "project": ipywidgets.Dropdown(options=projects, value="xz", description="Project"),
            "window": ipywidgets.Dropdown(
                options=[(f"{quarters * 3} months", quarters) for quarters in (1, 2, 4, 8, 12)],
                value=4,
                description="Window",
            ),
            "share": ipywidgets.IntSlider(
                value=80, min=50, max=95, step=5, description="Share (%)", continuous_update=False
            ),
        },
    )


def _dashboard(project: str, history: pd.DataFrame, window: int, share: int) -> tuple[str, Figure]:
    curve = health.absence_curve(history, window, share / 100)
    now, when, months = int(curve.iloc[-1]), curve.index[-1], window * 3
    commits = int(health.trailing(history, window).sum(axis=1).iloc[-1])
    shown = curve.iloc[-40:]
    picture = factor_figure(
        {f"{share} %": shown},
        alt=f"Step curve for {project}: people who made {share} % of the commits of the last {months} months, "
        f"{shown.iloc[0]} at the end of {shown.index[0]} and {now} at the end of {when}; "
        f"never more than {shown.max()}, never fewer than {shown.min()}.",
        caption=f"{project}: people who made {share} % of the commits of the last {months} months. "
        "Data: project_activity.",
    )
    lately = f"In the {months} months to the end of {when}"
    if commits == 0:
        return f"{lately} nobody committed to {project}: <b>the factor says nothing.</b>", picture
    people = "1 person" if now == 1 else f"{now} people"
    said = f"{lately}, <b>{people}</b> made {share} % of the {commits} commits to {project}"
    if len(curve) <= health.NEW_FOR:
        return f"{said}. There is no window two years earlier to compare with.", picture
    before = int(curve.iloc[-1 - health.NEW_FOR])
    newest = round(100 * health.newcomer_share(history, window, health.NEW_FOR).iloc[-1])
    said = f"{said}; two years before it was {before}. The dashboard prints <b>{_arrow(before, now)}</b>."
    return f"{said} {_doubt(commits, newest)}", picture


def _doubt(commits: int, newest: int) -> str:
    """What the dashboard does not print."""
    if commits < 20:
        return f"But {commits} commits are too few for any reading."
    if newest >= 25:
        return (
            f"But {newest} % of these commits are those of one person who arrived less than two years before: "
            "<b>ask what has changed, and who reviews it.</b>"
        )
    return f"No newcomer made more than {newest} % of them."


# The exercise's curves: project, first and last quarter shown.
_CURVES = {
    "A": ("redis", "2015Q1", "2022Q4"),
    "B": ("flask", "2015Q1", "2026Q1"),
    "C": ("colors", "2012Q1", "2022Q1"),
    "D": ("xz", "2020Q1", "2026Q2"),
}


def curve_to_read(letter: str) -> Figure:
    """One of the exercise's curves, without its project's name: factor at 50 % and 80 %, trailing twelve months."""
    project, first, last = _CURVES[letter]
    history = health.project_history(project)
    half, most = (health.absence_curve(history, 4, share).loc[first:last] for share in (0.5, 0.8))
    commits = health.trailing(history, 4).sum(axis=1).loc[first:last]
    words = "; ".join(f"{period}: {half[period]} and {most[period]}" for period in half.index[::4])
    return factor_figure(
        {"half of the commits": half, "80 % of the commits": most},
        alt=f"Curve {letter}, people who made 50 % and 80 % of the commits of the last twelve months. {words}.",
        caption=f"Curve {letter}. Commits in a window: {commits.min()} to {commits.max()}; "
        f"half of the windows hold fewer than {commits.median():.0f}. At the end: {half.iloc[-1]} and {most.iloc[-1]}.",
    )


def _half_of_year(month: pd.Period) -> str:
    return f"in the {'first' if month.month <= 6 else 'second'} half of {month.year}"


def try_rule(given: dict) -> str:
    """Says whether the learner's rule rings in time for xz and is quiet on the compared projects.

    Roughly, so that there is still something to compute.

    given: the answers of the form "my-rule".
    """
    rule = health.Rule.from_answers(given)
    if rule is None:
        return "Fill in all four fields of the form above. Then run this cell again."
    first, alarms = health.rule_outcome(rule)
    if first is None:
        timely = "It never rings for xz: look at the threshold, and at how long someone counts as new."
    elif first > latest():
        timely = f"It rings for xz in {first.year}, but less than half a year before the back door was found."
    else:
        timely = f"It rings for xz in time, {_half_of_year(first)}."
    if alarms <= MOST_ALARMS:
        quiet = f"On the other projects it is quiet enough: at most {MOST_ALARMS} alarms."
    elif alarms <= 2 * MOST_ALARMS:
        quiet = (
            f"On the other projects it rings a little too often: between {MOST_ALARMS + 1} and {2 * MOST_ALARMS} times."
        )
    else:
        quiet = f"On the other projects it rings more than {2 * MOST_ALARMS} times: nobody will read it."
    return f"{timely} {quiet}"
