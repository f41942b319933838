"""The views of the lab "Fix, wait, or say not affected" (environmentalist/compliance), and its invented product.

What the product's team knows is in `triaging.yml`; everything else is counted from the tables.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import ipywidgets
import pandas as pd
import yaml
from IPython.display import Markdown

from ospolab import triage
from ospolab.data import document, load
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, GREEN, ORANGE, Figure, canvas, figure
from ospolab.lessons.openings import kept

__all__ = [
    "ORDERS",
    "compared",
    "explorer",
    "finding_list",
    "finding_rows",
    "findings",
    "opening",
    "order",
    "orders_compared",
    "portal",
    "todo",
    "two_rulers",
]

SBOM = "field-portal.cdx.json"
ORDERS = {
    "score": "highest score first",
    "oldest": "oldest advisory first",
    "most": "most findings first",
    "policy": "the policy",
}


@cache
def portal() -> dict[str, Any]:
    """What the invented team knows: reach by package, exploited ids, the ten findings of the exercise. Shared."""
    return yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))


@cache
def _findings(as_text: bool = False) -> pd.DataFrame:
    match = triage.affected_as_text if as_text else triage.affected
    return triage.findings(triage.components(document(SBOM)), load("advisories"), match)


def findings(as_text: bool = False) -> pd.DataFrame:
    """The findings for the portal's bill of materials; as_text: with versions compared as text, the wrong way."""
    return _findings(as_text).copy()


