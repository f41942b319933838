"""How far a learner is: per lesson, what is read, answered, right, graded and written, from the files of their copy.

Whatever cannot be read counts as not done; nothing here raises because of a learner's file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ospolab import course as the_course
from ospolab.learner import copy, progress


@dataclass(frozen=True)
class Points:
    """What the checks gave when an exercise was graded last.

    earned, of: points by checks, and how many there are. waiting: points of what is written and a human has to read.
    current: the work is still the one that was graded.
    """

    earned: float
    of: float
    waiting: float
    current: bool


@dataclass(frozen=True)
class Exercise:
    """One exercise and what is done of it. lessons: how many lessons, of those that exist, share it.

    fields_total is 0 where there is no form; points is None before the first grading.
    """

    assignment: str
    lessons: int = 1
    fields_answered: int = 0
    fields_total: int = 0
    points: Points | None = None

    @property
    def begun(self) -> bool:
        return self.fields_answered > 0 or self.points is not None

    @property
    def done(self) -> bool:
        return self.fields_answered >= self.fields_total if self.fields_total else self.points is not None


@dataclass(frozen=True)
class Standing:
    """One lesson and what is done of it. quiz_total is 0 where there is no quiz.

    exercise: None where there is none. exercise_follows: this is the last of the lessons that share the exercise.
    paper_holds: nothing is known to be wrong with what is written.
    """

    lesson: the_course.Lesson
    read: bool = False
    quiz_answered: int = 0
    quiz_right: int = 0
    quiz_total: int = 0
    exercise: Exercise | None = None
    exercise_follows: bool = False
    paper_written: bool = False
    paper_holds: bool = True

    @property
    def begun(self) -> bool:
        return self.read or self.quiz_answered > 0

    @property
    def quiz_done(self) -> bool:
        return self.quiz_answered >= self.quiz_total


def standings(home: Path, course: Path | None = None) -> list[Standing]:
    """One entry for every planned lesson, in order. home: the learner's copy; course: the checkout."""
    done = progress.read(home)
    lessons = the_course.lessons(course)
    sharing: dict[str, list[str]] = {}
    for lesson in lessons:
        if lesson.exists and lesson.assignment_exists:
            sharing.setdefault(lesson.assignment, []).append(lesson.stem)
    exercises = {name: _exercise(home, name, len(stems), done) for name, stems in sharing.items()}
    return [
        _standing(home, lesson, done, exercises.get(lesson.assignment), sharing.get(lesson.assignment, []))
        for lesson in lessons
    ]


def work(folder: Path) -> str:
    """A fingerprint of the work in an exercise: its notebook's cells and answers.yml. Raises OSError.

    folder: `exercises/<assignment>` of a copy, or what was handed in from there.
    """
    files = [folder / f"{folder.name}.ipynb", folder / "answers.yml"]
    return "-".join(copy.fingerprint(path.name, path.read_bytes())[:16] for path in files if path.exists())


def _standing(
    home: Path, lesson: the_course.Lesson, done: dict[str, dict[str, Any]], exercise: Exercise | None, stems: list[str]
) -> Standing:
    if not lesson.exists:
        return Standing(lesson)
    verdicts = _quiet(lambda: _verdicts(home / "notebooks", lesson.stem, done.get("quiz", {})), [])
    answered = len(verdicts) - verdicts.count(None)
    said = done.get("read", {}).get(lesson.stem)
    written = lesson.stem in done.get("paper", {}) or _quiet(lambda: _written(home / "portfolio", lesson.paper), False)
    return Standing(
        lesson=lesson,
        # What the learner said last counts; before they could say it, a whole quiz was the only sign.
        read=said if isinstance(said, bool) else 0 < len(verdicts) == answered,
        quiz_answered=answered,
        quiz_right=verdicts.count(True),
        quiz_total=len(verdicts),
        exercise=exercise,
        exercise_follows=lesson.stem in stems[-1:],
        paper_written=written,
        paper_holds=not written or _quiet(lambda: _holds(home, lesson.paper), True),
    )


def _exercise(home: Path, assignment: str, lessons: int, done: dict[str, dict[str, Any]]) -> Exercise:
    folder = home / "exercises" / assignment
    answered, fields = _quiet(lambda: _fields(folder), (0, 0))
    points = _quiet(lambda: _points(done.get("points", {}).get(assignment), folder), None)
    return Exercise(assignment, lessons, answered, fields, points)


def _quiet(count: Callable[[], Any], otherwise: Any) -> Any:
    try:
        return count()
    except Exception:  # half-edited, half-downloaded, not what it should be: the lesson itself says what is wrong
        return otherwise


def _verdicts(notebooks: Path, stem: str, known: dict[str, Any]) -> list[bool | None]:
    """What became of each question in the quiz of a lesson: a list of them in its file, bare or under `questions`."""
    content = the_course.read_yaml(notebooks / f"{stem}.quiz.yml")
    if isinstance(content, dict):
        content = content["questions"]
    return [_verdict(question, known.get(f"{stem}/{question['id']}")) for question in content]


def _verdict(question: dict[str, Any], entry: Any) -> bool | None:
    """Whether the remembered answer is right; None if there is none, or none that fits the question as it is now."""
    if not isinstance(entry, dict):
        return None
    options, chosen = question.get("options"), entry.get("chosen")
    if options is None or chosen is None:
        return entry.get("correct") is True
    if not isinstance(chosen, int) or chosen not in range(len(options)):
        return None
    return options[chosen].get("correct") is True


def _fields(folder: Path) -> tuple[int, int]:
    """(required answers given, required answers) over all forms of an exercise; each cell of a table is an answer."""
    from ospolab.forms import definition, store

    answered = total = 0
    for task, form in definition.load(folder).items():
        values = _quiet(lambda task=task: store.read(task, folder).values, {})
        for field in form.required(values):
            done, of = field.progress(values.get(field.id))
            answered, total = answered + done, total + of
    return answered, total


def _points(kept: Any, folder: Path) -> Points | None:
    """The points as grading kept them; None if it has not, or if what is there makes no sense."""
    if not isinstance(kept, dict):
        return None
    earned, of, waiting = numbers = [float(kept[name]) for name in ("points", "of", "waiting")]
    if not all(math.isfinite(number) and number >= 0 for number in numbers):
        return None
    return Points(earned, of, waiting, current=_quiet(lambda: work(folder) == kept["work"], False))


def _written(portfolio: Path, paper: str | None) -> bool:
    """Whether the portfolio holds a paper of this name: "health report" is health-report.md, or any other ending."""
    if not paper or not portfolio.is_dir():
        return False
    name = _file_name(paper)
    return any(path.is_file() and path.stem == name and path.stat().st_size for path in portfolio.iterdir())


def _holds(home: Path, paper: str | None) -> bool:
    """Whether a paper that is written holds for its organisation; True for one that takes long to judge."""
    if paper != "charter":  # the health report needs pandas, and this runs after every answer
        return True
    from ospolab.portfolio import papers
    from ospolab.portfolio.charter import Charter
    from ospolab.portfolio.organisation import INVENTED, current

    with chdir(home):  # papers are found from where one stands
        try:
            whose = current()
        except (papers.PaperError, OSError):
            whose = INVENTED["business"]
        return papers.state(Charter, whose).word != "failing"


def _file_name(paper: str) -> str:
    """The file of a paper, without ending, from its words in the curriculum."""
    return re.sub(r"[^a-z0-9]+", "-", paper.lower()).strip("-")
