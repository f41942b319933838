"""Put what was handed in back into the frame of the released exercise.

The frame is the released notebook: its cells, in its order, with its metadata. From the submission come only the texts
of the answer cells and the learner's own cells in between; so whatever an editor, a copy or a hand did to flags,
points, ids, kernels, locked cells or their order is undone. What was repaired is said; where two answers compete, a
human decides. A submission that cannot be read or is too large is refused with a sentence, and costs only itself.
"""

from __future__ import annotations

import copy
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

__all__ = ["Limits", "Refused", "Sanitised", "files", "notebook"]

ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst"}
KINDS = ("code", "markdown", "raw")
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class Refused(ValueError):
    """The submission cannot be graded as it is; the message is for its author."""


@dataclass(frozen=True)
class Limits:
    """What a submission may weigh: files in all, their bytes together, bytes of one file, cells of a notebook."""

    files: int = 100
    bytes: int = 50_000_000
    file_bytes: int = 20_000_000
    cells: int = 2_000


@dataclass
class Sanitised:
    """A notebook fit to be run. repairs: what was put right. competing: grade_ids with more than one answer."""

    notebook: NotebookNode
    repairs: list[str] = field(default_factory=list)
    competing: list[str] = field(default_factory=list)


# Files


def files(folder: Path, limits: Limits = Limits()) -> list[Path]:
    """Every file below `folder`, in order. Raises Refused for links, devices, archives, too many and too large files.

    Nothing is opened. Hidden files and what Jupyter leaves behind are passed over.
    """
    found, weight = [], 0
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        state = path.lstat()
        if not stat.S_ISREG(state.st_mode):
            raise Refused(f"{name} is a link or a device; hand in the file itself.")
        if path.suffix.lower() in ARCHIVES:
            raise Refused(f"{name} is an archive; unpack it, and hand in the files.")
        found.append(path)
        weight += state.st_size
        if state.st_size > limits.file_bytes:
            raise Refused(f"{name} has {_size(state.st_size)}; at most {_size(limits.file_bytes)} can be handed in.")
        if len(found) > limits.files or weight > limits.bytes:
            raise Refused(
                f"More than {limits.files} files or {_size(limits.bytes)} were handed in; "
                "leave out what the exercise does not ask for."
            )
    return found


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "__pycache__":
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
        else:
            yield path


def _size(number: int) -> str:
    return f"{number / 1_000_000:.1f} MB"


# Notebooks


def notebook(raw: bytes, released: NotebookNode, limits: Limits = Limits()) -> Sanitised:
    """The submitted notebook `raw`, in the frame of the `released` one. Outputs are gone. Raises Refused."""
    if len(raw) > limits.file_bytes:
        raise Refused(f"The notebook has {_size(len(raw))}; clear its outputs (Kernel > Restart and Clear Outputs).")
    repairs: list[str] = []
    submitted = _cells(raw, repairs)
    if len(submitted) > limits.cells:
        raise Refused(f"The notebook has {len(submitted)} cells; at most {limits.cells} can be graded.")
    frame = {_id(cell): at for at, cell in enumerate(released.cells) if _id(cell)}
    answers: dict[str, list[str]] = {}
    own: dict[int, list[NotebookNode]] = {}  # the learner's cells, by the place in the frame they follow
    seen, at = [], -1
    for cell in submitted:
        name = cell["id"]
        if name in frame:
            at = frame[name]
            seen.append(name)
            _compare(cell, released.cells[at], repairs)
            answers.setdefault(name, []).append(cell["source"])
            continue
        if name is not None:
            repairs.append(f"a cell called itself {name!a}, which this exercise does not have: it counts as your own")
        if (match := _same(cell, released.cells, at + 1)) is not None:
            at = match  # a cell of the frame that carries no id, such as a text between two tasks
        elif cell["source"].strip():
            own.setdefault(at, []).append(_own(cell))
    result = Sanitised(nbformat.v4.new_notebook(metadata=copy.deepcopy(released.metadata)), repairs)
    for name in _twice(seen):
        repairs.append(f"{name} was there more than once")
    for cell in released.cells:
        if _open(cell) and _id(cell) not in answers and (adopted := _adopt(cell, own)) is not None:
            answers[_id(cell)] = [adopted.source]
            repairs.append(f"{_id(cell)} had lost its mark: the cell with the same first line was taken for it")
    for place, cell in enumerate([None, *released.cells], start=-1):
        if cell is not None:
            result.notebook.cells.append(_filled(cell, answers, result))
        result.notebook.cells.extend(own.get(place, ()))
    first_seen = list(dict.fromkeys(seen))
    if first_seen != sorted(first_seen, key=frame.get):
        repairs.append("cells were moved: they are back in their order")
    result.repairs = list(dict.fromkeys(repairs))
    return result


