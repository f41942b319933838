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
from textwrap import shorten

from ospolab.forms import missing, store

__all__ = ["NotYet", "given", "result", "score", "unseen"]


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


def result(task: str, earned: float | None) -> float | str:
    """The last line of a form's graded cell: the points when graded, otherwise whether everything is answered.

    Raises NotYet, an AssertionError, naming the fields not answered yet; when graded they are only printed, so that the
    feedback names them.
    """
    open_fields = [shorten(label.replace("**", ""), 60, placeholder=" …") for label in missing(task)]
    count = f"{len(open_fields)} answer{'s are' if len(open_fields) > 1 else ' is'}"
    said = "\n- ".join([f"{count} still missing in this form:", *open_fields])
    if earned is not None:
        if open_fields:
            print(said)
        return earned
    if open_fields:
        raise NotYet(f"{said}\nAnswer, and run this cell again.")
    return "Everything is answered. The points come when it is graded."


def unseen(name: str) -> random.Random:
    """The random numbers from which a hidden test draws its cases.

    They follow from `name` and the course key, the environment variable OSPOLAB_COURSE_KEY: the same for everyone under
    one key, and unknown to anyone who does not have it. Without a key the cases are public, like this source.
    """
    key = os.environ.get("OSPOLAB_COURSE_KEY", "public")
    return random.Random(hashlib.sha256(f"{key}/{name}".encode()).hexdigest())
