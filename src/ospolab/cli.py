"""The command `ospolab`: what `make learn`, `make test` and the others run.

Modules are imported inside the commands that need them, so that each command, and `--help`, starts at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="ospolab",
    help="A course for people who run an Open Source Program Office.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Port = Annotated[int | None, typer.Option(min=1, max=65535, help="This port and no other (default: a free one).")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Only print the address.")]
Folder = Annotated[Path | None, typer.Option(help="Where your copy of the course is (default: my-course).")]
AnyFolder = Annotated[
    Path | None, typer.Option(help="Where your copy of the course is (default: the one you stand in, or my-course).")
]


def main() -> None:
    """Run the command line; what a learner can put right is said in a sentence, not in a traceback."""
    from ospolab.course import CourseNotFound

    put_environment_on_path()
    try:
        app()
    except CourseNotFound as error:
        typer.echo(error, err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def put_environment_on_path() -> None:
    """Let programs started from here find those of the same environment before all others.

    nbgrader's own commands call `alembic` by name, and in a terminal of JupyterLab a learner types `ospolab`.

    The one place that does so; bootstrap.py hands over to this module, and tests call this function.
    """
    # Not resolved: .venv/bin/python is a link to a Python that lives elsewhere.
    ours = str(Path(sys.executable).parent)
    others = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder not in ("", ours)]
    os.environ["PATH"] = os.pathsep.join([ours, *others])


def fail(message: object) -> typer.Exit:
    typer.echo(f"\n{message}", err=True)
    return typer.Exit(1)


def author(task: Callable, *arguments: object) -> None:
    """Run a task of ospolab.authoring: its own errors are messages; returning False means that something is wrong."""
    try:
        result = task(*arguments)
    except Exception as error:
        if type(error).__module__.startswith("ospolab."):
            raise fail(error) from error
        raise
    raise typer.Exit(1 if result is False else 0)


def copy_folder(folder: Path | None) -> Path:
    from ospolab import course

    # What `make` and the shell leave of "~/my-course" inside quotes is still "~/my-course".
    return folder.expanduser().absolute() if folder else course.root() / "my-course"


def copy_here(folder: Path | None) -> Path:
    """The copy named, or else the one around the working folder, as in a terminal of JupyterLab, or else my-course."""
    from ospolab.learner import find_copy

    return copy_folder(folder or find_copy())


@app.command()
def learn(port: Port = None, no_browser: NoBrowser = False, folder: Folder = None) -> None:
    """Open the course in JupyterLab. Your work is kept in my-course/."""
    from ospolab import course
    from ospolab.learner import copy, progress, serve, welcome

    home = copy_folder(folder)
    if not serve.running_on(home):  # under an open JupyterLab, files are better left alone
        try:
            if port is not None:
                serve.choose_port(port)
            report = copy.sync(course.root(), home)
            notes = [*report.messages(), copy.trust(report.notebooks), progress.mend(home)]
            welcome.refresh(home)
        except (copy.CopyError, serve.ServeError) as error:
            raise fail(error) from error
        except OSError as error:
            raise fail(f"{error.filename or home} cannot be written: {error.strerror}.") from error
        for note in filter(None, notes):
            typer.echo(note)
    try:
        status = serve.serve(
            home,
            page=welcome.NAME,
            port=port,
            browser=not no_browser,
            farewell=f"Your work is in {home}; `make learn` opens it again.",
        )
    except serve.ServeError as error:
        raise fail(error) from error
    raise typer.Exit(status)


@app.command()
def teach(port: Port = None, no_browser: NoBrowser = False) -> None:
    """Open the instructor's view: exercise sources, formgrader and the assignment list."""
    from ospolab import course
    from ospolab.learner import serve

    folder = course.root() / "exercises"
    if not folder.is_dir():
        raise fail(f"{folder} was expected, and is not there.")
    # What JupyterLab and a local exchange leave behind; the gradebook and the submissions are in exercises/.
    scratch = course.root() / "_build" / "teach"
    exchange = scratch / "exchange"
    try:
        exchange.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise fail(f"{error.filename} cannot be written: {error.strerror}.") from error
    os.environ.setdefault("OSPOLAB_EXCHANGE", str(exchange))
    try:
        status = serve.serve(folder, port=port, browser=not no_browser, configs=("teach", "common"), scratch=scratch)
    except serve.ServeError as error:
        raise fail(error) from error
    raise typer.Exit(status)


@app.command()
def test() -> None:
    """Run all checks: style, book, package, lessons."""
    from ospolab import course, suite

    raise typer.Exit(suite.run(course.root()))


@app.command()
def book() -> None:
    """Build the book into _build/html; warnings are errors."""
    from ospolab.authoring import book as authoring

    author(authoring.build)


@app.command()
def pdf() -> None:
    """Print the whole book into one PDF, _build/ospo-lab.pdf; needs Chromium."""
    from ospolab.authoring import editions

    author(editions.pdf)


@app.command()
def offline() -> None:
    """Pack the book into _build/ospo-lab-book.zip, for reading without a network."""
    from ospolab.authoring import editions

    author(editions.offline)


@app.command()
def links() -> None:
    """Ask every address outside the book whether it is there; needs a network and takes minutes."""
    from ospolab.authoring import editions

    author(editions.links)


