"""The community plan: what is done for newcomers of one project, the three measures that judge it, and when to stop."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, ClassVar, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ospolab import retention
from ospolab.lessons import staying_tasks
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued
from ospolab.survey import wilson

__all__ = ["CommunityPlan", "Entry", "baselines_shown", "faults", "for_us", "issue", "parts", "remarks"]

ROWS = ("first", "second", "third")
CELLS = ("measure", "baseline", "target", "months", "how", "stop")

# Projects to plan for: those whose shares of today rest on five people or more.
PROJECTS = ["curl", "faker", "redis", "scorecard", "terraform"]

# Measure -> (words, unit, which way is better, months until it can be judged). HISTORY comes from a project's commits,
# TRACKER from its tracker; the others are no measures of a plan.
HISTORY = {
    "back": ("newcomers who came back within four quarters", "%", 1, 24),
    "three": ("newcomers who made three commits within four quarters", "%", 1, 24),
    "second-year": ("newcomers who are active in their second year", "%", 1, 36),
}
TRACKER = {
    "response": ("days until half of all requests had an answer by a person", "days", -1, 2),
    "silent": ("requests closed in a month without a word by a person", "", -1, 2),
    "backlog": ("requests open at the end of a month", "", -1, 2),
}
VANITY = {
    "stars": ("stars and followers", "vanity: nobody decides anything by it"),
    "reached": ("people reached by our events", "vanity: a raw count says nothing about who stayed"),
    "newest": ("this year's newcomers who have come back so far", "not to be had: they have not been here long enough"),
    "board": ("the ten most active people, by name", "a ranking of persons"),
}
MEASURES = HISTORY | TRACKER
# How it is collected -> (words, measures it goes with).
HOW = {
    "history": ("a script over the public history, counts only, bots and the last quarter left out", set(HISTORY)),
    "tracker": ("an export of the tracker, counts only, bots and authors' own words left out", set(TRACKER)),
    "impression": ("by the impression of those who work there", set()),
    "list": ("a list of every newcomer by name, kept by the office", set()),
}
# What would end it -> (words, measures it goes with).
STOP = {
    "cohorts": ("no better than the baseline in two full cohorts: end it, and spend the money otherwise", set(HISTORY)),
    "load": ("those who review say that it costs them more than it gives: pause it the same week", set(MEASURES)),
    "gamed": ("it gets better while the others get worse: drop the measure, it is being played", set(TRACKER)),
    "budget": ("when the budget is spent", set()),
    "never": ("nothing: it runs until it works", set()),
}
WHOSE = {
    "ours": "our own project",
    "agreed": "the project of others, and its maintainers have agreed",
    "first": "the project of others. The plan goes to its maintainers first; nothing starts before they have agreed",
    "unasked": "the project of others, and nobody has asked them",
}
ROLES = {
    "community": "the community manager",
    "office": "the head of the open source office",
    "maintainers": "a maintainer, with paid time for it",
    "nobody": "everybody together",
}
FOR_US = {
    "business": "Whoever comes back knows our product from inside. That is worth a plan, and no watching of people.",
    "education": "Our newcomers graduate. A second year is rare by design: say so before somebody calls it a failure.",
    "business-education": "Our participants are newcomers somewhere. Send them where somebody answers.",
    "government": "What we measure about people outside needs a purpose and an end. Counts are enough here.",
    "non-government": "We have few hours. Answering within two days costs less than an event, and more people feel it.",
}
NEEDED = ("project", "whose", "entries", "role", "budget", "decision", "review")

Measure = Literal[
    "back", "three", "second-year", "response", "silent", "backlog", "stars", "reached", "newest", "board"
]
How = Literal["history", "tracker", "impression", "list"]
Stop = Literal["cohorts", "load", "gamed", "budget", "never"]


class Entry(BaseModel):
    """One measure. baseline and target in its unit; months: after which the target is judged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    measure: Measure
    baseline: float = Field(ge=0)
    target: float = Field(ge=0)
    months: int = Field(ge=1)
    how: How
    stop: Stop


