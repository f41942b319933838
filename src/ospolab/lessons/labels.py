"""The views of the lab "Declared, bundled, compatible" (counselor/compliance), and its invented product.

The product's parts are real, with the licences that their projects state; that they meet in one program is invented.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace

import ipywidgets
import pandas as pd
from IPython.display import HTML, Markdown

from ospolab import compatibility, intake
from ospolab.compatibility import CHANNELS, LINKS, OUTBOUND, WORDS, Part
from ospolab.data import load
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, GREEN, ORANGE, PURPLE, Figure, canvas, figure
from ospolab.lessons.openings import kept
from ospolab.lessons.tables import plain

__all__ = [
    *("PAIRS", "PARTS", "PRODUCT", "SHOWN", "about", "bundled_list", "by_wheel", "contradicted"),
    *("asked_now", "explorer", "left", "listed", "only_between", "opening", "product", "read"),
    *("self_assessed", "self_check", "split", "table"),
]

PRODUCT = "Harbour desk 3.0 (invented)"
PARTS = (
    Part("requests", "Apache-2.0", "dynamic"),
    Part("dulwich", "Apache-2.0 OR GPL-2.0-or-later", "dynamic"),
    Part("numpy", "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", "dynamic"),
    Part("libgfortran", "GPL-3.0-or-later WITH GCC-exception-3.1", "dynamic"),
    Part("libquadmath", "LGPL-2.1-or-later", "dynamic"),
    Part("libzmq", "MPL-2.0", "dynamic"),
    Part("psycopg", "LGPL-3.0-only", "dynamic"),
    Part("Unidecode", "GPL-2.0-or-later", "dynamic"),
    Part("PyMuPDF", "AGPL-3.0-only", "dynamic"),
    Part("git", "GPL-2.0-only", "separate"),
)
MOVED = ("Unidecode", "PyMuPDF")  # the two parts whose place in the program the explorer moves
_LOOKS = {
    "free": (GREEN, ":", 1.2),
    "notices": (GREEN, "-", 1.6),
    "source": (BLUE, "-", 1.6),
    "ask": (PURPLE, "-.", 2.0),
    "conflict": (ORANGE, "--", 2.6),
}

# Declared and bundled


def read() -> pd.DataFrame:
    """The libraries in the four wheels, with what the label says of each: "named", "silent", or "unknown"."""
    inside = load("bundled_libraries").query("inside").copy()
    inside["label"] = [_label(row.declared, row.licence) for row in inside.itertuples()]
    return inside


def _label(declared: str, licence: str) -> str:
    if not licence:
        return "unknown"
    return "silent" if compatibility.silent(declared, [licence]) else "named"


_WORDS = {
    "named": "the label names all its licences",
    "silent": "the wheel inside names one that the label does not",
    "unknown": "no licence id anywhere",
}


@kept
def opening() -> Figure:
    """The picture the lesson opens with: what travels in four wheels, and what their labels say of it."""
    counts = read().groupby(["wheel", "label"]).size().unstack(fill_value=0).reindex(columns=list(_WORDS), fill_value=0)
    counts = counts.loc[counts.sum(axis=1).sort_values().index]
    there = [name for name in _WORDS if counts[name].any()]
    drawing, ax = canvas(width=6.2, height=3.0)
    start = pd.Series(0, index=counts.index)
    looks = {"named": (GREEN, ""), "silent": (BLUE, ""), "unknown": (ORANGE, "//")}
    for name in there:
        (colour, hatch), words = looks[name], _WORDS[name]
        bars = ax.barh(counts.index, counts[name], left=start, color=colour, hatch=hatch, edgecolor="white",
                       linewidth=0, height=0.6, label=words)  # fmt: skip
        ax.bar_label(bars, labels=[str(n) if n else "" for n in counts[name]], label_type="center", color="white",
                     fontweight="bold")  # fmt: skip
        start = start + counts[name]
    ax.set_xlabel("library files inside the wheel")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="lower right", fontsize=9, frameon=False)
    told = "; ".join(
        f"{wheel}: " + ", ".join(f"{row[name]} {words}" for name, words in _WORDS.items() if row[name])
        for wheel, row in counts.iloc[::-1].iterrows()
    )
    return figure(
        drawing,
        alt=f"Bars: library files that travel inside four wheels, by what is said of their licences. {told}.",
        caption="Four packages that this course itself installs, as they came for Linux on 2026-11-28. "
        "Data: bundled_libraries.",
    )


SHOWN = {
    "openblas": ("numpy", "libscipy_openblas64_"),
    "zmq": ("pyzmq", "libzmq"),
    "imagequant": ("pillow", "libimagequant"),
    "raqm": ("pillow", "raqm"),
    "ssl": ("psycopg-binary", "libssl"),
    "keyutils": ("psycopg-binary", "libkeyutils"),
}


def listed(rows: pd.DataFrame) -> Markdown:
    """Rows of `bundled_libraries` as a list under the label of each wheel; a narrow page cuts a table of ids off."""
    lines = []
    for (wheel, declared), files in rows.groupby(["wheel", "declared"], sort=False):
        lines += [f"**{wheel}**, label: `{declared}`", ""]
        for row in files.itertuples():
            there = "" if row.inside else "**no file of it is in the wheel**; "
            said = "no word on its licence in the wheel."
            if row.named_in != "nowhere":
                said = f"licence named in: {row.named_in}" + (f", as `{row.licence}`" if row.licence else "") + "."
            lines.append(f"- `{row.file}`: {there}{said}")
        lines.append("")
    return Markdown("\n".join(lines))


def bundled_list() -> Markdown:
    """The six libraries of the exercise, as the table has them."""
    return listed(load("bundled_libraries").set_index(["wheel", "file"]).loc[list(SHOWN.values())].reset_index())


def by_wheel() -> HTML:
    """Library files by wheel: all licences on the label, the wheel names one that the label does not, no id at all."""
    counts = read().groupby(["wheel", "label"]).size().unstack(fill_value=0).reindex(columns=list(_WORDS), fill_value=0)
    rows = [[wheel, *map(str, numbers)] for wheel, numbers in zip(counts.index, counts.to_numpy(), strict=True)]
    return plain(["wheel", "all on the label", "wheel says more", "no id"], rows)


# Papers of the course that are evidence, or a piece of it, for a section of ISO/IEC 5230; our judgement.
_PAPERS = {
    "policy": "use policy",
    "competence": "training plan",
    "awareness": "training plan",
    "scope": "charter",
    "licence_obligations": "compatibility report",
    "bill_of_materials": "SBOM, compatibility report",
    "licence_compliance": "compatibility report",
    "compliance_artifacts": "NOTICE bundle",
    "contributions": "contribution memo",
}


def self_check() -> HTML:
    """The sections of ISO/IEC 5230: how many materials each asks for, and the paper of the course that is a piece."""
    counts = load("openchain_5230").groupby("section", sort=False).size()
    rows = [[section.replace("_", " "), str(number), _PAPERS.get(section, "")] for section, number in counts.items()]
    return plain(["section", "asks for", "a piece of it"], rows)


_HAVE = {"all": "all of it", "piece": "a piece", "none": "nothing"}


def self_assessed(answered: Mapping[str, Mapping[str, str]]) -> Markdown:
    """What an organisation says it has of ISO/IEC 5230: materials in sections that are complete, and the open sections,
    those with nothing first. answered: section -> {"have": "all", "piece" or "none"}.
    """
    counts = load("openchain_5230").groupby("section", sort=False).size()
    have = {section: answered.get(section, {}).get("have") for section in counts.index}
    if None in have.values():
        return Markdown(f"{sum(one is None for one in have.values())} of {len(have)} sections are still open above.")
    done = sum(number for section, number in counts.items() if have[section] == "all")
    lines = [f"**{done} of {counts.sum()} materials** are in sections of which you have all.", ""]
    left = [section for word in ("none", "piece") for section in counts.index if have[section] == word]
    lines += [f"- {one.replace('_', ' ')} ({counts[one]}): {_HAVE[have[one]]}" for one in left]
    if not left:
        lines.append("Nothing is open. Somebody else reads the proof before you say so in public.")
    return Markdown("\n".join(lines))


# What others say

PAIRS = [
    ("GPL-2.0-only", "Apache-2.0"),
    ("GPL-2.0-or-later", "Apache-2.0"),
    ("GPL-3.0-only", "Apache-2.0"),
    ("Apache-2.0", "GPL-3.0-only"),
    ("Apache-2.0", "MPL-2.0"),
    ("GPL-3.0-only", "AGPL-3.0-only"),
]


def table(pairs: list[tuple[str, str]] = PAIRS) -> HTML:
    """What OSADL's matrix says about pairs, the outbound licence first."""
    return plain(
        ["", "outbound", "takes in", "says"],
        [[f"{at}", out, in_, compatibility.matrix(out, in_)] for at, (out, in_) in enumerate(pairs, start=1)],
    )


