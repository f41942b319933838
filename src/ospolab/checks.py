"""What the checks in exercises are made of. A message says what was seen, what was expected in kind, and where to look.

A graded cell for a form reads the same in every exercise:

    earned = None
    ### BEGIN HIDDEN TESTS
    answered = given("curves")
    earned = score(4, answered.get("curve-a") == "spread", ...)
    ### END HIDDEN TESTS
    result("curves", earned)

While the learner works there are no hidden tests: `result` then says what is still to be answered.
"""

import hashlib
import os
import random
from textwrap import fill, shorten

from ospolab.forms import definition, missing, store

__all__ = ["NotYet", "cells", "given", "net", "result", "score", "unseen"]


def given(task: str) -> dict:
    """The sound answers of a form: typed, by field. What is open or does not fit is left out and costs only itself.

    Raises AnswersError if the file as a whole cannot be read. For tests; a learner's own cells use
    `ospolab.forms.answers`, which says what is wrong instead.
    """
    return store.read(task).values


class NotYet(AssertionError):
    """Something is still open. Notebooks show the sentence alone: a traceback would bury it."""

    def _render_traceback_(self) -> list[str]:
        return [f"Not yet: {self}"]


def score(points: float, *parts: bool | float) -> float:
    """Points for a task of equal parts: each part is done (True), not done (False) or a share between 0 and 1.

    Rounded to hundredths; never outside 0..points.
    """
    if not parts:
        raise ValueError("score needs at least one part")
    return round(points * sum(min(max(float(part), 0.0), 1.0) for part in parts) / len(parts), 2)


def net(points: float, held: list[bool], answered: int) -> float:
    """Points for a task of equal parts in which a wrong answer takes back half of what a right one gives.

    So neither a guess nor one answer everywhere pays, and an open part costs only itself. held: whether each part
    holds; answered: how many parts have an answer at all. Rounded to thousandths; never below 0.
    """
    right = sum(held)
    return round(max(points * (right - (answered - right) / 2) / len(held), 0.0), 3)


def cells(task: str, table: str, column: str, key: dict[str, tuple[str, str]], tell_all: bool = False) -> list[bool]:
    """Whether each answer in one column of a form's table holds, in the order of `key`.

    key: row -> (values that hold, with blanks between; why). For an answer that does not hold, prints what does and
    why, so that the feedback teaches; with tell_all for one that holds as well, where a learner has to see which other
    answers are accepted. What is not answered is False and prints nothing.
    """
    form = definition.task(task).field(table)
    rows = {row.value: _plain(row.text) for row in form.rows}
    texts = {option.value: _plain(option.text) for one in form.columns if one.id == column for option in one.options}
    answered = given(task).get(table, {})
    held = []
    for row, (values, why) in key.items():
        answer = answered.get(row, {}).get(column)
        held.append(answer in values.split())
        if answer is not None and (tell_all or not held[-1]):
            good = " or ".join(f"“{texts[value]}”" for value in values.split())
            word, mark = ("Accepted", "+ ") if held[-1] else ("What holds", "- ")
            said = f"{shorten(rows[row], 70, placeholder=' …')} {word}: {good}. {why}"
            print(fill(said, 100, initial_indent=mark, subsequent_indent="  "))
    return held


def result(task: str, earned: float | None) -> float | str:
    """The last line of a form's graded cell: the points when graded, otherwise whether everything is answered.

    Raises NotYet, an AssertionError, naming the fields not answered yet, and AnswersError for an answer that does not
    fit. When graded, both are only printed, so that the feedback names them and they cost only themselves.
    """
    if earned is None:
        open_fields = missing(task)
        if open_fields:
            raise NotYet(f"{_open(open_fields)}\nAnswer, and run this cell again.")
        return "Everything is answered. The points come when it is graded."
    saved = store.read(task)
    for problem in saved.problems.values():
        print(problem)
    if still := definition.task(task).still_open(saved.values):
        print(_open(still))
    return earned


def _plain(text: str) -> str:
    return " ".join(text.replace("**", "").replace("`", "").split())


def _open(lines: list[str]) -> str:
    count = f"{len(lines)} answer{'s are' if len(lines) > 1 else ' is'}"
    return "\n- ".join([f"{count} still missing in this form:", *lines])


def unseen(name: str) -> random.Random:
    """The random numbers from which a hidden test draws its cases.

    They follow from `name` and the course key, the environment variable OSPOLAB_COURSE_KEY: the same for everyone under
    one key, and unknown to anyone who does not have it. Without a key the cases are public, like this source.
    """
    key = os.environ.get("OSPOLAB_COURSE_KEY", "public")
    return random.Random(hashlib.sha256(f"{key}/{name}".encode()).hexdigest())
