"""The figures of the book's role and pillar pages, drawn from the fact tables.

They are committed as `book/figures/<page>.html`, and a page includes its own. Run
`python -m ospolab.authoring.pictures` after changing a table or this module. Coordinates may differ a little from one
platform to the next, so a figure is out of date when its words or its frame differ (`readable`), not when a line moved.
"""

import math
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd

from ospolab import health
from ospolab.authoring import pages
from ospolab.data import load
from ospolab.lessons.figures import BLUE, GREEN, ORANGE, PURPLE, Figure, canvas, figure

# Legible on a white and on a near-black page; text takes the page's own colour instead.
GREY = "#808080"
# Inches: narrow enough that a phone shows the figure without shrinking its labels much.
WIDTH = 5.6

# The parts of a bar, told apart by filling: full, hatched, empty.
_FILLED = {"facecolor": BLUE, "edgecolor": BLUE}
_HATCHED = {"facecolor": "none", "edgecolor": ORANGE, "hatch": "////"}
_EMPTY = {"facecolor": "none", "edgecolor": GREY}

# ---------------------------------------------------------------------------------------------------------- drawing


def _stacked_bars(counts: pd.DataFrame, fills: tuple[dict[str, Any], ...], height: float):
    """A drawing of horizontal bars: one for each row from the top, its columns one after the other, numbers above.

    counts: whole numbers, one column a part. fills: one for each column. height in inches. A part of 0 is left out.
    """
    drawing, ax = canvas(WIDTH, height)
    left = pd.Series(0, index=counts.index)
    rows = range(len(counts))
    for (part, numbers), fill in zip(counts.items(), fills, strict=True):
        # A bar of no length would still show its edge.
        ax.barh(rows, numbers.where(numbers > 0), left=left, height=0.5, label=part, **fill)
        for row, (number, start) in enumerate(zip(numbers, left, strict=True)):
            if number:
                ax.text(start + number / 2, row - 0.3, str(number), ha="center", va="bottom")
        left += numbers
    ax.set_yticks(rows, counts.index)
    ax.set_ylim(len(counts) - 0.5, -0.75)
    ax.tick_params(left=False)
    ax.spines["left"].set_visible(False)
    _legend(drawing)
    return drawing, ax


def _legend(drawing, columns: int = 1):
    """Below the axes, where nothing is drawn; one entry under the other, so that a phone shows them in full."""
    drawing.legend(loc="outside lower left", ncols=columns, fontsize=10, frameon=False)


def _percent(part: float, whole: float) -> int:
    """Whole per cent; a half goes up, as it does in print, and not to the even neighbour."""
    return math.floor(100 * part / whole + 0.5)


# ------------------------------------------------------------------------------------------------------------ roles

# The survey's answers in our words, and whether the work is the Enabler's.
RESPONSIBILITIES = {
    "collaborate_foundations_communities": ("work with communities and foundations", False),
    "strategy": ("write and carry out the strategy", False),
    "policies_processes": ("improve policies and processes", True),
    "support_development": ("support development teams", True),
    "advise": ("advise on technology and projects", False),
    "licence_compliance": ("oversee compliance", False),
    "grow_talent": ("grow and keep people", True),
    "it_infrastructure": ("run open source infrastructure", True),
    "remove_friction": ("remove friction", True),
    "upstream_development": ("drive upstream development", False),
    "innersource_culture": ("InnerSource and culture", True),
    "track_metrics": ("track figures", False),
}


def enabler() -> Figure:
    """What offices answered in 2023 when asked for their responsibilities."""
    survey = load("survey_ospo").query("year == 2023 and question == 'responsibilities' and segment == 'all'")
    named = survey.set_index("answer").respondents.drop("other").sort_values(ascending=False, kind="stable")
    base = int(survey.base.iloc[0])
    drawing, ax = canvas(WIDTH, 4.4)
    for row, (answer, count) in enumerate(named.items()):
        ax.barh(row, count, height=0.62, **(_FILLED if RESPONSIBILITIES[answer][1] else _EMPTY))
        ax.text(count + 2, row, str(count), va="center")
    ax.set_yticks(range(len(named)), [RESPONSIBILITIES[answer][0] for answer in named.index])
    ax.invert_yaxis()
    ax.set_xlim(0, base)
    ax.set_xticks([0, base / 2, base], ["0", "half", f"all {base}"])
    ax.tick_params(left=False)
    processes, metrics = named["policies_processes"], named["track_metrics"]
    listed = ", ".join(f"{RESPONSIBILITIES[answer][0]} {count}" for answer, count in named.items())
    return figure(
        drawing,
        alt=f"Bar chart of the responsibilities that {base} offices named in 2023, several answers allowed: {listed}.",
        caption=f"Filled: work of the Enabler, as we sort it. {processes} of {base} offices improve policies and "
        f"processes, {_percent(processes, base)} %; {metrics} track figures, {_percent(metrics, base)} %. Whoever "
        "wished to answer did. "
        "Data: survey_ospo (TODO Group, CC-BY-SA-4.0), survey of 2023.",
    )


