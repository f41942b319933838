"""What lessons promise, and where it is kept: each outcome with the sections that teach it and what assesses it.

The first part reads notebooks; tests/test_structure.py checks lessons and exercises with the same functions. The second
joins a lesson, its exercise and its quiz, and writes the page `book/outcomes.md`.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from myst_parser.mdit_to_docutils.base import default_slugify

from ospolab import course

# ------------------------------------------------------------------------------------------------- reading a notebook

PROMISES = "You will be able to"
OUTCOME_ID = r"[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*\.\d+"
OUTCOME = re.compile(rf"^\d+[.)]\s+(?P<words>\S.*?)\s*\(?`(?P<id>{OUTCOME_ID})`\)?\.?$")
ANCHORED = ("h1", "h2", "h3")  # as deep as myst_heading_anchors of _config.yml goes


def read(path: Path):
    return nbformat.read(path, as_version=4)


def markdown(notebook) -> str:
    """All Markdown of a notebook, with straight apostrophes."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return text.replace("’", "'")


def section(notebook, heading: str) -> list:
    """The cells from a level-two heading to the next; a heading inside a cell cuts that cell."""
    cells, inside = [], False
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            if inside:
                cells.append(cell)
            continue
        for part in re.split(r"(?m)^(?=## )", cell.source.replace("’", "'")):
            if part.startswith("## "):
                inside = part.splitlines()[0][3:].strip() == heading
            if inside and part:
                cells.append(nbformat.v4.new_markdown_cell(part))
    return cells


def outcome_items(notebook) -> list[str]:
    """The numbered items under "You will be able to", each as one line."""
    items: list[str] = []
    for cell in section(notebook, PROMISES):
        for line in cell.source.splitlines()[1:] if cell.cell_type == "markdown" else []:
            if re.match(r"\d+[.)]\s", line):
                items.append(line.strip())
            elif items and line.startswith((" ", "\t")) and line.strip():
                items[-1] += " " + line.strip()
    return items


def promised(notebook) -> dict[str, str]:
    """id -> words of the outcomes that can be read, in their order."""
    found = (OUTCOME.match(item) for item in outcome_items(notebook))
    return {match["id"]: match["words"] for match in found if match}


def named(notebook, key: str) -> list[str]:
    """Every outcome id that cells name under `metadata.ospolab.<key>`."""
    return [id_ for cell in notebook.cells for id_ in cell.metadata.get("ospolab", {}).get(key, [])]


def graded(notebook) -> list:
    """The cells that carry points."""
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]


def points(cells) -> float:
    return sum(cell.metadata.nbgrader.points for cell in cells)


@dataclass(frozen=True)
class Place:
    """A heading of a page: its words as Markdown, without the "*(4 points, form)*" that may end it, and its anchor."""

    words: str
    anchor: str


def places(notebook) -> list[Place | None]:
    """For every cell the heading it stands under: the first of its own, else the nearest above; None before any.

    Headings of level two and three count. The anchors are those MyST gives: repeated words get a number.
    """
    under, found, given = None, [], set()
    for cell in notebook.cells:
        own = _headings(cell, given) if cell.cell_type == "markdown" else []
        found.append(own[0] if own else under)
        under = own[-1] if own else under
    return found


def _headings(cell, given: set[str]) -> list[Place]:
    """The headings of level two and three in a Markdown cell; anchors are added to `given`, those of titles too."""
    found = []
    tokens = MarkdownIt("commonmark").parse(cell.source)
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open" or opening.level or opening.tag not in ANCHORED:
            continue
        text = "".join(part.content for part in inline.children if part.type in ("text", "code_inline"))
        anchor, number = default_slugify(text), 1
        while anchor in given:
            anchor, number = f"{anchor}-{number}", number + 1
        given.add(anchor)
        if opening.tag != "h1":
            found.append(Place(re.sub(r"\s*\*\([^)]*\)\*$", "", inline.content), anchor))
    return found


# --------------------------------------------------------------------------------- lesson, exercise and quiz together


@dataclass(frozen=True)
class Mark:
    """A graded cell: what it is worth, how its points are earned (form, code or human), and the task it belongs to."""

    grade_id: str
    points: float
    by: str
    place: Place | None


