"""The dependency watch list: which projects an office watches, by which definition of control, and what rings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ospolab import control
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["AS_OF", "PROJECTS", "Entry", "WatchList", "faults", "for_us", "issue", "parts", "remarks", "today"]

AS_OF = date(2026, 8, 21)  # of the list of maintainers
ROWS = ("first", "second", "third")

# What can be watched: projects of the list about which the definitions disagree.
PROJECTS = [
    *("Contour", "Dapr", "Falco", "Flux", "Harbor", "Jaeger"),
    *("Knative", "Kyverno", "Longhorn", "Rook", "Strimzi", "Vitess"),
]
# Definition -> (column of `control.cards`, words, unit).
BY = {
    "share": ("largest employer, %", "share of the largest employer", "%"),
    "elephant": ("elephant factor", "elephant factor", ""),
    "people": ("people for half", "people who hold half of the seats", ""),
    "left": ("would be left", "seats left without the largest employer", ""),
}
# Trigger -> (words, definitions it goes with).
TRIGGERS = {
    "half": ("the largest employer reaches half of the seats", {"share", "elephant", "left"}),
    "two-thirds": ("the largest employer reaches two thirds of the seats", {"share", "elephant", "left"}),
    "left": ("fewer than three seats would be left without the largest employer", {"share", "elephant", "left"}),
    "owner": ("the largest employer is sold, or withdraws people from the project", set(BY)),
    "rules": ("licence, trademark or contributor agreement change hands or terms", {"share", "elephant", "left"}),
    "leaves": ("a maintainer leaves and nobody follows within three months", {"people", "left"}),
    "silence": ("no release and no answered question for six months", {"people", "left"}),
    "stars": ("it loses a tenth of its stars", set()),
    "level": ("it moves up a level in its foundation", set()),
}
OWNERS = {
    "contact": "the office's contact for this project",
    "engineering": "the engineering team that uses it most",
    "procurement": "whoever holds the contract with its vendor",
}
# First step -> (words, whether it is one that an office can defend).
ANSWERS = {
    "ask": ("ask in the project's own channel what will change", True),
    "rules": ("read, or ask for, the rules on votes and releases", True),
    "people": ("offer maintainer time of our own", True),
    "fallback": ("name an alternative, and try it for a week", True),
    "fork": ("fork it the same day", False),
    "note": ("note it in the dashboard", False),
}
FOR_US = {
    "business": "What one vendor can change for itself, it can change for us: know the way out before we need it.",
    "education": "Our projects outlive contracts and vendors. A watched dependency goes into the data management plan.",
    "business-education": "We teach it. Participants should hear from us, not from the news, whose product it is.",
    "government": "Dependence on one company is what procurement must be able to explain. This list is its first page.",
    "non-government": "We cannot follow many projects. Share this list with organisations like ours, and divide it.",
}
NEEDED = ("entries", "rights", "why", "decision", "review")
CELLS = ("project", "by", "figure", "trigger", "owner", "answer")

By = Literal["share", "elephant", "people", "left"]
Trigger = Literal["half", "two-thirds", "left", "owner", "rules", "leaves", "silence", "stars", "level"]
Owner = Literal["contact", "engineering", "procurement"]
Answer = Literal["ask", "rules", "people", "fallback", "fork", "note"]


class Entry(BaseModel):
    """One watched project. by: the definition of control, a key of BY. figure: what it is today, in BY's unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: str
    by: By
    figure: float = Field(ge=0)
    trigger: Trigger
    owner: Owner
    answer: Answer


class WatchList(Issued):
    """A dependency watch list. as_of: the day of the list of maintainers that its figures come from."""

    NAME: ClassVar[str] = "dependency-watch-list"
    TITLE: ClassVar[str] = "Dependency watch list"
    LESSON: ClassVar[str] = "environmentalist/governance"

    as_of: date
    entries: tuple[Entry, ...] = Field(min_length=1)
    why: str
    decision: str
    for_us: str
    review_in_months: int = Field(ge=1)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = []
        if self.organisation != organisation.name:
            said.append(f"It is for {self.organisation}; the portfolio is that of {organisation.name}.")
        projects = [entry.project for entry in self.entries]
        said += [f"{project} stands in it twice." for project in sorted({p for p in projects if projects.count(p) > 1})]
        for entry in self.entries:
            said += faults(entry)
        if organisation.ships_products and self.review_in_months > 12:
            said.append("What is shipped is looked at again within a year; here the next look is later.")
        if organisation.segment == "government" and not any(entry.answer == "fallback" for entry in self.entries):
            said.append("Nowhere is an alternative named: a public office has to be able to show its way out.")
        return said

    def words(self) -> dict[str, Any]:
        return {
            "rows": [
                {
                    "project": entry.project,
                    "by": BY[entry.by][1],
                    "figure": _shown(entry),
                    "trigger": TRIGGERS[entry.trigger][0],
                    "owner": OWNERS[entry.owner],
                    "answer": ANSWERS[entry.answer][0],
                }
                for entry in self.entries
            ],
            "blank": papers.BLANK,
        }


def _shown(entry: Entry) -> str:
    """A figure with its unit, and with the employer it is about, where one holds a third of the seats or more."""
    text = f"{entry.figure:g} {BY[entry.by][2]}".strip()
    if entry.by == "people" or (today(entry.project, "share") or 0) < 100 / 3:
        return text
    named = control.seats(entry.project).drop(control.UNSTATED, errors="ignore")
    return f"{text} ({'without ' if entry.by == 'left' else ''}{named.index[0]})"


def for_us(ours: Organisation) -> str:
    """What dependence on one employer means for an organisation of this kind."""
    return FOR_US[ours.segment]


