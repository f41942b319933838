"""The release readiness report: what was found and what shows it mended, who says yes, who keeps it, go or no-go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab import launch
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["FINDINGS", "Finding", "ReleaseReport", "for_us", "issue", "parts", "remarks"]

# Finding -> (words, states that the team's word bears out, proofs that go with them, why); see launching.TOLD.
FINDINGS = {
    "key": ("key of the inventory service", {"mended"}, {"revoked"}, "It opens nothing, and it is in no commit."),
    "host": ("address of an internal host", {"claimed"}, {"last"}, "Files of today say nothing of earlier commits."),
    "loans": (
        "staff numbers and birthdays",
        {"mended"},
        {"all", "trees"},
        "All commits were searched for the file and its rows, and the trees compared: either shows it.",
    ),
    "scale": (
        "file of others, its licence",
        {"mended"},
        {"last", "written"},
        "What was missing is there, and counsel has answered for the old commits.",
    ),
    "community": ("security policy", {"open"}, {"nothing", "last"}, 'A file that says "to be done" is not done.'),
    "contractor": ("rights in a contractor's work", {"open"}, {"nothing"}, "What is looked for was not read yet."),
    "cipher": ("a cipher of our own, and export", {"mended"}, {"written"}, "The answer covers old commits too."),
}
STATES = {"mended": "mended", "claimed": "said to be mended", "open": "open"}
PROOFS = {
    "revoked": "the provider's word that it is revoked, and a search of all commits",
    "all": "a search of all commits",
    "trees": "trees compared, commit by commit",
    "last": "a look at the last commit",
    "written": "a written answer, filed",
    "nothing": "nothing yet",
}
LICENCES = {
    "MIT": True,
    "Apache-2.0": True,
    "MPL-2.0": True,
    "AGPL-3.0-only": True,
    "BUSL-1.1": False,
    "none": False,
}
# Who may have to say yes -> (words, whether it is somebody's to give).
APPROVALS = {
    "owner": ("the manager who answers for the code and the hours", True),
    "legal": ("counsel: licence, name, patents, export", True),
    "security": ("security", True),
    "privacy": ("data protection", True),
    "contracts": ("whoever holds the contracts with contractors, customers or funders", True),
    "transfer": ("technology transfer", True),
    "communications": ("communications", True),
    "everybody": ("everybody in the house, by a vote", False),
    "forge": ("the forge on which it will lie", False),
}
# Whatever the house: a contractor wrote a part of it, and staff data was in it.
NEEDED_YES = {"owner", "legal", "security", "contracts", "privacy"}
# What comes on top in some kinds of house.
ALSO = {"education": {"transfer"}}
# The team looks for the contractor's contract, and hopes for next week: no launch in fewer days than that.
SOONEST = 4
GOVERNANCE = {
    "house": "our house decides, and says so",
    "maintainers": "the maintainers decide; who becomes one is written down",
    "committee": "a steering committee, with seats and votes",
    "foundation": "a foundation holds the name from the first day",
}
KEEPERS = {
    "team": ("the team that wrote it, with the hours in its plan", True),
    "office": ("the open source office, until a team takes over", True),
    "author": ("its author, on free evenings", False),
    "community": ("the community that will come", False),
}
SUNSETS = {
    "renew": ("on the end date it is archived, unless the manager renews the hours in writing", True),
    "quiet": ("two quarters without a user outside: it is announced, then archived", True),
    "later": ("we shall see when the time comes", False),
    "stars": ("fewer than a hundred stars", False),
}
STOPS = {
    "found": ("a search of all commits finds one of the things again", True),
    "used": ("somebody uses the old key", True),
    "withdrawn": ("one who said yes takes it back", True),
    "keeper": ("the keeper is moved to other work", True),
    "quarter": ("the quarter ends first", False),
    "likes": ("the blog post is not ready", False),
}
DECISIONS = {"go": "Go", "conditions": "Go, on conditions", "no-go": "No-go"}
FOR_US = {
    "business": "Ask before, not after: what a customer paid for, and what a patent application says, may not be ours "
    "to publish.",
    "education": "Theses and grants have owners too: technology transfer says which. A citation file makes it count.",
    "business-education": "What we teach with is what people copy first: let the examples be as clean as the code.",
    "government": "Publishing is a decision that goes on file: who, when, on what ground. Suppliers' code only where "
    "the contract gives us the right.",
    "non-government": "Those we help must not be found in it. And a funder may ask for a licence, or rule one out.",
}
KEYS = (
    "name",
    "licence",
    "approvals",
    "governance",
    "keeper",
    "hours",
    "months",
    "sunset",
    "decision",
    "days",
    "stops",
)

FindingKey = Literal["key", "host", "loans", "scale", "community", "contractor", "cipher"]
Proof = Literal["revoked", "all", "trees", "last", "written", "nothing"]


class Finding(BaseModel):
    """One finding: its state, and what shows it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    finding: FindingKey
    state: Literal["mended", "claimed", "open"]
    proof: Proof