def compared() -> pd.DataFrame:
    """Both ways of matching side by side, for the packages in which they differ: right, as text, missed, false."""
    right, text = (
        {name: set(rows.advisory_id) for name, rows in _findings(wrong).groupby("package")} for wrong in (False, True)
    )
    rows = {
        name: {
            "right": len(right.get(name, set())),
            "as text": len(text.get(name, set())),
            "missed": len(right.get(name, set()) - text.get(name, set())),
            "false": len(text.get(name, set()) - right.get(name, set())),
        }
        for name in sorted(right.keys() | text.keys())
        if right.get(name, set()) != text.get(name, set())
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("package")


@kept
def opening() -> Figure:
    """The picture the lesson opens with: from a wall of findings to the one that is on fire."""
    found, reach = _findings(), portal()["reach"]
    counts = {
        "components in the list": len(document(SBOM)["components"]),
        "findings by version range": len(found),
        "of them with a severity": int(found.score.notna().sum()),
        "of them in code that is reached": int((found["package"].map(reach) == "yes").sum()),
        "used in attacks, by matching ids": int(found.cve.isin(triage.known_exploited()).sum()),
        "used in attacks, by reading": len(portal()["exploited"]),
    }
    drawing, ax = canvas(height=2.9)
    names = list(counts)[::-1]
    colours = [ORANGE if "by reading" in name else BLUE for name in names]
    ax.barh(names, [counts[name] for name in names], color=colours, height=0.62)
    for at, name in enumerate(names):
        ax.text(counts[name] + 1.5, at, str(counts[name]), va="center")
    ax.set_xlim(0, max(counts.values()) * 1.12)
    ax.set_xlabel("number")
    return figure(
        drawing,
        alt="Bars: " + "; ".join(f"{name} {number}" for name, number in counts.items()) + ".",
        caption="The Field portal 4.2.0, invented, of real and old components. Data: advisories, known_exploited.",
    )


def two_rulers() -> pd.DataFrame:
    """The weakness known as Heartbleed, CVE-2014-0160, by three vectors of FIRST's examples: score and word of each."""
    vectors = {
        "3.1": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
        "4.0": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
        "4.0, no attack known": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N/E:U",
    }
    points = {name: triage.score(vector) for name, vector in vectors.items()}
    words = {name: triage.severity(p) for name, p in points.items()}
    return pd.DataFrame({"score": points, "word": words}).rename_axis("version")


# The order of upgrades


def todo(by_reading: bool = True) -> pd.DataFrame:
    """The upgrades the portal needs, one row a package. by_reading: with what matching ids could not find."""
    known = portal()["exploited"] if by_reading else ()
    return triage.upgrades(_findings(), portal()["reach"], known)


def order(todo: pd.DataFrame, by: str) -> list[str]:
    """The packages in one of the ORDERS; packages that tie stand in alphabetical order."""
    rank = {
        "score": -todo.score.fillna(0),
        "oldest": todo.oldest.fillna(pd.Timestamp.max),
        "most": -todo.findings,
        "policy": todo.tier.map(["now", "next", "plan", "look", "say"].index) * 1000 - todo.findings,
    }[by]
    return sorted(todo.index, key=lambda package: (rank[package], package))


def orders_compared(budget: int, also_unknown: bool = False) -> pd.DataFrame:
    """What each order leaves open: finding-weeks of reached findings, and the week that closes the exploited one."""
    work = todo()
    burning = work.index[work.exploited][0]
    rows = {}
    for by, words in ORDERS.items():
        queue = order(work, by)
        open_ = triage.work_off(work, queue, budget, also_unknown)
        rows[words] = {
            "finding-weeks": int(open_.sum()),
            "exploited closed in week": queue.index(burning) // budget + 1,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def explorer() -> Explorer:
    """Budget, order and what counts as reached, against what stays open how long."""
    work = todo()

    def view(by: str, budget: int, also_unknown: bool) -> tuple[str, Figure]:
        return _worked(work, by, budget, also_unknown)

    return Explorer(
        "What does each order leave open?",
        view,
        {
            "by": ipywidgets.Dropdown(
                options=[(words, key) for key, words in ORDERS.items()], value="score", description="Order"
            ),
            "budget": ipywidgets.IntSlider(
                value=2, min=1, max=9, step=1, description="Upgrades a week", continuous_update=False
            ),
            "also_unknown": ipywidgets.Checkbox(value=False, description="Count unknown as reached", indent=True),
        },
    )


def _worked(work: pd.DataFrame, by: str, budget: int, also_unknown: bool) -> tuple[str, Figure]:
    table = orders_compared(budget, also_unknown)
    mine, words = table.loc[ORDERS[by]], ORDERS[by]
    best = table["finding-weeks"].min()
    winners = [name for name in table.index if table.loc[name, "finding-weeks"] == best]
    said = (
        f"At {budget} upgrade{'s' * (budget > 1)} a week, <b>{words}</b> leaves {mine['finding-weeks']} finding-weeks, "
        f"and the finding that is used in attacks is closed in week {mine['exploited closed in week']}. "
    )
    if words in winners:
        said += "No other of the four leaves less."
    else:
        more, least = mine["finding-weeks"] / best, " and ".join(winners)
        said += f"The least, {best}, is left by <b>{least}</b>: this order leaves {more:.1f} times as much."
    drawing, ax = canvas()
    lines = ((words, by, BLUE, "-"), *(((ORDERS["policy"], "policy", ORANGE, "--"),) if by != "policy" else ()))
    spoken = []
    for label, key, colour, dash in lines:
        open_ = triage.work_off(work, order(work, key), budget, also_unknown)
        ax.step(open_.index, open_, where="post", color=colour, linestyle=dash, label=label)
        spoken.append(f"{label}: {', '.join(map(str, open_))}")
    closed = mine["exploited closed in week"]
    ax.axvline(closed, color=GREEN, linewidth=1.4, linestyle=":")
    ax.annotate(
        "exploited one closed", (closed, ax.get_ylim()[1]), xytext=(4, -4), textcoords="offset points", va="top"
    )
    ax.set_ylim(0)
    ax.set_xlim(0)
    ax.set_xlabel("weeks")
    ax.set_ylabel("reached findings still open")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="center right", fontsize=9, frameon=False)
    return said, figure(
        drawing,
        alt=f"Step curves of reached findings still open at the start of each week. {'; '.join(spoken)}.",
        caption=f"{budget} upgrade{'s' * (budget > 1)} a week; {len(work)} packages have findings. An upgrade closes "
        "all findings of its package. The dotted line: the end of the week in which the order you chose closes the "
        "exploited one. Reach is that of the invented team.",
    )


# The ten findings of the exercise


def finding_rows() -> pd.DataFrame:
    """The ten findings of the exercise as shown: what each is, what the team found out, score, exploitation."""
    known = triage.known_exploited()
    rows = [
        {
            "finding": f"{one['cve']}, {one['component'].removeprefix('pkg:').partition('/')[2]}",
            "what it is": one["what"],
            "what the team found out": one["evidence"],
            "CVSS": "none" if one["score"] is None else f"{one['score']:g}",
            "in the exploited list": "yes" if one["cve"] in known else "no",
        }
        for one in portal()["findings"]
    ]
    return pd.DataFrame(rows, index=[one["id"] for one in portal()["findings"]])


def finding_list() -> Markdown:
    """The same as a list, which a narrow page can break where a table of sentences is cut off."""
    lines = [
        f"{number}. **{row['finding']}** (`{name}`). CVSS: {row['CVSS']}. In the list of exploited vulnerabilities: "
        f"{row['in the exploited list']}.\n    - *What it is:* {row['what it is']}\n"
        f"    - *What the team found out:* {row['what the team found out']}"
        for number, (name, row) in enumerate(finding_rows().iterrows(), start=1)
    ]
    return Markdown("\n".join(lines))
