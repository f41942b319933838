"""Notebooks are the source, stored executed. This runs them and takes out what would change from run to run.

Lessons keep their outputs: the book shows them, and strict nbval compares them. Exercise sources keep none, because
what they show belongs to whoever solves them.
"""

import os
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from rich.console import Console
from rich.progress import track

from ospolab import course, kernels

__all__ = ["executed", "normalised", "refresh", "sources"]

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LIVE = ("application/vnd.jupyter.widget-view+json",)  # needs a kernel; its static HTML is stored beside it


def sources() -> list[Path]:
    """Every notebook edited by hand: the lessons, then the exercise sources."""
    root = course.root()
    found = [*sorted(root.glob("notebooks/**/*.ipynb")), *sorted(root.glob("exercises/source/**/*.ipynb"))]
    return [path for path in found if ".ipynb_checkpoints" not in path.parts]


def normalised(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook without what depends on who ran it when: timings, widget state, live views, Python's version."""
    for cell in notebook.cells:
        for noise in ("execution", "collapsed", "scrolled", "trusted", "editable", "slideshow", "jupyter"):
            cell.metadata.pop(noise, None)
        for output in cell.get("outputs", []):
            for live in LIVE:
                output.get("data", {}).pop(live, None)
            output.pop("transient", None)
            if output.output_type != "error" and "metadata" in output:
                output.metadata = nbformat.NotebookNode()
    kept = {key: notebook.metadata[key] for key in ("ospolab", "nbgrader") if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}, **kept})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def executed(path: Path, timeout: int = 60) -> nbformat.NotebookNode:
    """The notebook at `path`, run from top to bottom in its own folder and normalised. Raises CellExecutionError.

    In a kernel forked from a preloaded process; the first one of a process decides for all.
    """
    for name, value in kernels.ASKED_FOR.items():
        os.environ.setdefault(name, value)
    notebook = nbformat.read(path, as_version=4)
    # One print may come in two parts, on a busy machine: they are stored as one.
    where = {"metadata": {"path": path.parent}}
    NotebookClient(notebook, timeout=timeout, kernel_name="python3", resources=where, coalesce_streams=True).execute()
    return normalised(notebook)


def refresh(paths: list[Path] | None = None) -> bool:
    """Run lessons, clear exercise sources, normalise both; write those that change. True if all went well."""
    console, well = Console(), True
    for path in track(paths or sources(), "Running notebooks", console=console, transient=True):
        started = time.perf_counter()
        before = path.read_text(encoding="utf-8")
        try:
            notebook = _cleared(path) if "exercises" in path.parts else executed(path)
        except CellExecutionError as error:
            console.print(f"[red]failed[/] {path}\n{error}", highlight=False, markup=True)
            well = False
            continue
        after = nbformat.writes(notebook) + "\n"
        if after != before:
            path.write_text(after, encoding="utf-8")
        word = "written" if after != before else "unchanged"
        console.print(f"{word:9} {path}  {time.perf_counter() - started:.1f} s", highlight=False, soft_wrap=True)
    return well


def _cleared(path: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return normalised(notebook)
