"""The distribution policy: by channel where the papers lie and how source is given; who checks, keeps, answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab import notices
from ospolab.notices import CHANNELS, WAYS
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["DistributionPolicy", "for_us", "hints", "issue", "parts"]

PLACES = {
    "screen": "on a page or screen of the program",
    "file": "in a file that the page loads or links",
    "image": "at a fixed path in the image, base layers included",
    "thing": "with the thing: printed, or on the medium",
    "none": "nowhere, no copy leaves",
}
# Where people who get a copy that way will find them; more than one place is right.
GOOD_PLACES = {
    "app": {"screen"},
    "browser": {"screen", "file"},
    "container": {"image"},
    "firmware": {"thing", "screen"},
    "handover": {"thing", "screen"},
    "saas": {"none"},
}
# Through which channels something goes, by what an organisation ships.
USED = {"app": ("app",), "device": ("firmware",), "saas": ("saas", "browser"), "research": ("handover",)}
SOURCE = {**WAYS, "none": "not at all"}
# One way for a channel has to do for every licence that asks for source there.
FAMILY = ("GPL-2.0-only", "GPL-3.0-only", "LGPL-2.1-only", "LGPL-3.0-only", "AGPL-3.0-only", "MPL-2.0")
GATES = {
    "build": "the build makes the bundle, checks it, and stops without one that holds",
    "reader": "somebody of the office reads the list before each release",
    "yearly": "somebody looks once a year",
    "asked": "we look when a customer asks",
}
KEEP = {
    "longest": "as long as the longest offer holds, counted from the last copy",
    "first": "three years from the first copy",
    "release": "until the next release",
}
ANSWERS = {
    "office": "a role address of the office, with a deputy and a term of two weeks",
    "engineer": "the engineer who built it",
    "sales": "whoever in sales gets the letter",
}
BASE = {
    "ours": "ours to ship: notices and source like everything else in the image",
    "theirs": "a matter of whoever published the base image",
    "unknown": "not looked at",
}
GOOD = {"gate": {"build", "reader"}, "keep": {"longest"}, "answers": {"office"}, "base": {"ours"}}
FOR_US = {
    "business": "Customers ask for these papers before they sign; one address for all offers goes into every contract.",
    "education": "Images for courses and partners are copies: the archive that keeps the result keeps the source too.",
    "business-education": "What participants take home is a copy, with everything that is in it.",
    "government": "Ask suppliers for the same bundle and check it before you accept; name an office, not a person.",
    "non-government": "Where a store does not reach, files go from hand to hand: the papers have to be inside.",
}
NEEDED = ("entries", *GOOD, "review")


class Row(BaseModel):
    """One channel: a key of CHANNELS, of PLACES and of SOURCE."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Literal["app", "browser", "container", "firmware", "handover", "saas"]
    place: Literal["screen", "file", "image", "thing", "none"]
    source: Literal["with", "beside", "elsewhere", "offer", "none"]


class DistributionPolicy(Issued):
    """A distribution policy. gate, keep, answers, base: keys of GATES, KEEP, ANSWERS and BASE."""

    NAME: ClassVar[str] = "distribution-policy"
    TITLE: ClassVar[str] = "Distribution policy"
    LESSON: ClassVar[str] = "advocate/compliance"

    rows: tuple[Row, ...] = Field(min_length=1)
    gate: Literal["build", "reader", "yearly", "asked"]
    keep: Literal["longest", "first", "release"]
    answers: Literal["office", "engineer", "sales"]
    base: Literal["ours", "theirs", "unknown"]
    for_us: tuple[str, ...] = ()
    review_in_months: int = Field(ge=1)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = self.misplaced(organisation)
        there = {row.channel for row in self.rows}
        said += [
            f"{organisation.name} gives software out as {_words(key)}, and the policy has no line for it."
            for key in _channels(organisation)
            if key not in there
        ]
        for row in self.rows:
            words = CHANNELS[row.channel].words
            if row.place not in GOOD_PLACES[row.channel]:
                said.append(f"As {words}: who gets a copy does not find the papers {PLACES[row.place]}.")
            if row.source not in _sources(row.channel):
                said.append(f"As {words}: source {SOURCE[row.source]} does not do for every licence.")
        bad = {"gate": GATES, "keep": KEEP, "answers": ANSWERS, "base": BASE}
        said += [f"This does not hold: {words[getattr(self, key)]}." for key, words in bad.items()
                 if getattr(self, key) not in GOOD[key]]  # fmt: skip
        return said

    def words(self) -> dict[str, Any]:
        return {
            "rows": [(CHANNELS[row.channel].words, PLACES[row.place], SOURCE[row.source]) for row in self.rows],
            "gate": GATES[self.gate],
            "keep": KEEP[self.keep],
            "answers": ANSWERS[self.answers],
            "base": BASE[self.base],
        }


