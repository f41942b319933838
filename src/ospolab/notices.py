"""What has to travel with a product: which papers, through which channel, and whether a bundle of them is right.

A part has a licence and facts (`Shipped`); a channel has facts too (CHANNELS); what a licence asks for is data
(obligations.yml, with the section of each line). `owed` brings the three together. `check` compares a bundle with what
is owed: each line met exactly once, nothing superfluous, every file as it was made. Not legal advice.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ospolab import compatibility
from ospolab.data import load

__all__ = [
    *(
        "CHANNELS",
        "INDEX",
        "PAPERS",
        "WAYS",
        "Channel",
        "Duty",
        "Finding",
        "Shipped",
        "check",
        "digest",
        "missing_and_doubled",
    ),
    *("offer_ends", "owed", "rows", "same_texts", "source_ways", "texts_of"),
]

_DATA = yaml.safe_load((Path(__file__).parent / "obligations.yml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Channel:
    """How a product reaches others; what the fields mean stands in obligations.yml."""

    words: str
    copy: bool
    physical: bool = False
    place: bool = False
    user_product: bool = False
    network: bool = False
    source: bool = False


INDEX = "NOTICE.txt"  # lists the parts for people, whatever else stands in it
PAPERS: dict[str, str] = _DATA["papers"]
WAYS: dict[str, str] = _DATA["ways"]
CHANNELS = {key: Channel(**facts) for key, facts in _DATA["channels"].items()}


@dataclass(frozen=True)
class Shipped:
    """A part of a product, and the facts that decide: was it changed by us, is it linked statically, does it come with
    a NOTICE file, can it be used over a network (remote), and through which channels it goes out (None: all)."""

    name: str
    version: str
    licence: str
    changed: bool = False
    static: bool = False
    notice_file: bool = False
    remote: bool = False
    channels: frozenset[str] | None = None

    def goes(self, channel: str) -> bool:
        """Whether the part goes out through a channel, a key of CHANNELS."""
        return CHANNELS[channel].copy and (self.channels is None or channel in self.channels)


@dataclass(frozen=True)
class Duty:
    """One thing that has to travel: for which part, which paper (a key of PAPERS), where the licence says so."""

    part: str
    paper: str
    licence: str
    section: str
    says: str


@dataclass(frozen=True)
class Finding:
    """What is wrong with a bundle: kind ("missing", "doubled", "superfluous", "version", "hash", "file", "offer"), what
    it is about, and a sentence."""

    kind: str
    about: str
    says: str


@cache
def _licences() -> dict[str, dict[str, Any]]:
    return {id_: entry for entry in _DATA["licences"] for id_ in entry["ids"]}


def _entry(licence: str) -> dict[str, Any]:
    base = licence.partition(" WITH ")[0]
    try:
        return _licences()[base]
    except KeyError:
        raise ValueError(f"{base} is not in obligations.yml: somebody has to read it first") from None


def rows(licence: str) -> list[dict[str, str]]:
    """What the table says about one licence: paper, when, section, says; an exception beside it changes nothing here.

    Raises ValueError for a licence that the table does not have.
    """
    return _entry(licence)["asks"]


def _happens(when: str, part: Shipped, channel: Channel) -> bool:
    if when == "remote":  # the one event for which no copy has to leave
        return part.changed and part.remote and (channel.copy or channel.network)
    events = {
        "copy": True,
        "binary": not channel.source,
        "source-copy": channel.source,
        "changed": part.changed,
        "changed-source": part.changed and channel.source,
        "notice-file": part.notice_file,
        "static": part.static and not channel.source,
        "home": channel.user_product,
    }
    return channel.copy and events[when]


def owed(part: Shipped, channel: str) -> list[Duty]:
    """What has to travel for one part through one channel, in the order of PAPERS; [] if nothing.

    AND: all its licences ask. OR: the way that asks for least is taken, and the first of equals. Raises ValueError for
    an expression that is none or a licence that obligations.yml does not have, KeyError for an unknown channel.
    """
    facts = CHANNELS[channel]
    if facts.copy and not part.goes(channel):
        return []
    found = []
    for way in compatibility.ways(part.licence):
        by_paper: dict[str, list[Duty]] = {}
        for licence in way:
            for row in rows(licence):
                if _happens(row["when"], part, facts):
                    one = Duty(part.name, row["paper"], licence, row["section"], row["says"])
                    by_paper.setdefault(one.paper, []).append(one)
        found.append([_merged(by_paper[paper]) for paper in PAPERS if paper in by_paper])
    return min(found, key=len)


def _merged(same: list[Duty]) -> Duty:
    """One paper that several licences of one part ask for."""
    return Duty(
        same[0].part,
        same[0].paper,
        " AND ".join(one.licence for one in same),
        "; ".join(one.section for one in same),
        "; ".join(one.says for one in same),
    )


def texts_of(licence: str) -> list[str]:
    """The ids of the texts that have to go along for a licence, or for several joined by AND: LGPL-3.0 asks for two."""
    return [text for one in licence.split(" AND ") for text in _entry(one).get("texts", [one])]


# Source


def source_ways(licence: str, channel: str) -> dict[str, str]:
    """The ways in which source may be given for a licence through a channel: key of WAYS -> section that allows it.

    {} if the licence asks for no source or no copy leaves; of several joined by AND, what each of them allows. The ways
    of GPL-2.0 3(c), GPL-3.0 6(c) and (e) and LGPL-2.1 6(b) and (e), which need a special case, are left out.
    """
    facts, told = CHANNELS[channel], {}
    if not facts.copy or facts.source:
        return {}
    asking = [ways for one in licence.split(" AND ") if (ways := _entry(one).get("source"))]
    for key in WAYS:
        found = [ways[key] for ways in asking if key in ways]
        if asking and len(found) == len(asking) and all(getattr(facts, way.get("only", "copy")) for way in found):
            told[key] = "; ".join(way.get("fetched" if facts.place else "section", way["section"]) for way in found)
    return told


def offer_ends(licence: str, channel: str, last_copy: date, support_until: date | None = None) -> date | None:
    """The day until which a written offer has to be valid, that day included; None where the licence sets no term for
    one, or allows none through that channel.

    last_copy: the day on which the last copy leaves with the offer. support_until: the last day on which spare parts or
    support for that model are offered. Three years are counted from the last copy: each copy comes with an offer that
    has to be valid for at least three years, so earlier copies are covered as well.
    """
    if "offer" not in source_ways(licence, channel):
        return None
    ends = []
    for one in licence.split(" AND "):
        way = _entry(one).get("source", {}).get("offer", {})
        if "years" in way:
            ends.append(_later(last_copy, way["years"]))
            ends += [support_until] if way.get("support") and support_until else []
    return max(ends, default=None)


def _later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)


# A bundle


def digest(content: bytes | str) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def missing_and_doubled(
    asked: Iterable[tuple[str, str]], there: Iterable[tuple[str, str]]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Of what is asked, what is not there, and what is there more than once; both in the order of `asked`.

    asked, there: pairs (part, paper). What is there and was never asked is neither.
    """
    counts, asked = Counter(there), list(dict.fromkeys(asked))
    return [pair for pair in asked if not counts[pair]], [pair for pair in asked if counts[pair] > 1]


