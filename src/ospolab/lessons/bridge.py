"""The views of the lesson "A bridge with two ends" (foundations/a-bridge-with-two-ends)."""

from __future__ import annotations

from typing import NamedTuple

import ipywidgets
import pandas as pd

from ospolab.data import load
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, GREEN, ORANGE, PURPLE, Figure, canvas, figure
from ospolab.lessons.openings import kept
from ospolab.lessons.requests import Reading

__all__ = [
    "ASK",
    "DATE",
    "FIXES",
    "PAIRS",
    "PLAN",
    "STOP",
    "USES",
    "VERSIONS",
    "Answer",
    "answer",
    "both_ends",
    "both_ends_figure",
    "by_year",
    "explorer",
    "opening",
    "reasons",
]

PAIRS = ("elasticsearch/opensearch", "redis/valkey", "terraform/opentofu")

# A figure this wide keeps its letters readable on a telephone.
_NARROW = 5.4


# ---------------------------------------------------------------------------------------------- the changes over time

# (approved before, approved after) -> words, marker, colour; from the top of the picture down.
_MOVES = {
    (True, False): ("from OSI-approved to not", "s", ORANGE),
    (False, True): ("from not to OSI-approved", "^", GREEN),
    (True, True): ("OSI-approved before and after", "o", BLUE),
    (False, False): ("neither before nor after", "D", PURPLE),
}


@kept
def opening() -> Figure:
    """The picture the lesson opens with: every known change of licence, by what it did to openness."""
    changes = load("relicensings").assign(day=lambda t: pd.to_datetime(t["date"], format="mixed"))
    drawing, ax = canvas(_NARROW, 4.2)
    told = []
    for lane, (move, (words, marker, colour)) in enumerate(_MOVES.items()):
        of_kind = changes[(changes.osi_approved_before == move[0]) & (changes.osi_approved_after == move[1])]
        heights = [-lane + 0.14 * row for row in _stacked(of_kind.day)]
        ax.plot(of_kind.day, heights, marker, color=colour, markersize=6)
        ax.text(pd.Timestamp("2012-03-01"), -lane + 0.34, f"{words}: {len(of_kind)}", va="bottom")
        ax.axhline(-lane - 0.18, color="#808080", linewidth=0.5)
        told.append(f"{words}, {len(of_kind)} in {_years(of_kind.day)}")
        for at, row in enumerate(of_kind.itertuples()):
            if row.project == "Redis":
                ax.annotate(row.project, (row.day, heights[at]), xytext=(7, -3), textcoords="offset points")
    ax.set_ylim(-3.35, 1.0)
    ax.set_xlim(pd.Timestamp("2012-01-01"), pd.Timestamp("2026-12-31"))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    return figure(
        drawing,
        alt=f"Timeline of {len(changes)} changes of licence, in four rows: {'; '.join(told)}. "
        "Redis is marked in 2024 in the first row and in 2025 in the second.",
        caption="Known cases, not a sample; of TimescaleDB only a part. Marks of nearly the same date stand above each "
        "other. Data: relicensings.",
    )


def _stacked(days: pd.Series) -> list[int]:
    """A row for each day, so that marks less than five months apart stand above each other."""
    rows: list[int] = []
    for at, day in enumerate(days):
        rows.append(rows[-1] + 1 if at and (day - days.iloc[at - 1]).days < 150 else 0)
    return rows


def _years(days: pd.Series) -> str:
    first, last = days.min().year, days.max().year
    return str(first) if first == last else f"{first} to {last}"


# ------------------------------------------------------------------------------------------------- upstream and fork


def both_ends(pair: str) -> pd.DataFrame:
    """Contributors of a project and of its fork, one row a complete quarter.

    pair: one of PAIRS. Returns columns upstream and fork, whole numbers; empty where that side has no complete data.
    Raises KeyError for another pair.
    """
    if pair not in PAIRS:
        raise KeyError(f"{pair!r} is no pair of forks_quarterly; choose one of {', '.join(PAIRS)}")
    quarters = load("forks_quarterly").query("pair == @pair and complete")
    sides = quarters.pivot(index="quarter", columns="side", values="contributors")[["upstream", "fork"]]
    return sides.astype("Int64").rename_axis(columns=None)