def for_us(ours: Organisation) -> tuple[str, ...]:
    """What the policy means for an organisation of this kind: by sector, then for each channel that it uses."""
    said = [FOR_US[ours.segment]]
    for key in _channels(ours):
        places = ", or ".join(PLACES[place] for place in PLACES if place in GOOD_PLACES[key])
        ways = ", or ".join(WAYS[way] for way in WAYS if way in _sources(key))
        source = f"; source, where it is asked for, {ways}" if ways else ""
        said.append(f"As {_words(key)}: the papers lie {places}{source}.")
    if len(said) == 1:
        said.append("Nothing of ours leaves today. The day something does, this page is where to begin.")
    return tuple(said)


def _words(channel: str) -> str:
    """A channel in words; of an organisation that makes devices we do not know whether they are for homes."""
    return "firmware in a device" if channel == "firmware" else CHANNELS[channel].words


def _channels(ours: Organisation) -> tuple[str, ...]:
    return tuple(key for thing in ours.ships for key in USED.get(thing, ()))


def _sources(channel: str) -> set[str]:
    """The ways of SOURCE that every licence of FAMILY allows through a channel; {"none"} where no copy leaves."""
    if not CHANNELS[channel].copy:
        return {"none"}
    return set.intersection(*(set(notices.source_ways(licence, channel)) for licence in FAMILY)) & set(SOURCE)


def parts(answered: Mapping[str, Any]) -> list[float]:
    """How far a form's answers hold: where the papers lie, how source is given (both from half right upwards), and the
    four rules with a date to look again."""
    entries = answered.get("entries", {})
    places = sum(entries.get(key, {}).get("place") in good for key, good in GOOD_PLACES.items())
    sources = sum(entries.get(key, {}).get("source") in _sources(key) for key in GOOD_PLACES)
    rules = sum(answered.get(key) in good for key, good in GOOD.items()) if "review" in answered else 0
    return [
        max(0.0, 2 * places / len(GOOD_PLACES) - 1),
        max(0.0, 2 * sources / len(GOOD_PLACES) - 1),
        max(0.0, 2 * rules / len(GOOD) - 1),
    ]


def hints(answered: Mapping[str, Any]) -> list[str]:
    """For what does not hold of a form's answers, a line each that says which, and what holds."""
    entries, said = answered.get("entries", {}), []
    for key, good in GOOD_PLACES.items():
        if entries.get(key, {}).get("place") not in good:
            places = ", or ".join(words for place, words in PLACES.items() if place in good)
            said.append(f"As {CHANNELS[key].words}, the papers lie: {places}.")
    for key in GOOD_PLACES:
        if entries.get(key, {}).get("source") not in _sources(key):
            ways = ", or ".join(words for way, words in SOURCE.items() if way in _sources(key))
            said.append(f"As {CHANNELS[key].words}, source is given: {ways}.")
    rules = {"gate": GATES, "keep": KEEP, "answers": ANSWERS, "base": BASE}
    for key, words in rules.items():
        if answered.get(key) not in GOOD[key]:
            holds = ", or ".join(text for value, text in words.items() if value in GOOD[key])
            said.append(f"What holds: {holds}.")
    return [f"- {line}" for line in said]


def issue(answered: Mapping[str, Any]) -> str:
    """Write the policy into the portfolio and return its text; while answers are missing, say that."""
    chosen = papers.whole(answered, GOOD_PLACES, ("place", "source"))
    if any(field not in answered for field in NEEDED) or len(chosen) < len(GOOD_PLACES):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours = organisation.current()
    paper = DistributionPolicy(
        organisation=answered.get("organisation") or ours.name,
        written=date.today(),
        rows=tuple(Row(channel=key, **row) for key, row in zip(GOOD_PLACES, chosen, strict=True)),
        **{key: answered[key] for key in GOOD},
        for_us=for_us(ours),
        review_in_months=answered["review"],
    )
    return papers.issued(paper, ours)
