"""A run of `ospolab grade` as it is seen in a terminal: a bar while it runs, and what a human has to do afterwards."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from ospolab.grading.run import Change, GradingError, Report, grade

__all__ = ["GradingError", "show"]


def show(folder: Path, assignment: str, **options: Any) -> int:
    """Grade and report; returns the exit status. Raises GradingError."""
    console, started = Console(), time.monotonic()
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(f"Grading {escape(assignment)}", total=None, rate="")

        def progress(done: int, of: int) -> None:
            minutes = max(time.monotonic() - started, 0.1) / 60
            bar.update(task, completed=done, total=of, rate=f"{done / minutes:.0f} a minute" if done else "")

        def agree(changes: list[Change]) -> bool:
            bar.stop()
            return _agreed(console, changes)

        report = grade(folder, assignment, progress=progress, agree=agree, **options)
    _summary(console, report, time.monotonic() - started)
    return report.status


def _agreed(console: Console, changes: list[Change]) -> bool:
    """Show which points change, and ask, if there is somebody to ask."""
    table = Table("student", "points before", "now", "cells", title="Points that were given before and change")
    for change in changes:
        cells = ", ".join(
            f"{name} {_number(old)} → {_number(new)}" for (_, name), (old, new) in sorted(change.cells.items())
        )
        table.add_row(escape(change.student), f"{change.before:g}", f"{change.after:g}", escape(cells))
    console.print(table)
    if not sys.stdin.isatty():
        return True
    return console.input("Write these? [Y/n] ").strip().lower() in ("", "y", "yes")


def _number(points: float | None) -> str:
    return "by hand" if points is None else f"{points:g}"


def _summary(console: Console, report: Report, seconds: float) -> None:
    def say(text: str, style: str = "") -> None:
        console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    counts = [f"{len(report.graded)} graded"]
    if report.unchanged:
        counts.append(f"{len(report.unchanged)} as before")
    if report.waiting:
        counts.append(f"{report.waiting} with a text for you to read, in formgrader")
    say(f"{', '.join(counts)}; {seconds:.1f} s.")
    for student, remarks in sorted(report.remarks.items()):
        say(f"  put right  {student}: {'; '.join(remarks)}")
    if report.kept_back:
        say(f"Not written, as you said: {', '.join(report.kept_back)}.", "bold")
    if report.humans:
        say("These need a human:", "bold")
        for student, reasons in sorted(report.humans.items()):
            say(f"  {student}: {'; '.join(reasons)}")
    if not report.isolated:
        say(
            "Student code ran WITHOUT ISOLATION (--unsafe): these grades are marked so, and may have been forged.",
            "bold red",
        )
    if report.stopped:
        say("Stopped. What was graded is kept; the same command goes on from there.", "bold")
