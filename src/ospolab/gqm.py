"""Goal, question, metric: a tree from what is wanted to what is counted, and what is wrong with one.

Source: Basili, Caldiera, Rombach, The Goal Question Metric Approach, 1994: from the goal down, never from the data up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["GOALS", "METRICS", "QUESTIONS", "Metric", "findings"]


@dataclass(frozen=True)
class Metric:
    """Something counted. source: where the number comes from, "" if nobody knows. answers: questions it can answer.

    vain: how it can rise while we get no nearer to the goal, in a sentence; "" for one that cannot so easily.
    """

    words: str
    source: str
    answers: tuple[str, ...] = ()
    vain: str = ""


GOALS = {"carry-less": "Carry fewer patches that others need as well"}
QUESTIONS = {
    "cost": "What do the patches that we carry cost?",
    "waiting": "Which of them could be given back, and have not been offered?",
    "welcome": "Are our offers taken, and how long do they wait?",
    "safe": "Do we find what git does not report before users do?",
}
METRICS = {
    "hours": Metric("hours on conflicts and breaks, a release", "time sheet, or a tag on the task", ("cost",)),
    "conflicts": Metric("conflicts, for each release taken", "log of the update job", ("cost",)),
    "age": Metric("patches carried for more than two releases and never offered", "the list of patches", ("waiting",)),
    "taken": Metric("offers taken, of all offers decided in the year", "the project's tracker", ("welcome",)),
    "days": Metric("days from offer to first answer, median", "the project's tracker", ("welcome",)),
    "found": Metric("quiet breaks found by our tests, of all found", "incident list and test log", ("safe",)),
    "stars": Metric(
        "stars of the projects we contribute to", "the hosting platform", vain="Stars follow news; none is ours."
    ),
    "sent": Metric(
        "pull requests sent", "the project's tracker", vain="Split one change into five and it rises, taken or not."
    ),
    "lines": Metric(
        "lines contributed", "git log", vain="Long-winded code counts most, and deleting code counts against us."
    ),
    "worth": Metric(
        "worth of what we use, by lines of code",
        "a COCOMO calculator",
        vain="It grows with other people's lines, whatever we do.",
    ),
}


def findings(
    goals: Mapping[str, str],
    questions: Mapping[str, str],
    metrics: Mapping[str, tuple[str, ...]],
    known: Mapping[str, Metric] = METRICS,
) -> list[str]:
    """What is wrong with a tree, a sentence each; [] if nothing is.

    goals: {goal: words}. questions: {question: its goal}. metrics: {metric: the questions it is to answer}.
    known: what is known about each metric; one that is not there is taken to have no source.
    """
    said = [f'Goal "{goal}" has no question.' for goal in goals if goal not in questions.values()]
    said += [f'Question "{one}" belongs to no goal.' for one, goal in questions.items() if goal not in goals]
    answered = {question for asked in metrics.values() for question in asked}
    said += [f'Question "{one}" has no metric.' for one in questions if one not in answered]
    for name, asked in metrics.items():
        if not any(question in questions for question in asked):
            said.append(f'Metric "{name}" answers no question.')
        metric = known.get(name)
        if metric is None or not metric.source:
            said.append(f'Metric "{name}" has no source.')
        if metric is not None and metric.vain:
            said.append(f'Metric "{name}" is vain. {metric.vain}')
    return said
