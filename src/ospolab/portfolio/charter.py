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

__all__ = ["Charter", "Clause", "clauses", "complaints", "issue", "out_of_place", "parts", "required", "vocabulary"]

FIELDS = ("aim", "not", "sponsor", "home", "mandate", "clauses", "days", "results", "review")


@dataclass(frozen=True)
class Clause:
    """What a charter may hold. words: what is offered. sentence: how it then stands there, with blanks to fill.

    why: the reason for its rule, or for being good anywhere. required, out_of_place: segments.
    only_if_ships: of these segments, required only of those that ship one of these (keys of `organisation.SHIPS`).
    required_if_ships: required of whoever ships one of these.
    """

    words: str
    sentence: str
    why: str
    required: frozenset[str] = frozenset()
    out_of_place: frozenset[str] = frozenset()
    only_if_ships: frozenset[str] = frozenset()
    required_if_ships: frozenset[str] = frozenset()

    def is_required(self, organisation: Organisation) -> bool:
        """Whether a charter of this organisation must hold it."""
        ships = set(organisation.ships)
        of_segment = organisation.segment in self.required and (not self.only_if_ships or self.only_if_ships & ships)
        return bool(of_segment or self.required_if_ships & ships)


@cache
def _rules() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))


def vocabulary(of: str) -> dict[str, str]:
    """Key -> words of what can be chosen for `of`: "mandate", "is_not", "sponsors" or "homes". Raises KeyError."""
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
            only_if_ships=frozenset(rule.get("only_if_ships", [])),
            required_if_ships=frozenset(rule.get("required_if_ships", [])),
        )
        for key, rule in _rules()["clauses"].items()
    }


def required(organisation: Organisation) -> list[str]:
    """Keys of the clauses that a charter of this organisation must hold."""
    return [key for key, clause in clauses().items() if clause.is_required(organisation)]


def out_of_place(organisation: Organisation) -> list[str]:
    """Keys of the clauses that have no place in a charter of this organisation."""
    return [key for key, clause in clauses().items() if organisation.segment in clause.out_of_place]


def complaints(answers: Mapping[str, Any], organisation: Organisation) -> list[str]:
    """What of a charter does not hold for the organisation, each with its reason: clauses that are missing or have no
    place, promises without days, addresses. answers: as for `parts`.
    """
    known, ticked = clauses(), set(answers.get("clauses", ()))
    said = [
        f"A charter of {organisation.name} needs this: {known[key].words} {known[key].why}"
        for key in required(organisation)
        if key not in ticked
    ]
    said += [
        f"This has no place in a charter of {organisation.name}: {known[key].words} {known[key].why}"
        for key in out_of_place(organisation)
        if key in ticked
    ]
    promised, days = len(answers.get("mandate", ())), answers.get("days", 0)
    if promised > days:
        said.append(
            f"It promises {promised} activities on {days:g} days a month. A promise needs a day a month at the least: "
            "promise less, or ask for more."
        )
    if _has_address(answers):
        said.append("It holds an address. Name roles: people change, and a charter stays.")
    return said


def _has_address(answers: Mapping[str, Any]) -> bool:
    return "@" in f"{answers.get('aim', '')} {answers.get('results', '')}"


