"""The InnerSource candidates: which internal repositories open up first, what is in the way, and what helps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab.lessons import inside
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["PATTERNS", "Candidate", "InnerSourceCandidates", "faults", "for_us", "issue", "parts", "remarks"]

ROWS = ("first", "second", "third")
# Patterns of InnerSource Commons, CC-BY-SA-4.0: names theirs, words ours.
PATTERNS = {
    "base-documentation": "Standard Base Documentation: the usual questions answered in the usual files",
    "communication-tooling": "Communication Tooling: one public, searchable place for questions",
    "trusted-committer": "Trusted Committer: people of other teams who have earned the right to review",
    "warranty": "30 Day Warranty: who contributes repairs it, for a month after it is in use (a promise between teams)",
    "contracted-contributor": "Contracted Contributor: the line agrees to the hours, in writing",
    "common-requirements": "Common Requirements: the teams agree what the shared part must do, and it is reshaped",
    "core-team": "Core Team: a small team with time for the foundations, so that others can add to it",
    "portal": "InnerSource Portal: one page on which repositories can be found",
    "license": "InnerSource License: one agreement between the companies of a group on who may use and change what",
}
MEASURES = {
    "wait": ("middle wait for a first answer to other teams' changes, open ones counted", True),
    "merged": ("changes of other teams that were merged, beside those that came back as faults", True),
    "teams": ("number of other teams that have had a change merged", True),
    "score": ("its activity score", False),
    "stars": ("its stars on the internal platform", False),
    "commits": ("commits of each person", False),
}
SCORE_FOR = {
    "sorting": ("for the order on the portal's page, where new and busy things may come first", True),
    "choosing": ("to choose the candidates: the highest first", False),
    "rating": ("to rate host teams at the end of the year", False),
}
FOR_US = {
    "business": "Where teams sit in different companies of the group, agree with tax and legal before code moves.",
    "education": "Institutes are teams with other employers' money: write down what the funders allow.",
    "business-education": "We teach it best with an example of our own: publish what we learned, not the code.",
    "government": "Another authority can be another legal person, and handing over code a distribution: ask first.",
    "non-government": "We are few. One shared repository that three offices use is worth more than a programme.",
}
NEEDED = ("entries", "score", "why", "review")
CELLS = ("repository", "teams", "pattern", "measure")

Pattern = Literal[
    "base-documentation", "communication-tooling", "trusted-committer", "warranty",
    "contracted-contributor", "common-requirements", "core-team", "portal", "license",
]  # fmt: skip


class Candidate(BaseModel):
    """One repository to open up. teams: other teams that use it today. pattern: of PATTERNS. measure: of MEASURES."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repository: str
    teams: int = Field(ge=0)
    pattern: Pattern
    measure: Literal["wait", "merged", "teams", "score", "stars", "commits"]


class InnerSourceCandidates(Issued):
    """The candidates. score: what the activity score is used for, a key of SCORE_FOR."""

    NAME: ClassVar[str] = "innersource-candidates"
    TITLE: ClassVar[str] = "InnerSource candidates"
    LESSON: ClassVar[str] = "enabler/community-engagement"

    entries: tuple[Candidate, ...] = Field(min_length=1)
    score: Literal["sorting", "choosing", "rating"]
    why: str
    for_us: str
    review_in_months: int = Field(ge=1)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = self.misplaced(organisation)
        names = [entry.repository for entry in self.entries]
        said += [f"{name} stands in it twice." for name in sorted({n for n in names if names.count(n) > 1})]
        for entry in self.entries:
            said += faults(entry)
        if not SCORE_FOR[self.score][1]:
            said.append("The activity score says how busy a repository looks: it sorts a page, and chooses nothing.")
        if self.review_in_months > 12:
            said.append("Candidates that nobody looks at for more than a year are a list, not a programme.")
        if organisation.people < 50 and len(set(names)) > 3:
            said.append("With so few people, more than three at once is nobody's work.")
        return said

    def words(self) -> dict[str, Any]:
        return {
            "rows": [
                (entry.repository, entry.teams, PATTERNS[entry.pattern], MEASURES[entry.measure][0])
                for entry in self.entries
            ],
            "score": SCORE_FOR[self.score][0],
            "blank": papers.BLANK,
        }