def counselor() -> Figure:
    """The shares of five licence keys among developers who push to public repositories, over time."""
    table = load("innovation_graph_licenses").query("economy != 'EU'")
    developers = table.pivot_table(index="quarter", columns="spdx", values="developers", aggfunc="sum")
    shares = developers.div(developers.sum(axis=1), axis=0).mul(100)
    lines = {
        "MIT": ("MIT", BLUE, "-", 0),
        "Apache-2.0": ("Apache-2.0", GREEN, "-", 4),
        "NOASSERTION": ("not identified", GREY, ":", -3),
        "GPL-3.0": ("GPL-3.0", ORANGE, "--", -3),
        "AGPL-3.0": ("AGPL-3.0", PURPLE, "-.", 0),
    }
    drawing, ax = canvas(WIDTH, 3.9)
    when = shares.index.to_timestamp(how="end")
    for key, (label, colour, dash, nudge) in lines.items():
        ax.plot(when, shares[key], color=colour, linestyle=dash)
        ax.annotate(
            f"{label} {shares[key].iloc[-1]:.1f}",
            (when[-1], shares[key].iloc[-1]),
            xytext=(6, nudge),
            textcoords="offset points",
            va="center",
        )
    ax.set_ylim(0, 55)
    ax.set_yticks(range(0, 60, 10))
    ax.set_ylabel("share, %")
    years = range(2020, 2027, 2)
    ax.set_xticks([pd.Timestamp(year, 1, 1) for year in years], [str(year) for year in years])
    # Room for the labels at the ends of the lines.
    ax.set_xlim(when[0], when[-1] + pd.DateOffset(months=33))
    first, last = shares.index[0], shares.index[-1]
    moved = (shares.iloc[-1] - shares.iloc[0])[list(lines)].abs().max()
    said = "; ".join(
        f"{label} {shares[key].iloc[0]:.1f} % and {shares[key].iloc[-1]:.1f} %" for key, (label, *_) in lines.items()
    )
    return figure(
        drawing,
        alt=f"Line chart of licence shares in {first} and {last}: {said}. None moved more than {moved:.1f} points.",
        caption="Developers who pushed to public repositories on one platform, by the licence key of the repository. "
        "Somebody active under two licences counts twice, and the European Union is left out, because its members are "
        "already in. “Not identified”: there is a licence file that the platform could not name, or there are several. "
        "Data: innovation_graph_licenses (CC0-1.0).",
    )


def advocate() -> Figure:
    """Where projects stood three years after a foundation took them in at its lowest level, by year of entry."""
    projects = load("foundation_projects")
    entered = projects[(projects.accepted != projects.incubating) & projects.accepted.dt.year.between(2018, 2022)]
    third = entered.accepted + pd.DateOffset(years=3)
    archived = entered.archived <= third
    moved_up = ~archived & ((entered.incubating <= third) | (entered.graduated <= third))
    counts = (
        pd.DataFrame({"moved up": moved_up, "where they entered": ~moved_up & ~archived, "archived": archived})
        .groupby(entered.accepted.dt.year)
        .sum()
    )
    drawing, ax = _stacked_bars(counts, (_FILLED, _EMPTY, _HATCHED), height=4.2)
    ax.set_xlabel("projects, three years after they entered")
    ax.set_xlim(0, 45)
    ax.set_xticks(range(0, 50, 10))
    said = "; ".join(
        f"entered {year}: {row.iloc[0]} moved up, {row.iloc[1]} where they entered, {row.iloc[2]} archived"
        for year, row in counts.iterrows()
    )
    total = counts.sum()
    return figure(
        drawing,
        alt=f"Bars for {total.sum()} projects of one foundation, three years after each entered at the lowest level: "
        f"{said}. Together {total.iloc[0]}, {total.iloc[1]} and {total.iloc[2]}.",
        caption="Every project is looked at on its own third anniversary, so that the young had as long as the old. "
        "Those that entered a level higher are left out. The foundation also took in more, so the bars do not say that "
        "projects got worse. "
        "Data: foundation_projects (CNCF Landscape, CC-BY-4.0 or Apache-2.0).",
    )