@dataclass(frozen=True)
class Outcome:
    """One promise of a lesson. asked: the numbers of the quiz questions about it, from 1."""

    id: str
    words: str
    taught: tuple[Place, ...]
    assessed: tuple[Mark, ...]
    asked: tuple[int, ...]


def outcomes(lesson, exercise=None, quiz: list[dict] = ()) -> list[Outcome]:
    """The outcomes of a lesson, in order. lesson, exercise: notebooks. quiz: its questions as the file has them."""
    taught, assessed, asked = defaultdict(list), defaultdict(list), defaultdict(list)
    for cell, place in zip(lesson.cells, places(lesson), strict=True):
        for id_ in cell.metadata.get("ospolab", {}).get("teaches", []):
            if place and place not in taught[id_]:
                taught[id_].append(place)
    for id_, mark in _marks(exercise) if exercise else []:
        assessed[id_].append(mark)
    for number, question in enumerate(quiz, 1):
        asked[question.get("outcome")].append(number)
    return [
        Outcome(id_, words, tuple(taught[id_]), tuple(assessed[id_]), tuple(asked[id_]))
        for id_, words in promised(lesson).items()
    ]


def _marks(exercise) -> list[tuple[str, Mark]]:
    """(outcome id, graded cell) for each outcome that a graded cell assesses."""
    found = []
    for cell, place in zip(exercise.cells, places(exercise), strict=True):
        marks, ours = cell.metadata.get("nbgrader", {}), cell.metadata.get("ospolab", {})
        if marks.get("grade"):
            mark = Mark(marks["grade_id"], marks["points"], ours.get("by", ""), place)
            found += [(id_, mark) for id_ in ours.get("assesses", [])]
    return found


def gaps(outcome: Outcome) -> list[str]:
    """What is missing for the promise to be kept; [] if nothing is."""
    wanted = {
        "no section teaches it": outcome.taught,
        "no graded cell assesses it": outcome.assessed,
        "no quiz question asks about it": outcome.asked,
    }
    return [f"{outcome.id}: {what}" for what, there in wanted.items() if not there]


@dataclass(frozen=True)
class Kept:
    """A lesson that exists, with its outcomes, its number of quiz questions, and the points of its exercise by way.

    The points are those of the whole exercise, which several lessons may share; {} where there is no exercise yet.
    """

    lesson: course.Lesson
    outcomes: list[Outcome]
    questions: int
    points: dict[str, float]


def kept(root: Path) -> list[Kept]:
    """Every lesson that exists, in the order of the course. What is not written yet is empty, and shows as a gap."""
    found = []
    for lesson in course.lessons(root):
        if not (lesson.exists and lesson.path.is_file()):
            continue
        released = root / "exercises/release" / lesson.assignment / f"{lesson.assignment}.ipynb"
        exercise = read(released) if lesson.assignment_exists and released.is_file() else None
        file = lesson.path.with_suffix(".quiz.yml")
        quiz = course.read_yaml(file) or [] if file.is_file() else []
        worth: dict[str, float] = defaultdict(float)
        for cell in graded(exercise) if exercise else []:
            worth[cell.metadata.get("ospolab", {}).get("by", "")] += cell.metadata.nbgrader.points
        found.append(Kept(lesson, outcomes(read(lesson.path), exercise, quiz), len(quiz), dict(worth)))
    return found


# ----------------------------------------------------------------------------------------------------------- the page

WAYS = {"form": "by form", "code": "by code", "human": "read by a person"}


def count(number: float, noun: str) -> str:
    """ "1 point", "2 points", "0.5 points"."""
    return f"{number:g} {noun}" if number == 1 else f"{number:g} {noun}s"


def link(place: Place | None, page: str) -> str:
    return f"[{place.words}]({page}#{place.anchor})" if place else f"[its beginning]({page})"


def _assessed(outcome: Outcome, page: str) -> str:
    """The tasks that assess an outcome, each with its points."""
    tasks: dict[tuple[Place | None, str], list[Mark]] = defaultdict(list)
    for mark in outcome.assessed:
        tasks[mark.place, mark.by].append(mark)
    said = []
    for (place, by), marks in tasks.items():
        worth = count(sum(mark.points for mark in marks), "point")
        said.append(f"{link(place, page)}, {worth} {WAYS.get(by, by)}")
    return "; ".join(said)


