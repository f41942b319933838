"""What contributors may be asked to agree to: what each instrument gives, how to choose, how sign-offs are counted.

An instrument either gives something (True), does not (False), or it depends on a text that somebody has to read or to
get (None). The same three answers describe a home for a project (`ospolab.homes`), and one rule chooses among both:
what must be met sifts, wishes only order what is left, and what is not known is asked and never guessed.

The readings are this course's, after the Apache licence 2.0 (section 5), the Developer Certificate of Origin 1.1, the
agreements of the Apache Software Foundation and the licences themselves (last checked 2026-11-28). Not legal advice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd

from ospolab.data import load

__all__ = [
    *("HEAVIER", "INSTRUMENTS", "LICENCES", "NEEDS", "Sifted", "conflicts", "counted", "coverage", "gives"),
    *("signoffs", "sift", "unneeded"),
]

Answers = Mapping[str, Mapping[str, bool | None]]

# Instrument -> words, the one that asks least of a contributor first.
INSTRUMENTS = {
    "none": "nothing more: the project's licence, inbound=outbound",
    "dco": "DCO 1.1, a sign-off with each change",
    "icla": "an individual CLA (of the Apache kind)",
    "ccla": "individual and corporate CLA (of the Apache kind)",
    "ccla-dco": "both CLAs, and a sign-off with each change",
    "assignment": "copyright assignment",
}
# Instrument -> those that ask more of a contributor, or of an employer, in every respect.
HEAVIER = {
    "none": {"dco", "icla", "ccla", "ccla-dco", "assignment"},
    "dco": {"ccla-dco"},
    "icla": {"ccla", "ccla-dco", "assignment"},
    "ccla": {"ccla-dco"},
    "ccla-dco": set(),
    "assignment": set(),
}
# Licence of the project -> words. What a licence says itself, no instrument has to add.
LICENCES = {
    "plain": "permissive, without a word on patents (MIT, BSD)",
    "patent": "permissive, with a patent licence (Apache-2.0)",
    "copyleft": "copyleft, with a patent licence (GPL-3.0, MPL-2.0)",
}
# Need -> words.
NEEDS = {
    "record": "a statement of origin with each change",
    "patents": "an express patent licence from contributors",
    "company": "the employer's own yes, on paper",
    "terms": "one body may offer the whole under other terms",
    "spread": "nobody may change the terms without asking the others",
    "court": "one body holds the rights, and can enforce them",
    "light": "a first change without any paper",
}


def gives(licence: str) -> dict[str, dict[str, bool | None]]:
    """Instrument -> need -> whether it is met in a project under a licence of that kind, a key of LICENCES.

    A patent licence is one of whoever contributes: an employer's patents come only with an employer's contribution. Its
    own yes is on paper with a corporate agreement; with the others it depends on a letter of the employer (None).
    """
    says_patents, permissive = licence != "plain", licence != "copyleft"
    cla = {"patents": True, "terms": True, "spread": False, "court": False, "light": False}
    by_licence = {"patents": says_patents, "terms": permissive, "spread": not permissive, "court": False}
    return {
        "none": {**by_licence, "record": False, "company": None, "light": True},
        "dco": {**by_licence, "record": True, "company": None, "light": True},
        "icla": {**cla, "record": False, "company": None},
        "ccla": {**cla, "record": False, "company": True},
        "ccla-dco": {**cla, "record": True, "company": True},
        # What an assignment says on patents and employers differs from text to text.
        "assignment": {
            "patents": says_patents or None, "terms": True, "spread": False, "court": True,
            "light": False, "record": False, "company": None,
        },
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ choosing


@dataclass(frozen=True)
class Sifted:
    """What hard constraints leave, in the order of the options.

    fits: meet every one for certain. ask: break none, but of some it is not known. out: option -> what it breaks.
    points: option -> number of wishes it meets for certain. best: those of `fits` with most points; several are a tie.
    """

    fits: list[str]
    ask: list[str]
    out: dict[str, list[str]]
    points: dict[str, int]
    best: list[str]


def sift(options: Answers, must: Iterable[str], wishes: Iterable[str] = ()) -> Sifted:
    """Hard constraints first, wishes after. options: option -> feature -> True, False or None (not known).

    A feature that an option does not name counts as not known.
    """
    must, wishes = list(must), list(wishes)
    broken = {name: [m for m in must if has.get(m) is False] for name, has in options.items()}
    alive = [name for name, breaks in broken.items() if not breaks]
    fits = [name for name in alive if all(options[name].get(m) is True for m in must)]
    points = {name: sum(has.get(w) is True for w in wishes) for name, has in options.items()}
    most = max((points[name] for name in fits), default=0)
    return Sifted(
        fits,
        [name for name in alive if name not in fits],
        {name: breaks for name, breaks in broken.items() if breaks},
        points,
        [name for name in fits if points[name] == most],
    )


def conflicts(options: Answers, must: Iterable[str]) -> list[tuple[str, ...]]:
    """The smallest sets of constraints that every option breaks somewhere; [] if some option breaks none."""
    must = list(must)
    for size in range(1, len(must) + 1):
        found = [some for some in combinations(must, size) if len(sift(options, some).out) == len(options)]
        if found:
            return found
    return []


def unneeded(instrument: str, fits: Sequence[str], points: Mapping[str, int]) -> list[str]:
    """Lighter instruments that meet the same constraints and no fewer wishes: what goes beyond them is unneeded.

    fits, points: as in Sifted.
    """
    return [one for one in fits if instrument in HEAVIER[one] and points.get(one, 0) >= points.get(instrument, 0)]


# ------------------------------------------------------------------------------------------------------------ counting


def counted(commit: Mapping[str, Any]) -> bool:
    """Whether a commit is looked at: no bot made it, and it is no merge."""
    return not commit["bot"] and commit["kind"] != "merge"


def coverage(commits: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """(commits signed off by their author, commits counted); bots and merges are left out.

    A commit has author, kind ("change", "merge" or "squash"), bot (True or False) and signed_off, the list of those who
    signed off. After the rule of the DCO app of a large hosting platform: its default looks at all commits except those
    of bots and merges, and wants a Signed-off-by line with the author's address (dcoapp/app, README).
    """
    looked_at = [commit for commit in commits if counted(commit)]
    return sum(commit["author"] in commit["signed_off"] for commit in looked_at), len(looked_at)


def signoffs() -> pd.DataFrame:
    """Sign-offs of the repositories of `community_files`, by name: commits counted, signed, share in per cent."""
    table = load("community_files")
    table.index = table["repo"].str.split("/").str[1].rename("repository")
    signed = (table["commits_last_2y"] * table["signoff_share_last_2y"]).round().astype(int)
    share = (100 * table["signoff_share_last_2y"]).round(1)
    found = pd.DataFrame({"commits": table["commits_last_2y"], "signed": signed, "share, %": share})
    return found.sort_values("share, %", ascending=False, kind="stable")
