"""The shelf: every paper of the course, and how it stands for the learner's organisation."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ospolab import course
from ospolab.portfolio import kinds, papers
from ospolab.portfolio.organisation import Organisation

SIGNS = {"sound": "[green]✓[/] holds", "failing": "[bold red]✗[/] does not hold", "missing": "· not written yet"}


def states() -> list[papers.State]:
    """One entry for every paper that can be issued today, in the order of the course."""
    whose = _whose()
    return [papers.state(kind, whose) for kind in kinds()]


def _whose() -> Organisation | None:
    """Whom the papers are for; None while organisation.yml is missing or cannot be read."""
    try:
        return papers.read(Organisation)
    except (FileNotFoundError, papers.PaperError, OSError):
        return None


def to_come() -> list[str]:
    """Papers of labs that are not there yet, in words."""
    return [lesson.paper for lesson in course.lessons() if lesson.paper and not lesson.exists]


def show(console: Console) -> bool:
    """Print the shelf; whether some paper fails."""
    found, whose = states(), _whose()
    table = Table("paper", "file", "state", title=f"Papers of {escape(whose.label)}" if whose else "Your papers")
    titles = {lesson.stem: lesson.title for lesson in course.lessons()}
    for one in found:
        state = SIGNS[one.word]
        if one.word == "missing":
            state += f": exercise of “{escape(titles[one.kind.LESSON])}”"
        if one.blanks:
            state += f"; {one.blanks} blank{'s' * (one.blanks > 1)} to fill in"
        table.add_row(one.kind.TITLE, papers.path_of(one.kind).name, state)
    console.print(table)
    for one in found:
        for problem in one.problems:
            console.print(f"[bold]{one.kind.TITLE}:[/] {escape(problem)}", soft_wrap=True)
    if whose is None and any(one.word != "missing" for one in found):
        console.print(
            "Whether they hold depends on the organisation, and organisation.yml is missing or cannot be read: run the "
            "cell of task 4 in the exercise of the foundations again.",
            soft_wrap=True,
        )
    if later := to_come():
        console.print(f"Still to come: {escape(', '.join(later))}.", soft_wrap=True)
    return any(one.word == "failing" for one in found)