class ReleaseReport(Issued):
    """A release readiness report. name: of the package. months, hours: how long it is kept, and hours a month.

    day: of the launch; where it is a no-go, of the next look. approvals, stops: keys of APPROVALS and STOPS.
    """

    NAME: ClassVar[str] = "release-readiness-report"
    TITLE: ClassVar[str] = "Release readiness report"
    LESSON: ClassVar[str] = "advocate/governance"

    name: str
    licence: str
    findings: tuple[Finding, ...] = Field(min_length=1)
    approvals: tuple[str, ...]
    governance: Literal["house", "maintainers", "committee", "foundation"]
    keeper: Literal["team", "office", "author", "community"]
    hours: int = Field(ge=1)
    months: int = Field(ge=1)
    sunset: Literal["renew", "quiet", "later", "stars"]
    decision: Literal["go", "conditions", "no-go"]
    day: date
    stops: tuple[str, ...]
    for_us: str

    def complaints(self, organisation: Organisation) -> list[str]:
        said = self.misplaced(organisation)
        for one in self.findings:
            if one.state == "mended" and one.proof not in _proofs(one.finding):
                words = FINDINGS[one.finding][0]
                said.append(f"Said to be mended, but {PROOFS[one.proof]} does not show it: {words}.")
        open_ = {one.finding for one in self.findings if one.state != "mended"}
        left = [FINDINGS[one][0] for one in FINDINGS if one in open_]
        if self.decision == "go" and left:
            said.append(f"Go, and not everything is mended: {', '.join(left)}.")
        key = next((one for one in self.findings if one.finding == "key"), None)
        if self.decision != "no-go" and (key is None or key.state != "mended" or key.proof != "revoked"):
            said.append("Nothing goes out, on whatever condition, while the key may still open something.")
        if self.decision == "conditions" and "contractor" in open_ and (self.day - self.written).days < SOONEST:
            said.append("The launch comes before the contract can be found, and what is public cannot be taken back.")
        if missing := sorted((NEEDED_YES | ALSO.get(organisation.segment, set())) - set(self.approvals)):
            said.append(f"Nobody asks: {'; '.join(APPROVALS[one][0] for one in missing)}.")
        said += [f"No yes to wait for: {APPROVALS[one][0]}." for one in self.approvals if not _sound(APPROVALS, one)]
        if not launch.valid(self.name):
            said.append(f"{self.name} is no name that the index accepts: letters, digits, and - _ . in between.")
        if launch.taken(self.name, launch.known_names()):
            said.append(f"{self.name} is taken: the index reads it as {launch.normalised(self.name)}.")
        if not LICENCES.get(self.licence, False):
            said.append(
                f"{self.licence} does not make it open source." if self.licence != "none" else "It has no licence."
            )
        if not _sound(KEEPERS, self.keeper):
            said.append(f"Nobody is bound to keep it: {KEEPERS[self.keeper][0]}.")
        if not _sound(SUNSETS, self.sunset):
            said.append("There is no condition, that one could see, on which it ends.")
        if organisation.ships_products and self.months < 12:
            said.append("We ship products: who builds on it expects fixes for longer than a year.")
        if not any(_sound(STOPS, one) for one in self.stops):
            said.append("Nothing is named that would stop the launch.")
        return said

    def words(self) -> dict[str, Any]:
        return {
            "decision": DECISIONS[self.decision],
            "rows": [(FINDINGS[f.finding][0], STATES[f.state], PROOFS[f.proof]) for f in self.findings],
            "left": [FINDINGS[f.finding][0] for f in self.findings if f.state != "mended"],
            "approvals": [APPROVALS[one][0] for one in self.approvals],
            "governance": GOVERNANCE[self.governance],
            "keeper": KEEPERS[self.keeper][0],
            "sunset": SUNSETS[self.sunset][0],
            "stops": [STOPS[one][0] for one in self.stops],
            "index": launch.normalised(self.name),
            "blank": papers.BLANK,
        }


def _sound(table: Mapping[str, tuple[str, bool]], key: str) -> bool:
    return key in table and table[key][1]


def _proofs(finding: str) -> set[str]:
    """What can show that a finding is mended: for what is missing a look is enough, for what must be gone it is not."""
    return {
        "key": {"revoked"},
        "host": {"all", "trees", "written"},
        "loans": {"all", "trees"},
        "scale": {"last", "written"},
        "community": {"last"},
        "contractor": {"written"},
        "cipher": {"written"},
    }[finding]


def for_us(ours: Organisation) -> str:
    """What a release means for an organisation of this kind."""
    return FOR_US[ours.segment]