class Charter(Issued):
    """A charter. is_not, sponsor, home, mandate, clauses: keys of the vocabulary and of `clauses`. results: what the
    office will have done after a year. days: working days a month it has, all its people together. review_in_months:
    when the charter is looked at again.
    """

    NAME: ClassVar[str] = "charter"
    TITLE: ClassVar[str] = "Charter"
    LESSON: ClassVar[str] = "foundations/one-office-many-forms"

    aim: str = Field(min_length=1)
    is_not: tuple[str, ...]
    sponsor: str
    home: str
    mandate: tuple[str, ...] = Field(min_length=1)
    clauses: tuple[str, ...] = ()
    days: float = Field(gt=0)
    results: str = Field(min_length=1)
    review_in_months: int = Field(ge=1, le=36)

    @field_validator("is_not", "sponsor", "home", "mandate", "clauses")
    @classmethod
    def _known(cls, value: str | tuple[str, ...], info: Any) -> str | tuple[str, ...]:
        of = {"sponsor": "sponsors", "home": "homes"}.get(info.field_name, info.field_name)
        known = clauses() if of == "clauses" else vocabulary(of)
        for key in (value,) if isinstance(value, str) else value:
            if key not in known:
                raise ValueError(f'there is no "{key}"; expected one of: {", ".join(known)}')
        return value

    def complaints(self, organisation: Organisation) -> list[str]:
        return complaints(self.model_dump(), organisation)

    def words(self) -> dict[str, Any]:
        mandate, is_not, offered = vocabulary("mandate"), vocabulary("is_not"), clauses()
        return {
            "is_not": [is_not[key] for key in self.is_not],
            "sponsor": vocabulary("sponsors")[self.sponsor],
            "home": vocabulary("homes")[self.home],
            "mandate": [mandate[key] for key in self.mandate],
            "sentences": [offered[key].sentence for key in offered if key in self.clauses],
        }


def parts(answers: Mapping[str, Any], organisation: Organisation | None) -> list[float]:
    """How far each part of a charter holds, from 0 to 1: who and what for; what the sector requires; nothing out of
    place; no more promised than the days allow, roles instead of addresses, and a date to look at it again.

    A sentence out of place spoils the list in which it stands: one takes half of what the required ones give, two take
    all of it. And only a list that holds half of what is required can be one with nothing out of place.
    answers: of the form "charter" (fields aim, sponsor, home, mandate, clauses, days, results, review), each one the
    form accepts; any may be missing. organisation: whose charter it is; None, and no rule can be met.
    """
    who = all(field in answers for field in ("aim", "sponsor", "home"))
    promised, days = len(answers.get("mandate", ())), answers.get("days", 0)
    dated = "results" in answers and "review" in answers
    fits = 0 < promised <= days and dated and not _has_address(answers)
    if organisation is None:
        return [who, 0, 0, fits]
    ticked, needed = set(answers.get("clauses", ())), set(required(organisation))
    spoiled = len(ticked & set(out_of_place(organisation)))
    listed = len(ticked & needed) / len(needed)
    return [who, listed * max(0, 1 - spoiled / 2), spoiled == 0 and listed >= 0.5, fits]


def issue(answers: Mapping[str, Any], organisation: Organisation | None) -> str:
    """Write `charter.md` into the portfolio and return its text, and how many of its rules do not hold; while answers
    are missing, say that instead. Arguments as for `parts`.
    """
    if organisation is None:
        return "Not written yet: the form of your organisation is still open. Fill it in, and run this cell again."
    if any(field not in answers for field in FIELDS):
        return "Not written yet: the form above is not complete; its check names what is missing."
    named = {"not": "is_not", "review": "review_in_months"}
    facts = {named.get(key, key): answers[key] for key in FIELDS}
    # What an office is may be ticked among what it is not: the check says so, and a charter has no words for it.
    facts["is_not"] = [key for key in facts["is_not"] if key in vocabulary("is_not")]
    charter = Charter(organisation=organisation.name, written=date.today(), **facts)
    written = papers.write(charter)
    blanks = written.path.read_text(encoding="utf-8", errors="replace").count(papers.BLANK)
    said = f"{papers.render(charter)}\n\n*{written}"
    if blanks:
        said += f" It has {blanks} blanks for you to fill in: right-click the file, *Open With > Editor*."
    said += " The rules behind it are those of a course, not law.*"
    if number := len(charter.complaints(organisation)):
        things = "1 thing does" if number == 1 else f"{number} things do"
        said += (
            f"\n\n**Before it is signed:** {things} not hold for {organisation.name}. Think first which. The table in "
            "part 5 of the lesson names what your sector needs; `ospolab portfolio`, in a terminal, gives the reasons."
        )
    return said