def environmentalist() -> Figure:
    """How many of a body's listed maintainers name the same employer, by level of the project it belongs to."""
    table = load("maintainers_by_employer")
    size = table.groupby(["maturity", "project"]).maintainers.sum()
    named = table[table.employer != "independent_or_unstated"].groupby(["maturity", "project"]).maintainers.max()
    # A body in which nobody named an employer has no largest one.
    share = (named.reindex(size.index, fill_value=0) / size)[size >= 3]
    bands = pd.DataFrame(
        {
            "under half name the same employer": share < 0.5,
            "half or more, not all": share.between(0.5, 1, "left"),
            "all of them": share == 1,
        }
    )
    counts = bands.groupby("maturity").sum().loc[["sandbox", "incubating", "graduated"]]
    half = counts["half or more, not all"] + counts["all of them"]
    whole = counts.sum(axis=1)
    drawing, ax = _stacked_bars(counts, (_EMPTY, _HATCHED, _FILLED), height=3.4)
    ax.set_xlabel("projects and committees")
    ax.set_xlim(0, 150)
    ax.set_xticks(range(0, 160, 50))
    said = "; ".join(
        f"{level}: " + ", ".join(f"{band} {count}" for band, count in row.items()) for level, row in counts.iterrows()
    )
    rates = ", ".join(f"{_percent(half[level], whole[level])} % of {whole[level]} {level}" for level in counts.index)
    return figure(
        drawing,
        alt=f"Bars for {whole.sum()} bodies by the part of their listed maintainers who name the same employer. "
        f"{said}. Half or more in {half.sum()} of {whole.sum()}.",
        caption=f"Half or more of the maintainers name the same employer in {half.sum()} of {whole.sum()} bodies with "
        f"at least 3 listed: {rates}. Most bodies are projects, some are committees or working groups. A blank counts "
        "as a person, never as an employer. Declared, not verified. "
        "Data: maintainers_by_employer (CNCF, CC-BY-4.0).",
    )


# ---------------------------------------------------------------------------------------------------------- pillars


def strategy() -> Figure:
    """The share of organisations that have an office, year by year: of all who answered and of the large ones."""
    survey = load("survey_ospo").query("question == 'has_ospo'")
    large = ["size:over_10000", "size:10000-19999", "size:20000_plus"]

    def having(segments: list[str]) -> pd.DataFrame:
        rows = survey[survey.segment.isin(segments)]
        yes = rows[rows.answer.str.startswith("yes")].groupby("year").respondents.sum()
        base = rows.drop_duplicates(["year", "segment"]).groupby("year").base.sum()
        return pd.DataFrame({"base": base, "share": [_percent(*pair) for pair in zip(yes, base, strict=True)]})

    groups = {"all who answered": having(["all"]), "over 10,000 employees": having(large)}
    drawing, ax = canvas(WIDTH, 3.8)
    for (label, rows), colour, mark in zip(groups.items(), (BLUE, ORANGE), ("o", "D"), strict=True):
        # The question and the sample changed with 2022, and the sample again in each year after: no line across.
        ax.plot(rows.share.loc[:2021], color=colour, marker=mark, label=label)
        ax.plot(rows.share.loc[2022:], color=colour, marker=mark, linestyle="none")
        for year, share in rows.share.items():
            ax.annotate(str(share), (year, share), xytext=(0, 8), textcoords="offset points", ha="center")
    ax.axvline(2021.5, color=GREY, linewidth=1, linestyle=":")
    ax.annotate("new question,\nother samples", (2021.55, 8), va="center", fontsize=10)
    ax.set_ylim(0, 100)
    ax.set_yticks(range(0, 125, 25))
    ax.set_ylabel("have an office, %")
    ax.set_xticks(range(2018, 2025))
    _legend(drawing, columns=2)
    said = "; ".join(
        f"{label}: " + ", ".join(f"{year} {row.share} % of {row.base}" for year, row in rows.iterrows())
        for label, rows in groups.items()
    )
    return figure(
        drawing,
        alt=f"Organisations that have an office, in per cent for each year. {said}.",
        caption="Lines join only what was asked in the same way. From 2022 the answer “yes” is split into formal and "
        "informal (added up here), whoever is not involved in open source is not asked, and each year reached another "
        "mix of sizes; in 2023 small organisations from a panel were turned away. “Over 10,000” means 10,000 or more "
        "from 2022. Whoever wished to answer did. "
        "Data: survey_ospo (TODO Group, CC-BY-SA-4.0).",
    )


