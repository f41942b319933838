"""A submission as files: read once and whole, and written back as `autograded/` for the pages of nbgrader."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from nbformat import NotebookNode

from ospolab.grading import sanitise
from ospolab.grading.plan import Plan
from ospolab.grading.shown import harmless

__all__ = ["Submission", "autograded", "read", "signature"]


@dataclass
class Submission:
    """What a student handed in. notebooks: repaired, by name. files: all others, with those of the course over them.

    signature: changes when something is handed in anew. remarks: what was put right. alarms: what a human should see.
    """

    student: str
    notebooks: dict[str, NotebookNode]
    files: dict[str, bytes]
    handed_in: datetime | None
    signature: tuple
    remarks: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)


def signature(folder: Path) -> tuple:
    """Names, times and sizes of the files of a submission. Raises sanitise.Refused."""
    found = []
    for path in sanitise.files(folder):
        state = path.stat()
        found.append((path.relative_to(folder).as_posix(), state.st_mtime_ns, state.st_size))
    return tuple(found)


def read(folder: Path, student: str, plans: dict[str, Plan], released: dict[str, bytes]) -> Submission:
    """Read a submission; `released` are the files of the exercise besides its notebooks. Raises sanitise.Refused."""
    for _ in range(5):
        mark = signature(folder)
        try:
            contents = {name: _content(folder / name) for name, *_ in mark}
        except FileNotFoundError:
            continue
        if mark == signature(folder):
            break
    else:
        raise sanitise.Refused("The files change while they are read; grade it once the upload has ended.")
    made = Submission(student, {}, {}, _time(contents.get("timestamp.txt")), mark)
    for name, plan in plans.items():
        if raw := contents.pop(f"{name}.ipynb", None):
            mended = sanitise.notebook(raw, plan.frame)
            made.notebooks[name] = mended.notebook
            made.remarks += mended.repairs
            made.alarms += [f"{cell} has two different answers; the last one was graded" for cell in mended.competing]
    if not made.notebooks:
        others = ", ".join(sorted(name for name in contents if name.endswith(".ipynb")))
        wanted = " or ".join(f"{name}.ipynb" for name in plans)
        raise sanitise.Refused(f"There is no {wanted} in it{f'; it holds {others}' if others else ''}.")
    # Of notebooks only those that are graded: not a newer version laid beside it, nor a scratch pad.
    made.files = {name: content for name, content in contents.items() if not name.endswith(".ipynb")} | released
    return made


def _content(path: Path) -> bytes:
    # Not through a link that took the file's place a moment ago.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(handle, "rb") as file:
        return file.read(sanitise.Limits().file_bytes + 1)


def _time(content: bytes | None) -> datetime | None:
    from nbgrader.utils import parse_utc

    try:
        return parse_utc(content.decode().strip()) if content and content.strip() else None
    except (ValueError, OverflowError, UnicodeDecodeError):
        return None


def autograded(
    folder: Path, submission: Submission, plans: dict[str, Plan], outputs: dict[str, dict[int, list[dict]]],
    written: dict[str, bytes], isolated: bool,
) -> Path:  # fmt: skip
    """Write what formgrader and the feedback show, in a new folder beside `folder`; `put_in_place` makes it `folder`.

    outputs: by notebook, by place among its code cells. written: the files that the notebook made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.glob(f".{folder.name}-*"):  # by a run that was killed; nobody else writes here now
        shutil.rmtree(left, ignore_errors=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        stage.chmod(0o755)
        for name, content in {**written, **submission.files}.items():
            path = stage / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for name, notebook in submission.notebooks.items():
            made = json.dumps(
                _shown(notebook, plans[name], outputs.get(name, {}), isolated), ensure_ascii=False, indent=1
            )
            (stage / f"{name}.ipynb").write_text(made + "\n", encoding="utf-8")
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    return stage


def put_in_place(stage: Path, folder: Path) -> None:
    """Put a staged folder in the place of the one before. A crash in between leaves the older or the newer one."""
    old = None
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent)) / "old"
        folder.rename(old)
    stage.rename(folder)
    if old:
        shutil.rmtree(old.parent, ignore_errors=True)


def _shown(notebook: NotebookNode, plan: Plan, outputs: dict[int, list[dict]], isolated: bool) -> dict:
    cells, place, own = [], 0, 0
    for cell in notebook.cells:
        marks, made = cell.metadata.get("nbgrader", {}), dict(cell)
        if not marks:
            made["id"], own = f"own-{own}", own + 1
        if cell.cell_type == "code":
            made["outputs"] = outputs.get(place, plan.outputs.get(marks.get("grade_id"), []))
            place += 1
        elif not marks or marks.get("solution"):
            made["source"] = harmless(cell.source)
        cells.append(made)
    return {
        **notebook,
        "cells": cells,
        "metadata": {**notebook.metadata, "ospolab": {"graded": {"isolated": isolated}}},
    }
