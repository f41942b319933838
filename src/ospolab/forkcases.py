"""Carried patches with what is assumed about each: those of the lab "What a private fork costs", and a learner's own.

All of them are invented. The shares of troubled releases are counts, as a range: `ospolab.forkcost.counted`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ospolab.forkcost import Case, Range, counted

__all__ = ["OWN_ROWS", "PATCHES", "RATE", "SIZES", "case", "from_answers", "lesson_case"]

RATE = Range(55, 75, 110)  # euros an hour with everything on it; invented, and to be replaced by your own

# Patch -> (what it does, what is assumed).
PATCHES: dict[str, tuple[str, dict[str, Range]]] = {
    "retry": (
        "Ask again, more slowly, when a server does not answer",
        {
            "releases": Range(6, 8, 12),
            "check": Range(0.25, 0.5, 1),
            "trouble": counted(8, 10),
            "redo": Range(1, 3, 8),
            "offer": Range(6, 14, 40),
            "accepted": Range(0.5, 0.75, 0.9),
            "wait": Range(1, 2, 4),
            "glue": Range(0, 0.05, 0.25),
        },
    ),
    "storage": (
        "A second way to store data, 2,600 lines",
        {
            "releases": Range(3, 4, 6),
            "check": Range(0.5, 1, 2),
            "trouble": counted(6, 10),
            "redo": Range(6, 16, 50),
            "offer": Range(60, 160, 500),
            "accepted": Range(0.1, 0.35, 0.7),
            "wait": Range(3, 5, 10),
            "glue": Range(0.05, 0.2, 0.5),
        },
    ),
    "branding": (
        "Our logo, colours and wording",
        {
            "releases": Range(3, 4, 6),
            "check": Range(0.1, 0.25, 0.5),
            "trouble": counted(1, 10),
            "redo": Range(0.5, 1, 3),
            "offer": Range(6, 12, 30),
            "accepted": Range(0, 0.03, 0.1),
            "wait": Range(1, 2, 4),
            "glue": Range(0, 0.1, 0.4),
        },
    ),
    "alarm": (
        "Warn when a level reaches a mark that users set",
        {
            "releases": Range(2, 3, 4),
            "check": Range(0.5, 1, 2),
            "trouble": counted(2, 6),
            "redo": Range(2, 8, 40),
            "offer": Range(10, 30, 80),
            "accepted": Range(0.3, 0.6, 0.8),
            "wait": Range(1, 2, 4),
            "glue": Range(0.1, 0.3, 0.6),
        },
    ),
}
# Row of the table that a learner fills in for an own patch -> (input, what its figures are divided by).
OWN_ROWS = {
    "releases": ("releases", 1),
    "check": ("check", 1),
    "trouble": ("trouble", 100),
    "redo": ("redo", 1),
    "offer": ("offer", 1),
    "accepted": ("accepted", 100),
    "wait": ("wait", 1),
    "glue": ("glue", 100),
}
# Kind of patch -> (words, hours each time, hours to offer): the larger, the dearer on both sides.
SIZES = {
    "few": ("a few lines", Range(1, 3, 8), Range(6, 14, 40)),
    "hundred": ("a hundred lines", Range(3, 8, 24), Range(20, 45, 120)),
    "module": ("a module of its own", Range(6, 16, 50), Range(60, 160, 500)),
}


def case(patch: str, rate: Range = RATE, years: float = 3) -> Case:
    """The case of one of PATCHES."""
    return Case(**PATCHES[patch][1], rate=rate, years=years)


def lesson_case(times: int, of: int, releases: Range = Range(2, 3, 4), years: float = 2) -> Case:  # noqa: B008
    """The small patch of the lesson, with trouble in `times` of `of` releases."""
    _, redo, offer = SIZES["few"]
    return Case(
        releases=releases,
        check=Range(0.25, 0.5, 1),
        trouble=counted(times, of),
        redo=redo,
        offer=offer,
        accepted=Range(0.4, 0.7, 0.9),
        wait=Range(1, 2, 3),
        glue=Range(0, 0.1, 0.4),
        rate=RATE,
        years=years,
    )


def from_answers(given: Mapping[str, Any]) -> Case | None:
    """The case that a form describes; None while something is open, or a range is not in order.

    given: patch (one of PATCHES or "own"), rate ({"low", "likely", "high"} of the row "rate" in the table "range"),
    years, and for "own" the table "own" with the rows of OWN_ROWS.
    """
    try:
        cells = given["range"]["rate"]
        rate = Range(cells["low"], cells["likely"], cells["high"])
        if given["patch"] != "own":
            return case(given["patch"], rate, given["years"])
        own = {
            name: Range(*(given["own"][row][end] / parts for end in ("low", "likely", "high")))
            for row, (name, parts) in OWN_ROWS.items()
        }
        return Case(**own, rate=rate, years=given["years"])
    except (KeyError, ValueError):
        return None