class CommunityPlan(Issued):
    """A community plan for the newcomers of `project`. budget: euro a year."""

    NAME: ClassVar[str] = "community-plan"
    TITLE: ClassVar[str] = "Community plan"
    LESSON: ClassVar[str] = "advocate/community-engagement"

    project: str
    whose: Literal["ours", "agreed", "first", "unasked"]
    entries: tuple[Entry, ...] = Field(min_length=1)
    role: Literal["community", "office", "maintainers", "nobody"]
    budget: float = Field(ge=0)
    decision: str
    for_us: str
    review_in_months: int = Field(ge=1)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = self.misplaced(organisation)
        names = [entry.measure for entry in self.entries]
        said += [f"“{_words(name)}” stands in it twice." for name in sorted({n for n in names if names.count(n) > 1})]
        for entry in self.entries:
            said += faults(self.project, entry)
        if not set(names) & set(HISTORY):
            said.append("No measure says whether anybody stayed; the others say only how they were met.")
        if self.whose == "unasked":
            said.append(f"Nobody has asked the maintainers of {self.project}: whose newcomers are they?")
        if self.whose == "ours" and "publishes" not in organisation.uses:
            said.append(f"{organisation.name} publishes no project of its own: ask whose {self.project} is, and agree.")
        if self.role == "nobody":
            said.append("Everybody together is nobody: name a role.")
        if self.review_in_months > 12:
            said.append("The plan is looked at again within a year; here the next look is later.")
        return said

    def words(self) -> dict[str, Any]:
        return {
            "whose_words": WHOSE[self.whose],
            "role_words": ROLES[self.role],
            "rows": [
                {
                    "measure": _words(entry.measure),
                    "baseline": _shown(entry.measure, entry.baseline),
                    "target": _shown(entry.measure, entry.target),
                    "of": _of(self.project, entry.measure),
                    "months": entry.months,
                    "how": HOW[entry.how][0],
                    "stop": STOP[entry.stop][0],
                }
                for entry in self.entries
            ],
            "blank": papers.BLANK,
            "tracked": any(entry.measure in TRACKER for entry in self.entries),
        }


def _words(measure: str) -> str:
    return (MEASURES | VANITY)[measure][0]


def _shown(measure: str, value: float) -> str:
    unit = MEASURES[measure][1] if measure in MEASURES else ""
    return f"{value:g} {unit}".strip()


def _of(project: str, measure: str) -> str:
    if measure in HISTORY and project in PROJECTS:
        row = _baselines(project).loc[measure]
        low, high = wilson(round(row["share"] * row["of"] / 100), row["of"])
        return (
            f"{row['of']} newcomers, first change {row['first change']}; "
            f"chance alone can move such a share from {100 * low:.0f} to {100 * high:.0f} %"
        )
    return "" if measure in HISTORY else "**practice figure of an invented tracker**"


@cache
def _baselines(project: str) -> pd.DataFrame:
    return retention.baselines(project)


def today(project: str, measure: str) -> float | None:
    """The baseline of a measure; None for a project that the table does not have, or for what is no measure."""
    if measure in HISTORY:
        return float(_baselines(project).loc[measure, "share"]) if project in PROJECTS else None
    key = {"response": "middle", "silent": "silent", "backlog": "backlog"}.get(measure)
    return float(staying_tasks.tracker_key()[key][0]) if key else None


def baseline_holds(project: str, measure: str, baseline: float) -> bool:
    """Whether a baseline is that of the data. Shares may be rounded to whole per cents."""
    now = today(project, measure)
    return now is not None and abs(baseline - now) <= (0.6 if measure in HISTORY else 0)


def better(entry: Entry) -> bool:
    """Whether the target is better than the baseline, and can be reached at all."""
    if entry.measure not in MEASURES:
        return False
    _, unit, way, _ = MEASURES[entry.measure]
    return way * (entry.target - entry.baseline) > 0 and not (unit == "%" and entry.target > 100)


def least_months(measure: str) -> int:
    """After how many months a measure has something to judge: a year in which newcomers come, and the whole window."""
    return MEASURES[measure][3]


def late_enough(entry: Entry) -> bool:
    """Whether the target is judged when there is something to judge."""
    return entry.measure in MEASURES and entry.months >= least_months(entry.measure)


