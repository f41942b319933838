"""The views of the lab "A repository worth contributing to" (enabler/community-engagement)."""

from __future__ import annotations

import html
from collections.abc import Iterable

import ipywidgets
import pandas as pd

from ospolab import doorstep, readiness
from ospolab.data import load
from ospolab.lessons import inside
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, GREEN, ORANGE, Figure, canvas, figure
from ospolab.lessons.openings import kept

__all__ = [
    "EQUAL",
    "SHOWN",
    "TWO_WEIGHTS",
    "Sheet",
    "changes_to_read",
    "explorer",
    "files_handed_in",
    "handed_in",
    "missing_here",
    "offered",
    "opening",
    "stages",
    "three_to_score",
    "wait_key",
    "weight_key",
]

WORDS = {
    "contributing": "contribution guide",
    "issue_templates": "issue templates",
    "ci": "automatic tests",
    "security": "security policy",
    "code_of_conduct": "code of conduct",
    "governance": "governance",
    "maintainers_or_codeowners": "list of owners",
    "changelog": "changelog",
    "license": "licence",
    "reuse_compliant_dir": "LICENSES folder",
    "citation": "citation file",
}
VISITORS = {
    "newcomer": "A newcomer with a fix",
    "finder": "The finder of a weakness",
    "guest": "A guest",
    "dependent": "Who depends on it",
    "reuser": "Who wants to reuse it",
}
EQUAL = dict.fromkeys(readiness.STRANGERS, 1)
# The explorer's twelve of the 36: chosen because visitors disagree about them.
SHOWN = [
    *("akka/akka", "apache/logging-log4j2", "aseprite/aseprite", "containers/bubblewrap", "jupyter/nbgrader"),
    *("nodejs/security-wg", "ossf/scorecard", "pallets/flask", "redis/redis", "scientific-python/repo-review"),
    *("tukaani-project/xz", "ucbds-infra/otter-grader"),
]


@kept
def opening() -> Figure:
    """The picture the lesson opens with: how many of the 36 repositories have which file."""
    counts = readiness.files().sum().sort_values()
    drawing, ax = canvas(height=3.8)
    asked = {name for who in ("newcomer", "finder") for name in readiness.STRANGERS[who][1]} - {"ci"}
    colours = [ORANGE if name in asked else BLUE for name in counts.index]
    bars = ax.barh(range(len(counts)), counts, color=colours, height=0.72)
    ax.bar_label(bars, padding=3, fontsize=9)
    ax.set_yticks(range(len(counts)), [WORDS[name] for name in counts.index])
    ax.set_xlim(0, 39)
    ax.set_xlabel("repositories of 36")
    told = "; ".join(f"{WORDS[name]} {count}" for name, count in counts[::-1].items())
    return figure(
        drawing,
        alt=f"Bars: how many of 36 well-known repositories have which file. {told}.",
        caption="All have a licence and automatic tests. What a stranger with a fix or a weakness looks for is rarer "
        "(orange). Data: community_files.",
    )


class Sheet:
    """A table whose cells wrap as text does, so that it fits a phone; yes and no for truth values.

    note: a column of sentences, shown below the name of the row instead of beside it.
    """

    def __init__(self, table: pd.DataFrame, note: str = "") -> None:
        self.table = table.map(self._plain)
        self.note = note

    def __repr__(self) -> str:
        return self.table.to_string()

    def _repr_html_(self) -> str:
        columns = [name for name in self.table.columns if name != self.note]
        head = self._row("th", [self.table.index.name or self.table.columns.name or "", *columns])
        body = ""
        for name, row in self.table.iterrows():
            below = f'<br><span style="font-weight:400">{html.escape(str(row[self.note]))}</span>' if self.note else ""
            body += self._row("td", [name, *(row[column] for column in columns)], below)
        return f'<table class="table" style="width:auto"><thead>{head}</thead><tbody>{body}</tbody></table>'

    @staticmethod
    def _plain(value: object) -> object:
        if pd.api.types.is_bool(value):
            return "yes" if value else "no"
        return value.date().isoformat() if isinstance(value, pd.Timestamp) else value

    @staticmethod
    def _row(kind: str, cells: Iterable[object], below: str = "") -> str:
        look = "text-align:left;vertical-align:top;white-space:normal;padding:0.3rem"
        first, *others = (html.escape(str(cell)).replace("/", "/<wbr>") for cell in cells)
        rest = "".join(f'<{kind} style="{look}">{cell}</{kind}>' for cell in others)
        return f'<tr><th style="{look};overflow-wrap:break-word">{first}{below}</th>{rest}</tr>'


