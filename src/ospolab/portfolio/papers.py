"""Papers: schema-checked files with one renderer.

A paper is a pydantic model. On disk it is a Markdown file whose front matter holds the facts, which other papers and
checks read, and whose text is what people read; or, where nobody but other papers reads it, a YAML file of the facts
alone; or, where a standard says what its file looks like, a JSON file of the facts and nothing else. The text is made
from the facts by the template of the paper's name, so it never says something else than they.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ospolab.forms import plainyaml
from ospolab.forms.definition import place
from ospolab.learner import files, find_copy, progress

if TYPE_CHECKING:
    from ospolab.portfolio.organisation import Organisation

__all__ = [
    "Issued",
    "Paper",
    "PaperError",
    "State",
    "Written",
    "folder",
    "issued",
    "read",
    "render",
    "state",
    "whole",
    "write",
]

BLANK = "________"  # in a template: for the organisation to fill in
TEMPLATES = Path(__file__).parent / "templates"


class PaperError(ValueError):
    """A paper cannot be read, or its facts do not hold. Names the file, the place and what was expected."""

    def _render_traceback_(self) -> list[str]:
        # Notebooks show the message alone: the lines of our code above it help nobody who mends a file.
        return [str(self)]


class Paper(BaseModel):
    """The facts of one paper. NAME is its file without ending, TITLE what people call it, LESSON the lab it is from."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    NAME: ClassVar[str]
    TITLE: ClassVar[str]
    LESSON: ClassVar[str]
    ENDING: ClassVar[Literal[".md", ".yml", ".json"]] = ".md"

    def complaints(self, organisation: Organisation) -> list[str]:
        """What of the facts does not hold for `organisation`, a sentence each; [] if all does."""
        return []

    def words(self) -> dict[str, Any]:
        """What the template needs besides the facts: a fact's key in words, a figure computed from facts."""
        return {}


class Issued(Paper):
    """A paper that an office issues: for whom, and when it was written."""

    organisation: str = Field(min_length=1)
    written: date

    def misplaced(self, organisation: Organisation) -> list[str]:
        """The first complaint of every issued paper: that it is for somebody else; [] if it is not."""
        if self.organisation == organisation.name:
            return []
        return [f"It is for {self.organisation}; the portfolio is that of {organisation.name}."]


@dataclass(frozen=True)
class State:
    """How a paper stands: `missing`, `sound`, or `failing` with the reasons in `problems`.

    blanks: places in its file that are still to be filled in by hand.
    """

    kind: type[Paper]
    word: Literal["missing", "sound", "failing"]
    problems: tuple[str, ...] = ()
    blanks: int = 0


AnyPaper = TypeVar("AnyPaper", bound=Paper)


# Where, and how on disk


def folder() -> Path:
    """Where papers go: `portfolio` of the learner's copy around the working folder, otherwise here."""
    return (find_copy() or Path.cwd()) / "portfolio"


def path_of(kind: type[Paper]) -> Path:
    """The file of a paper, whether or not it exists."""
    return folder() / f"{kind.NAME}{kind.ENDING}"


@dataclass(frozen=True)
class Written:
    """What became of a paper. changed: its file was written. kept: where the learner's own version was laid, if any."""

    path: Path
    changed: bool
    kept: Path | None = None

    def __str__(self) -> str:
        name = f"`{self.path.parent.name}/{self.path.name}`"
        if not self.changed:
            return f"{name} stands as it is: your answers have not changed since it was written."
        if self.kept is not None:
            return f"Written to {name}. What you had changed there by hand is in `{self.kept.name}`, beside it."
        return f"Written to {name}."


def write(paper: Paper) -> Written:
    """Write a paper, in one step, never half. Raises OSError.

    A file that holds the same facts already is left as it is, with whatever was filled in by hand. One with other facts
    is replaced; if it was changed by hand, it is kept beside, as charter.mine.md, charter.mine-2.md and so on.
    """
    path, kind = path_of(type(paper)), type(paper)
    path.parent.mkdir(parents=True, exist_ok=True)
    mine = path.read_bytes() if path.exists() else None
    try:
        old = read(kind) if mine is not None else None
    except PaperError:  # somebody wrote in it, and it is not readable any more
        old = None
    if old is not None and _same(old, paper):
        return Written(path, changed=False)
    own = mine is not None and (old is None or mine != _text(old).encode())
    kept = _lay_aside(path, mine) if own else None
    files.write(path, _text(paper))
    progress.show(path.parent)
    return Written(path, changed=True, kept=kept)


def _same(old: Paper, new: Paper) -> bool:
    """Whether two papers say the same, on whatever day they were written."""
    return old.model_dump(exclude={"written"}) == new.model_dump(exclude={"written"})