@app.command()
def notebooks(
    paths: Annotated[list[Path] | None, typer.Argument(help="Lessons to run (default: all).")] = None,
) -> None:
    """Run the lessons and store their outputs, without what changes from run to run."""
    from ospolab.authoring import notebooks as authoring

    author(authoring.refresh, paths or None)


@app.command()
def exercises() -> None:
    """Derive exercises/release from exercises/source."""
    from ospolab.authoring import exercises as authoring

    author(authoring.release)


@app.command()
def bench() -> None:
    """Run every script in benchmarks/."""
    import subprocess

    from ospolab import course

    scripts = sorted((course.root() / "benchmarks").glob("[!_]*.py"))
    if not scripts:
        typer.echo("There are no benchmarks yet: nothing was found in benchmarks/.")
    failed = 0
    for script in scripts:
        typer.echo(f"== {script.name}")
        failed += subprocess.run([sys.executable, str(script)], cwd=course.root()).returncode != 0
    raise typer.Exit(1 if failed else 0)


@app.command()
def check(
    assignment: Annotated[
        str | None, typer.Argument(help="Name of the exercise: its folder in my-course/exercises.")
    ] = None,
    folder: AnyFolder = None,
) -> None:
    """Grade your own exercise, on your own machine, with the tests of the course.

    This runs the code in your notebook as you, with your rights and without isolation, just as JupyterLab does. Do not
    grade a notebook of someone else with it.
    """
    from ospolab import course
    from ospolab.learner import check as checking

    try:
        status = checking.show(course.root(), copy_here(folder), assignment)
    except checking.GradeError as error:
        raise fail(error) from error
    raise typer.Exit(status)


@app.command()
def grade(
    assignment: Annotated[str, typer.Argument(help="Name of the exercise: its folder in exercises/source.")],
    student: Annotated[str | None, typer.Option(help="Only this one: a folder in submitted/.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Grade again what has not changed.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes (default: one a core).")] = None,
    scheduler: Annotated[
        str | None, typer.Option(help='Address of a Dask scheduler; "local" starts a cluster here, for trying.')
    ] = None,
    db: Annotated[
        str | None, typer.Option(help="URL of the gradebook (default: nbgrader_config.py's, or gradebook.db).")
    ] = None,
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Run student code without isolation, as you; each grade is marked.")
    ] = False,
    folder: Annotated[Path | None, typer.Option(help="The course folder of nbgrader (default: exercises).")] = None,
) -> None:
    """Grade a class: what lies in submitted/ goes to the gradebook and to autograded/.

    Student code runs where it can neither see nor reach anything. Exit status: 0 all graded, 3 some need a human, 1 the
    run failed, 130 it was stopped; what was graded is kept.
    """
    from ospolab import course
    from ospolab.grading import report

    given = folder.expanduser() if folder else course.root() / "exercises"
    options = {"student": student, "force": force, "jobs": jobs, "scheduler": scheduler, "db": db, "unsafe": unsafe}
    try:
        status = report.show(given, assignment, **options)
    except report.GradingError as error:
        raise fail(error) from error
    raise typer.Exit(status)


@app.command()
def health(
    repository: Annotated[Path, typer.Argument(help="A clone with its whole history.")],
    window: Annotated[int, typer.Option(min=1, help="Months to look back.")] = 12,
    new_for: Annotated[int, typer.Option(min=1, help="Months for which someone counts as new.")] = 24,
    threshold: Annotated[float, typer.Option(min=1, max=100, help="Per cent at which the rule rings.")] = 25,
    fewest: Annotated[int, typer.Option(min=0, help="Commits the window must hold.")] = 20,
) -> None:
    """Count a repository of yours as the lab "The metric that improved" does. Prints counts, never names."""
    from rich.console import Console
    from rich.table import Table

    from ospolab import health, histories

    try:
        history = histories.commits_by_month(repository.expanduser())
        rule = health.Rule(window, new_for, threshold, fewest)
        figures = health.latest(history, rule)
    except (histories.HistoryError, ValueError) as error:
        raise fail(error) from error
    table = Table(
        "measure",
        "value",
        title=f"{repository.expanduser().resolve().name}: {window} months to the end of {history.index[-1]}",
    )
    for measure, value in figures.items():
        table.add_row(measure, str(value))
    Console().print(table)


@app.command()
def progress(folder: AnyFolder = None) -> None:
    """Show what you have done, and what is next."""
    from rich.console import Console
    from rich.markdown import Markdown

    from ospolab.learner import MARKER, welcome

    home = copy_here(folder)
    if not (home / MARKER).is_dir():
        raise fail(f"{home} holds no copy of the course yet. `make learn` makes one.")
    Console().print(Markdown(welcome.summary(home), hyperlinks=False))


@app.command()
def portfolio(folder: AnyFolder = None) -> None:
    """List your papers: which are there, which do not hold and why, which are still to come."""
    from contextlib import chdir

    from rich.console import Console

    from ospolab.learner import MARKER
    from ospolab.portfolio import shelf

    home = copy_here(folder)
    if not (home / MARKER).is_dir():
        raise fail(f"{home} holds no copy of the course yet. `make learn` makes one.")
    with chdir(home):  # papers are found from where one stands
        failing = shelf.show(Console())
    raise typer.Exit(1 if failing else 0)
