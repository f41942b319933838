"""The views of the lab "Who really controls it?" (environmentalist/governance)."""

from __future__ import annotations

import html
from dataclasses import dataclass

import ipywidgets
import pandas as pd
from IPython.display import HTML

from ospolab import control
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, ORANGE, Figure, canvas, figure
from ospolab.lessons.openings import kept

__all__ = [
    "DEFINITIONS",
    "WATCHED",
    "Definition",
    "archived_by_year",
    "explorer",
    "fork_figure",
    "fork_table",
    "fork_tables",
    "list_key",
    "lists_to_count",
    "opening",
    "order",
]

# The lesson's twelve: what an invented office runs. Chosen because the definitions disagree about them.
WATCHED = [
    *("Backstage", "cert-manager", "Cilium", "CoreDNS", "gRPC", "Helm"),
    *("Keycloak", "Linkerd", "NATS", "OpenTofu", "Prometheus", "SOPS"),
]


@dataclass(frozen=True)
class Definition:
    """One meaning of "control". column: of `control.cards`; high_is_worse: which end is worrying; unit: for a value."""

    words: str
    column: str
    high_is_worse: bool
    unit: str


DEFINITIONS = {
    "share": Definition("share of the largest employer", "largest employer, %", True, "% of the seats"),
    "elephant": Definition("elephant factor", "elephant factor", False, "employers for half"),
    "people": Definition("absence factor of the seats", "people for half", False, "people for half"),
    "left": Definition("who would be left", "would be left", False, "seats left without the largest employer"),
}


def order(projects: list[str], definition: str, names: str = "declared", blanks: str = "alone") -> pd.Series:
    """The projects, the most worrying first by one definition, with their values; ties by share, then by name."""
    meant = DEFINITIONS[definition]
    cards = control.cards(names, blanks).loc[projects].reset_index()
    keys = [meant.column, "largest employer, %", "project"]
    found = cards.sort_values(keys, ascending=[not meant.high_is_worse, False, True])
    return found.set_index("project")[meant.column]


@kept
def opening() -> Figure:
    """The picture the lesson opens with: all bodies of the list, by the share of their largest employer."""
    shares = control.cards()["largest employer, %"]
    steps = pd.cut(shares, [0, *range(10, 100, 10), 101], right=False, labels=range(0, 100, 10))
    counts = steps.value_counts().sort_index()
    counts.index = counts.index.astype(int)
    drawing, ax = canvas()
    half = counts.index >= 50
    ax.bar(counts.index[~half] + 5, counts[~half], width=9, color=BLUE)
    ax.bar(counts.index[half] + 5, counts[half], width=9, color=ORANGE, hatch="//", edgecolor="white", linewidth=0)
    ax.axvline(50, color="#808080", linewidth=1.2, linestyle=":")
    ax.annotate(
        "half of the seats", (50, counts.max()), xytext=(-6, 0), textcoords="offset points", va="top", ha="right"
    )
    ax.set_xticks(range(0, 101, 10))
    ax.set_xlabel("share of the largest named employer, %")
    ax.set_ylabel("projects")
    listed = "; ".join(f"{low} to {low + 10} %: {n}" for low, n in counts.items())
    return figure(
        drawing,
        alt=f"Bars: how large a share of the seats the largest employer has, in {len(shares)} projects. {listed}.",
        caption=f"{int((shares >= 50).sum())} of {len(shares)} (hatched): one employer has half of the maintainers "
        f"or more. In {int((shares == 100).sum())} it has all of them. Data: maintainers_by_employer, August 2026.",
    )


def fork_figure(pair: str, measure: str = "contributors") -> Figure:
    """Both sides of a fork, quarter by quarter; quarters that the source covers only in part are left out."""
    quarters = control.fork_quarters(pair)[measure]
    quarters = quarters.reindex(pd.period_range(quarters.index.min(), quarters.index.max(), freq="Q"))
    names = dict(zip(("upstream", "fork"), pair.split("/"), strict=True))
    words = measure.replace("_", " ")
    drawing, ax = canvas()
    for side, colour, dash in (("upstream", BLUE, "-"), ("fork", ORANGE, "--")):
        ax.plot(
            quarters.index.to_timestamp(how="end"), quarters[side].astype(float), color=colour, linestyle=dash,
            marker="o", markersize=3.5, label=names[side],
        )  # fmt: skip
    ax.set_ylim(0, float(quarters.max().max()) * 1.2)
    ax.set_ylabel(words)
    ax.legend(loc="upper right", fontsize=9, frameon=False)
    both = quarters.dropna()
    ahead = int((both["fork"] > both["upstream"]).sum())
    years = control.fork_years(pair)[measure.replace("contributor_", "").replace("_", " ")]
    told = "; ".join(
        f"{year}: {names['upstream']} {row['upstream']:g}"
        + (f", {names['fork']} {row['fork']:g}" if pd.notna(row["fork"]) else "")
        for year, row in years.iterrows()
        if pd.notna(row["upstream"])
    )
    return figure(
        drawing,
        alt=f"Two lines, {words} a quarter. Means by year: {told}.",
        caption=f"{words.capitalize()} of {names['upstream']} (solid) and {names['fork']} (dashed), "
        f"complete quarters. The fork is ahead in {ahead} of {len(both)}. Data: forks_quarterly.",
    )