def _listed(kept: Kept) -> str:
    """The outcomes of a lesson as a numbered list, each with where it is taught, assessed and asked."""
    lesson = f"../notebooks/{kept.lesson.stem}.ipynb"
    exercise = f"../exercises/release/{kept.lesson.assignment}/{kept.lesson.assignment}.ipynb"
    lines = []
    for number, outcome in enumerate(kept.outcomes, 1):
        taught = "; ".join(link(place, lesson) for place in outcome.taught)
        questions = f"question{'s' * (len(outcome.asked) > 1)} {', '.join(map(str, outcome.asked))}"
        asked = f"{questions} of the [quiz]({lesson}#check-yourself)" if outcome.asked else ""
        lines.append(f'{number}. <a id="{outcome.id}"></a>{outcome.words}')
        for what, said in (("Taught", taught), ("Assessed", _assessed(outcome, exercise)), ("Asked", asked)):
            lines.append(f"   - **{what}:** {said or '*nowhere yet*'}")
    return "\n".join(lines)


def _cells(kept: Kept) -> str:
    """The names of the graded cells of each outcome, folded away: they are long, and few readers look for them."""
    names = [", ".join(f"`{mark.grade_id}`" for mark in outcome.assessed) for outcome in kept.outcomes]
    lines = [f"{number}. {said or '*none yet*'}" for number, said in enumerate(names, 1)]
    return "\n\n".join(["<details><summary>Graded cells</summary>", "\n".join(lines), "</details>"])


def _row(words: str, numbers: list[float]) -> str:
    """A row of the summary: outcomes, questions, and the points of each way in one cell."""
    outcomes, questions, *points = (f"{number:g}" for number in numbers)
    return f"| {words} | {outcomes} | {questions} | {' + '.join(points)} |"


def _summary(lessons: list[Kept]) -> str:
    """One row for every exercise, with the lessons that lead to it."""
    by_exercise: dict[str, list[Kept]] = defaultdict(list)
    for one in lessons:
        by_exercise[one.lesson.assignment].append(one)
    lines = ["| Lesson | Outcomes | Questions | Points |", "|---|--:|--:|--:|"]
    totals = [0.0] * 5
    for group in by_exercise.values():
        titles = "<br>".join(f"[{one.lesson.title}](#{default_slugify(one.lesson.title)})" for one in group)
        numbers = [sum(len(one.outcomes) for one in group), sum(one.questions for one in group)]
        numbers += [group[0].points.get(way, 0) for way in WAYS]
        totals = [total + number for total, number in zip(totals, numbers, strict=True)]
        lines.append(_row(titles, numbers))
    if len(by_exercise) > 1:
        lines.append(_row("**Together**", totals))
    return "\n".join(lines)


def page(root: Path) -> str:
    """`book/outcomes.md`, as Markdown."""
    lessons = kept(root)
    verb = "is" if len(lessons) == 1 else "are"
    parts = [
        f"""<!-- Derived by ospolab.authoring.pages; do not edit. -->

# Outcomes

Each lesson says at its beginning what you will be able to do after it. This page follows every one of these promises to
the sections that teach it, the tasks of the exercise that assess it, and the quiz questions about it. A test fails
where one of the three is missing.

So far {len(lessons)} of {len(course.lessons(root))} lessons {verb} here. An exercise has 20 points; the foundations
share one. A graded cell may assess more than one outcome, and its points are then named at each. Below each lesson,
*Graded cells* unfolds to the names of these cells, as the feedback shows them, under the number of each outcome.

## At a glance

How many outcomes, how many questions in the quiz, and the points of the exercise: those by form, plus those by code,
plus those for prose that a person reads.

{_summary(lessons)}"""
    ]
    roles = course.plan()["roles"]
    pillars = course.plan()["pillars"]
    for one in lessons:
        lesson = one.lesson
        inside = lesson.role in roles
        spot = f"{roles[lesson.role]['title']} / {pillars[lesson.pillar]['title'].lower()}" if inside else ""
        where = [spot or lesson.role.capitalize(), f"[lesson](../notebooks/{lesson.stem}.ipynb)"]
        if lesson.assignment_exists:
            where.append(f"[exercise](../exercises/release/{lesson.assignment}/{lesson.assignment}.ipynb)")
        parts += [f"## {lesson.title}", " · ".join(where), _listed(one), _cells(one)]
    return "\n\n".join(parts) + "\n"