def for_us(ours: Organisation) -> str:
    """What to look out for inside an organisation of this kind."""
    return FOR_US[ours.segment]


def _rows() -> dict[str, dict[str, Any]]:
    return inside.portfolio(inside.OFFERED).to_dict(orient="index")


def faults(entry: Candidate) -> list[str]:
    """What of an entry does not hold, a sentence each. A repository of their own is not judged but for its measure."""
    said, row, name = [], _rows().get(entry.repository), entry.repository
    if row is not None:
        if not inside.holds_as_candidate(row):
            said.append(
                f"{name}: {row['teams']} other teams use it, {row['asked']} changes wait, and the host says "
                f"“{row['host']}”. A first candidate is wanted by at least {inside.FEWEST_TEAMS} teams, with at least "
                f"{inside.FEWEST_ASKED} changes, and its hosts agree."
            )
        if entry.teams != row["teams"]:
            said.append(f"{name}: {row['teams']} other teams use it, not {entry.teams}.")
        if inside.holds_as_candidate(row) and entry.pattern not in inside.OBSTACLES[name][1]:
            said.append(f"{name}: “{inside.OBSTACLES[name][0]}” The pattern chosen does not answer that.")
    if not MEASURES[entry.measure][1]:
        said.append(f"{name}: “{MEASURES[entry.measure][0]}” can rise while nobody is helped.")
    return said


def _whole(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    return papers.whole(given, ROWS, CELLS)


def parts(given: Mapping[str, Any]) -> list[bool | float]:
    """How far each part holds: choice, reach, patterns, measures, words with the use of the score.

    given: answers of the form "candidates"; anything may be missing. Shares of three; a repository named twice counts
    once. Reach, pattern and measure count only for one that holds as a candidate.
    """
    rows, entries = _rows(), _whole(given)
    sound = {e["repository"]: e for e in entries if inside.holds_as_candidate(rows[e["repository"]])}

    def share(holds) -> float:
        return sum(holds(name, entry) for name, entry in sound.items()) / len(ROWS)

    return [
        len(sound) / len(ROWS),
        share(lambda name, entry: entry["teams"] == rows[name]["teams"]),
        share(lambda name, entry: entry["pattern"] in inside.OBSTACLES[name][1]),
        share(lambda _, entry: MEASURES[entry["measure"]][1]),
        bool(given.get("why")) and "@" not in str(given.get("why")) and given.get("score") == "sorting"
        and given.get("review", 99) <= 12,
    ]  # fmt: skip


def remarks(given: Mapping[str, Any]) -> list[str]:
    """What of the answers does not hold, for the feedback. Says nothing of what is still open."""
    entries = _whole(given)
    said = [fault for entry in entries for fault in faults(Candidate(**{cell: entry[cell] for cell in CELLS}))]
    if len({entry["repository"] for entry in entries}) < len(entries):
        said.append("A repository stands in the list twice.")
    if given.get("score", "sorting") != "sorting":
        said.append("The activity score says how busy a repository looks: it sorts a page, and chooses nothing.")
    if given.get("review", 0) > 12:
        said.append("Candidates that nobody looks at for more than a year are a list, not a programme.")
    if "@" in str(given.get("why", "")):
        said.append("The reason holds an address: a paper names teams, and no people or addresses.")
    return said


def issue(given: Mapping[str, Any]) -> str:
    """Write `innersource-candidates.md` into the portfolio and return its text; say so while answers are missing.

    given: answers of the form "candidates".
    """
    entries = _whole(given)
    if any(key not in given for key in NEEDED) or len(entries) < len(ROWS):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours = organisation.current()
    paper = InnerSourceCandidates(
        organisation=given.get("organisation") or ours.name,
        written=date.today(),
        entries=tuple(Candidate(**{cell: entry[cell] for cell in CELLS}) for entry in entries),
        score=given["score"],
        why=given["why"],
        for_us=for_us(ours),
        review_in_months=given["review"],
    )
    return papers.issued(paper, ours)