_DIAGRAMS = ("dwheeler", "gnuguide")  # read off published pictures: no arrow counts as a no


def split() -> pd.DataFrame:
    """How many pairs are contradicted: all answers together, within each use case alone, and without _DIAGRAMS."""
    verdicts = load("licence_verdicts")
    every = {"all answers together": verdicts}
    every |= {f"only “{use}”": rows for use, rows in verdicts.groupby("use_case")}
    every["without the two diagrams"] = verdicts.query("base not in @_DIAGRAMS")
    counts = {name: compatibility.disagreement(rows) for name, rows in every.items()}
    found = pd.DataFrame.from_dict(counts, orient="index", columns=["contradicted", "pairs"])
    return found.assign(share=(found["contradicted"] / found["pairs"]).map("{:.0%}".format))


_ANSWERED = {"osadl": 'Use case "library" not supported', "reclicense": "yes"}


def asked_now() -> dict[str, str]:
    """What licomp-toolkit answers by its defaults: may Apache-2.0 take in MPL-2.0? Where it is missing, or says nothing
    within twenty seconds, what it answered on 2026-11-28.
    """
    try:
        return compatibility.ask("Apache-2.0", "MPL-2.0")
    except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:
        print(f"licomp-toolkit could not be asked ({type(error).__name__}); its answer of 2026-11-28:")
        return dict(_ANSWERED)