def governance() -> Figure:
    """What the board of a foundation decided on third-party components, year by year; the rule's part in words."""
    decisions = load("license_decisions")
    by_rule = decisions.status.isin(["allowlisted", "apache-2.0"])
    rule = by_rule.sum()
    board = decisions[~by_rule]
    counts = pd.crosstab(board.decided_on.dt.year, board.status)[["approved", "denied"]]
    counts = counts.reindex(range(counts.index.min(), counts.index.max() + 1), fill_value=0)
    counts.columns = ["approved", "refused"]
    drawing, ax = canvas(WIDTH, 3.6)
    ax.barh(counts.index, counts.approved, height=0.55, label="approved by the board", **_FILLED)
    refused = counts.refused.where(counts.refused > 0)
    ax.barh(counts.index, refused, left=counts.approved, height=0.55, label="refused by the board", **_HATCHED)
    for year, row in counts.iterrows():
        words = ", ".join(f"{number} {what}" for what, number in row.items() if number)
        ax.text(row.sum() + 1, year, words or "none", va="center")
    ax.invert_yaxis()
    ax.set_yticks(counts.index)
    ax.set_xlim(0, 100)
    ax.set_xticks(range(0, 100, 20))
    ax.set_xlabel("components")
    ax.tick_params(left=False)
    _legend(drawing)
    total = counts.sum()
    said = "; ".join(f"{year}: {row.approved} approved, {row.refused} refused" for year, row in counts.iterrows())
    return figure(
        drawing,
        alt=f"Bars for the {total.sum()} components that a board decided on, by year. {said}. "
        f"In all {rule} by the rule; {total.approved} approved and {total.refused} refused by the board.",
        caption=f"Not drawn: {rule} of {len(decisions)} decisions, {_percent(rule, len(decisions))} %, that followed "
        f"from the written rule, all in {decisions.decided_on[by_rule].dt.year.max()}. One row in five of each kind, "
        "refusals excepted, is held out for grading and missing here. "
        "Data: license_decisions (CNCF, CC-BY-4.0).",
    )


def compliance() -> Figure:
    """What an assessor of the two OpenChain standards wants to see, by kind of evidence."""
    kinds = ["document", "procedure", "record"]
    standards = {"ISO/IEC 5230\nlicences": "openchain_5230", "ISO/IEC 18974\nsecurity": "openchain_18974"}
    tables = {label: load(name) for label, name in standards.items()}
    counts = pd.DataFrame({label: table.kind.value_counts() for label, table in tables.items()}).T[kinds]
    shared = len(set.intersection(*(set(table.topic) for table in tables.values())))
    counts.columns = [f"{kind}s" for kind in kinds]
    drawing, ax = _stacked_bars(counts, (_FILLED, _EMPTY, _HATCHED), height=2.9)
    ax.set_xlim(0, 26)
    ax.set_xticks(range(0, 30, 5))
    ax.set_xlabel("verification materials")
    said = "; ".join(
        f"{label.replace(chr(10), ', ')}: " + ", ".join(f"{count} {kind}" for kind, count in row.items())
        for label, row in counts.iterrows()
    )
    return figure(
        drawing,
        alt=f"Bars for the verification materials of two standards. {said}. {counts.iloc[0].sum()} each.",
        caption=f"Both standards ask for {counts.iloc[0].sum()} pieces of evidence; {shared} topics are the same in "
        "both. Document: a text in force. Procedure: how something is done. Record: what remains when it was done. "
        "Topics and kinds are our sorting, not the standards'. "
        "Data: openchain_5230 and openchain_18974 (OpenChain, CC-BY-4.0).",
    )