def _id(cell: NotebookNode) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _open(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def _cells(raw: bytes, repairs: list[str]) -> list[dict[str, Any]]:
    """kind, source and claimed grade_id of every cell; nothing else of a submission is believed."""
    encoding = next((name for mark, name in MARKS.items() if raw.startswith(mark)), None)
    if encoding:
        repairs.append("the file began with a byte-order mark")
    try:
        content = json.loads(raw.decode(encoding or "utf-8"))
        if content.get("nbformat", 4) < 4:
            repairs.append(f"the file was in notebook format {content['nbformat']}")
            content = nbformat.convert(nbformat.from_dict(content), 4)
        cells = content["cells"]
    except RecursionError:
        raise Refused("The notebook is nested too deep to be read.") from None
    except Exception as error:  # whatever is wrong with it, it is not a notebook
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise Refused(
            f"The file is not a notebook that can be read ({reason}). Open it in Jupyter and save it."
        ) from None
    if not isinstance(cells, list):
        raise Refused("This is not a notebook that can be read (its cells are no list).")
    read = [_cell(cell) for cell in cells]
    if None in read:
        repairs.append("something that is no cell stood among the cells")
    found = [cell for cell in read if cell is not None]
    if any("\r" in cell["source"] for cell in found):
        repairs.append("lines ended as on Windows")
        for cell in found:
            cell["source"] = cell["source"].replace("\r\n", "\n").replace("\r", "\n")
    return found


def _cell(cell: Any) -> dict[str, Any] | None:
    if not isinstance(cell, dict) or cell.get("cell_type") not in KINDS:
        return None
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    marks = marks if isinstance(marks, dict) else {}
    name = marks.get("grade_id")
    return {
        "kind": cell["cell_type"],
        # A lone surrogate is valid JSON and no text that could be written to a file again.
        "source": source.encode("utf-8", "replace").decode("utf-8"),
        "id": name if isinstance(name, str) and name else None,
        "flags": {key: marks.get(key) for key in ("grade", "solution", "locked", "points")},
    }


def _compare(cell: dict[str, Any], ours: NotebookNode, repairs: list[str]) -> None:
    """Say how a cell differs from ours where a learner has nothing to change."""
    name, marks = cell["id"], ours.metadata.nbgrader
    if cell["kind"] != ours.cell_type:
        repairs.append(f"{name} had become a {cell['kind']} cell")
    changed = [key for key, value in cell["flags"].items() if value is not None and value != marks.get(key, value)]
    if changed:
        repairs.append(f"{name}: {' and '.join(changed)} had been changed")
    if not _open(ours) and ours.cell_type == "code" and cell["source"].strip() != ours.source.strip():
        repairs.append(f"{name} differs from the present course; the present one was graded")


def _same(cell: dict[str, Any], cells: list[NotebookNode], start: int) -> int | None:
    """The place of the next cell of the frame without an id that is this one."""
    for at in range(start, len(cells)):
        if _id(cells[at]) is None and cells[at].cell_type == cell["kind"] and cells[at].source == cell["source"]:
            return at
    return None


def _own(cell: dict[str, Any]) -> NotebookNode:
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    return make.get(cell["kind"], nbformat.v4.new_raw_cell)(cell["source"])


def _filled(ours: NotebookNode, answers: dict[str, list[str]], result: Sanitised) -> NotebookNode:
    """A cell of the frame, with the learner's answer if it is an answer cell."""
    cell, name = copy.deepcopy(ours), _id(ours)
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    if name is not None and name not in answers:
        result.repairs.append(f"{name} was missing")
    elif _open(ours):
        given = [text for text in dict.fromkeys(answers[name]) if text != ours.source] or [ours.source]
        if len(given) > 1:
            result.competing.append(name)
        cell.source = given[-1]
    return cell


def _adopt(ours: NotebookNode, own: dict[int, list[NotebookNode]]) -> NotebookNode | None:
    """The learner's one cell that begins as the released answer cell does, taken out of their own cells."""
    first = ours.source.splitlines()[0].strip() if ours.source.strip() else ""
    if ours.cell_type != "code" or not first:
        return None
    alike = [
        (cells, cell) for cells in own.values() for cell in cells
        if cell.cell_type == "code" and cell.source.splitlines()[0].strip() == first
    ]  # fmt: skip
    if len(alike) != 1:
        return None
    cells, cell = alike[0]
    cells.remove(cell)
    return cell


def _twice(names: list[str]) -> list[str]:
    return [name for at, name in enumerate(names) if name in names[:at] and name not in names[at + 1 :]]