def _rows(answers: Mapping[str, Any]) -> list[dict[str, str]]:
    cells = answers.get("findings") or {}
    return [{"finding": key, **cells[key]} for key in FINDINGS if {"state", "proof"} <= (cells.get(key) or {}).keys()]


def row_holds(row: Mapping[str, str]) -> bool:
    """Whether state and proof of a finding are those that the team's word bears out."""
    _, states, proofs, _ = FINDINGS[row["finding"]]
    return row["state"] in states and row["proof"] in proofs


def _too_soon(answers: Mapping[str, Any]) -> bool:
    """Whether it goes out, on conditions, before the contractor's contract can be there."""
    return answers.get("decision") == "conditions" and answers.get("days", SOONEST) < SOONEST


def parts(answers: Mapping[str, Any]) -> list[float]:
    """How far each part of a report holds: findings with proof; decision with approvals; name, licence; keeper, end.

    answers: of the form "release"; anything may be missing. Half of the findings earn nothing: the points begin there.
    """
    rows = _rows(answers)
    right = sum(row_holds(row) for row in rows) / len(FINDINGS)
    yes = set(answers.get("approvals", ()))
    stops = set(answers.get("stops", ()))
    return [
        max(0.0, 2 * right - 1),
        float(
            answers.get("decision") in {"no-go", "conditions"}
            and "days" in answers
            and not _too_soon(answers)
            and yes >= NEEDED_YES
            and all(_sound(APPROVALS, one) for one in yes)
        ),
        float(
            launch.valid(answers.get("name", ""))
            and not launch.taken(answers["name"], launch.known_names())
            and LICENCES.get(answers.get("licence", ""), False)
        ),
        float(
            _sound(KEEPERS, answers.get("keeper", ""))
            and _sound(SUNSETS, answers.get("sunset", ""))
            and {"hours", "months", "governance"} <= answers.keys()
            and bool(stops)
            and all(_sound(STOPS, one) for one in stops)
        ),
    ]


def _what_holds(finding: str) -> str:
    """What the team's word bears out, with every answer that is accepted, and why."""
    words, states, proofs, why = FINDINGS[finding]
    state = " or ".join(STATES[one] for one in STATES if one in states)
    proof = " or ".join(PROOFS[one] for one in PROOFS if one in proofs)
    return f"{words}: {state}; {proof}. {why}"


def remarks(answers: Mapping[str, Any]) -> list[str]:
    """What of the answers does not hold, a sentence each, for the feedback. Says nothing of what is still open."""
    said = [_what_holds(row["finding"]) for row in _rows(answers) if not row_holds(row)]
    if answers.get("decision") == "go":
        said.append("Go: not while something is open, or only said to be mended.")
    if _too_soon(answers):
        said.append("Days: the contract is found next week at the earliest, and what is public cannot be taken back.")
    yes = set(answers.get("approvals", ()))
    if yes and not yes >= NEEDED_YES:
        said.append(
            "Approvals: whoever answers for the code, counsel and security always; here whoever holds the contracts "
            "and data protection as well, for a contractor wrote a part and staff data was in it."
        )
    said += [f"Approvals: {APPROVALS[one][0]} has no yes to give." for one in yes if not _sound(APPROVALS, one)]
    if not launch.valid(answers.get("name", "x")):
        said.append("Name: letters, digits, and - _ . in between; the index accepts no other.")
    if launch.taken(answers.get("name", ""), launch.known_names()):
        said.append("Name: taken, as the index compares names.")
    if not LICENCES.get(answers.get("licence", "MIT"), False):
        said.append("Licence: this one does not make it open source.")
    if not _sound(KEEPERS, answers.get("keeper", "team")) or not _sound(SUNSETS, answers.get("sunset", "renew")):
        said.append("Keeper and end: a role that is given the hours, and a condition that one can see.")
    said += [f"Stops: {STOPS[one][0]} is no reason." for one in answers.get("stops", ()) if not _sound(STOPS, one)]
    return said


def issue(answers: Mapping[str, Any]) -> str:
    """Write `release-readiness-report.md` into the portfolio and return its text; say so while answers are missing.

    answers: of the form "release".
    """
    rows = _rows(answers)
    if any(key not in answers for key in KEYS) or len(rows) < len(FINDINGS):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours = organisation.current()
    facts = {key: answers[key] for key in KEYS if key not in ("days", "approvals", "stops")}
    paper = ReleaseReport(
        organisation=answers.get("organisation") or ours.name,
        written=date.today(),
        findings=tuple(Finding(**row) for row in rows),
        approvals=tuple(answers["approvals"]),
        stops=tuple(answers["stops"]),
        day=date.today() + timedelta(days=answers["days"]),
        for_us=for_us(ours),
        **facts,
    )
    return papers.issued(paper, ours)
