"""From `exercises/source` to `exercises/release`: nbgrader takes out solutions and hidden tests, we put in what shows.

Release is derived and committed. A test makes it again and compares, byte for byte.
"""

import copy
import logging
import shutil
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from rich.console import Console
from rich.progress import track
from traitlets.config import Config, PyFileConfigLoader

from ospolab import course
from ospolab.authoring.notebooks import normalised

__all__ = ["ShowCells", "release", "release_to", "sources"]


class ShowCells(NbGraderPreprocessor):
    """Runs the cells marked `ospolab.show` (and the locked ones marked `ospolab.setup` before them) and keeps what they
    show: a reader of the book, who runs nothing, sees the forms and the pictures that a task asks about.
    """

    def preprocess(self, nb, resources):
        marked = [cell for cell in nb.cells if cell.metadata.get("ospolab", {}).keys() & {"show", "setup"}]
        if not any("show" in cell.metadata.ospolab for cell in marked):
            return nb, resources
        run = nbformat.v4.new_notebook(cells=copy.deepcopy(marked))
        NotebookClient(run, timeout=60, kernel_name="python3", resources={"metadata": resources["metadata"]}).execute()
        for cell, done in zip(marked, normalised(run).cells, strict=True):
            if "show" in cell.metadata.ospolab:
                cell.outputs = done.outputs
                for output in cell.outputs:
                    # Numbers of a run that the reader has not made.
                    if "execution_count" in output:
                        output.execution_count = None
        return nb, resources


def sources() -> list[str]:
    """Names of all exercises that have a source."""
    return sorted(path.name for path in (course.root() / "exercises" / "source").iterdir() if any(path.glob("*.ipynb")))


def release_to(folder: Path, names: list[str]) -> None:
    """Make the released form of the named exercises below `folder`, as `folder/<name>/`; no gradebook is involved."""
    exercises = course.root() / "exercises"
    config = Config(PyFileConfigLoader("nbgrader_config.py", str(exercises)).load_config())
    config.GenerateAssignment.no_database, config.SaveCells.enabled = True, False
    with tempfile.TemporaryDirectory() as scratch:
        # nbgrader names its output folder relative to the course folder, so the course folder is a scratch copy.
        shutil.copytree(exercises / "source", Path(scratch) / "source", ignore=shutil.ignore_patterns(".*"))
        config.CourseDirectory.root = scratch
        for name in names:
            config.CourseDirectory.assignment_id = name
            converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
            converter.log.setLevel(logging.WARNING)
            converter.start()
            shutil.copytree(Path(scratch) / "release" / name, folder / name)


def release() -> bool:
    """Bring `exercises/release` up to date with the sources. True if all went well."""
    console, target, well = Console(), course.root() / "exercises" / "release", True
    for name in track(sources(), "Releasing exercises", console=console, transient=True):
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as made:
            try:
                release_to(Path(made), [name])
            except Exception as error:  # nbgrader raises what its preprocessors raise
                console.print(f"failed    {name}: {error}", highlight=False, markup=False, soft_wrap=True)
                well = False
                continue
            word = _replace(Path(made) / name, target / name)
        console.print(
            f"{word:9} exercises/release/{name}  {time.perf_counter() - started:.1f} s", highlight=False, soft_wrap=True
        )
    for stale in sorted(set(path.name for path in target.iterdir() if path.is_dir()) - set(sources())):
        shutil.rmtree(target / stale)
        console.print(f"removed   exercises/release/{stale}: it has no source", highlight=False, soft_wrap=True)
    return well


def _replace(new: Path, old: Path) -> str:
    def content(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    if old.is_dir() and content(old) == content(new):
        return "unchanged"
    shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(new, old)
    return "written"
