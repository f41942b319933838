"""The views of the lab "Newcomers who stay" (advocate/community-engagement)."""

from __future__ import annotations

from functools import cache

import ipywidgets
import pandas as pd
from IPython.display import HTML

from ospolab import responses, retention
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, ORANGE, Figure, canvas, figure
from ospolab.lessons.openings import kept
from ospolab.lessons.tables import wrapped
from ospolab.responses import AUTHOR, BOT, Request

__all__ = [
    "AFTER",
    "TODAY",
    "TRACKER",
    "cell",
    "compared",
    "explorer",
    "first_words",
    "heat",
    "opened",
    "opening",
    "percent",
    "so_far",
    "tracker",
    "two_readings",
]

AFTER = 4  # quarters after the first at which the lesson compares: a year
SHOWN = 11  # newest cohorts in a picture

# A month of an invented project, Gull: eight change requests and one from before, days of the month, looked at on its
# last day.
TODAY = 30
TRACKER = [
    Request("A", -4, ((-2, "reviewer"),), 6),
    Request("B", 2, ((2, BOT), (4, "reviewer")), 9, merged=True),
    Request("C", 3, ((3, BOT), (5, AUTHOR), (13, "reviewer")), 21, merged=True),
    Request("D", 5, ((5, BOT),)),
    Request("E", 8, ((8, BOT), (9, "reviewer")), 12),
    Request("F", 10, ((10, BOT), (16, "maintainer")), 16, merged=True),
    Request("G", 12, ((12, BOT), (12, AUTHOR)), 26),
    Request("H", 17, ((17, BOT), (20, "reviewer"))),
    Request("I", 24, ((24, BOT),)),
]


def percent(found: pd.DataFrame) -> pd.DataFrame:
    """`retention.cohorts` as a table of whole per cents by cohort and age, with the signs of `cell`."""
    return found.apply(lambda row: cell(row, "empty")[0], axis=1).unstack()


def so_far(project: str) -> pd.DataFrame:
    """Newcomers of each year, and the share (per cent) who have come back by the end of the data, sooner or later."""
    back = retention.waiting_to_return(retention.activity(project)).groupby("cohort")["back"]
    found = pd.DataFrame({"newcomers": back.size(), "came back so far, %": (100 * back.mean()).round()})
    return found[retention.may_be_shown(back.sum(), back.size())].astype(int)


@kept
def opening(project: str = "curl") -> Figure:
    """The picture the lesson opens with: the line that falls."""
    shares = so_far(project)["came back so far, %"].iloc[-SHOWN:]
    drawing, ax = canvas(width=6.2, height=2.9)
    bars = ax.bar(shares.index.astype(str), shares, color=BLUE, width=0.7)
    ax.bar_label(bars, labels=[f"{share} %" for share in shares], fontsize=10)
    ax.set_ylabel("came back, %")
    ax.set_xlabel("year of the first change")
    ax.tick_params(axis="x", labelsize=10)
    return figure(
        drawing,
        alt=f"Bars: of the newcomers of each year, the share who came back to {project} after their first change. "
        + "; ".join(f"{year}: {share} %" for year, share in shares.items())
        + ".",
        caption=f"{project}: of those who made their first change in a year, how many have ever come back. "
        "Data: project_activity, to the middle of 2026.",
    )


def two_readings(project: str = "curl", after: int = AFTER) -> Figure:
    """The same cohorts read twice: whoever ever came back, and who did within the same time."""
    ever = so_far(project)["came back so far, %"].iloc[-SHOWN:]
    same = 100 * retention.fair_at(retention.activity(project), retention.DEFINITIONS["back"], after).reindex(
        ever.index
    )
    drawing, ax = canvas(width=6.2, height=3.2)
    ax.plot(ever.index, ever, color=ORANGE, linestyle="--", marker="o", label="came back, ever")
    ax.plot(same.index, same, color=BLUE, marker="s", label=f"came back within {after} quarters")
    ax.set_ylim(0, ever.max() * 1.35)
    ax.set_xticks(ever.index)
    ax.set_ylabel("%")
    ax.set_xlabel("year of the first change")
    ax.tick_params(axis="x", labelsize=10)
    ax.legend(loc="upper right", fontsize=10, frameon=False)
    told = "; ".join(
        f"{year}: {ever[year]} and " + ("not yet known" if pd.isna(same[year]) else f"{same[year]:.0f}")
        for year in ever.index
    )
    return figure(
        drawing,
        alt=f"Two lines for {project}, in per cent of each year's newcomers: came back ever, and came back within "
        f"{after} quarters. {told}.",
        caption=f"{project}, the same people. The dashed line had ten years for its first point and a few months for "
        "its last; the solid line gives everybody a year, and ends where a year has not passed for all.",
    )