def missing_here(name: str) -> pd.DataFrame:
    """Repositories without a file of that kind, and whether their organisation keeps it for all of its repositories."""
    table, both = readiness.files()[name], readiness.files(elsewhere=True)[name]
    lacking = table[~table].index
    found = both[lacking].map({True: "kept for all", False: "not found"})
    return found.rename("looked up").to_frame()


# The explorer


def explorer() -> Explorer:
    """How much each stranger counts, and what is counted, against the order of twelve repositories."""
    controls: dict[str, ipywidgets.Widget] = {
        who: ipywidgets.IntSlider(value=1, min=0, max=5, description=words, continuous_update=False)
        for who, words in VISITORS.items()
    }
    controls["elsewhere"] = ipywidgets.Dropdown(
        options=[("not there", False), ("looked up where it is kept for all", True)],
        value=False,
        description="A missing file is",
    )
    controls["licence"] = ipywidgets.Dropdown(
        options=[("any licence", False), ("open source licences only", True)], value=False, description="We rank"
    )
    return Explorer("Which repository is ready for a stranger?", _ranked, controls)


def _ranked(elsewhere: bool, licence: bool, **strangers: int) -> tuple[str, Figure]:
    licences = load("community_files").set_index("repo")["licence_spdx"]
    shown = [repo for repo in SHOWN if not (licence and readiness.not_open_source(licences[repo]))]
    usual = readiness.scores(readiness.files().loc[shown], EQUAL)
    now = readiness.scores(readiness.files(elsewhere).loc[shown], strangers)
    names, places = readiness.order(now), {repo: at for at, repo in enumerate(readiness.order(usual), 1)}
    turned = readiness.swaps(usual, now)
    if not any(strangers.values()):
        said = "Nobody counts: <b>there is no score.</b> Give at least one stranger a weight."
    else:
        best = [repo for repo in names if abs(now[repo] - now[names[0]]) < 1e-9]
        first = " and ".join(html.escape(repo) for repo in best[:3])
        said = f"<b>{first}</b> {'comes' if len(best) == 1 else 'come'} first. "
        said += (
            f"Against equal weights, <b>{len(turned)} of {len(shown) * (len(shown) - 1) // 2} pairs</b> have turned "
            f"round, for instance {html.escape(turned[0][1])} is now above {html.escape(turned[0][0])}."
            if turned
            else "No pair has turned round against equal weights and files counted where they stand."
        )
        barred = [repo for repo in best if readiness.not_open_source(licences[repo])]
        if barred:
            said += f" But {html.escape(' and '.join(barred))} <b>is not open source</b>: no file says that for you."
    drawing, ax = canvas(height=4.2)
    at = range(len(names), 0, -1)
    colours = [ORANGE if readiness.not_open_source(licences[r]) else GREEN if places[r] > n else BLUE
               for n, r in enumerate(names, 1)]  # fmt: skip
    bars = ax.barh(at, [now[repo] for repo in names], color=colours, height=0.72)
    moves = [_move(places[repo] - number) for number, repo in enumerate(names, 1)]
    ax.bar_label(
        bars, labels=[f"{now[repo]:.0f} {move}" for repo, move in zip(names, moves, strict=True)], padding=3, fontsize=9
    )
    ax.set_yticks(list(at), [f"{number}. {repo}" for number, repo in enumerate(names, 1)])
    ax.set_xlim(0, 118)
    ax.set_xlabel("readiness, of 100")
    listed = "; ".join(f"{number}. {repo} {now[repo]:.0f}" for number, repo in enumerate(names, 1))
    return said, figure(
        drawing,
        alt=f"Bars of {len(names)} repositories by readiness, of 100: {listed}.",
        caption="▲ ▼: places gained or lost against equal weights. Orange: not open source on the day of the table "
        "(redis: October 2024). Data: community_files.",
    )


def _move(places: int) -> str:
    return f"▲{places}" if places > 0 else f"▼{-places}" if places < 0 else ""


# Changes