def by_year() -> pd.DataFrame:
    """Contributors a quarter, the mean of a year, since 2020: one row a project, one column a year.

    Empty where not all four quarters of the year are complete. Projects without any such year are left out.
    """
    quarters = load("forks_quarterly").query("complete and quarter >= '2020Q1'")
    years = quarters.assign(year=quarters.quarter.dt.year).groupby(["pair", "side", "project", "year"]).contributors
    table = years.mean()[years.count() == 4].unstack("year").sort_index(level=["pair", "side"], ascending=[True, False])
    return table.droplevel(["pair", "side"]).sort_index(axis=1).astype("Float64").rename_axis(index=None, columns=None)


def both_ends_figure(pair: str, first: str = "2021Q1") -> Figure:
    """Contributors at both ends, quarter by quarter from `first`, with the day of the change.

    The caption repeats the numbers of the quarters which both sides have.
    """
    from matplotlib.dates import DateFormatter, YearLocator

    upstream, fork = pair.split("/")
    ends = both_ends(pair).loc[first:].astype("float")
    changes = load("relicensings").query("project.str.lower() == @upstream and not osi_approved_after")
    changed = pd.Timestamp(changes["date"].iloc[0])
    common = ends.dropna().astype(int)
    numbers = "; ".join(
        f"{name} {', '.join(map(str, common[side]))}" for side, name in zip(common, (upstream, fork), strict=True)
    )
    drawing, ax = canvas(_NARROW, 3.6)
    middles = ends.index.to_timestamp() + pd.Timedelta(days=45)
    ax.plot(middles, ends.upstream, "-o", color=BLUE, markersize=4, label=f"{upstream} (upstream)")
    ax.plot(middles, ends.fork, "--s", color=ORANGE, markersize=4, label=f"{fork} (fork)")
    top = ends.max().max()
    ax.axvline(changed, color="#808080", linewidth=1, linestyle=":")
    ax.annotate("licence changes", (changed, top * 1.17), xytext=(-4, 0), textcoords="offset points", ha="right")
    ax.set_ylim(0, top * 1.5)
    ax.set_ylabel("contributors in the quarter")
    ax.legend(loc="upper left", fontsize=10, ncols=2, frameon=False)
    ax.xaxis.set_major_locator(YearLocator())
    ax.xaxis.set_major_formatter(DateFormatter("%Y"))
    return figure(
        drawing,
        alt=f"Two lines, contributors in a quarter. {upstream}: {_told(ends.upstream)}. {fork}: {_told(ends.fork)}. "
        f"The licence changes on {changed.day} {changed:%B %Y}.",
        caption=f"Contributors at both ends, complete quarters only. From {common.index[0]}: {numbers}. "
        "Data: forks_quarterly.",
    )


def _told(line: pd.Series) -> str:
    """A line in words: its beginning, its end, and its highest and lowest quarter."""
    line = line.dropna().astype(int)
    return (
        f"{line.iloc[0]} in {line.index[0]}, {line.iloc[-1]} in {line.index[-1]}, "
        f"highest {line.max()} in {line.idxmax()}, lowest {line.min()} in {line.idxmin()}"
    )


# ------------------------------------------------------------------------------------------ may we go on using it?

USES = {
    "inside": "inside, by our own people",
    "product": "behind a product we offer online",
    "service": "as managed Redis for customers",
    "device": "on a device we sell",
}
VERSIONS = {
    "7.2": "7.2 or older (BSD-3-Clause)",
    "7.4": "7.4 (RSALv2 or SSPL-1.0)",
    "8": "8.0 or newer (AGPL-3.0-only added)",
}
FIXES = {"planned": "with the next planned update", "days": "within days"}

