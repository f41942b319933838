"""The views of the lab "Your machine's bill of materials" (enabler/compliance)."""

from __future__ import annotations

from functools import cache
from typing import Any

import ipywidgets
import pandas as pd
from IPython.display import HTML

from ospolab import sbom
from ospolab.data import document
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, ORANGE, Figure, canvas, figure
from ospolab.lessons.openings import kept
from ospolab.lessons.tables import stacked as shown
from ospolab.portfolio import sbom_file
from ospolab.spdx import to_spdx

__all__ = [
    "LISTS",
    "completed",
    "edited",
    "explorer",
    "fields",
    "gated",
    "kinds",
    "opening",
    "packages_to_settle",
    "scores",
    "shown",
    "side_by_side",
    "to_gate",
]

LISTS = {
    "Reading desk, from the environment": "reading-desk-2.0.0.cdx.json",
    "Reading desk, from the lock file": "reading-desk-lock.cdx.json",
    "Reading desk, from nine names": "reading-desk-requirements.cdx.json",
    "Data stack, from the environment": "data-stack.cdx.json",
    "This course, from the environment": "course.cdx.json",
}
COMPLETED = "Reading desk, completed by a person"
COLUMNS = dict(zip(LISTS, ("environment", "lock file", "nine names", "data stack", "course"), strict=True))
OLD, NEW = "reading-desk-1.4.0.cdx.json", "reading-desk-2.0.0.cdx.json"


@cache
def _bom(name: str) -> dict[str, Any]:
    if name == COMPLETED:
        return sbom_file.completed("Kessel Controls", "build", "incomplete", "project").bom()
    return document(LISTS[name])


@kept
def opening() -> Figure:
    """The picture the lesson opens with: one valid list, seen by three questions."""
    bom = _bom("This course, from the environment")
    parts = len(bom["components"])
    table = sbom.components(bom)
    bars = {
        "components in the list": parts,
        "with a licence field": int((table.licence != "").sum()),
        "whose licence a machine can read": int(table.clear.sum()),
        "linked to a product": len(sbom.linked(bom)),
        "with a supplier": sum("supplier" in one for one in bom["components"]),
    }
    drawing, ax = canvas(height=2.6)
    names = list(bars)[::-1]
    ax.barh(names, [bars[name] for name in names], color=BLUE, height=0.62)
    for at, name in enumerate(names):
        ax.text(bars[name] + 3, at, str(bars[name]), va="center")
    ax.set_xlim(0, parts * 1.12)
    ax.set_xlabel("components")
    return figure(
        drawing,
        alt="Bars: " + "; ".join(f"{name} {number}" for name, number in bars.items()) + ".",
        caption="One bill of materials, valid by its schema: that of this course's own environment, 28 November 2026.",
    )


def kinds(bom: dict[str, Any]) -> pd.Series:
    """How the components of a list say their licence: number of components by kind."""
    table = sbom.components(bom)
    said = {
        "one SPDX id or expression": table.clear,
        "several entries, neither AND nor OR": ~table.clear & table.licence.str.contains("; "),
        "a name and no id, as BSD License": ~table.clear & (table.licence != "") & ~table.licence.str.contains("; "),
        "nothing": table.licence == "",
    }
    return pd.Series({words: int(rows.sum()) for words, rows in said.items()}, name="components")


def fields(*names: str) -> pd.DataFrame:
    """The three licence fields of packages, each with what the generated list made of them.

    names: as "Unidecode 1.4.0"; the version picks one of several.
    """
    raw = {f"{one['name']} {one['version']}": one for one in document("licence-fields.json")}
    listed = _listed()
    rows = {
        name: {
            "License-Expression": raw[name]["expression"],
            "License": raw[name]["licence"],
            "classifiers": "; ".join(raw[name]["classifiers"]),
            "in the list": listed[name],
        }
        for name in names
    }
    return pd.DataFrame.from_dict(rows, orient="index")


@cache
def _listed() -> dict[str, str]:
    files = (OLD, NEW, "data-stack.cdx.json")
    parts = [one for file in files for one in document(file)["components"]]
    return {f"{one['name']} {one['version']}": sbom.licence(one)[0] for one in parts}


def scores(elements: tuple[str, ...] = sbom.NTIA, column: str = "usable") -> pd.DataFrame:
    """Per cent by element (rows) of every list of the lab (columns; the first three are the Reading desk's)."""
    return pd.DataFrame({short: sbom.completeness(_bom(name), elements)[column] for name, short in COLUMNS.items()})


def completed() -> pd.DataFrame:
    """Per cent by element of the Reading desk's list with what a person has added: written, usable, marked unknown."""
    return sbom.completeness(_bom(COMPLETED), sbom.CISA_DRAFT)


def gated() -> pd.DataFrame:
    """What changed in the Reading desk from 1.4.0 to 2.0.0, with the gate's verdict on each row."""
    table = sbom.changes(document(OLD), document(NEW))
    verdicts = [
        sbom.gate(row.change, row["licence before"], row["licence after"], row.clear) for _, row in table.iterrows()
    ]
    return table.assign(verdict=verdicts).drop(columns="clear")


