"""What a lesson shows besides text and code."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ospolab.lessons.quizzes import Quiz

__all__ = ["quiz"]


def quiz(stem: str) -> Quiz:
    """The quiz of the lesson `stem`, for example "enabler/strategy". It remembers what was chosen, grades nothing."""
    from ospolab.lessons.quizzes import Quiz

    return Quiz(stem)