PLAN, DATE, ASK, STOP = "plan", "plan, with a date", "ask your lawyer", "not under these terms"
_SIGNS = {
    PLAN: ("o", BLUE, "plan"),
    DATE: ("D", PURPLE, "plan, with a date"),
    ASK: ("^", GREEN, "ask your lawyer"),
    STOP: ("s", ORANGE, "not allowed so"),
}


class Answer(NamedTuple):
    """What follows for one use of one version: one of PLAN, DATE, ASK, STOP, and the reason in words (HTML)."""

    kind: str
    reason: str


# Read in the licence texts and in the announcement of 20 March 2024 with its questions and answers; not legal advice.
_READINGS = {
    ("7.2", "inside"): Answer(
        PLAN, "These versions stay under BSD-3-Clause, which asks something only of those who pass copies on."
    ),
    ("7.2", "product"): Answer(
        PLAN, "These versions stay under BSD-3-Clause. Your users get a service and no copy, so it asks for nothing."
    ),
    ("7.2", "service"): Answer(
        PLAN,
        "These versions stay under BSD-3-Clause, which does not ask whether you compete with anyone. The name is "
        "another matter: with the change the maker also restricted <em>Redis</em> in product names, and its trademark "
        "policy covers 7.2 as well.",
    ),
    ("7.2", "device"): Answer(
        PLAN,
        "These versions stay under BSD-3-Clause. Its notice, conditions and disclaimer go into the papers of the "
        "device, as before.",
    ),
    ("7.4", "inside"): Answer(
        PLAN,
        "Either licence allows it. Write down which of the two you take, and who counts as inside: subsidiaries do in "
        "the maker's own reading, a joint venture or a customer's staff may not.",
    ),
    ("7.4", "product"): Answer(
        ASK,
        "RSALv2 forbids making the <em>functionality</em> available to third parties. Put three questions to your "
        "lawyer. Do third parties interact with Redis, over a network or in a copy? Is the value of your product "
        "entirely or primarily that of Redis? Does it do for its users what Redis is primarily for? The maker's "
        "published answers say that a product which does not compete with Redis is not affected. How far section 13 "
        "of SSPL-1.0 reaches is disputed.",
    ),
    ("7.4", "service"): Answer(
        STOP,
        "RSALv2 forbids exactly this. SSPL-1.0 allows it only to those who publish, under SSPL-1.0, the source of all "
        "programs they run the service with; hardly anyone can. What remains: a commercial licence, a fork, a version "
        "under other terms, or to end the offer.",
    ),
    ("7.4", "device"): Answer(
        ASK,
        "The limit of RSALv2 also covers passing copies on, if that makes the functionality available to third "
        "parties: put the same three questions as for a product. SSPL-1.0 lets you pass copies on with source code "
        "and licence text and, on consumer devices and on what is made to be built into a dwelling, with what is "
        "needed to install a changed version. Which of the two fits is not for you to guess.",
    ),
    ("8", "inside"): Answer(
        PLAN,
        "Under AGPL-3.0-only, running it unmodified for your own people asks for nothing. If you changed Redis "
        "itself, ask whether its users inside must be offered your source.",
    ),
    ("8", "product"): Answer(
        ASK,
        "AGPL-3.0-only wants two things at once before you owe source: you changed Redis, <em>and</em> users interact "
        "with it over a network. Ask whether both are true of you, and whether a policy of the house or of a customer "
        "rules the AGPL out.",
    ),
    ("8", "service"): Answer(
        ASK,
        "Under AGPL-3.0-only it is allowed, to competitors too. If you changed Redis, every user of the service must "
        "be offered the source of your version. Ask what belongs to it, and about the name: a licence for the code is "
        "none for the trademark.",
    ),
    ("8", "device"): Answer(
        ASK,
        "AGPL-3.0-only allows it with source code and licence text and, on consumer devices and on what is made to be "
        "built into a dwelling, with what is needed to install a changed version. Ask whether your device is one of "
        "these, whether its other software stays separate from Redis, and whether you can give what is needed.",
    ),
}

