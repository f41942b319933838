"""Quizzes: questions kept as data in `<pillar>.quiz.yml`, answered in JupyterLab, readable in the book.

Nothing is graded here. Each option has its own explanation, wrong ones first of all. Below the questions, a learner
says whether they have read the lesson.

An option is tried when it is chosen: by a click, or with the space bar or Enter. Arrow keys move without choosing, so
that who reads all options by keyboard has not tried the one that was passed first.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import ipywidgets
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from ospolab.forms import plainyaml
from ospolab.forms.definition import place
from ospolab.widgets import Board, Choose, Told, block, inline, markup

RIGHT, WRONG = "Right.", "Not this one."
READ = "I have read this lesson"
READ_HELP = "Answering every question ticks it for you. It is counted on your welcome page, and nowhere else."
KEYS_HELP = "By keyboard: Tab goes to a question, arrow keys move between its options, the space bar chooses."
NOT_KEPT = "This could not be saved: the folder of your copy cannot be written. The lesson works all the same."


# Radio buttons of one name choose what an arrow key reaches; here, whoever looks would have answered.
_KEYS = """
this.closest(".ospolab-quiz").addEventListener("keydown", (event) => {
  const box = event.target.type === "radio" && event.target.closest(".ospolab-radio");
  if (!box || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step && event.key !== "Enter") return;
  event.preventDefault();
  const all = [...box.querySelectorAll("input[type=radio]")];
  if (step) all[(all.indexOf(event.target) + step + all.length) % all.length].focus();
  else event.target.click();
});
"""


class QuizError(ValueError):
    """A quiz file is missing or wrong. For the author of a lesson."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Option(_Model):
    """One possible answer and why it is right or not; both are inline Markdown."""

    text: str = Field(min_length=1)
    correct: bool = False
    why: str = Field(min_length=1)


class Question(_Model):
    """One question. `outcome` is the id of what the learner can do who answers it; `prompt` is Markdown."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    outcome: str = Field(min_length=1)
    prompt: str = Field(min_length=1)
    options: list[Option] = Field(min_length=2)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not any(option.correct for option in self.options):
            raise ValueError("options: none is marked `correct: true`")
        texts = [option.text for option in self.options]
        if twins := [text for i, text in enumerate(texts) if text in texts[:i]]:
            raise ValueError(f'options: "{twins[0]}" is there twice')
        return self


def load(path: Path) -> list[Question]:
    """The questions of a quiz file. Raises QuizError with file, question and what is wrong."""
    try:
        raw = plainyaml.plain(plainyaml.compose(plainyaml.decode(path.read_bytes())))
    except plainyaml.YamlProblem as error:
        raise QuizError(f"{path.name}, line {error.line}: {error.message}") from None
    if not isinstance(raw, list) or not raw:
        raise QuizError(f"{path.name}: expected a list of questions, each with id, outcome, prompt and options")
    try:
        questions = TypeAdapter(list[Question]).validate_python(raw)
    except ValidationError as error:
        wrong = [
            f"{path.name}{place({'questions': raw}, {**e, 'loc': ('questions', *e['loc'])})}" for e in error.errors()
        ]
        raise QuizError("\n".join(wrong)) from None
    ids = [question.id for question in questions]
    if twins := [name for i, name in enumerate(ids) if name in ids[:i]]:
        raise QuizError(f'{path.name}: the id "{twins[0]}" is there twice')
    return questions


def find(stem: str, folder: Path | str | None = None) -> Path:
    """The quiz file of `stem` ("enabler/strategy"): beside the lesson, or in the notebooks/ of a folder above.

    folder: where to look from, default the current one. Raises QuizError.
    """
    here = Path(folder or ".").resolve()
    role, _, pillar = stem.rpartition("/")
    beside = here / f"{pillar}.quiz.yml"
    above = [parent / "notebooks" / f"{stem}.quiz.yml" for parent in (here, *here.parents)]
    # A file of the same name beside another role's lesson is another quiz; beside a moved lesson it is the one.
    places = [beside, *above] if here.name == role else [*above, beside]
    for path in places:
        if path.is_file():
            return path
    raise QuizError(
        f'There is no quiz "{stem}": looked for {beside.name} in {here} and for notebooks/{stem}.quiz.yml above it.'
    )


class _Asked(ipywidgets.VBox):
    """One question with its options: `choose` is the group of radio buttons, `told` the chosen one's explanation."""

    def __init__(self, question: Question, number: int, of: int, chosen):
        self.question = question
        self.first: int | None = None  # the option that was chosen first
        self.choose, self.told = (
            Choose([(at, option.text) for at, option in enumerate(question.options)]),
            Told("ospolab-why"),
        )
        prompt = markup(
            f'<div class="ospolab-help">Question {number} of {of}</div>{block(question.prompt)}', "ospolab-legend"
        )
        super().__init__([prompt, self.choose, self.told])
        for name in (
            "ospolab-field",
            "ospolab-group",
            "ospolab-question",
            f"ospolab-question-{question.id.replace('.', '-')}",
        ):
            self.add_class(name)
        self.choose.observe(lambda change: self._explain(chosen), "value")

    def right(self, at: int | None) -> bool:
        return at is not None and self.question.options[at].correct

    def _explain(self, chosen) -> None:
        at = self.choose.value
        if at is None:
            return
        self.first = at if self.first is None else self.first
        right = self.right(at)
        for name, on in (("ospolab-right", right), ("ospolab-not", not right)):
            (self.told.add_class if on else self.told.remove_class)(name)
        sign, verdict = ("✓", RIGHT) if right else ("✗", WRONG)
        why = inline(self.question.options[at].why)
        self.told.tell(f'<span class="ospolab-verdict"><span aria-hidden="true">{sign}</span> {verdict}</span> {why}')
        chosen(self)

    def restore(self, chosen: int, first: int) -> None:
        self.first = first
        self.choose.value = chosen