def stages(which: str) -> Figure:
    """Where the days of a change go: median days of each stage of the released ones."""
    table = inside.changes(which).dropna()
    steps = {
        "waits for an answer": table["answered"] - table["opened"],
        "is reviewed and merged": table["merged"] - table["answered"],
        "waits for a release": table["released"] - table["merged"],
    }
    days = {words: float(step.median()) for words, step in steps.items()}
    whole = float((table["released"] - table["opened"]).median())
    drawing, ax = canvas(height=1.9)
    left = 0.0
    for (words, length), colour in zip(days.items(), (ORANGE, BLUE, GREEN), strict=True):
        ax.barh([0], [length], left=left, color=colour, height=0.5)
        ax.annotate(
            f"{words}: {length:g}", (left + length / 2, 0.33), ha="left", rotation=12, fontsize=9, annotation_clip=False
        )
        left += length
    ax.set_yticks([])
    ax.set_ylim(-0.35, 1.4)
    ax.set_xlim(0, left * 1.25)
    ax.set_xlabel("days (median of each stage)")
    told = "; ".join(f"{words} {length:g} days" for words, length in days.items())
    return figure(
        drawing,
        alt=f"One bar in three parts, median days of {len(table)} released changes: {told}.",
        caption="Invented history: median days of each stage, for changes that reached a release. Medians of parts do "
        f"not add up to the median of the whole, which is {whole:g} days.",
    )


# The exercise's tables and keys


def handed_in() -> Sheet:
    """What the two linters say about the exercise's repository; a row a finding."""
    checks, reuse = doorstep.lint(doorstep.HANDED_IN)
    rows = [
        (f"{name}: {row['check']}", "repo-review", "passes" if row["passes"] else "fails")
        for name, row in checks.iterrows()
    ]
    rows += [(path, "REUSE", "no licence") for path in reuse["without_licence"]]
    return Sheet(pd.DataFrame(rows, columns=["about", "asked", "says"]).set_index("about"))


def files_handed_in() -> Sheet:
    """The files of the exercise's repository: how long each is, and how it begins."""
    files = sorted(doorstep.HANDED_IN.items())
    rows = [(name, len(text), text.splitlines()[0] if text else "(empty)") for name, text in files]
    table = pd.DataFrame(rows, columns=["file, and its first line", "characters", "begins with"])
    return Sheet(table.set_index("file, and its first line"), note="begins with")


def offered() -> Sheet:
    """The exercise's invented portfolio, with what stands in the way of each."""
    table = inside.portfolio(inside.OFFERED)
    table["score"] = table.pop("score, later")
    table["what we heard"] = [inside.OBSTACLES[name][0] for name in table.index]
    table = table[["teams", "asked", "host", "score", "what we heard"]]
    return Sheet(table.rename_axis("repository, and what we heard"), note="what we heard")


THREE = ["pallets/flask", "containers/bubblewrap", "ucbds-infra/otter-grader"]
TWO_WEIGHTS = {
    "newcomer": {"contributing": 4, "issue_templates": 2, "code_of_conduct": 1, "security": 1},
    "finder": {"contributing": 1, "issue_templates": 0, "code_of_conduct": 1, "security": 6},
}


def three_to_score() -> Sheet:
    """Three real repositories and four files, with the two sets of weights of the exercise below each file."""
    names = list(TWO_WEIGHTS["newcomer"])
    table = readiness.files().loc[THREE, names].T.set_axis([repo.split("/")[1] for repo in THREE], axis=1)
    table["weights"] = [
        ", ".join(f"{who} {weight[name]}" for who, weight in TWO_WEIGHTS.items()) for name in names
    ]  # fmt: skip
    return Sheet(table.rename(index=WORDS).rename_axis("file, and its weights"), note="weights")


def weight_key() -> dict[str, dict[str, float]]:
    """Row -> column -> score from 0 to 100, of the form "weights"."""
    table = readiness.files()
    return {
        repo.split("/")[1]: {
            who: 100 * readiness.readiness([name for name in weights if table.loc[repo, name]], weights)
            for who, weights in TWO_WEIGHTS.items()
        }
        for repo in THREE[1:]
    }


def changes_to_read() -> Sheet:
    """The exercise's invented changes, as text: "" for what has not happened."""
    table = inside.changes("exercise").map(lambda value: "" if pd.isna(value) else str(int(value)))
    return Sheet(table.set_index("opened").drop(columns="age"))


def wait_key() -> dict[str, tuple[float, str]]:
    """Row -> (figure, where to look again) of the form "waits"."""
    table = inside.changes("exercise")
    waits = inside.waits("exercise")
    lead = (table["released"] - table["opened"]).dropna()
    return {
        "answered": (float(table["wait"].median()), "The middle of the eight that have an answer."),
        "all": (float(readiness.middle_wait(waits) or 0), "Half of thirteen, rounded up, is seven answers."),
        "within": (
            100 * readiness.share_within(3, waits, table["age"].tolist()),
            "Leave out the one opened a day ago, and keep those that wait: twelve below the line.",
        ),
        "lead": (float(lead.median()), "From opened to released, of the seven that are released."),
    }
