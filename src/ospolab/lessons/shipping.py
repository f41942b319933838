"""The views of the lab "Ship it with its papers" (advocate/compliance), and its invented product.

The product's parts are real, in the versions of the course's own environment; that they go out together is invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ipywidgets
import pandas as pd
from IPython.display import HTML

from ospolab import bundle, notices
from ospolab.bundle import Origin, Terms
from ospolab.doorstep import built, reuse_lint
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, GREEN, ORANGE, PURPLE, Figure, canvas, figure
from ospolab.lessons.openings import kept
from ospolab.lessons.tables import wrapped
from ospolab.notices import CHANNELS, PAPERS, WAYS, Duty, Finding, Shipped

__all__ = [
    *(
        "ADDED",
        "BEFORE",
        "GIVEN",
        "ORIGINS",
        "PARTS",
        "PRODUCT",
        "TERMS",
        "asked",
        "channels",
        "explorer",
        "faults",
        "given_bundle",
        "labelled",
    ),
    *("linted", "mislabelled", "opening", "part", "said", "sold_until", "source_table"),
]

PRODUCT = "Quay board 2.0 (invented)"
_PROGRAM = frozenset({"app", "download", "container", "firmware", "handover"})
_IMAGE = frozenset({"container", "firmware"})
PARTS = (
    Shipped("urllib3", "2.8.0", "MIT", channels=_PROGRAM),
    Shipped("charset-normalizer", "3.5.2", "MIT", channels=_PROGRAM),
    Shipped("idna", "3.20", "BSD-3-Clause", channels=_PROGRAM),
    Shipped("requests", "2.34.2", "Apache-2.0", notice_file=True, channels=_PROGRAM),
    Shipped("certifi", "2026.10.18", "MPL-2.0", channels=_PROGRAM),
    Shipped("cvss", "3.6", "LGPL-3.0-or-later", channels=_PROGRAM),
    Shipped("pyzmq", "27.3.0", "BSD-3-Clause AND Apache-2.0", channels=_PROGRAM),  # the label has the first only
    Shipped("libzmq", "4.3.5", "MPL-2.0", channels=_PROGRAM),
    Shipped("libsodium", "1.0.22", "ISC", channels=_PROGRAM),
    Shipped("zlib", "1.3.1", "Zlib", channels=_PROGRAM),
    Shipped("busybox", "1.36.1", "GPL-2.0-only", channels=_IMAGE),
    Shipped("jquery", "3.7.1", "MIT", channels=frozenset({"browser"})),
    Shipped("pytest", "9.2.0", "MIT", channels=frozenset()),
)
ORIGINS = {
    **{name: Origin(name) for name in ("urllib3", "charset-normalizer", "idna", "requests")},
    "certifi": Origin("certifi", lacks=("MPL-2.0",)),  # its own file has a word on the MPL and a link
    "cvss": Origin("cvss", lacks=("GPL-3.0-only",)),
    "pyzmq": Origin("pyzmq", ("licenses/LICENSE.md", "licenses/licenses/LICENSE.tornado.txt")),
    "libsodium": Origin("pyzmq", ("licenses/licenses/LICENSE.libsodium.txt",)),
    "libzmq": Origin("pyzmq", ("licenses/licenses/LICENSE.zeromq.txt",)),
}
TERMS = Terms("beside", "in the folder `sources` beside the download", "", "the open source programme office")
# What the explorer can add.
ADDED = {
    "none": ("nothing", None),
    "font": ("a font, OFL-1.1", Shipped("font", "1", "OFL-1.1")),
    "boost": ("a Boost library, BSL-1.0", Shipped("boost", "1", "BSL-1.0")),
    "lgpl2": ("a library linked statically, LGPL-2.1-only", Shipped("library", "1", "LGPL-2.1-only", static=True)),
    "gpl2": ("a program of its own, GPL-2.0-only", Shipped("program", "1", "GPL-2.0-only")),
    "gpl3": ("a program of its own, GPL-3.0-or-later", Shipped("program", "1", "GPL-3.0-or-later")),
    "agpl": ("a wiki, AGPL-3.0-only, unchanged", Shipped("wiki", "1", "AGPL-3.0-only", remote=True)),
    "agpl-changed": (
        "a wiki, AGPL-3.0-only, changed by us",
        Shipped("wiki", "1", "AGPL-3.0-only", changed=True, remote=True),
    ),
}
_SHORT = {
    "notice": "notice",
    "text": "licence text",
    "attribution": "NOTICE file",
    "changes": "our changes",
    "source": "source",
    "relink": "to link anew",
    "install": "to install",
    "users": "users",
}
_LOOKS = {"source": BLUE, "relink": BLUE, "install": ORANGE, "users": PURPLE}


def part(name: str) -> Shipped:
    """One part of the product by its name."""
    return next(one for one in PARTS if one.name == name)


def asked(channel: str, parts: Sequence[Shipped] = PARTS) -> list[Duty]:
    """Everything that has to travel with the product through a channel."""
    return [duty for one in parts for duty in notices.owed(one, channel)]


# Channels


@kept
def opening() -> Figure:
    """The picture the lesson opens with: one product, eight channels, how many papers of which kind."""
    names = [key for key in CHANNELS if key != "forge"]
    counts = {key: pd.Series([d.paper for d in asked(key)]).value_counts() for key in names}
    groups = {
        "notices and texts": (("notice", "text", "attribution"), GREEN, ""),
        "source": (("source", "relink"), BLUE, "//"),
        "how to install": (("install",), ORANGE, ""),
    }
    drawing, ax = canvas(width=6.4, height=3.4)
    labels = [CHANNELS[key].words for key in names]
    left = pd.Series(0, index=names)
    told = []
    for words, (papers, colour, hatch) in groups.items():
        width = pd.Series({key: sum(int(counts[key].get(paper, 0)) for paper in papers) for key in names})
        bars = ax.barh(labels, width, left=left, color=colour, hatch=hatch, edgecolor="white", linewidth=0, label=words)
        ax.bar_label(bars, labels=[str(n) if n else "" for n in width], label_type="center", color="white",
                     fontweight="bold", fontsize=10)  # fmt: skip
        left = left + width
        told.append(f"{words}: " + ", ".join(f"{label} {n}" for label, n in zip(labels, width, strict=True)))
    ax.invert_yaxis()
    ax.set_xlabel("things that have to travel with it")
    ax.legend(loc="lower center", bbox_to_anchor=(0.35, 1.0), ncols=3, fontsize=9, frameon=False)
    return figure(
        drawing,
        alt=f"Bars: what has to travel with one product through eight channels. {'; '.join(told)}.",
        caption=f"{PRODUCT}, of thirteen real parts. The course's reading of their licences; not legal advice.",
    )


_NO_YES = {False: "no", True: "yes"}


def channels() -> HTML:
    """The channels and the facts about each that licences ask for."""
    facts = {"a copy leaves": "copy", "on a thing": "physical", "home device": "user_product"}
    lines = {words: [_NO_YES[getattr(one, key)] for one in CHANNELS.values()] for words, key in facts.items()}
    index = pd.Index([one.words for one in CHANNELS.values()], name="channel")
    return wrapped(pd.DataFrame(lines, index=index), least="0")


def said(duties: Sequence[Duty]) -> HTML:
    """Duties as a table: part, what travels, and where the licence says so."""
    lines = {"what travels": [PAPERS[d.paper] for d in duties], "says": [f"{d.licence}, {d.section}" for d in duties]}
    return wrapped(pd.DataFrame(lines, index=pd.Index([d.part for d in duties], name="part")), least="0")


def source_table(licences: Sequence[str], channels_: Sequence[str]) -> HTML:
    """For each licence and channel, the ways in which its source may be given, with the section that allows it."""
    cells = [
        ["; ".join(f"{_WAY[way]} ({section})" for way, section in notices.source_ways(licence, key).items())
         or "none is asked for" for key in channels_]
        for licence in licences
    ]  # fmt: skip
    index = pd.Index(licences, name="licence")
    return wrapped(pd.DataFrame(cells, index=index, columns=[CHANNELS[key].words for key in channels_]), least="0")


_WAY = {"with": "along with it", "beside": "same place", "elsewhere": "another server", "offer": "written offer"}


def sold_until(year: int, support: int) -> HTML:
    """Until when a written offer has to hold, in a device and for a download: sold to the end of `year`, supported to
    the end of `support`."""
    licences, keys = ("GPL-2.0-only", "GPL-3.0-only"), ("firmware", "download")
    ends = [
        [notices.offer_ends(licence, key, date(year, 12, 31), date(support, 12, 31)) for key in keys]
        for licence in licences
    ]
    cells = [[end.isoformat() if end else "no written offer: another way" for end in row] for row in ends]
    index = pd.Index(licences, name="licence")
    return wrapped(pd.DataFrame(cells, index=index, columns=[CHANNELS[key].words for key in keys]), least="0")


# The explorer


def explorer() -> Explorer:
    """Channel and one more part, against what has to travel."""
    first = {key: one.words for key, one in CHANNELS.items()}
    return Explorer(
        "What travels, if this part comes in and that way out?",
        _drawn,
        {
            "channel": ipywidgets.Dropdown(
                options=[(w, k) for k, w in first.items()], value="download", description="It goes out as"
            ),
            "added": ipywidgets.Dropdown(
                options=[(w, k) for k, (w, _) in ADDED.items()], value="gpl3", description="We add"
            ),
        },
    )


def _travelling(channel: str, added: str) -> dict[str, set[str]]:
    """Part -> papers, for each part that could go out, and the added one."""
    new = ADDED[added][1]
    shipped = [one for one in PARTS if one.channels != frozenset()] + ([new] if new else [])
    return {one.name: {duty.paper for duty in notices.owed(one, channel)} for one in shipped}


def _drawn(channel: str, added: str) -> tuple[str, Figure]:
    new, found = ADDED[added][1], _travelling(channel, added)
    drawing, ax = canvas(width=3.4, height=4.8)
    papers = list(PAPERS)
    names = list(reversed(found))
    ax.plot(*zip(*((x, y) for x in range(len(papers)) for y in range(len(names))), strict=True), ".", color="#888888",
            markersize=3)  # fmt: skip
    for column, paper in enumerate(papers):
        there = [at for at, name in enumerate(names) if paper in found[name]]
        ax.plot([column] * len(there), there, "o", color=_LOOKS.get(paper, GREEN), markersize=8, linestyle="")
    for at, name in enumerate(names):
        added_here = new is not None and name == new.name
        ax.text(-0.6, at, f"{name}  +" if added_here else name, ha="right", va="center", fontsize=10,
                fontweight="bold" if added_here else "normal")  # fmt: skip
    for column, paper in enumerate(papers):
        ax.text(column, len(found) - 0.2, _SHORT[paper], ha="left", va="bottom", fontsize=10, rotation=55,
                rotation_mode="anchor")  # fmt: skip
    ax.set_xlim(-5.4, len(papers) + 0.9)
    ax.set_ylim(-0.6, len(found) + 2.3)
    ax.axis("off")
    told = "; ".join(
        f"{name}: {', '.join(PAPERS[p] for p in papers if p in asks) or 'nothing'}" for name, asks in found.items()
    )
    return _concluded(channel, added), figure(
        drawing,
        alt=f"Dots: parts of the product against what travels with them, as {CHANNELS[channel].words}. {told}.",
        caption=f"{PRODUCT}, with what you add. A dot: it has to travel. Not legal advice.",
    )


def _concluded(channel: str, added: str) -> str:
    (words, new), found = ADDED[added], _travelling(channel, added)
    total = sum(len(asks) for asks in found.values())
    facts = CHANNELS[channel]
    head = f"<b>{total} things travel</b> as {facts.words}. " if total else "<b>Nothing has to travel.</b> "
    if not facts.copy and not total:
        head += "No copy leaves. "
    if new is None:
        return head
    asks = found[new.name]
    if not asks:
        return f"{head}Adding {words} changes nothing."
    says = f"{head}Adding {words} brings {len(asks)} of them"
    (licence, ways) = new.licence, notices.source_ways(new.licence, channel)
    if "source" in asks:
        may = ", or ".join(f"{WAYS[way]} ({section})" for way, section in ways.items())
        says += f". Its source may be given {may}"
        if "offer" not in ways:
            says += ". <b>A written offer is not among the ways</b>"
    if "install" in asks:
        says += ". <b>If we can install new versions and the buyer cannot, it may not go out like this</b>"
    if "users" in asks:
        says += f". {licence} asks that it offers its own source to everyone who uses it remotely"
        says += ", though no copy leaves" if not facts.copy else ""
    if channel == "app" and licence.startswith(("GPL", "AGPL")):
        says += ". <b>And do the terms of the store add restrictions? Ask counsel first</b>"
    return f"{says}."


# Bundles


def faults(found: Sequence[Finding]) -> HTML:
    """What a check has found, as a table."""
    rows = [(one.kind, one.says) for one in found] or [("nothing", "The bundle holds.")]
    kinds, says = zip(*rows, strict=True)
    return wrapped(pd.DataFrame({"what": says}, index=pd.Index(kinds, name="found")), least="0")


# REUSE

_LABEL = "SPDX-FileCopyrightText: 2026 Quay board contributors\n{0}SPDX-License-Identifier: Apache-2.0\n"
BEFORE = {
    "src/board.py": "print('quay 4')\n",
    "src/style.css": "body { margin: 0 }\n",
    "img/crane.png": "(pretend that this is a picture)\n",
    "settings.json": "{}\n",
    "vendor/small.js": "export const small = x => x;\n",
}


def labelled() -> dict[str, str]:
    """The repository with a label for every file: two headers, one file beside a picture, one REUSE.toml for the rest,
    and the two licence texts."""
    own = 'SPDX-FileCopyrightText = "2026 Quay board contributors"\nSPDX-License-Identifier = "Apache-2.0"\n'
    other = 'SPDX-FileCopyrightText = "2019 Small authors"\nSPDX-License-Identifier = "MIT"\n'
    return {
        **BEFORE,
        "src/board.py": "# " + _LABEL.format("# ") + "\n" + BEFORE["src/board.py"],
        "src/style.css": "/*\n" + _LABEL.format("") + "*/\n" + BEFORE["src/style.css"],
        "img/crane.png.license": _LABEL.format(""),
        "REUSE.toml": f'version = 1\n\n[[annotations]]\npath = ["settings.json", "REUSE.toml"]\n{own}\n'
        f'[[annotations]]\npath = "vendor/**"\n{other}',
        "LICENSES/Apache-2.0.txt": bundle.licence_text("Apache-2.0"),
        "LICENSES/MIT.txt": bundle.licence_text("MIT"),
    }


def mislabelled() -> dict[str, str]:
    """The same repository, with somebody else's file under a label that is wrong."""
    files = labelled()
    files["REUSE.toml"] = files["REUSE.toml"].replace("2019 Small authors", "2026 Quay board contributors")
    files["REUSE.toml"] = files["REUSE.toml"].replace('"MIT"', '"Apache-2.0"')
    del files["LICENSES/MIT.txt"]  # no label names it any more
    return files


def linted(files: dict[str, str]) -> dict:
    """What `reuse lint` says about a repository with these files, built in a temporary folder without git."""
    with built(files, commit=False) as folder:
        return reuse_lint(folder)
