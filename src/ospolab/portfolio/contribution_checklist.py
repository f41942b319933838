"""The contribution-readiness checklist: what a repository needs before an office says "open for contributions"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["ITEMS", "ContributionChecklist", "Item", "faults", "for_us", "issue", "parts", "remarks"]

# What can be asked of a repository -> what has to be true, in words that somebody can check.
ITEMS = {
    "readme": "README: says what it is, and a stranger has it running within ten minutes",
    "guide": "Contribution guide: how to build, test and propose a change, and who answers when",
    "security": "Security policy: where to report a weakness in private",
    "licence": "Licence: its text, and a label in every file (REUSE); labels of others stay",
    "rights": "Rights: who may open it has agreed, what others wrote is known, and terms for what comes in are set",
    "owners": "Owners: which team decides, and who stands in",
    "conduct": "Code of conduct, with somebody who answers",
    "tasks": "Issue templates, and three open tasks fit for a newcomer",
    "tests": "Tests run by themselves on a stranger's change",
}
LEVELS = {"required": "required", "recommended": "recommended", "no": "not asked"}
PROOFS = {
    "tool": "a linter finds the file",
    "read": "a person outside the team has read it",
    "try": "a person outside the team has done what it says",
    "yes": "whoever answers for it has said yes",
}
MISSED = {
    "rank": ("the reviewer is named in a monthly ranking", False),
    "help": ("the office asks the host team what is in the way, and offers review time", True),
    "label": ("the repository loses the label “open for contributions” until the change is answered", True),
    "close": ("the change is closed by a bot", False),
    "nothing": ("nothing", False),
}
FOR_US = {
    "business": "The first strangers are our own product teams. What works for them is what we publish later.",
    "education": "The first stranger is next year's doctoral student. Citation and licence travel with the research.",
    "business-education": "Participants learn from our repositories. A guide that was tried is also teaching material.",
    "government": "Other administrations can only reuse what says who answers, and what may be done with it.",
    "non-government": "Volunteers have one evening. Ten minutes to the first run decides whether there is a second.",
}
NEEDED = ("items", "promise", "missed", "why", "review")
CELLS = ("inside", "public", "proof")
# Without these a public repository is not open for contributions.
PUBLIC = ("readme", "guide", "security", "licence", "rights")
INSIDE = ("readme", "guide", "owners")  # without these a colleague cannot begin
NO_TOOL = ("readme", "guide", "rights")  # an empty file passes, and no program sees who holds a right
LONGEST = 14  # days until a first answer

Level = Literal["required", "recommended", "no"]


class Item(BaseModel):
    """One line of the checklist. inside, public: keys of LEVELS. proof: a key of PROOFS."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item: Literal["readme", "guide", "security", "licence", "rights", "owners", "conduct", "tasks", "tests"]
    inside: Level
    public: Level
    proof: Literal["tool", "read", "try", "yes"]


class ContributionChecklist(Issued):
    """A checklist. promise: days until the first answer. tried: what the linters said on the built repository."""

    NAME: ClassVar[str] = "contribution-checklist"
    TITLE: ClassVar[str] = "Contribution-readiness checklist"
    LESSON: ClassVar[str] = "enabler/community-engagement"

    items: tuple[Item, ...] = Field(min_length=1)
    promise: int = Field(ge=1)
    missed: Literal["help", "label", "rank", "close", "nothing"]
    why: str
    for_us: str
    tried: dict[str, dict[str, str]] = Field(default_factory=dict)
    review_in_months: int = Field(ge=1)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = self.misplaced(organisation)
        items = {line.item: line.model_dump() for line in self.items}
        said += faults(items, self.promise, self.missed, self.review_in_months)
        levels = {name: line["public"] for name, line in items.items()}
        if organisation.ships_products and levels.get("tests") == "no":
            said.append("What is shipped to others is tested; here tests are not asked of a public repository.")
        if "publishes" in organisation.uses and levels.get("conduct") == "no":
            said.append("An organisation that publishes projects hosts people: it needs a code of conduct.")
        return said

    def words(self) -> dict[str, Any]:
        return {
            "rows": [
                (ITEMS[one.item], LEVELS[one.inside], LEVELS[one.public], PROOFS[one.proof]) for one in self.items
            ],
            "missed": MISSED[self.missed][0],
            "blank": papers.BLANK,
        }


def for_us(ours: Organisation) -> str:
    """Who the first strangers are for an organisation of this kind."""
    return FOR_US[ours.segment]