def _lay_aside(path: Path, mine: bytes) -> Path:
    names = (f"{path.stem}.mine{f'-{n}' if n > 1 else ''}{path.suffix}" for n in range(1, 1000))
    free = next(path.with_name(name) for name in names if not path.with_name(name).exists())
    files.write(free, mine)
    return free


def _text(paper: Paper) -> str:
    """What a paper's file holds when nobody has changed it."""
    if paper.ENDING == ".json":
        return paper.model_dump_json(indent=2, by_alias=True, exclude_none=True) + "\n"
    facts = {"paper": paper.NAME, **paper.model_dump(mode="json")}
    text = yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{text}---\n\n{render(paper)}\n" if paper.ENDING == ".md" else text


def read(kind: type[AnyPaper]) -> AnyPaper:
    """The paper of that kind. Raises FileNotFoundError, OSError, and PaperError if it is not what it should be."""
    path = path_of(kind)
    facts = _facts(path)
    # A JSON file has the form that its standard gives it, and no room for our mark.
    if kind.ENDING != ".json" and (name := facts.pop("paper", None)) != kind.NAME:
        raise PaperError(f'{path.name}: "paper" is {name!r}; expected {kind.NAME}.')
    try:
        return kind.model_validate(facts)
    except ValidationError as error:
        lines = [f"{path.name}{place(facts, problem)}" for problem in error.errors()]
        raise PaperError("\n".join(lines)) from None


def _facts(path: Path) -> dict[str, Any]:
    """The facts in a file; of YAML all as text: pydantic makes dates and numbers of it, and `no` stays a name."""
    above = 0
    try:
        text = plainyaml.decode(path.read_bytes())
        if path.suffix == ".json":
            facts = json.loads(text)
            if not isinstance(facts, dict):
                raise PaperError(f"{path.name}: expected an object, in curly brackets.")
            return facts
        if path.suffix == ".md":
            front = re.match(r"---\n(.*?\n)---(?:\n|\Z)", text, re.DOTALL)
            if front is None:
                raise PaperError(f"{path.name} does not begin with front matter, a block between two lines of ---.")
            text, above = front[1], 1
        facts = plainyaml.plain(plainyaml.compose(text))
    except json.JSONDecodeError as error:
        raise PaperError(f"{path.name}, line {error.lineno}: this cannot be read as JSON ({error.msg}).") from None
    except RecursionError:
        raise PaperError(f"{path.name}: brackets are nested too deep.") from None
    except plainyaml.YamlProblem as error:
        where = f", line {error.line + above}" if error.line else ""
        raise PaperError(f"{path.name}{where}: {error.message}") from None
    if not isinstance(facts, dict):
        raise PaperError(f"{path.name}: expected lines like `name: value`.")
    return facts


# What people read


@cache
def _templates() -> Environment:
    # Papers are Markdown for people to read and change; what is typed into a form stays as it was typed.
    return Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def render(paper: Paper) -> str:
    """The text of a paper, as Markdown, from its facts alone. Every paper is rendered here, and nowhere else."""
    return _templates().get_template(f"{paper.NAME}.md.j2").render(paper=paper, **paper.words()).strip()


# What an exercise does with the answers of a form


def whole(answers: Mapping[str, Any], rows: Iterable[str], cells: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of a form's table "entries" in which no cell is open, as {cell: answer}, in the order of `rows`."""
    entries = answers.get("entries") or {}
    return [entries[row] for row in rows if all(cell in entries.get(row, {}) for cell in cells)]


def issued(paper: Issued, ours: Organisation) -> str:
    """Write a paper and return what the learner sees: its text, what is to be mended, and where it was written.

    ours: the portfolio's organisation; a paper for another one is judged as if that were its own.
    """
    written = write(paper)
    said = [f"- {problem}" for problem in paper.complaints(ours.model_copy(update={"name": paper.organisation}))]
    mend = ["**Before it goes out:**", "\n".join(said)] if said else []
    return "\n\n".join([render(paper), *mend, f"---\n*{written}*"])


# How the portfolio stands


def state(kind: type[Paper], organisation: Organisation | None) -> State:
    """Whether a paper is there, readable, and holds for the organisation. Raises nothing because of the file.

    organisation: None if it is not known; then nobody can say what does not hold for it.
    """
    try:
        paper = read(kind)
        problems = paper.complaints(organisation) if organisation is not None else []
    except FileNotFoundError:
        return State(kind, "missing")
    except PaperError as error:
        return State(kind, "failing", tuple(str(error).splitlines()))
    except OSError as error:
        return State(kind, "failing", (f"{path_of(kind).name} cannot be read: {error.strerror}.",))
    blanks = path_of(kind).read_text(encoding="utf-8", errors="replace").count(BLANK)
    return State(kind, "failing" if problems else "sound", tuple(problems), blanks)
