"""The relicensing risk register: which components may get other terms, on what base, and what we would do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab import relicensing
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = [
    "CELLS",
    "ROWS",
    "Entry",
    "RelicensingRegister",
    "band_holds",
    "faults",
    "for_us",
    "issue",
    "parts",
    "remarks",
]

ROWS = ("first", "second", "third")
CELLS = ("component", "signal", "base", "band", "trigger", "way", "cost", "owner")
NEEDED = ("entries", "why", "decision", "review")
LONGEST_REVIEW, CHEAPEST_OWN_FORK = 12, 100  # months; thousand euro over three years

SIGNALS = {
    "vendor": "one company decides",
    "right": "somebody could close a version of it alone",
    "home": "it, or its name, is outside a foundation",
    "spread": "five people or fewer make half of the work",
}
BANDS = {"low": "below 1 % a year", "some": "1 to 5 % a year", "high": "above 5 % a year", "open": "no band"}
# Base -> words. What each can carry: see `band_holds`.
BASES = {
    "foundation": "the foundation's list: none in 1,055 project-years, so at most 0.3 % a year",
    "roster": "12 decisions in nine years, from an assumed number of projects of single companies",
    "list": "16 of 24 known changes left open source",
    "none": "no table at hand counts projects like this one",
}
# Trigger -> (words, signals it goes with).
TRIGGERS = {
    "sold": ("the company is sold, or changes its owner", {"vendor", "home", "right"}),
    "edition": ("new features come in a paid edition only", {"vendor", "right"}),
    "rival": ("somebody begins to sell it as a service against its maker", {"vendor", "right"}),
    "agreement": ("a contributor agreement comes in, or lets one holder choose the terms", {"right", "vendor"}),
    "name": ("its name, domain or accounts move to a company", {"home", "vendor"}),
    "leaves": ("fewer than three people make half of the work", {"spread"}),
    "stars": ("it loses a tenth of its stars", set()),
    "release": ("the first release under the new terms is out", set()),
}
# Way out -> (words, whether it needs nobody's permission).
WAYS = {
    "stay": ("stay on the last open release, and make our own fixes", True),
    "accept": ("take the new terms, once counsel has read them for our use", False),
    "join": ("join a fork, with people or money", True),
    "own": ("a fork of our own", True),
    "pay": ("pay the maker", False),
    "replace": ("replace it", True),
}
OWNERS = {
    "contact": "the office's contact for this component",
    "engineering": "the engineering team that uses it most",
    "procurement": "whoever holds the contract with its maker",
    "counsel": "counsel",
}
FOR_US = {
    "business": "What we ship we support for years. A way out that is ready is worth more than a forecast.",
    "education": "Projects outlive grants. A component whose terms may change goes into the data management plan.",
    "business-education": "We teach these components. Participants should hear of new terms from us, with a way out.",
    "government": "Sovereignty is a way out that needs nobody's permission. Here is ours, and its price.",
    "non-government": "We cannot pay every maker. We share this register, and the ways out, with others like us.",
}

Signal = Literal["vendor", "right", "home", "spread"]
Band = Literal["low", "some", "high", "open"]
Base = Literal["foundation", "roster", "list", "none"]
Trigger = Literal["sold", "edition", "rival", "agreement", "name", "leaves", "stars", "release"]
WayOut = Literal["stay", "accept", "join", "own", "pay", "replace"]
Owner = Literal["contact", "engineering", "procurement", "counsel"]


class Entry(BaseModel):
    """One component at risk. cost: of the way out, thousand euro over three years."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    component: str
    signal: Signal
    base: Base
    band: Band
    trigger: Trigger
    way: WayOut
    cost: float = Field(ge=0)
    owner: Owner


class RelicensingRegister(Issued):
    """A relicensing risk register. roster: how many projects of single companies its bands assume, if any does."""

    NAME: ClassVar[str] = "relicensing-risk-register"
    TITLE: ClassVar[str] = "Relicensing risk register"
    LESSON: ClassVar[str] = "counselor/strategy"

    entries: tuple[Entry, ...] = Field(min_length=1)
    roster: int | None = Field(default=None, ge=1)
    why: str
    decision: str
    for_us: str
    review_in_months: int = Field(ge=1)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = self.misplaced(organisation)
        names = [entry.component for entry in self.entries]
        said += [f"{_what(name)} stands in it twice." for name in sorted({n for n in names if names.count(n) > 1})]
        for entry in self.entries:
            said += faults(entry, self.roster)
        ways = {entry.way for entry in self.entries}
        if organisation.ships_products and "stay" in ways:
            said.append(
                "We ship products: staying on the last open release means making its fixes as long as we support them."
            )
        if "saas" in organisation.ships and "accept" in ways:
            said.append(
                "We run a service for others, which is what such terms usually restrict: counsel reads them first."
            )
        if organisation.segment == "government" and not any(WAYS[way][1] for way in ways):
            said.append(
                "Each way out needs the maker's permission: a public office has to be able to show one that does not."
            )
        if self.review_in_months > LONGEST_REVIEW:
            said.append(f"The next look is in {self.review_in_months} months; a register is read at least once a year.")
        return said

    def words(self) -> dict[str, Any]:
        return {
            "rows": [
                {
                    "what": _what(entry.component),
                    "signal": SIGNALS[entry.signal],
                    "shown": _evidence(entry),
                    "band": BANDS[entry.band],
                    "base": BASES[entry.base],
                    "trigger": TRIGGERS[entry.trigger][0],
                    "way": WAYS[entry.way][0],
                    "cost": f"{entry.cost:g}",
                    "owner": OWNERS[entry.owner],
                }
                for entry in self.entries
            ],
            "yearly": f"{100 * relicensing.yearly(self.roster):.1f} %" if self.roster else None,
            "review": _in_months(self.written, self.review_in_months).isoformat(),
        }