def faults(project: str, entry: Entry) -> list[str]:
    """What of an entry does not hold, a sentence each."""
    name = _words(entry.measure)
    if entry.measure in VANITY:
        return [f"“{name}”: {VANITY[entry.measure][1]}."]
    said, now = [], today(project, entry.measure)
    if now is not None and not baseline_holds(project, entry.measure, entry.baseline):
        shown = f"{now:.1f}" if entry.measure in HISTORY else f"{now:g}"
        said.append(f"“{name}”: the baseline is {entry.baseline:g} here; the data gives {shown}.")
    if not better(entry):
        said.append(f"“{name}”: from {entry.baseline:g} to {entry.target:g} is not better, or cannot be.")
    if not late_enough(entry):
        least = least_months(entry.measure)
        said.append(f"“{name}” cannot be judged after {entry.months} months: its first full window takes {least}.")
    if entry.measure not in HOW[entry.how][1]:
        said.append(f"“{name}” cannot, or must not, be collected as {HOW[entry.how][0]}.")
    if entry.measure not in STOP[entry.stop][1]:
        said.append(f"“{name}”: “{STOP[entry.stop][0]}” is no condition that this measure can meet.")
    return said


def for_us(ours: Organisation) -> str:
    """What newcomers mean for an organisation of this kind."""
    return FOR_US[ours.segment]


def _entries(plan: Mapping[str, Any]) -> list[Entry]:
    return [Entry(**{cell: entry[cell] for cell in CELLS}) for entry in papers.whole(plan, ROWS, CELLS)]


def parts(plan: Mapping[str, Any]) -> list[bool | float]:
    """How far each part holds: baselines, choice of measures, targets, time, collection and stop, frame.

    plan: answers of the form "plan"; anything may be missing. Parts about entries are shares of three. What could be
    had by clicking counts with what could not: time and collection count for measures whose baseline holds.
    """
    entries, project = _entries(plan), str(plan.get("project", ""))

    def share(holds) -> float:
        return sum(bool(holds(entry)) for entry in entries) / len(ROWS)

    def based(entry: Entry) -> bool:
        return baseline_holds(project, entry.measure, entry.baseline)

    names = {entry.measure for entry in entries}
    good = names & set(MEASURES)
    words = str(plan.get("decision", ""))
    return [
        share(based),
        len(good) == len(ROWS) and bool(good & set(HISTORY)) and bool(good & set(TRACKER)),
        share(lambda entry: based(entry) and better(entry)),
        share(lambda entry: based(entry) and late_enough(entry)),
        share(lambda e: based(e) and e.measure in HOW[e.how][1] and e.measure in STOP[e.stop][1]),
        plan.get("whose", "unasked") != "unasked"
        and plan.get("role", "nobody") != "nobody"
        and "budget" in plan
        and plan.get("review", 99) <= 12
        and bool(words)
        and "@" not in words,
    ]


def remarks(plan: Mapping[str, Any]) -> list[str]:
    """What of the answers does not hold, a sentence each, for the feedback. Says nothing of what is still open."""
    entries, project = _entries(plan), str(plan.get("project", ""))
    said = [fault for entry in entries for fault in faults(project, entry)]
    names = {entry.measure for entry in entries}
    if len(entries) == len(ROWS) and not (len(names) == len(ROWS) and names & set(HISTORY) and names & set(TRACKER)):
        said.append("Three different measures: at least one of who stays, and at least one of how they are met.")
    if plan.get("whose") == "unasked":
        said.append("A plan for the newcomers of others begins with asking their maintainers.")
    if plan.get("role") == "nobody":
        said.append("Everybody together is nobody: name a role.")
    if plan.get("review", 0) > 12:
        said.append("A plan that nobody reads for more than a year is forgotten.")
    return said


def issue(plan: Mapping[str, Any]) -> str:
    """Write `community-plan.md` into the portfolio and return its text; say so while answers are missing.

    plan: answers of the form "plan".
    """
    entries = _entries(plan)
    if any(key not in plan for key in NEEDED) or len(entries) < len(ROWS):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours = organisation.current()
    paper = CommunityPlan(
        organisation=plan.get("organisation") or ours.name,
        written=date.today(),
        project=plan["project"],
        whose=plan["whose"],
        entries=tuple(entries),
        role=plan["role"],
        budget=plan["budget"],
        decision=plan["decision"],
        for_us=for_us(ours),
        review_in_months=plan["review"],
    )
    return papers.issued(paper, ours)


def baselines_shown() -> pd.DataFrame:
    """The baselines of the projects that a plan can be about, in per cent with their numbers of people."""
    rows = {
        project: {name: f"{row['share']:.1f} of {row['of']}" for name, row in _baselines(project).iterrows()}
        for project in PROJECTS
    }
    shown = pd.DataFrame(rows).T
    return shown.rename(columns={"back": "came back", "three": "3 commits", "second-year": "2nd year"})