def community_engagement() -> Figure:
    """The people of eight projects who came once: their part of the people, and of the commits."""
    activity = load("project_activity")
    people = (
        activity[activity.project.isin(health.RUNNING) & ~activity.is_bot]
        .groupby(["project", "contributor"])
        .commits.sum()
    )
    once = people == 1
    shares = pd.DataFrame(
        {
            "people": 100 * once.groupby("project").mean(),
            "commits": 100 * once.groupby("project").sum() / people.groupby("project").sum(),
        }
    ).sort_values("people")
    drawing, ax = canvas(WIDTH, 4.2)
    rows = range(len(shares))
    ax.hlines(rows, shares.commits, shares.people, color=GREY, linewidth=1)
    ax.plot(shares.commits, rows, "D", color=ORANGE, label="their part of all commits")
    ax.plot(shares.people, rows, "o", color=BLUE, label="people with exactly one commit, of all people")
    for row, share in enumerate(shares.itertuples()):
        ax.annotate(
            f"{share.commits:.0f}", (share.commits, row), xytext=(0, 7), textcoords="offset points", ha="center"
        )
        ax.annotate(f"{share.people:.0f}", (share.people, row), xytext=(0, 7), textcoords="offset points", ha="center")
    ax.set_yticks(rows, shares.index)
    ax.set_ylim(-0.6, len(shares) - 0.2)
    ax.set_xlim(0, 100)
    ax.set_xticks(range(0, 125, 25))
    ax.set_xlabel("%")
    _legend(drawing)
    said = "; ".join(f"{row.Index} {row.people:.0f} % and {row.commits:.0f} %" for row in shares.itertuples())
    return figure(
        drawing,
        alt=f"People with exactly one commit, in {len(shares)} projects, as a share of all people and of all commits: "
        f"{said}.",
        caption=f"From {shares.people.min():.0f} % to {shares.people.max():.0f} % of the people came once, and made "
        f"{shares.commits.min():.0f} % to {shares.commits.max():.0f} % of the commits. Automated "
        "accounts and merges are left out; some people are counted twice, under two addresses; those of the last "
        "months may yet come back. Data: project_activity.",
    )


# ------------------------------------------------------------------------------------------------------------ files

# By page, in the order of the book.
PICTURES: dict[str, Callable[[], Figure]] = {
    "enabler": enabler,
    "counselor": counselor,
    "advocate": advocate,
    "environmentalist": environmentalist,
    "strategy": strategy,
    "governance": governance,
    "compliance": compliance,
    "community-engagement": community_engagement,
}


def derived(root: Path = pages.ROOT) -> dict[Path, str]:
    """Every figure: its path under `root`, and the HTML it should have. The data are those of this package."""
    note = "<!-- Derived by ospolab.authoring.pictures; do not edit. -->\n"
    return {root / f"book/figures/{name}.html": f"{note}{draw().to_html()}\n" for name, draw in PICTURES.items()}


def readable(html: str) -> dict[str, Any]:
    """What a reader gets from a figure's HTML, wherever it was drawn.

    The text alternative, the caption, the viewBox, and the labels inside the picture in alphabetical order.
    """

    def first(pattern: str) -> str:
        found = re.search(pattern, html, re.DOTALL)
        return unescape(found.group(1)) if found else ""

    labels = re.findall(r"<text[^>]*>(.*?)</text>", html, re.DOTALL)
    return {
        "alt": first(r'aria-label="([^"]*)"'),
        "caption": first(r"<figcaption>(.*?)</figcaption>"),
        "frame": first(r'viewBox="([^"]*)"'),
        "labels": sorted(unescape(re.sub(r"<[^>]*>", " ", label)).strip() for label in labels),
    }


def stale(root: Path = pages.ROOT) -> list[Path]:
    """Figures that are missing, say something else than they should, or belong to no page."""
    figures = derived(root)
    changed = [
        path
        for path, html in figures.items()
        if not path.exists() or readable(path.read_text("utf-8")) != readable(html)
    ]
    return changed + sorted(path for path in (root / "book/figures").glob("*.html") if path not in figures)


def write(root: Path = pages.ROOT) -> list[Path]:
    """Bring every figure up to date; returns the paths that were written or removed."""
    figures = derived(root)
    touched = [path for path, html in figures.items() if not path.exists() or path.read_text("utf-8") != html]
    for path in touched:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(figures[path], "utf-8", newline="\n")
    left = sorted(path for path in (root / "book/figures").glob("*.html") if path not in figures)
    for path in left:
        path.unlink()
    return touched + left


if __name__ == "__main__":
    for changed in write():
        print(changed.relative_to(pages.ROOT))