def check(
    parts: Sequence[Shipped],
    channel: str,
    entries: Iterable[Mapping[str, str]],
    files: Mapping[str, str] | None = None,
    there: Mapping[str, bytes] | None = None,
) -> list[Finding]:
    """What is wrong with a bundle for these parts and this channel; [] if each thing owed is in it exactly once.

    entries: what the bundle says it holds, each with part, version, paper and file. files: path -> SHA-256, as its
    manifest has it. there: path -> content, as it lies in the folder (without the manifest itself).
    """
    entries = list(entries)
    duties = [(one.part, one.paper) for part in parts for one in owed(part, channel)]
    claimed = [(entry["part"], entry["paper"]) for entry in entries]
    missing, doubled = missing_and_doubled(duties, claimed)
    found = [Finding("missing", f"{part}: {paper}", f"{part} asks for {PAPERS[paper]}, and it is not there.")
             for part, paper in missing]  # fmt: skip
    found += [Finding("doubled", f"{part}: {paper}", f"{part}: {PAPERS[paper]} is there twice or more.")
              for part, paper in doubled]  # fmt: skip
    versions = {part.name: part.version for part in parts if part.goes(channel)}
    for part, paper in dict.fromkeys(claimed):
        if part not in versions:
            found.append(Finding("superfluous", f"{part}: {paper}", f"{part} does not go out through this channel."))
        elif (part, paper) not in duties:
            says = f"{part}: nothing asks for {PAPERS.get(paper, paper)} here."
            found.append(Finding("superfluous", f"{part}: {paper}", says))
    found += [
        Finding("version", entry["part"], f"{entry['file']} is of {entry['part']} {entry['version']}; "
                f"{versions[entry['part']]} goes out.")
        for entry in entries
        if entry["part"] in versions and entry["version"] != versions[entry["part"]]
    ]  # fmt: skip
    return list(dict.fromkeys(found)) + _files(entries, files, there)  # one file is named once


def _files(
    entries: list[Mapping[str, str]], files: Mapping[str, str] | None, there: Mapping[str, bytes] | None
) -> list[Finding]:
    if files is None:
        return []
    used = {entry["file"] for entry in entries}
    found = [Finding("file", name, f"{name} is said to hold something, and the manifest does not have it.")
             for name in sorted(used - set(files))]  # fmt: skip
    found += [Finding("superfluous", name, f"{name} is in the manifest, and nothing is said to be in it.")
              for name in sorted(set(files) - used - {INDEX})]  # fmt: skip
    if there is None:
        return found
    for name in sorted(files):
        if name not in there:
            found.append(Finding("file", name, f"{name} is in the manifest and not in the folder."))
        elif digest(there[name]) != files[name]:
            found.append(Finding("hash", name, f"{name} is not the file that the manifest was made of."))
    found += [Finding("superfluous", name, f"{name} lies in the folder and is not in the manifest.")
              for name in sorted(set(there) - set(files))]  # fmt: skip
    return found


# What the course's own packages carry


def same_texts(licence: str) -> dict[str, int]:
    """What the packages that declare one licence really carry: counts out of the table `licence_files`.

    packages; files: their licence files; same: of these, how many hold the text that most of them hold; of: packages
    whose files those are; notices: how many different copyright notices stand above that one text; without: how many
    of the files have none.
    """
    table = load("licence_files")
    mine = table[table["declared"] == licence]
    files = mine[mine["kind"] == "licence"]
    if files.empty:
        raise ValueError(f"no package of the course declares {licence} and carries a licence file")
    same = files[files["body"] == files["body"].value_counts().index[0]]
    named = same[same["notice"] != ""]
    return {
        "packages": mine["package"].nunique(),
        "files": len(files),
        "same": len(same),
        "of": same["package"].nunique(),
        "notices": named["notice"].nunique(),
        "without": len(same) - len(named),
    }