def faults(items: Mapping[str, Mapping[str, str]], promise: float, missed: str, review: float) -> list[str]:
    """What of a checklist does not hold, a sentence each."""
    said = []
    names = {"readme": "README", "guide": "contribution guide", "security": "security policy", "licence": "licence",
             "rights": "rights", "owners": "owners"}  # fmt: skip
    for where, needed in (("public", PUBLIC), ("inside", INSIDE)):
        lacking = [names[name] for name in needed if items.get(name, {}).get(where) != "required"]
        if lacking:
            place = "A public repository" if where == "public" else "Inside, a repository"
            said.append(f"{place} is open for contributions only with: {', '.join(lacking)}.")
    if all(items.get(name, {}).get("inside") == "required" for name in ITEMS):
        said.append("Inside everything is required: a list that nobody passes is not used.")
    green = [names[name] for name in NO_TOOL if items.get(name, {}).get("proof") == "tool"]
    if green:
        said.append(f"A linter finds even an empty file, and sees no rights: somebody looks at {', '.join(green)}.")
    if promise > LONGEST:
        said.append(f"A first answer after {promise:g} days comes when the stranger has gone.")
    if not MISSED[missed][1]:
        said.append(f"When the promise is not kept: “{MISSED[missed][0]}” helps nobody who waits.")
    if review > 12:
        said.append("A checklist that nobody reads for more than a year is forgotten.")
    return said


def _whole(given: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The lines in which no cell is open."""
    items = given.get("items") or {}
    return {name: items[name] for name in ITEMS if all(cell in items.get(name, {}) for cell in CELLS)}


def parts(given: Mapping[str, Any]) -> list[bool | float]:
    """How far each part holds: public, inside, proofs, promise with what follows, words with review.

    given: answers of the form "checklist"; anything may be missing. Required everywhere earns no part of "inside", and
    "a linter" everywhere none of "proofs".
    """
    items = _whole(given)
    inside = [items.get(name, {}).get("inside") for name in ITEMS]
    proofs = [items.get(name, {}).get("proof") for name in ITEMS]
    return [
        all(items.get(name, {}).get("public") == "required" for name in PUBLIC),
        all(items.get(name, {}).get("inside") == "required" for name in INSIDE)
        and len(items) == len(ITEMS)
        and set(inside) != {"required"},
        len(items) == len(ITEMS)
        and not any(items[name]["proof"] == "tool" for name in NO_TOOL)
        and "try" in proofs
        and "tool" in proofs,
        given.get("promise", 99) <= LONGEST and MISSED.get(given.get("missed", ""), ("", False))[1],
        bool(given.get("why")) and "@" not in str(given.get("why")) and given.get("review", 99) <= 12,
    ]


def remarks(given: Mapping[str, Any]) -> list[str]:
    """What of the answers does not hold, for the feedback. Says nothing of what is still open."""
    items = _whole(given)
    if len(items) < len(ITEMS):
        return []
    said = faults(items, given.get("promise", 1), given.get("missed", "help"), given.get("review", 1))
    proofs = {line["proof"] for line in items.values()}
    if "try" not in proofs:
        said.append("Nothing is tried: nobody knows whether a stranger gets it running.")
    if "tool" not in proofs:
        said.append("Nothing is left to a tool: reading everything in every repository is not kept up.")
    if "@" in str(given.get("why", "")):
        said.append("The reason holds an address: a paper names teams, and no people or addresses.")
    return said


def issue(given: Mapping[str, Any], tried: pd.DataFrame | None = None) -> str:
    """Write `contribution-checklist.md` into the portfolio and return its text; say so while answers are missing.

    given: answers of the form "checklist". tried: what `doorstep.before_and_after` gave.
    """
    items = _whole(given)
    if any(key not in given for key in NEEDED) or len(items) < len(ITEMS):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours = organisation.current()
    paper = ContributionChecklist(
        organisation=given.get("organisation") or ours.name,
        written=date.today(),
        items=tuple(Item(item=name, **{cell: line[cell] for cell in CELLS}) for name, line in items.items()),
        promise=given["promise"],
        missed=given["missed"],
        why=given["why"],
        for_us=for_us(ours),
        # Without an "after" it would only show a repository that is not theirs, as it was.
        tried={} if tried is None or "after" not in tried else {str(k): dict(v) for k, v in tried.to_dict().items()},
        review_in_months=given["review"],
    )
    return papers.issued(paper, ours)