def contradicted() -> pd.DataFrame:
    """The ordered pairs about which at least two bases gave a yes or a no: category of the inbound licence, and whether
    both were given."""
    clear = load("licence_verdicts").query("verdict in ['yes', 'no']")
    pairs = clear.groupby(["outbound", "inbound"])["verdict"].agg(["size", "nunique"]).query("size > 1").reset_index()
    pairs["inbound is"] = pairs["inbound"].map(intake.category).map(intake.CATEGORIES)
    return pairs.assign(contradicted=pairs["nunique"] > 1)[["outbound", "inbound", "inbound is", "contradicted"]]


def only_between() -> int:
    """How many contradicted pairs are so only between the use cases: within each of the two, all answers agree."""
    clear = load("licence_verdicts").query("verdict in ['yes', 'no']")
    within = clear.groupby(["outbound", "inbound", "use_case"])["verdict"].nunique().groupby(level=[0, 1]).max()
    overall = clear.groupby(["outbound", "inbound"])["verdict"].nunique()
    return int(((overall > 1) & (within == 1)).sum())


# The product


def product(where: str = "dynamic") -> list[Part]:
    """The parts of the product; where: a key of LINKS for the two parts whose place can be moved."""
    return [replace(part, link=where) if part.name in MOVED else part for part in PARTS]


def about(outbound: str, channel: str, where: str = "dynamic") -> pd.DataFrame:
    """One row a part: licence, what holds (a word of WORDS), why."""
    rows = [(part.name, part.licence, compatibility.judge(part, outbound, channel)) for part in product(where)]
    found = pd.DataFrame([(name, licence, v.word, v.why) for name, licence, v in rows],
                         columns=["part", "licence", "verdict", "why"])  # fmt: skip
    return found.set_index("part")


