"""The charter: one page that says what the office is for, who stands behind it, and what it leaves to others.

What a charter needs and what has no place in it depends on the sector and on what is shipped; the rules and their
reasons are in `charter.yml`. They are rules of this course, not law.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import yaml
from pydantic import Field, field_validator

from ospolab.portfolio import papers
from ospolab.portfolio.organisation import SEGMENTS, Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["Charter", "Clause", "clauses", "issue", "out_of_place", "parts", "required", "vocabulary"]

FIELDS = ("aim", "sponsor", "home", "mandate", "clauses", "days", "results", "review")


@dataclass(frozen=True)
class Clause:
    """What a charter may hold. words: what is offered. sentence: how it then stands there, with blanks to fill.

    why: the reason for its rule, or for being good anywhere. required, out_of_place: segments.
    required_if_ships: keys of `organisation.SHIPS`.
    """

    words: str
    sentence: str
    why: str
    required: frozenset[str] = frozenset()
    out_of_place: frozenset[str] = frozenset()
    required_if_ships: frozenset[str] = frozenset()


@cache
def _rules() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))


def vocabulary(of: str) -> dict[str, str]:
    """Key -> words of what can be chosen for `of`: "mandate", "sponsors" or "homes". Raises KeyError."""
    return dict(_rules()[of])


@cache
def clauses() -> dict[str, Clause]:
    """All clauses by key, in the order in which they are offered. Do not change what is returned: it is shared."""

    def segments(names: list[str]) -> frozenset[str]:
        return frozenset(SEGMENTS if names == ["all"] else names)

    return {
        key: Clause(
            words=rule["words"],
            sentence=rule.get("sentence", rule["words"]),
            why=rule["why"],
            required=segments(rule.get("required", [])),
            out_of_place=segments(rule.get("out_of_place", [])),
            required_if_ships=frozenset(rule.get("required_if_ships", [])),
        )
        for key, rule in _rules()["clauses"].items()
    }


def required(organisation: Organisation) -> list[str]:
    """Keys of the clauses that a charter of this organisation must hold."""
    return [
        key
        for key, clause in clauses().items()
        if organisation.segment in clause.required or clause.required_if_ships & set(organisation.ships)
    ]


def out_of_place(organisation: Organisation) -> list[str]:
    """Keys of the clauses that have no place in a charter of this organisation."""
    return [key for key, clause in clauses().items() if organisation.segment in clause.out_of_place]


class Charter(Issued):
    """A charter. sponsor, home, mandate, clauses: keys of the vocabulary and of `clauses`. days: working days a month
    the office has, all its people together. results: what it will have done after a year. review_in_months: when the
    charter is looked at again.
    """

    NAME: ClassVar[str] = "charter"
    TITLE: ClassVar[str] = "Charter"
    LESSON: ClassVar[str] = "foundations/one-office-many-forms"

    aim: str = Field(min_length=1)
    sponsor: str
    home: str
    mandate: tuple[str, ...] = Field(min_length=1)
    clauses: tuple[str, ...] = ()
    days: float = Field(gt=0)
    results: str = Field(min_length=1)
    review_in_months: int = Field(ge=1, le=36)

    @field_validator("sponsor", "home", "mandate", "clauses")
    @classmethod
    def _known(cls, value: str | tuple[str, ...], info: Any) -> str | tuple[str, ...]:
        of = {"sponsor": "sponsors", "home": "homes"}.get(info.field_name, info.field_name)
        known = clauses() if of == "clauses" else vocabulary(of)
        for key in (value,) if isinstance(value, str) else value:
            if key not in known:
                raise ValueError(f'there is no "{key}"; expected one of: {", ".join(known)}')
        return value

    def complaints(self, organisation: Organisation) -> list[str]:
        known = clauses()
        said = [
            f"A charter of {organisation.name} needs this: {known[key].words} {known[key].why}"
            for key in required(organisation)
            if key not in self.clauses
        ]
        said += [
            f"This has no place in a charter of {organisation.name}: {known[key].words} {known[key].why}"
            for key in out_of_place(organisation)
            if key in self.clauses
        ]
        if len(self.mandate) > self.days:
            said.append(
                f"It promises {len(self.mandate)} activities on {self.days:g} days a month. A promise needs a day a "
                "month at the least: promise less, or ask for more."
            )
        if "@" in f"{self.aim} {self.results}":
            said.append("It holds an address. Name roles: people change, and a charter stays.")
        return said

    def words(self) -> dict[str, Any]:
        mandate, offered = vocabulary("mandate"), clauses()
        return {
            "sponsor": vocabulary("sponsors")[self.sponsor],
            "home": vocabulary("homes")[self.home],
            "mandate": [mandate[key] for key in self.mandate],
            "sentences": [offered[key].sentence for key in offered if key in self.clauses],
        }


def parts(answers: Mapping[str, Any], organisation: Organisation | None) -> list[bool]:
    """Whether each part of a charter holds: who and what for; what the sector requires; nothing out of place; no more
    promised than the days allow, and a date to look at it again.

    answers: of the form "charter" (fields aim, sponsor, home, mandate, clauses, days, results, review), each one the
    form accepts; any may be missing. organisation: whose charter it is; None, and no rule can be met.
    """
    ticked = set(answers.get("clauses", ()))
    text = f"{answers.get('aim', '')} {answers.get('results', '')}"
    who = all(field in answers for field in ("aim", "sponsor", "home")) and "@" not in text
    has_all = organisation is not None and set(required(organisation)) <= ticked
    has_none = organisation is not None and bool(ticked) and not set(out_of_place(organisation)) & ticked
    promised, days = len(answers.get("mandate", ())), answers.get("days", 0)
    return [who, has_all, has_none, 0 < promised <= days and "results" in answers and "review" in answers]


def issue(answers: Mapping[str, Any], organisation: Organisation | None) -> str:
    """Write `charter.md` into the portfolio and return its text, and how many of its rules do not hold; while answers
    are missing, say that instead. Arguments as for `parts`.
    """
    if organisation is None:
        return "Not written yet: the form of your organisation is still open. Fill it in, and run this cell again."
    if any(field not in answers for field in FIELDS):
        return "Not written yet: the form above is not complete; its check names what is missing."
    facts = {key: answers[key] for key in FIELDS if key != "review"}
    charter = Charter(organisation=organisation.name, written=date.today(), review_in_months=answers["review"], **facts)
    path = papers.write(charter)
    said = f"{papers.render(charter)}\n\n---\n*Written to `{path.parent.name}/{path.name}`.*"
    if number := len(charter.complaints(organisation)):
        things = "1 thing does" if number == 1 else f"{number} things do"
        said += (
            f"\n\n**Before it is signed:** {things} not hold for {organisation.name}. Think first which; "
            "`.venv/bin/ospolab portfolio`, typed in the folder of the course, names them with the reasons."
        )
    return said