# The heat map

UNSEEN = {"empty": "left empty", "gone": "counted as gone"}


@cache
def _found(project: str, definition: str) -> pd.DataFrame:
    return retention.cohorts(retention.activity(project), retention.DEFINITIONS[definition])


def cell(row: pd.Series, unseen: str) -> tuple[str, float | None]:
    """What stands in a cell and its share: "·" where not all were seen, "few" for one to four, else whole per cents."""
    if unseen == "empty" and row["seen"] < row["newcomers"]:
        return "·", None
    if not retention.may_be_shown(row["stayed"], row["newcomers"]):
        return "few", None
    share = row["stayed"] / row["newcomers"]
    return f"{100 * share:.0f}", share


def _many(rows: pd.DataFrame) -> str:
    people = rows["newcomers"].iloc[0]
    return str(people) if people >= retention.ENOUGH else f"under {retention.ENOUGH}"


def heat(project: str, definition: str, age: int, unseen: str) -> Figure:
    """Cohorts against age, a number in each cell; the chosen age is framed.

    Cells that stand for people who were not seen for the whole time have a dashed frame, where they are shown.
    """
    from matplotlib.patches import Rectangle

    stayed, found = retention.DEFINITIONS[definition], _found(project, definition)
    years = sorted(found.index.unique("cohort"))[-SHOWN:]
    shares = [share for share in retention.fair(found).loc[years] if pd.notna(share)]
    most = max([*shares, 0.01])
    drawing, ax = canvas(width=4.7, height=0.95 + 0.3 * len(years))
    told = []
    for y, year in enumerate(years):
        rows = found.loc[year]
        told.append(f"{year} ({_many(rows)}): " + " ".join(cell(row, unseen)[0] for _, row in rows.iterrows()))
        for at, row in rows.iterrows():
            text, share = cell(row, unseen)
            partly = share is not None and row["seen"] < row["newcomers"]
            if share is not None:
                ax.add_patch(Rectangle((at - 0.46, y - 0.44), 0.92, 0.88, facecolor=BLUE,
                                       alpha=0.06 + 0.49 * min(share / most, 1), linewidth=0))  # fmt: skip
            if partly:
                ax.add_patch(Rectangle((at - 0.44, y - 0.42), 0.88, 0.84, fill=False, edgecolor=ORANGE,
                                       linestyle=":", linewidth=1.2))  # fmt: skip
            ax.text(at, y, text, ha="center", va="center", fontsize=10, fontweight="bold" if at == age else "normal")
    ax.add_patch(Rectangle((age - 0.5, -0.5), 1, len(years), fill=False, edgecolor=ORANGE, linewidth=1.8))
    ax.set_xlim(0.5, len(retention.AGES) + 0.5)
    ax.set_ylim(len(years) - 0.4, -0.6)
    ax.set_xticks(retention.AGES)
    ax.set_yticks(range(len(years)), [f"{year} ({_many(found.loc[year])})" for year in years])
    ax.set_xlabel("quarters after the first change")
    ax.tick_params(length=0, labelsize=10)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    signs = "A dot" if unseen == "empty" else "Dotted frame"
    return figure(
        drawing,
        alt=f"{project}, per cent of each year's newcomers who {_who(stayed)}, after 1 to 8 quarters. "
        + "; ".join(told),
        caption=f"{project}: % of a year's newcomers (how many) who {_who(stayed)}. {signs}: not everybody "
        f"has been seen that long. Few: fewer than {retention.ENOUGH} people. Data: project_activity.",
    )