def left(outbound: str, done: dict[str, str]) -> dict[str, str]:
    """What holds for each part that stays when copies go out, after what was done: part -> word.

    done: for a part "keep", "apart", "replace" or "buy" (another licence of the same owner); others are kept.
    """
    found = {}
    for part in PARTS:
        what = done.get(part.name, "keep")
        if what in ("replace", "buy"):
            continue
        moved = replace(part, link="separate") if what == "apart" else part
        found[part.name] = compatibility.judge(moved, outbound, "copies").word
    return found


def explorer() -> Explorer:
    """Outbound licence, channel and link, against the graph of what meets what, and the smallest ways out."""
    controls = {
        "outbound": (OUTBOUND, "Apache-2.0", "We pass it on under"),
        "channel": (CHANNELS, "copies", "Where it goes"),
        "where": (LINKS, "dynamic", "Unidecode, PyMuPDF"),
    }
    return Explorer(
        "What may this product carry, and where?",
        _drawn,
        {
            name: ipywidgets.Dropdown(
                options=[(words, key) for key, words in options.items()], value=start, description=label
            )
            for name, (options, start, label) in controls.items()
        },
    )


def _drawn(outbound: str, channel: str, where: str) -> tuple[str, Figure]:
    parts = product(where)
    found = {part.name: compatibility.judge(part, outbound, channel) for part in parts}
    bad = [name for name, verdict in found.items() if verdict.word == "conflict"]
    asks = [name for name, verdict in found.items() if verdict.word == "ask"]
    if bad:
        said = f"<b>{len(bad)} in conflict: {', '.join(bad)}.</b> {found[bad[0]].why} "
        ways = compatibility.fixes(parts, outbound, channel)
        said += f"Smallest ways out: {_ways(ways)}. "
        stay = compatibility.fixes(parts, outbound, channel, keep=True)
        if stay != ways:
            said += f"With the licence kept: {_ways(stay)}. "
    else:
        owed = sum(verdict.word in ("notices", "source") for verdict in found.values())
        said = f"<b>No conflict.</b> {'Nothing is owed.' if not owed else f'Duties remain for {owed} parts.'}"
    if asks:
        said += f" For counsel: {', '.join(asks)}."
    drawing, ax = canvas(width=3.7, height=5.0)
    middle = (len(parts) - 1) / 2
    for at, part in enumerate(reversed(parts)):
        colour, dash, width = _LOOKS[found[part.name].word]
        ax.plot([0, 1], [at, middle + (at - middle) * 0.25], color=colour, linestyle=dash, linewidth=width)
        ax.text(-0.04, at, part.name, ha="right", va="center", fontsize=11)
    ours = "closed" if outbound == compatibility.CLOSED else outbound
    ax.text(0.9, len(parts) - 1.0, f"the whole,\n{ours}", ha="right", va="center", fontsize=10, fontweight="bold")
    for word, words in WORDS.items():
        colour, dash, width = _LOOKS[word]
        ax.plot([], [], color=colour, linestyle=dash, linewidth=width, label=f"{words} ({_count(found, word)})")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.01), fontsize=10, frameon=False)
    ax.set_xlim(-0.62, 1.07)
    ax.axis("off")
    told = "; ".join(f"{part.name} ({part.licence}): {WORDS[found[part.name].word]}" for part in parts)
    return said, figure(
        drawing,
        alt=f"Graph: ten parts, a line from each to the whole, {ours}. {told}.",
        caption=f"{PRODUCT}; {CHANNELS[channel]}. The course's reading, with OSADL's matrix of May 2024 where copyleft "
        "licences meet. Not legal advice.",
    )


def _ways(ways: list[tuple[str, ...]]) -> str:
    if not ways:
        return "none with three changes"
    more = f" ({len(ways) - 2} more of that size)" * (len(ways) > 2)
    return "; or ".join(" and ".join(way) for way in ways[:2]) + more


def _count(found: dict[str, compatibility.Verdict], word: str) -> int:
    return sum(verdict.word == word for verdict in found.values())
