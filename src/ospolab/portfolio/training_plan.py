"""The training plan: who learns what, how it is checked, and what is kept as evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["CHECKS", "GROUPS", "TOPICS", "TrainingPlan", "holds", "issue", "remarks", "row_parts"]

# Group -> (words, whether it is inside, topics that it can least do without).
GROUPS = {
    "developers": ("developers who add components", True, {"asking", "why"}),
    "board": ("people who decide requests", True, {"routes"}),
    "release": ("whoever builds and hands out releases", True, {"artefacts"}),
    "managers": ("managers who answer for a product", True, {"why"}),
    "suppliers": ("suppliers who deliver code to us", False, {"delivery"}),
    "contributors": ("people outside who contribute to our projects", False, {"contributing"}),
}
TOPICS = {
    "delivery": "what comes with a delivery: list of components, licences, notices",
    "why": "what the policy is for, one's own part in it, and what follows if it is not kept",
    "contributing": "what a contribution must carry, and how it is reviewed",
    "routes": "how licence, use and channel decide together, and when to call counsel",
    "asking": "when to ask, and the five things a request must say",
    "artefacts": "notices, source and the archive of what went out",
}
# Check -> (words, whether what is kept shows that somebody can or knows it).
CHECKS = {
    "cases": ("three sample requests decided; the results are kept", True),
    "quiz": ("a short quiz; the results are kept", True),
    "review": ("their next real request, delivery or change is looked at; what was found is kept", True),
    "attendance": ("a list of who attended", False),
    "mail": ("the policy is sent by mail; its delivery is kept", False),
}
LONGEST = 18  # months; conformance is confirmed as often

Who = Literal["developers", "board", "release", "managers", "suppliers", "contributors"]
Topic = Literal["asking", "routes", "artefacts", "why", "delivery", "contributing"]
Check = Literal["cases", "quiz", "review", "attendance", "mail"]


class Row(BaseModel):
    """What one group learns. again: months until it is repeated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    who: Who
    topic: Topic
    check: Check
    again: int = Field(ge=1)


class TrainingPlan(Issued):
    """A training plan. owner: who keeps the evidence. first: what happens in the first month."""

    NAME: ClassVar[str] = "training-plan"
    TITLE: ClassVar[str] = "Training plan"
    LESSON: ClassVar[str] = "enabler/governance"

    owner: str = Field(min_length=1)
    first: str = Field(min_length=1)
    rows: tuple[Row, ...] = Field(min_length=1)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = []
        if self.organisation != organisation.name:
            said.append(f"It is for {self.organisation}; the portfolio is that of {organisation.name}.")
        for row in self.rows:
            said += _faults(row)
        there = {row.who for row in self.rows}
        needed = {"developers", "board"} | ({"release"} if organisation.ships_products else set())
        needed |= {"contributors"} if "publishes" in organisation.uses else set()
        said += [f"It leaves out {GROUPS[who][0]}." for who in GROUPS if who in needed - there]
        if all(GROUPS[who][1] for who in there):
            said.append("It teaches nobody outside: those who deliver to us, or contribute, are left out.")
        return said

    def words(self) -> dict[str, Any]:
        made = [(GROUPS[r.who][1], GROUPS[r.who][0], TOPICS[r.topic], CHECKS[r.check][0], r.again) for r in self.rows]
        return {"inside": [row for row in made if row[0]], "outside": [row for row in made if not row[0]]}


def _faults(row: Row) -> list[str]:
    who = GROUPS[row.who][0]
    said = []
    if row.topic not in GROUPS[row.who][2]:
        said.append(f"{who}: “{TOPICS[row.topic]}” is not what they can least do without.")
    if not CHECKS[row.check][1]:
        said.append(f"{who}: “{CHECKS[row.check][0]}” shows that it was said, not that it was understood.")
    if row.again > LONGEST:
        said.append(f"{who}: after {row.again} months nobody remembers; conformance is confirmed every {LONGEST}.")
    return [sentence[0].upper() + sentence[1:] for sentence in said]


def _whole(training: Mapping[str, Any]) -> list[Row]:
    """The rows in which no cell is open."""
    cells = training.get("groups", {})
    keys = ("topic", "check", "again")
    return [
        Row(who=who, **{key: cells[who][key] for key in keys})
        for who in GROUPS
        if all(key in cells.get(who, {}) for key in keys)
    ]


def holds(row: Row) -> bool:
    """Whether topic, check and repetition of a row all hold."""
    return not _faults(row)


def row_parts(training: Mapping[str, Any]) -> list[bool]:
    """For each group whether its row holds as a whole. training: answers of the form "training"."""
    good = {row.who for row in _whole(training) if holds(row)}
    return [who in good for who in GROUPS]


def remarks(training: Mapping[str, Any]) -> list[str]:
    """What of the answers does not hold, a sentence each. Says nothing of what is open."""
    return [fault for row in _whole(training) for fault in _faults(row)]


def issue(training: Mapping[str, Any]) -> str:
    """Write `training-plan.md` into the portfolio and return its text; say so while answers are missing.

    training: answers of the form "training".
    """
    rows = _whole(training)
    if len(rows) < len(GROUPS) or any(key not in training for key in ("keeper", "first")):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours = organisation.current()
    paper = TrainingPlan(
        organisation=training.get("organisation") or ours.name,
        written=date.today(),
        owner=training["keeper"],
        first=training["first"],
        rows=tuple(rows),
    )
    written = papers.write(paper)
    said = [f"- {problem}" for problem in paper.complaints(ours.model_copy(update={"name": paper.organisation}))]
    mend = ["**Before it goes out:**", "\n".join(said)] if said else []
    return "\n\n".join([papers.render(paper), *mend, f"---\n*{written}*"])
