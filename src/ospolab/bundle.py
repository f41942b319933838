"""Making a NOTICE bundle: the files that travel with a product, each with what is in it, out of what is installed here.

Texts and notices are taken, byte for byte, from the metadata of the installed packages; a text that a part does not
carry comes from the collection of licence texts in the package foss-flame, whose files are read and never imported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from textwrap import fill
from typing import Any

from ospolab import notices
from ospolab.learner import files as disk
from ospolab.notices import WAYS, Shipped
from ospolab.portfolio.papers import BLANK

__all__ = ["MANIFEST", "Bundle", "Origin", "Terms", "carried", "licence_text", "lying_in", "made", "save"]

MANIFEST = "MANIFEST.json"
# Where a paper lies; the others lie in the part's own file.
_PLACES = {
    **dict.fromkeys(("attribution", "changes"), notices.INDEX),
    **dict.fromkeys(("source", "relink", "users"), "SOURCE.txt"),
    "install": "INSTALL.txt",
}
LINE = "-" * 72
_NAMED = re.compile(r"LICEN[CS]E|COPYING|NOTICE", re.IGNORECASE)


@dataclass(frozen=True)
class Origin:
    """Where the texts of a part lie: the installed package, and the files in its metadata folder; () for the files at
    the top of it. package: "" if nothing here carries them; then the bundle leaves a blank for the notice. lacks: the
    ids of texts that its licence asks for and these files do not hold."""

    package: str
    files: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Terms:
    """How source is given: a key of WAYS, where, until when (a date as text, "" where there is no term), who answers,
    and who gives it ("": a blank in an offer)."""

    way: str
    where: str
    until: str
    answers: str
    giver: str = ""


@dataclass(frozen=True)
class Bundle:
    """entries: part, version, paper, file for each thing that is in it. files: path -> text, without the manifest."""

    channel: str
    entries: tuple[dict[str, str], ...]
    files: dict[str, str]

    def sums(self) -> dict[str, str]:
        """Path -> SHA-256 of each file."""
        return {name: notices.digest(text) for name, text in self.files.items()}

    def manifest(self) -> str:
        """What MANIFEST.json holds: channel, entries and sums."""
        facts: dict[str, Any] = {"channel": self.channel, "entries": list(self.entries), "files": self.sums()}
        return json.dumps(facts, indent=1, ensure_ascii=False) + "\n"


def carried(package: str, files: Sequence[str] = ()) -> dict[str, str]:
    """The licence and notice files of an installed package: path in its metadata folder -> text.

    files: only these; () for all at the top of the folder, or of `licenses` in it. Raises PackageNotFoundError, and
    FileNotFoundError for a file that the package does not carry.
    """
    installed = metadata.distribution(package)
    found = {}
    for path in installed.files or []:
        folder, _, inside = path.as_posix().partition("/")
        if not folder.endswith(".dist-info"):
            continue
        top = _NAMED.search(path.name) and "/" not in inside.removeprefix("licenses/").removeprefix("LICENSES/")
        if inside in files or (not files and top):
            found[inside] = Path(str(path.locate())).read_text(encoding="utf-8", errors="replace")
    if missing := set(files) - set(found):
        raise FileNotFoundError(f"{package} {installed.version} does not carry {', '.join(sorted(missing))}")
    return dict(sorted(found.items()))


def licence_text(id_: str) -> str:
    """The text of a licence by its SPDX id. Raises FileNotFoundError for one that is not in the collection."""
    path = Path(str(metadata.distribution("foss-flame").locate_file(f"flame/var/licenses/{id_}.LICENSE")))
    if not re.fullmatch(r"[\w.+-]+", id_) or not path.exists():
        raise FileNotFoundError(f"no text of {id_} in the collection")
    return path.read_text(encoding="utf-8")


def made(
    product: str,
    parts: Sequence[Shipped],
    channel: str,
    origins: Mapping[str, Origin],
    terms: Terms,
    decided: Mapping[str, Iterable[str]] | None = None,
) -> Bundle:
    """The bundle for a product's parts and a channel: everything that is owed, once.

    decided: part -> the papers of it that go in, where somebody decided otherwise; None for what is owed. Raises as
    `carried` and `licence_text` do, and ValueError if the installed version of a part is another one.
    """
    files: dict[str, str] = {}
    entries = []
    listed, attributed, sourced, installed = [], [], [], []
    for part in parts:
        duties = notices.owed(part, channel)
        if decided is not None:
            wanted = [paper for paper in notices.PAPERS if paper in decided.get(part.name, ())]
            known = {duty.paper: duty for duty in duties}
            duties = [known.get(p, notices.Duty(part.name, p, part.licence, "", "")) for p in wanted]
        own = f"licences/{part.name}-{part.version}.txt"
        for duty in duties:
            file = _PLACES.get(duty.paper, own)
            entries.append({"part": part.name, "version": part.version, "paper": duty.paper, "file": file})
        asked = {duty.paper for duty in duties}
        origin = origins.get(part.name, Origin(""))
        if asked & {"notice", "text"}:
            files[own] = _own_text(part, origin, duties)
            listed.append(f"{part.name} {part.version}, {part.licence}: see {own}")
            if part.licence.startswith("LGPL-"):  # asks for a prominent word: 2.1, section 6; 3.0, section 4(a)
                listed.append("  This library is used here; it and its use are covered by that licence.")
        if "attribution" in asked:
            texts = [text.strip() for path, text in carried(origin.package).items() if "NOTICE" in path.upper()]
            attributed.append("\n\n".join([f"{part.name} {part.version} asks us to pass on:", *texts]))
        if "changes" in asked:
            attributed.append(f"{part.name} {part.version}: changed by us: {BLANK}")
        for duty in duties:
            if duty.paper == "source":
                section = notices.source_ways(duty.licence, channel).get(terms.way, "that allows it: none")
                sourced.append(f"{part.name} {part.version}, {duty.licence}, section {section}")
            if duty.paper == "install":
                installed.append(f"{part.name} {part.version}, {duty.licence}, section {duty.section}")
    files[notices.INDEX] = _joined([f"{product} contains software of others.", "\n".join(listed), *attributed])
    if sourced:
        files["SOURCE.txt"] = _source(sourced, terms)
    if installed:
        say = f"To install changed versions of these in the device: {BLANK}"
        files["INSTALL.txt"] = _joined([say, "\n".join(installed)])
    return Bundle(channel, tuple(entries), dict(sorted(files.items())))


def _own_text(part: Shipped, origin: Origin, duties: Iterable[notices.Duty]) -> str:
    pieces = []
    if origin.package:
        found = metadata.version(origin.package)
        if origin.package == part.name and found != part.version:
            raise ValueError(f"{part.name} {found} is installed, and {part.version} goes out: its texts are not these")
        pieces += [text for path, text in carried(origin.package, origin.files).items() if "NOTICE" not in path.upper()]
    else:
        pieces.append(f"{part.name} {part.version}\nCopyright notice, from its sources: {BLANK}")
    # What is asked for and not in its own files is added: a text that they lack, or all where there are no files.
    for duty in duties:
        if duty.paper == "text":
            wanted = origin.lacks if origin.package else notices.texts_of(duty.licence)
            pieces += [licence_text(id_) for id_ in wanted]
    return _joined(pieces)


def _joined(pieces: Iterable[str]) -> str:
    return f"\n\n{LINE}\n\n".join(piece.strip("\n") for piece in pieces if piece.strip()) + "\n"


def _source(lines: Sequence[str], terms: Terms) -> str:
    if terms.way == "offer":
        said = (
            f"{terms.giver or BLANK} offers to give anyone who asks a complete machine-readable copy of the source "
            "code of the parts listed here, in exactly these versions, with the scripts that control compilation and "
            "installation, on a medium customarily used for software interchange, for no more than our cost of "
            f"physically doing so. This offer is valid until {terms.until or BLANK}, in any case for three years from "
            "the day you received this copy and for as long as we offer spare parts or support for this model. "
            f"Write to: {terms.answers}; {BLANK} (address)."
        )
    else:
        said = (
            f"The source of what is listed here, in exactly these versions, can be had {WAYS[terms.way]}: "
            f"{terms.where}, with the scripts that build it. Whom to ask: {terms.answers}."
        )
    return _joined([fill(said, len(LINE)), "\n".join(lines)])


def save(bundle: Bundle, folder: Path) -> None:
    """Write a bundle and its manifest into a folder; files of an earlier bundle that are not in this one are removed,
    others stay and are named by the check. Raises OSError."""
    try:
        earlier = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        earlier = {}
    for name in set(earlier) - set(bundle.files):
        if not Path(name).is_absolute() and ".." not in Path(name).parts:
            (folder / name).unlink(missing_ok=True)
    for name, text in bundle.files.items():
        disk.write(folder / name, text)
    disk.write(folder / MANIFEST, bundle.manifest())


def lying_in(folder: Path) -> dict[str, bytes]:
    """Path -> content of every file in a bundle's folder, without the manifest."""
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found.pop(MANIFEST, None)
    return dict(sorted(found.items()))