def _in_months(day: date, months: int) -> date:
    at = day.month - 1 + months
    return date(day.year + at // 12, at % 12 + 1, 1)


def _what(key: str) -> str:
    known = relicensing.inventory()
    return known[key].what if key in known else key


def _evidence(entry: Entry) -> str:
    """What of a component of the inventory shows the signal; empty for one that is not ours to know."""
    one = relicensing.inventory().get(entry.component)
    if one is None:
        return papers.BLANK
    agreement = {"same": "no agreement", "grant": "an agreement that lets one holder choose", "own": "all its own work"}
    return {
        "vendor": f"home: {one.home}",
        "right": f"{one.licence}, {agreement[one.agreement]}",
        "home": f"home: {one.home}; name held by: {one.name_held_by}",
        "spread": f"people for half of last year's commits: {one.people}",
    }[entry.signal]


def for_us(ours: Organisation) -> str:
    """What a change of terms means for an organisation of this kind."""
    return FOR_US[ours.segment]


# ------------------------------------------------------------------------------------------------------- what holds


def signal_holds(component: str, signal: str) -> bool:
    """Whether a component of the inventory shows the signal."""
    one = relicensing.inventory().get(component)
    return one is not None and signal in one.signals


def band_holds(component: str, base: str, band: str, roster: int | None) -> bool:
    """Whether a band stands on its base, and the base is about such a component.

    A project inside a foundation: its list carries "low". One of a company: the roster carries the band that its
    arithmetic gives. Outside a foundation, or where the foundation does not hold the name: no band for want of a base.
    The list of known changes carries nothing.
    """
    one = relicensing.inventory().get(component)
    if base == "none" or band == "open":
        return (base, band) == ("none", "open") and (one is None or "home" in one.signals)
    if one is None or base == "list":
        return False
    if base == "foundation":
        return one.home == "foundation" and band == "low"
    if one.home != "company" or not roster:
        return False
    a_year = relicensing.yearly(roster)
    return band == ("low" if a_year < 0.01 else "some" if a_year <= 0.05 else "high")


def rings_already(component: str, trigger: str) -> bool:
    """Whether a trigger has rung before it was set: it would tell nothing new."""
    one = relicensing.inventory().get(component)
    if one is None:
        return False
    rung = {
        "leaves": one.people < 3,
        "agreement": one.agreement == "grant",
        "name": one.name_held_by.startswith("company"),
    }
    return rung.get(trigger, False)


def _no_company(component: str, trigger: str) -> bool:
    """Whether a trigger waits for the sale of a company that is not there."""
    one = relicensing.inventory().get(component)
    return trigger == "sold" and one is not None and "company" not in (one.home, *one.name_held_by.split())


def trigger_holds(component: str, signal: str, trigger: str) -> bool:
    """Whether a trigger goes with the signal and the component, and has not rung yet."""
    return (
        signal in TRIGGERS[trigger][1] and not rings_already(component, trigger) and not _no_company(component, trigger)
    )


def way_holds(way: str, cost: float) -> bool:
    """Whether a way out has a cost that can be believed: none is free, and a fork of one's own takes maintainers."""
    return cost >= (CHEAPEST_OWN_FORK if way == "own" else 1)


def faults(entry: Entry, roster: int | None = None) -> list[str]:
    """What of an entry does not hold, a sentence each."""
    one, what = relicensing.inventory().get(entry.component), _what(entry.component)
    said = []
    if one is not None and not signal_holds(entry.component, entry.signal):
        said.append(f'{what}: "{SIGNALS[entry.signal]}" is not what the inventory shows.')
    if one is not None and not band_holds(entry.component, entry.base, entry.band, roster):
        said.append(f"{what}: {_band_fault(entry, one, roster)}")
    words, goes_with = TRIGGERS[entry.trigger]
    if not goes_with:
        said.append(f'{what}: "{words}" warns of nothing, or comes too late.')
    elif entry.signal not in goes_with:
        said.append(f'{what}: "{words}" does not go with "{SIGNALS[entry.signal]}".')
    elif rings_already(entry.component, entry.trigger):
        said.append(f'{what}: "{words}" is already so. A trigger that has rung tells nothing new.')
    elif _no_company(entry.component, entry.trigger):
        said.append(f'{what}: "{words}", and no company stands behind it.')
    if not way_holds(entry.way, entry.cost):
        least = f"at least {CHEAPEST_OWN_FORK}, for the people" if entry.way == "own" else "not nothing"
        said.append(f'{what}: "{WAYS[entry.way][0]}" costs {least}, in thousand euro over three years.')
    return said


def _band_fault(entry: Entry, one: relicensing.Component, roster: int | None) -> str:
    """Why a band does not stand on its base."""
    if entry.base == "list":
        return "a list of changes says nothing about how many projects change."
    if entry.base == "none" and "home" not in one.signals:
        return "the foundation's list is at hand, and counts projects like this one."
    if entry.base == "none":
        return f'"{BANDS[entry.band]}" without a base; where nothing is counted, there is no band.'
    if entry.band == "open":
        return "a base is named, and no band follows from it."
    if entry.base == "foundation":
        if one.home != "foundation":
            return "the foundation's list is about projects inside the foundation."
        return "from the foundation's list follows at most 0.3 % a year."
    if one.home != "company":
        return "the twelve decisions were those of companies; this is not a company's."
    if not roster:
        return "the assumed number of projects is missing, so nobody can check the band."
    return f"with {roster} projects it is {100 * relicensing.yearly(roster):.1f} % a year, which lies in another band."


# -------------------------------------------------------------------------------------------------- from the answers


def _whole(register: Mapping[str, Any]) -> list[dict[str, Any]]:
    return papers.whole(register, ROWS, CELLS)


def parts(register: Mapping[str, Any]) -> list[bool | float]:
    """How far each part of a register holds: evidence, bands, triggers, ways out, spread of the choice, words.

    register: answers of the form "register"; anything may be missing. Parts about entries are shares of three; a
    component that is there twice counts once. Ways out count only where the band stands, for a way out can be clicked
    and a band has to be worked out.
    """
    entries = list({entry["component"]: entry for entry in reversed(_whole(register))}.values())
    roster = register.get("roster")

    def share(holds) -> float:
        return sum(holds(entry) for entry in entries) / len(ROWS)

    def band(e) -> bool:
        return band_holds(e["component"], e["base"], e["band"], roster)

    def evidence(e) -> bool:
        return signal_holds(e["component"], e["signal"])

    homes = {relicensing.inventory()[e["component"]].home for e in entries}
    chosen = {e["component"] for e in entries}
    counted = any(e["band"] != "open" and band(e) for e in entries)
    words = [str(register.get(key, "")) for key in ("why", "decision")]
    return [
        share(evidence),
        share(band),
        share(lambda e: evidence(e) and trigger_holds(e["component"], e["signal"], e["trigger"])),
        share(lambda e: band(e) and way_holds(e["way"], e["cost"])),
        len(chosen) == len(ROWS) and len(homes) >= 2 and share(band) > 0.5 and counted,
        all(words) and not any("@" in word for word in words) and 0 < register.get("review", 0) <= LONGEST_REVIEW,
    ]


def remarks(register: Mapping[str, Any]) -> list[str]:
    """What of the answers does not hold, a sentence each, for the feedback. Says nothing of what is still open."""
    entries, roster = _whole(register), register.get("roster")
    said = [fault for e in entries for fault in faults(Entry(**{cell: e[cell] for cell in CELLS}), roster)]
    if len(entries) == len(ROWS):
        if len({e["component"] for e in entries}) < len(ROWS):
            said.append("A component stands in the register twice.")
        if len({relicensing.inventory()[e["component"]].home for e in entries}) < 2:
            said.append("All three have the same kind of home: the register sees one kind of risk only.")
        if all(e["band"] == "open" for e in entries):
            said.append("No band says a number, and for some of the ten a base is at hand.")
    if register.get("review", 0) > LONGEST_REVIEW:
        said.append("A register that nobody reads for more than a year is forgotten.")
    return said


def issue(register: Mapping[str, Any]) -> str:
    """Write `relicensing-risk-register.md` into the portfolio and return its text; say so while answers are missing.

    register: answers of the form "register".
    """
    entries = _whole(register)
    if any(key not in register for key in NEEDED) or len(entries) < len(ROWS):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours = organisation.current()
    paper = RelicensingRegister(
        organisation=register.get("organisation") or ours.name,
        written=date.today(),
        entries=tuple(Entry(**{cell: entry[cell] for cell in CELLS}) for entry in entries),
        roster=register.get("roster"),
        why=register["why"],
        decision=register["decision"],
        for_us=for_us(ours),
        review_in_months=register["review"],
    )
    return papers.issued(paper, ours)