# What an urgent need of fixes adds to a reading.
_FIXES_72 = (
    "But a licence promises no fixes. Name who supplies them, and until when. Redis names 1 December 2029 for 7.2 "
    "(read on 23 November 2026); in summer 2025 its security policy had left 7.2 out. Otherwise a fork, your "
    "distributor, or a support contract."
)
_FIXES_LATER = "Fixes for this version come under the same terms: haste changes nothing."


def answer(version: str, use: str, fixes: str) -> Answer:
    """What a change of licence means for one use of Redis. version, use, fixes: keys of VERSIONS, USES and FIXES."""
    kind, reason = _READINGS[version, use]
    if fixes == "planned":
        return Answer(kind, reason)
    if version == "7.2":
        return Answer(DATE, f"{reason} {_FIXES_72}")
    return Answer(kind, f"{reason} {_FIXES_LATER}")


def reasons() -> Reading:
    """Every answer with its reason, as a list that folds: for where the explorer is only a picture."""
    items = "".join(
        f"<li><p><b>{_capital(words)}, version {VERSIONS[version]}: {found.kind}.</b> {found.reason}</p></li>"
        for version in VERSIONS
        for use, words in USES.items()
        for found in [answer(version, use, "planned")]
    )
    hurry = (
        f"<p><b>Fixes are needed within days.</b> 7.2 or older: {DATE}. {_FIXES_72} Newer versions: {_FIXES_LATER}</p>"
    )
    title = f"All {len(_READINGS)} answers with their reasons"
    return Reading(
        f"<details><summary>{title}</summary><ul>{items}</ul>{hurry}<p><em>Not legal advice.</em></p></details>", title
    )


def explorer() -> Explorer:
    """Use, version and need of fixes against what the office may conclude for Redis."""

    def view(use: str, version: str, fixes: str) -> tuple[str, Figure]:
        found = answer(version, use, fixes)
        sentence = f"<b>{_capital(found.kind)}.</b> {found.reason} <em>Not legal advice.</em>"
        return sentence, _map(version, use, fixes)

    return Explorer(
        "May we go on using it?",
        view,
        {
            "use": _choice("We use Redis", USES, "service"),
            "version": _choice("Version", VERSIONS, "7.4"),
            "fixes": _choice("Fixes are needed", FIXES, "planned"),
        },
    )


def _choice(label: str, options: dict[str, str], start: str) -> ipywidgets.Dropdown:
    return ipywidgets.Dropdown(options=[(words, key) for key, words in options.items()], value=start, description=label)


def _map(version: str, use: str, fixes: str) -> Figure:
    """All answers at once, with the chosen one framed."""
    drawing, ax = canvas(_NARROW, 3.4)
    for column, of_version in enumerate(VERSIONS):
        for row, of_use in enumerate(USES):
            kind = answer(of_version, of_use, fixes).kind
            marker, colour, words = _SIGNS[kind]
            ax.plot(column, -row + 0.18, marker, color=colour, markersize=9)
            ax.text(column, -row - 0.3, words, ha="center", va="center", fontsize=10)
            if (of_version, of_use) == (version, use):
                ax.plot(
                    [column - 0.47, column + 0.47, column + 0.47, column - 0.47, column - 0.47],
                    [-row - 0.48, -row - 0.48, -row + 0.45, -row + 0.45, -row - 0.48],
                    color="#808080",
                    linewidth=2,
                )
    ax.set_xlim(-0.5, 2.5)
    ax.set_ylim(-3.5, 0.5)
    ax.set_xticks(range(3), ["7.2 or older", "7.4", "8.0 or newer"])
    ax.set_yticks([-row for row in range(4)], ["inside", "product", "service", "device"])
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    told = "; ".join(
        f"{USES[of_use]}: " + ", ".join(f"{v}, {answer(v, of_use, fixes).kind}" for v in VERSIONS) for of_use in USES
    )
    return figure(
        drawing,
        alt=f"Table of answers when fixes are needed {FIXES[fixes]}. {told}. "
        f"Framed: {USES[use]}, version {VERSIONS[version]}: {answer(version, use, fixes).kind}.",
        caption=f"All answers when fixes are needed {FIXES[fixes]}; yours is framed.",
    )


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