def _who(stayed: retention.Stayed) -> str:
    return stayed.words if not stayed.words.startswith("active") else f"were {stayed.words}"


def compared(project: str, definition: str, age: int, unseen: str) -> tuple[int | None, float, list[float]]:
    """The newest cohort that has a number, its share, and the shares of the five cohorts with one before it."""
    found = _found(project, definition).xs(age, level="age")
    shares = (retention.fair(found) if unseen == "empty" else retention.naive(found)).dropna()
    if len(shares) < 2:
        return None, float("nan"), []
    return int(shares.index[-1]), float(shares.iloc[-1]), shares.iloc[-6:-1].tolist()


def _said(project: str, definition: str, age: int, unseen: str) -> str:
    year, share, before = compared(project, definition, age, unseen)
    if year is None:
        return f"{project} has no two cohorts that may be shown and compared: <b>no conclusion.</b>"
    found = _found(project, definition).loc[(year, age)]
    low, high = min(before), max(before)
    word = "below" if share < low else "above" if share > high else "within"
    verdict = {"below": "worse than each of them", "above": "better than each of them", "within": "within their range"}
    who = _who(retention.DEFINITIONS[definition])
    span = f"{100 * low:.0f} to {100 * high:.0f} %" if len(before) > 1 else f"{100 * low:.0f} %"
    several = f"{len(before)} cohorts" if len(before) > 1 else "cohort"
    said = (
        f"{project}, {age} quarter{'s' * (age > 1)} after the first change: newest cohort {year}, {100 * share:.0f} % "
        f"of {found['newcomers']} {who}. The {several} before it had {span}: <b>{verdict[word]}.</b>"
    )
    missing = int(found["newcomers"] - found["seen"])
    if missing:
        said += f" <b>But {missing} of the {found['newcomers']} have not been here that long.</b>"
    return said


def explorer() -> Explorer:
    """Project, meaning of "stayed", age, and what becomes of cells that nobody can know yet."""

    def view(project: str, definition: str, age: int, unseen: str) -> tuple[str, Figure]:
        return _said(project, definition, age, unseen), heat(project, definition, age, unseen)

    return Explorer(
        "Is the newest cohort worse?",
        view,
        {
            "project": ipywidgets.Dropdown(options=retention.PROJECTS, value="curl", description="Project"),
            "definition": ipywidgets.Dropdown(
                options=[(stayed.words, key) for key, stayed in retention.DEFINITIONS.items()],
                value="back",
                description="Stayed means",
            ),
            "age": ipywidgets.IntSlider(
                value=AFTER, min=1, max=8, description="After (quarters)", continuous_update=False
            ),
            "unseen": ipywidgets.Dropdown(
                options=[(words, key) for key, words in UNSEEN.items()], value="empty", description="Not seen that long"
            ),
        },
    )


# The tracker


def _day(day: int) -> str:
    return f"{day}" if day >= 1 else f"{1 - day} days before"


def tracker(requests: list[Request] = TRACKER) -> HTML:
    """The requests of an invented tracker, as a table that fits a phone."""
    rows = []
    for one in requests:
        replies = ", ".join(f"{_day(day)} {who}" for day, who in one.replies) or "none"
        end = "open" if one.closed is None else f"{_day(one.closed)} {'merged' if one.merged else 'not merged'}"
        rows.append([one.name, _day(one.opened), replies, end])
    return wrapped(pd.DataFrame(rows, columns=["", "opened", "replies", "closed"]).set_index(""), least="0")


def opened(requests: list[Request] = TRACKER) -> list[Request]:
    """Those opened in the month itself: whose waiting it is about."""
    return [one for one in requests if one.opened >= 1]


def first_words(requests: list[Request]) -> pd.DataFrame:
    """Days until the first word of anybody, of any person, and of a person other than the author; None if none yet."""

    def days(one: Request, leave_out: set[str]) -> int | None:
        return min((day - one.opened for day, who in one.replies if who not in leave_out), default=None)

    rows = {one.name: [days(one, set()), days(one, {BOT}), responses.first_response(one)] for one in opened(requests)}
    return pd.DataFrame(rows, index=["anybody", "a person", "somebody else"], dtype=object).T
