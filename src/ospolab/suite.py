"""All tests of the course, one step after the other: what `make test` runs, for a contributor and for CI alike."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ospolab import kernels


@dataclass(frozen=True)
class Step:
    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


def steps() -> list[Step]:
    """Cheap ones first. Two test processes: the smallest machine this must run on has two cores."""
    python = (sys.executable, "-m")
    parallel = ("-n", "2", "--dist", "loadscope")
    return [
        # Against mistakes that need no run to be seen: unused names, bare excepts, old idioms.
        Step("ruff check", (*python, "ruff", "check", ".")),
        # Against diffs that are about spaces.
        Step("ruff format", (*python, "ruff", "format", "--check", ".")),
        # Against a book that only its author can build: warnings are errors, and the tests below read the built pages.
        Step("book", (*python, "ospolab", "book")),
        # Against everything else: the package, the set-up, grading, the shape of lessons, links, the browser.
        Step("pytest", (*python, "pytest", *parallel, "tests")),
        # Against lessons whose stored outputs are not what their code gives today.
        Step(
            "lessons (nbval)",
            (
                *(*python, "pytest", "-p", "no:cacheprovider", "--nbval", "notebooks"),
                *("--nbval-cell-timeout", "60", "--nbval-sanitize-with", "tests/nbval_sanitize.cfg"),
                *parallel,
            ),
            kernels.ASKED_FOR,
        ),
    ]


def run(course: Path, selected: list[Step] | None = None) -> int:
    """Run every step, whatever the ones before gave. Returns 0 if all passed, 1 if not."""
    console = Console()
    results = []
    for step in steps() if selected is None else selected:
        console.rule(step.name)
        # Its words go straight to the terminal, where CI reads pytest's last line; ours must not be overtaken by them.
        sys.stdout.flush()
        began = time.monotonic()
        try:
            status = subprocess.run(step.command, cwd=course, env={**os.environ, **step.environment}).returncode
        except OSError as error:
            console.print(f"{step.command[0]} could not be started: {error.strerror}")
            status = 127
        results.append((step.name, status, time.monotonic() - began))
    table = Table(title="make test")
    table.add_column("step")
    table.add_column("result")
    table.add_column("seconds", justify="right")
    for name, status, seconds in results:
        said = "passed" if status == 0 else f"[bold red]failed[/] (exit status {status})"
        table.add_row(name, said, f"{seconds:.1f}")
    console.print(table)
    return 0 if all(status == 0 for _, status, _ in results) else 1
