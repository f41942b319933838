"""The glossary: what `glossary.yml` holds, and the pages made of it.

The book's page uses Sphinx's glossary directive, so that every term has an anchor and is found by the search; the
learner's copy gets plain Markdown. `ospolab.authoring.term_links` links the first use of each term to the page.
"""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

PACKAGE = Path(__file__).resolve().parents[1]
FILE = PACKAGE / "glossary.yml"

Words = Annotated[str, Field(min_length=2)]
INTRODUCTION = (
    "The words of the trade, each in a sentence or two. In the book, the first use of a word on a page links here. "
    "What a law or a standard may change carries the date on which it was last checked; nothing here is legal advice."
)


class Entry(BaseModel):
    """One term: see the head of `glossary.yml` for the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    term: Words
    definition: Words
    also: tuple[Words, ...] = ()
    see: tuple[str, ...] = ()
    lesson: str | None = None
    link: Literal[False] | tuple[Words, ...] | None = None

    @field_validator("definition")
    @classmethod
    def _plain(cls, text: str) -> str:
        if found := re.search(r"[*_`<>\[\]|\\]", text):
            raise ValueError(f"a definition is plain text, without {found[0]}")
        if not text.endswith("."):
            raise ValueError("a definition is one or two sentences and ends with a full stop")
        return text

    @property
    def spellings(self) -> tuple[str, ...]:
        """The term and every other way to write it."""
        return (self.term, *self.also)

    @property
    def phrases(self) -> tuple[str, ...]:
        """What is linked in running text; nothing for an everyday word."""
        if self.link is None:
            return self.spellings
        return self.link or ()


def load(file: Path = FILE, stems: Iterable[str] | None = None) -> list[Entry]:
    """Every entry, in alphabetical order.

    stems: the lessons there are; those of the curriculum if not given. Raises ValueError (pydantic's for a malformed
    entry) for a spelling that belongs to two terms, and for a `see` or `lesson` that does not exist.
    """
    entries = TypeAdapter(list[Entry]).validate_python(yaml.safe_load(file.read_text("utf-8")))
    lessons = set(_titles() if stems is None else stems)
    terms = {entry.term for entry in entries}
    spellings = Counter(spelling.casefold() for entry in entries for spelling in set(entry.spellings))
    wrong = [f"{spelling}: belongs to {number} terms" for spelling, number in spellings.items() if number > 1]
    for entry in entries:
        wrong += [f"{entry.term}: see {other}, which is no term" for other in entry.see if other not in terms]
        if entry.lesson is not None and entry.lesson not in lessons:
            wrong.append(f"{entry.term}: lesson {entry.lesson}, which is not in the curriculum")
    if wrong:
        raise ValueError(f"{file.name}: " + "; ".join(wrong))
    return sorted(entries, key=lambda entry: entry.term.casefold())


def page(entries: list[Entry], ready: Iterable[str]) -> str:
    """`book/glossary.md`, as MyST Markdown.

    ready: the entries of `_toc.yml`; a lesson that is not among them is not linked.
    """
    titles, there = _titles(), set(ready)
    letters = _by_letter(entries)
    jump = " ".join(f'<a href="#{letter.lower()}">{letter}</a>' for letter in letters)
    parts = [
        "<!-- Derived by ospolab.authoring.pages; do not edit. -->",
        "# Glossary",
        INTRODUCTION,
        f'<nav class="glossary-letters" aria-label="Letters">{jump}</nav>',
    ]
    for letter, group in letters.items():
        items = "\n\n".join(_item(entry, titles, there) for entry in group)
        parts += [f"## {letter}", f":::{{glossary}}\n{items}\n:::"]
    return "\n\n".join(parts) + "\n"


def plain(entries: list[Entry]) -> str:
    """The glossary as Markdown that needs no Sphinx, for the learner's copy."""
    parts = ["# Glossary", INTRODUCTION]
    for letter, group in _by_letter(entries).items():
        parts.append(f"## {letter}")
        for entry in group:
            notes = " ".join(f"*{name}: {', '.join(words)}.*" for name, words in _notes(entry))
            parts.append(f"**{entry.term}** {_unlinked(entry.definition)} {notes}".rstrip())
    return "\n\n".join(parts) + "\n"


def _unlinked(text: str) -> str:
    """A definition whose identifiers are code: JupyterLab makes a link of `a@b` and of `https://a`, to nowhere."""
    return re.sub(r"[^\s(]*(?:@|://)[^\s)]*[^\s).,;]", r"`\g<0>`", text)


def _titles() -> dict[str, str]:
    """Stem and title of every lesson of the curriculum."""
    plan = yaml.safe_load((PACKAGE / "curriculum.yml").read_text("utf-8"))
    return {lesson["stem"]: lesson["title"] for lesson in plan["lessons"]}


def _by_letter(entries: list[Entry]) -> dict[str, list[Entry]]:
    ordered = sorted(entries, key=lambda entry: entry.term.casefold())
    return {letter: list(group) for letter, group in groupby(ordered, key=lambda entry: entry.term[0].upper())}


def _notes(entry: Entry) -> list[tuple[str, tuple[str, ...]]]:
    return [(name, words) for name, words in (("Also", entry.also), ("See", entry.see)) if words]


def _item(entry: Entry, titles: dict[str, str], ready: set[str]) -> str:
    """One item of the glossary directive: the term, and below it, indented, what it means and where it leads."""
    notes = []
    if entry.also:
        notes.append(f"Also: {', '.join(entry.also)}.")
    if entry.see:
        notes.append("See " + ", ".join(f"{{term}}`{other}`" for other in entry.see) + ".")
    if entry.lesson is not None and f"notebooks/{entry.lesson}" in ready:
        notes.append(f"Lesson: [{titles[entry.lesson]}](../notebooks/{entry.lesson}.ipynb).")
    lines = [entry.term, f"  {entry.definition}"]
    if notes:
        lines += ["", "  " + " ".join(notes)]
    return "\n".join(lines)