def archived_by_year(table: pd.DataFrame) -> pd.DataFrame:
    """Projects of `foundation_projects` by year of acceptance: how many, and how many of them are archived today."""
    years = table.assign(year=table["accepted"].dt.year).groupby("year")
    found = years.agg(accepted=("project", "size"), archived=("archived", "count"))
    return found.assign(share=(found["archived"] / found["accepted"]).map("{:.0%}".format))


def explorer() -> Explorer:
    """Definition of control, meaning of the blanks and names of employers, against the order of the twelve."""
    choices = {
        "definition": ("Control is", {key: meant.words for key, meant in DEFINITIONS.items()}),
        "blanks": ("The unstated are", control.BLANKS),
        "names": ("Employers are", control.NAMES),
    }
    controls = {
        name: ipywidgets.Dropdown(
            options=[(words, key) for key, words in options.items()], value=next(iter(options)), description=label
        )
        for name, (label, options) in choices.items()
    }
    return Explorer("Who comes first on the watch list?", _ranked, controls)


def _ranked(definition: str, blanks: str, names: str) -> tuple[str, Figure]:
    meant = DEFINITIONS[definition]
    ranked, usual = order(WATCHED, definition, names, blanks), order(WATCHED, "share")
    every = control.cards(names, blanks)
    half = int((every["largest employer, %"] >= 50).sum())
    first = [html.escape(project) for project in ranked.index[:3]]
    new = [project for project in ranked.index[:5] if project not in usual.index[:5]]
    moved = (
        "The first five are those of the usual count."
        if not new
        else f"New among the first five: {html.escape(_and(new))}."
    )
    if definition == "share" and blanks == "alone" and names == "declared":
        moved = "This is the usual count. Change one control at a time."
    said = (
        f"By <b>{meant.words}</b>, the list begins with <b>{_and(first)}</b>. {moved} "
        f"In the whole list, one employer has half of the seats or more in <b>{half} of {len(every)}</b> projects."
    )
    drawing, ax = canvas(height=4.2)
    colours = [ORANGE if project in ranked.index[:3] else BLUE for project in ranked.index]
    places = range(len(ranked), 0, -1)
    bars = ax.barh(places, ranked, color=colours, height=0.72)
    ax.bar_label(bars, labels=[f"{value:g}" for value in ranked], padding=3, fontsize=9)
    ax.set_yticks(list(places), [f"{at}. {project}" for at, project in enumerate(ranked.index, 1)])
    ax.set_xlim(0, max(float(ranked.max()) * 1.1, 1))
    ax.set_xlabel(meant.unit)
    listed = "; ".join(f"{at}. {project} {value:g}" for at, (project, value) in enumerate(ranked.items(), 1))
    picture = figure(
        drawing,
        alt=f"Bars of twelve projects, the most worrying first by {meant.words} ({meant.unit}): {listed}.",
        caption="Most worrying first; "
        + ("long" if meant.high_is_worse else "short")
        + " bars worry. Data: maintainers_by_employer, August 2026.",
    )
    return said, picture


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


# The exercise's lists.
LISTS = {"A": "Lima", "B": "CubeFS"}


def lists_to_count() -> pd.DataFrame:
    """Two real lists of maintainers, without their projects' names: one row an employer."""
    held = {letter: control.seats(project) for letter, project in LISTS.items()}
    found = pd.concat(held, names=["list", "employer"]).rename("seats").reset_index()
    found["employer"] = found["employer"].replace({control.UNSTATED: "(none stated, or independent)"})
    return found.set_index("list")


def list_key() -> dict[str, dict[str, tuple[float, float, str]]]:
    """Row -> column -> (figure, how far off it may be, where to look again) of the exercise's lists."""
    key = {}
    for letter, project in LISTS.items():
        held = control.seats(project)
        total, unstated = int(held.sum()), int(held.get(control.UNSTATED, 0))
        most = int(held.drop(control.UNSTATED, errors="ignore").max())
        key[f"list-{letter.lower()}"] = {
            "share": (100 * most / total, 0.6, "The largest named employer, divided by all seats."),
            "most": (100 * (most + unstated) / total, 0.6, "Add the unstated to the largest named employer."),
            "elephant": (control.elephant_factor(held), 0, "Largest first, each of the unstated alone; stop at half."),
            "left": (total - most, 0, "All seats without those of the largest named employer."),
        }
    return key


# The forks of the table, by their names as projects write them.
FORKS = {
    "OpenSearch": "elasticsearch/opensearch",
    "Valkey": "redis/valkey",
    "OpenTofu": "terraform/opentofu",
}


def fork_table() -> pd.DataFrame:
    """Means a quarter, by fork and year: complete quarters, contributors, absence factor.

    Each cell is a text, "fork / upstream", with a dash where there is no complete quarter: a narrow page has no room
    for six columns.
    """
    found = pd.concat({fork: control.fork_years(pair) for fork, pair in FORKS.items()}, names=["fork"])
    text = found.map(lambda value: "–" if pd.isna(value) else f"{value:g}")
    measures = text.columns.get_level_values(0).unique()
    return pd.DataFrame({measure: text[measure]["fork"] + " / " + text[measure]["upstream"] for measure in measures})


def fork_tables() -> HTML:
    """The same, a table for each fork under both names: one for all would be wider than a narrow page."""
    table, shown = fork_table(), []
    for fork, pair in FORKS.items():
        upstream = pair.partition("/")[0].capitalize()
        shown.append(f'<p style="margin-top: 1em"><strong>{fork} / {upstream}</strong></p>')
        shown.append(table.loc[fork].to_html(border=0))
    return HTML("\n".join(shown))
