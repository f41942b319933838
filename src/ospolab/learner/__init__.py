"""A learner's copy of the course: making and updating it, serving it, and knowing what is done in it.

A copy is a folder with `.ospolab/` in it. Code that runs in a kernel finds it by walking up from where it runs.
"""

from __future__ import annotations

from pathlib import Path

from ospolab.browser import IS_BROWSER

MARKER = ".ospolab"
DRIVE = Path("/drive")


def find_copy(start: Path | None = None) -> Path | None:
    """The learner's copy that `start` (default: the current folder) lies in, or None."""
    if IS_BROWSER:  # its drive holds the copy, and nothing else
        (DRIVE / MARKER).mkdir(exist_ok=True)
        return DRIVE
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / MARKER).is_dir():
            return folder
    return None