def edited(**change: Any) -> dict[str, Any]:
    """The list from nine names, with its first component changed: what a mistake of one word does to validity."""
    bom = document("reading-desk-requirements.cdx.json")
    bom["components"][0] |= change
    return bom


def side_by_side() -> pd.DataFrame:
    """The same facts about one component in the fields of CycloneDX 1.6 and of SPDX 2.3."""
    bom = _bom("Reading desk, from the environment")
    spdx = to_spdx(bom)
    one, other = bom["components"][0], spdx["packages"][1]
    rows = {
        "name": ("name", one["name"], "name", other["name"]),
        "version": ("version", one["version"], "versionInfo", other["versionInfo"]),
        "identifier": ("purl", one["purl"], "externalRefs", other["externalRefs"][0]["referenceLocator"]),
        "licence": ("licenses", sbom.licence(one)[0], "licenseDeclared", other["licenseDeclared"]),
        "supplier": ("supplier", "(left out)", "supplier", other["supplier"]),
        "depends on": ("dependencies", f"{len(_edges(bom, one))} refs", "relationships", "DEPENDS_ON, one each"),
    }
    columns = ["CycloneDX field", "holds", "SPDX field", "holds "]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def _edges(bom: dict[str, Any], one: dict[str, Any]) -> list[str]:
    return next((row.get("dependsOn", []) for row in bom["dependencies"] if row["ref"] == one["bom-ref"]), [])


# The explorer

WAYS = {"the field is written": "written", "it is usable": "usable", "usable, or marked unknown": "answered"}
DEMANDS = {"seven elements, NTIA 2021": sbom.NTIA, "eleven elements, draft of CISA 2025": sbom.CISA_DRAFT}


def explorer() -> Explorer:
    """Which list, whose elements, how strictly, and how many per cent, against whether the list is accepted."""
    return Explorer(
        "Does this list pass?",
        _passed,
        {
            "name": ipywidgets.Dropdown(
                options=[*LISTS, COMPLETED], value="Reading desk, from the lock file", description="List"
            ),
            "demand": ipywidgets.Dropdown(options=list(DEMANDS), description="Asked for"),
            "way": ipywidgets.Dropdown(
                options=list(WAYS),
                description="Counts if",
            ),
            "least": ipywidgets.IntSlider(
                value=100, min=50, max=100, step=5, description="For at least, %", continuous_update=False
            ),
        },
    )


def _passed(name: str, demand: str, way: str, least: int) -> tuple[str, Figure]:
    score, column = sbom.completeness(_bom(name), DEMANDS[demand]), WAYS[way]
    # Both are rounded to whole per cent before they are added.
    score["answered"] = (score.usable + score.marked).clip(upper=100)
    short = [element for element in score.index if score[column][element] < least]
    sentence = f"{name}: valid by its schema, and {len(score) - len(short)} of {len(score)} elements hold. "
    if not short:
        sentence += "<b>It passes</b>, at this strictness. Whether it is true, no score can say."
    else:
        sentence += f"<b>It does not pass</b>: {', '.join(short)} {'fall' if len(short) > 1 else 'falls'} short."
    drawing, ax = canvas(height=0.75 + 0.3 * len(score))
    shown = score[::-1]
    ax.barh(shown.index, shown[column], color=[ORANGE if e in short else BLUE for e in shown.index], height=0.62)
    for at, (element, value) in enumerate(shown[column].items()):
        ax.text(value + 1.5, at, f"{value} % {'✗' if element in short else '✓'}", va="center")
    ax.axvline(least, color="#808080", linewidth=1, linestyle=":")
    ax.set_xlim(0, 118)
    ax.set_xticks([0, 25, 50, 75, 100])
    words = way.removeprefix("the field is ").removeprefix("it is ")
    ax.set_xlabel(f"per cent of {len(_bom(name)['components'])} components ({words})")
    spoken = "; ".join(f"{element} {value} %" for element, value in score[column].items())
    return sentence, figure(
        drawing,
        alt=f"Bars for {name}, counted if {way}: {spoken}. The line stands at {least} %.",
        caption="Per cent of components with each element. Author, timestamp, tool and context are about the list.",
    )


# What the exercise shows

SETTLED = {
    "click": "click 8.5.1",
    "numpy": "numpy 2.4.6",
    "certifi": "certifi 2026.10.19.post1",
    "werkzeug": "Werkzeug 2.0.3",
    "setuptools": "setuptools 65.5.0",
    "unidecode": "Unidecode 1.4.0",
    "itsdangerous": "itsdangerous 2.2.0",
    "text-unidecode": "text-unidecode 1.3",
    "dateutil": "python-dateutil 2.8.2",
    "scipy": "scipy 1.17.1",
}


def packages_to_settle() -> HTML:
    """The packages of the exercise's first task with their three fields; the generated list's answer is left out."""
    table = fields(*SETTLED.values()).drop(columns="in the list")
    return shown(table)


def to_gate() -> HTML:
    """The changes of the exercise's gate, without verdicts."""
    return shown(gated().drop(columns="verdict").loc[list(TO_GATE)])


TO_GATE = (
    *("blinker", "chardet", "flask", "greenlet", "jinja2", "pillow"),
    *("python-dateutil", "requests", "text-unidecode", "unidecode"),
)