def today(project: str, by: str) -> float | None:
    """The figure of a project by one definition; None for a project that the list does not have."""
    cards = control.cards()
    return float(cards.loc[project, BY[by][0]]) if project in cards.index else None


def figure_holds(project: str, by: str, figure: float) -> bool:
    """Whether a figure is that of the list. Shares may be rounded to whole per cents."""
    now = today(project, by)
    return now is not None and abs(figure - now) <= (0.6 if by == "share" else 0)


def rings_already(project: str, trigger: str) -> bool:
    """Whether a trigger has rung before it was set: it would tell nothing new. Events do not show in a list."""
    card = control.cards().loc[project]
    share = card["largest employer, %"]
    rung = {"half": share >= 50, "two-thirds": share >= 200 / 3, "left": card["would be left"] < 3}
    return bool(rung.get(trigger, False))


def trigger_holds(project: str, by: str, trigger: str) -> bool:
    """Whether a trigger goes with the definition of control and has not rung yet."""
    return by in TRIGGERS[trigger][1] and project in control.cards().index and not rings_already(project, trigger)


def faults(entry: Entry) -> list[str]:
    """What of an entry does not hold, a sentence each."""
    name, (words, goes_with) = entry.project, TRIGGERS[entry.trigger]
    now = today(name, entry.by)
    if now is None:
        return []  # a project of their own: its figures are not ours to judge
    said = []
    if not figure_holds(name, entry.by, entry.figure):
        said.append(f"{name}: {BY[entry.by][1]} is {entry.figure:g} here; the list of {AS_OF} gives {now:g}.")
    if entry.by not in goes_with:
        said.append(f'{name}: "{words}" says nothing about the {BY[entry.by][1]}.')
    elif rings_already(name, entry.trigger):
        said.append(f'{name}: "{words}" is already so. A trigger that has rung tells nothing new.')
    if not ANSWERS[entry.answer][1]:
        said.append(f'{name}: "{ANSWERS[entry.answer][0]}" is no first step that helps.')
    return said


def _whole(watch: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The entries in which no cell is open."""
    entries = watch.get("entries") or {}
    return [entries[row] for row in ROWS if all(cell in entries.get(row, {}) for cell in CELLS)]


def parts(watch: Mapping[str, Any]) -> list[bool | float]:
    """How far each part of a list holds: figures, choice, triggers, first steps, release rights with review, words.

    watch: answers of the form "watch"; anything may be missing. Parts about entries are shares of three. What could be
    had by clicking counts with what could not: a choice with figures that hold, a first step with its trigger.
    """
    entries = _whole(watch)

    def share(holds) -> float:
        return sum(holds(entry) for entry in entries) / len(ROWS)

    projects, definitions = {e["project"] for e in entries}, {e["by"] for e in entries}
    words = [str(watch.get(key, "")) for key in ("why", "decision")]
    figures = share(lambda e: figure_holds(e["project"], e["by"], e["figure"]))
    return [
        figures,
        len(projects) == len(ROWS) and len(definitions) >= 2 and figures > 0.5,
        share(lambda e: trigger_holds(e["project"], e["by"], e["trigger"])),
        share(lambda e: trigger_holds(e["project"], e["by"], e["trigger"]) and ANSWERS[e["answer"]][1]),
        watch.get("rights") == "ask" and watch.get("review", 99) <= 12,
        all(words) and not any("@" in word for word in words),
    ]


def remarks(watch: Mapping[str, Any]) -> list[str]:
    """What of the answers does not hold, a sentence each, for the feedback. Says nothing of what is still open."""
    entries = _whole(watch)
    said = [fault for entry in entries for fault in faults(Entry(**{cell: entry[cell] for cell in CELLS}))]
    if len(entries) == len(ROWS) and len({entry["project"] for entry in entries}) < len(ROWS):
        said.append("A project stands in the list twice.")
    if len(entries) == len(ROWS) and len({entry["by"] for entry in entries}) < 2:
        said.append("All three are watched by one definition of control: the list sees one fear only.")
    if watch.get("rights", "ask") != "ask":
        said.append("Who may publish a release stands in no table of ours: the list has to ask.")
    if watch.get("review", 0) > 12:
        said.append("A list that nobody reads for more than a year is forgotten.")
    return said


def issue(watch: Mapping[str, Any]) -> str:
    """Write `dependency-watch-list.md` into the portfolio and return its text; say so while answers are missing.

    watch: answers of the form "watch".
    """
    entries = _whole(watch)
    if any(key not in watch for key in NEEDED) or len(entries) < len(ROWS):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours = organisation.current()
    paper = WatchList(
        organisation=watch.get("organisation") or ours.name,
        written=date.today(),
        as_of=AS_OF,
        entries=tuple(Entry(**{cell: entry[cell] for cell in CELLS}) for entry in entries),
        why=watch["why"],
        decision=watch["decision"],
        for_us=for_us(ours),
        review_in_months=watch["review"],
    )
    written = papers.write(paper)
    said = [f"- {problem}" for problem in paper.complaints(ours.model_copy(update={"name": paper.organisation}))]
    mend = ["**Before it goes out:**", "\n".join(said)] if said else []
    return "\n\n".join([papers.render(paper), *mend, f"---\n*{written}*"])


def choices() -> pd.DataFrame:
    """The figures of the projects that can be watched, for the exercise; what no figure needs would not fit a phone."""
    shown = control.cards().loc[PROJECTS, [column for column, _, _ in BY.values()]]
    return shown.rename(columns={BY["share"][0]: "largest, %", BY["left"][0]: "seats left"})