class _Read(ipywidgets.VBox):
    """The tick by which a learner says that they have read the lesson. keep(ticked) returns whether that is kept."""

    def __init__(self, ticked: bool, keep: Callable[[bool], bool]):
        self.box, self.told = ipywidgets.Checkbox(ticked, description=READ, indent=False), Told("ospolab-message")
        super().__init__([self.box, markup(READ_HELP, "ospolab-help"), self.told])
        self.add_class("ospolab-read")
        self.box.observe(lambda change: self.told.tell("" if keep(change.new) else NOT_KEPT), "value")


class Quiz(Board):
    """The questions of one lesson, in `asked`, and below them, in `read`, the tick that says the lesson is read.

    Earlier choices come back from the learner's progress. Where none is kept, outside a copy, `read` is None.
    """

    def __init__(self, stem: str, folder: Path | str | None = None):
        self.stem, self.questions = stem, load(find(stem, folder))
        self.asked = [_Asked(q, at + 1, len(self.questions), self._chosen) for at, q in enumerate(self.questions)]
        self.status = Told("ospolab-status")
        known = _progress_read()
        self._restoring = True
        try:
            self._restore(known.get("quiz", {}))
        finally:
            self._restoring = False
        self._complete = self._score()
        said = known.get("read", {}).get(stem)
        ticked = said if isinstance(said, bool) else self._complete
        self.read = _Read(ticked, lambda now: _progress_record("read", stem, now)) if _progress_is_kept() else None
        # HTML of a widget runs no <script>; see `ospolab.widgets.dressing`.
        keys = markup(f'<style onload="{html.escape(_KEYS)}">/* keys */</style>', "ospolab-dressing")
        super().__init__(
            [keys, markup(KEYS_HELP, "ospolab-help"), *self.asked, self.status, *([self.read] if self.read else [])],
            "ospolab-quiz",
        )

    def _restore(self, known: dict[str, Any]) -> None:
        for asked in self.asked:
            entry = known.get(f"{self.stem}/{asked.question.id}")
            indices = range(len(asked.question.options))
            # The quiz may have changed since: what does not fit any more is as good as not answered.
            if isinstance(entry, dict) and entry.get("chosen") in indices:
                first = entry.get("first")
                asked.restore(entry["chosen"], first if first in indices else entry["chosen"])

    def _chosen(self, asked: _Asked) -> None:
        if self._restoring:
            return
        at = asked.choose.value
        entry = {"chosen": at, "correct": asked.right(at), "first": asked.first}
        _progress_record("quiz", f"{self.stem}/{asked.question.id}", entry)
        before, self._complete = self._complete, self._score()
        if self.read and self._complete and not before:
            self.read.box.value = True  # once: who takes the tick back has had the last word

    def _score(self) -> bool:
        """Say how many are answered and right; returns whether all are answered."""
        number = len(self.asked)
        done = sum(asked.first is not None for asked in self.asked)
        right = sum(asked.right(asked.first) for asked in self.asked)
        if done == number:
            self.status.tell(f"{right} of {number} answered right at first try")
        else:
            self.status.tell(f"{done} of {number} answered, {right} right at first try")
        return done == number

    def summary(self) -> str:
        return f"Quiz: {self.stem} ({len(self.questions)} questions)"

    def picture(self) -> str:
        questions = "".join(self._pictured(at + 1, question) for at, question in enumerate(self.questions))
        return (
            '<div class="ospolab-quiz"><p class="ospolab-note">In JupyterLab, <strong>run this cell</strong>: the quiz '
            f"then remembers your answers.</p>{questions}</div>"
        )

    def _pictured(self, number: int, question: Question) -> str:
        name = re.sub(r"[^a-z0-9]+", "-", f"quiz-{self.stem}-{question.id}".lower())
        options = "".join(
            f"<details><summary>{inline(option.text)}</summary>"
            f"<p><strong>{RIGHT if option.correct else WRONG}</strong> {inline(option.why)}</p></details>"
            for option in question.options
        )
        return (
            f'<div class="ospolab-question" role="group" aria-labelledby="{name}">'
            f'<p class="ospolab-number"><strong>Question {number} of {len(self.questions)}</strong></p>'
            f'<div class="ospolab-prompt" id="{name}">{block(question.prompt).strip()}</div>{options}</div>'
        )


def _progress_read() -> dict[str, Any]:
    """What the learner has done so far. A lesson works without its bookkeeping."""
    try:
        from ospolab.learner import progress
    except ImportError:
        return {}
    return progress.read()


def _progress_record(kind: str, key: str, value: Any) -> bool:
    try:
        from ospolab.learner import progress
    except ImportError:
        return False
    return progress.record(kind, key, value)


def _progress_is_kept() -> bool:
    """Whether this runs in a learner's copy."""
    try:
        from ospolab.learner import find_copy
    except ImportError:
        return False
    return find_copy() is not None
