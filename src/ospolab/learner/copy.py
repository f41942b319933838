"""Bring the course into a learner's copy, and later its changes, without ever touching the learner's work.

For every file the manifest remembers what was delivered. With that, four cases are told apart: the file is missing
(deliver it; a learner who deletes a file starts it over), the learner has not changed it (replace it by the new one),
only the learner has changed it (leave it), or both have (leave it, and lay the new one beside it, once).

Nothing is ever deleted. Every file is written in one step, and the manifest last: after a crash in between, the next
run finds the course's own version in place and goes on.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ospolab import course as the_course
from ospolab.learner import MARKER, files

MANIFEST = "manifest.json"
RELEASE = "exercises/release/"
GLOSSARY = "src/ospolab/learner/glossary.md"  # derived: the book's glossary without what only the book can show
BOOK_GLOSSARY = "book/glossary.md"
SKIPPED = {".ipynb_checkpoints", "__pycache__", ".DS_Store"}


class CopyError(RuntimeError):
    """The learner's copy cannot be made; the message says what to do."""


@dataclass
class Report:
    """What a synchronisation did, as paths inside the copy; `beside` has (the learner's file, the new one)."""

    new: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    beside: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    manifest_lost: bool = False
    notebooks: list[Path] = field(default_factory=list)  # written just now, to be marked as trusted

    def messages(self) -> list[str]:
        """What the learner should know, one sentence or two each; [] if nothing has changed."""
        said = []
        if self.manifest_lost:
            said.append(
                f"The list of delivered files ({MARKER}/{MANIFEST}) could not be read. Every file that differs from "
                f"the course's is taken to be your work and kept{_names(self.kept)}. To get the course's version of "
                "one, rename or delete yours and start again."
            )
        if self.new:
            said.append(f"{_files(len(self.new))} new in this copy.")
        if self.restored:
            said.append(f"Brought back, as you had deleted it: {', '.join(self.restored)}. That is how to start over.")
        if self.updated:
            said.append(f"{_files(len(self.updated))} brought up to date; you had not changed them.")
        for mine, new in self.beside:
            said.append(
                f"{mine} has changed in the course, and you have worked in it: yours is kept, the new one is {new}. "
                "Take over what you like, or delete yours and start again to continue with the new one."
            )
        return said + self.problems


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"


def _names(paths: list[str]) -> str:
    return f" ({', '.join(paths[:5])}{', ...' if len(paths) > 5 else ''})" if paths else ""


# --- what belongs into a copy ----------------------------------------------------------------------------------------


def sources(course: Path) -> dict[str, Path]:
    """Path inside a copy -> file of the course: the glossary, and every lesson and exercise that exists.

    Lessons bring all files that share their name (`strategy.ipynb`, `strategy.quiz.yml`), exercises all of their
    released folder. Nothing is ever taken from `exercises/source`: a link that leads out of `release` is not followed.
    """
    found: dict[str, Path] = {}
    if (course / GLOSSARY).is_file():
        found["glossary.md"] = course / GLOSSARY
    for lesson in the_course.lessons(course):
        if lesson.exists and lesson.path.parent.is_dir():
            name = lesson.path.name.removesuffix(".ipynb")
            for path in sorted(lesson.path.parent.iterdir()):
                if path.name.startswith(f"{name}.") and _is_plain(path):
                    found[f"notebooks/{lesson.role}/{path.name}"] = path
    for assignment in the_course.assignments(course):
        if not assignment.release.is_symlink():
            for path in _walk(assignment.release):
                found[f"exercises/{assignment.name}/{path.relative_to(assignment.release).as_posix()}"] = path
    return found


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.name not in SKIPPED and not path.name.startswith(".")


def _walk(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink() and path.name not in SKIPPED and not path.name.startswith("."):
            yield from _walk(path)
        elif _is_plain(path):
            yield path


# --- links: written for the book, followed in the copy ---------------------------------------------------------------

# [text](target   or   [name]: target   or   href="target
LINK = re.compile(
    r"""(?P<before> \]\( <? | ^[ ]{0,3}\[[^\]\n]+\]:[ ]+<? | \b(?:href|src)=["'] ) (?P<target> [^\s)>"'\#]+ )""",
    re.VERBOSE | re.MULTILINE,
)
BOOK_LINK = re.compile(r"(?<!!)\[(?P<text>[^\[\]]+)\]\((?P<target>[^\s)#:]+)(?:#[^\s)]*)?\)")


def rewrite_links(text: str, source: str) -> str:
    """Markdown `text` of the course's file `source` ("notebooks/enabler/strategy.ipynb"), its links made for a copy.

    In a copy, `exercises/release/x` is `exercises/x`: links into it, and links out of it, change; all others stay. A
    link to a page that only the book has becomes its text and "(in the book)"; the glossary a copy has itself. Depends
    on nothing but its arguments.
    """
    here = posixpath.dirname(_in_copy(source))

    def resolve(target: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(source), target))

    def unlink(match: re.Match) -> str:
        meant = resolve(match["target"])
        if meant == BOOK_GLOSSARY:  # without its anchor: in a copy, terms have none
            return f"[{match['text']}]({posixpath.relpath('glossary.md', here)})"
        return f"{match['text']} (in the book)" if meant.startswith("book/") else match[0]

    def replace(match: re.Match) -> str:
        target = match["target"]
        if ":" in target or target.startswith("/"):
            return match[0]
        meant = resolve(target)
        if not meant.startswith(("notebooks/", RELEASE)):
            return match[0]
        moved = _in_copy(meant)
        if moved == meant and here == posixpath.dirname(source):
            return match[0]
        return match["before"] + posixpath.relpath(moved, here)

    return LINK.sub(replace, BOOK_LINK.sub(unlink, text))


def _in_copy(path: str) -> str:
    return f"exercises/{path.removeprefix(RELEASE)}" if path.startswith(RELEASE) else path


def content_for_copy(path: Path, source: str) -> bytes:
    """The bytes of a course file as they are delivered. Raises OSError, and ValueError for a notebook that is none."""
    raw = path.read_bytes()
    if path.suffix == ".md":
        return rewrite_links(raw.decode(), source).encode()
    if path.suffix != ".ipynb":
        return raw
    notebook = json.loads(raw)
    changed = False
    for cell in notebook["cells"]:
        if cell["cell_type"] != "markdown":
            continue
        before = "".join(cell["source"])
        after = rewrite_links(before, source)
        if after != before:
            cell["source"], changed = after.splitlines(keepends=True), True
            guarded = cell.get("metadata", {}).get("nbgrader", {})
            if "checksum" in guarded:
                guarded["checksum"] = checksum(cell["cell_type"], after, guarded)
    return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode() if changed else raw


def checksum(cell_type: str, text: str, guarded: dict[str, Any]) -> str:
    """nbgrader's checksum of a guarded cell, without which Validate would take our links for tampering.

    The same as nbgrader.utils.compute_checksum (a test compares), whose import takes seconds at every start.
    """
    grade, solution = bool(guarded.get("grade")), bool(guarded.get("solution"))
    locked = not solution and (grade or bool(guarded.get("locked")))
    parts = [text, cell_type, str(grade), str(solution), str(locked), guarded["grade_id"]]
    if grade:
        parts.append(str(float(guarded["points"])))
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()


# --- has it changed? -------------------------------------------------------------------------------------------------


def fingerprint(name: str, content: bytes) -> str:
    """A hash that changes when the work in a file changes.

    For a notebook: the type, text, attachments and nbgrader metadata of its cells. Outputs, execution counts, other
    metadata, and the empty cells that running the last one adds are not work. Any other file: its bytes.
    """
    if name.endswith(".ipynb"):
        try:
            cells = [_essence(cell) for cell in json.loads(content)["cells"]]
        except (ValueError, KeyError, TypeError, AttributeError):
            pass  # not a notebook (any more): its bytes are all there is to compare
        else:
            content = json.dumps([cell for cell in cells if cell], sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()


def _essence(cell: dict[str, Any]) -> list[Any] | None:
    text = "".join(cell["source"])
    guarded = cell.get("metadata", {}).get("nbgrader")
    attachments = cell.get("attachments")
    return [cell["cell_type"], text, guarded, attachments] if text.strip() or guarded or attachments else None


# --- the manifest ----------------------------------------------------------------------------------------------------


def _read_manifest(path: Path) -> dict[str, dict[str, str]] | None:
    """Path -> {delivered, bytes, offered}; None if there is a manifest and it makes no sense."""
    try:
        entries = json.loads(path.read_bytes())["files"]
        if all(isinstance(entry, dict) and isinstance(entry["delivered"], str) for entry in entries.values()):
            return entries
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


# --- the synchronisation ---------------------------------------------------------------------------------------------


def sync(course: Path, folder: Path) -> Report:
    """Bring `folder` up to date with the checkout `course`. Raises CopyError when nothing can be written there."""
    report = Report()
    try:
        if folder.exists() and not folder.is_dir():
            raise CopyError(
                f"{folder} is in the way: it is not a folder. Move it away, then run the same command again."
            )
        (folder / MARKER).mkdir(parents=True, exist_ok=True)
        (folder / "portfolio").mkdir(exist_ok=True)
        entries = _read_manifest(folder / MARKER / MANIFEST)
        if entries is None:
            report.manifest_lost, entries = True, {}
        for name, path in sources(course).items():
            try:
                _bring(name, path, course, folder, entries, report)
            except (OSError, ValueError, KeyError, TypeError) as error:
                reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
                report.problems.append(f"{name} could not be brought up to date: {reason}. The others were.")
        manifest = json.dumps({"files": entries}, indent=1, sort_keys=True)
        files.write(folder / MARKER / MANIFEST, manifest + "\n")
    except OSError as error:
        raise CopyError(
            f"Your copy of the course cannot be written: {error.strerror} ({error.filename or folder}).\n"
            "If the disk is full, make room. If the folder belongs to someone else, work in one of your own:\n"
            "    make learn ARGS='--folder ~/my-course'"
        ) from error
    return report


def _bring(
    name: str, path: Path, course: Path, folder: Path, entries: dict[str, dict[str, str]], report: Report
) -> None:
    """Apply the rules to one file. Changes `entries[name]` only after the disk has changed."""
    content = content_for_copy(path, path.relative_to(course).as_posix())
    new = {"delivered": fingerprint(name, content), "bytes": hashlib.sha256(content).hexdigest()}
    target, entry = folder / name, entries.get(name)

    def deliver(counted: list[str]) -> None:
        files.write(target, content)
        entries[name] = new
        counted.append(name)
        if name.endswith(".ipynb"):
            report.notebooks.append(target)

    if not target.exists():
        return deliver(report.restored if entry else report.new)
    present = target.read_bytes()
    mine = fingerprint(name, present)
    untouched = entry is not None and hashlib.sha256(present).hexdigest() == entry.get("bytes")
    if mine == new["delivered"]:
        # The same work. Newer stored outputs are brought only where nobody has run or saved the file.
        if untouched and new["bytes"] != entry["bytes"]:
            return deliver(report.updated)
        entries[name] = new if entry is None or present == content else {**entry, "delivered": mine}
        return None
    if entry is None and report.manifest_lost:
        entries[name] = new
        report.kept.append(name)
        return None
    if entry is not None and mine == entry["delivered"]:
        return deliver(report.updated)
    if entry is not None and new["delivered"] in (entry["delivered"], entry.get("offered")):
        report.kept.append(name)
        return None
    beside = _lay_beside(target, content, new["delivered"], (entry or {}).get("offered"), report)
    # For a file of the learner's own making, "delivered" is nothing it can ever be equal to.
    entries[name] = {"delivered": "", **(entry or {}), "offered": new["delivered"]}
    report.beside.append((name, beside.relative_to(folder).as_posix()))
    return None


def _lay_beside(target: Path, content: bytes, print_: str, offered: str | None, report: Report) -> Path:
    """Write the new version beside the learner's file, under a name that is free or holds what was offered before."""
    number = 1
    while True:
        place = _beside(target, number)
        if not place.exists():
            break
        there = fingerprint(place.name, place.read_bytes()) if place.is_file() else None
        if there == print_:  # laid there by a run that was interrupted
            return place
        if there is not None and there == offered:
            break
        number += 1
    files.write(place, content)
    if place.suffix == ".ipynb":
        report.notebooks.append(place)
    return place


def beside(folder: Path) -> list[tuple[str, str]]:
    """(the learner's file, the newest new version that lies beside it) of a copy, as paths inside it.

    A learner who deletes one of the two has decided, and the pair is gone.
    """
    entries = _read_manifest(folder / MARKER / MANIFEST) or {}
    found = []
    for name, entry in sorted(entries.items()):
        mine = folder / name
        if entry.get("offered") in (None, entry["delivered"]) or not mine.is_file():
            continue
        number, newest = 1, None
        while (place := _beside(mine, number)).is_file():
            number, newest = number + 1, place
        if newest:
            found.append((name, newest.relative_to(folder).as_posix()))
    return found


def _beside(target: Path, number: int) -> Path:
    ending = ".quiz.yml" if target.name.endswith(".quiz.yml") else target.suffix
    return target.with_name(f"{target.name.removesuffix(ending)}.new{'' if number == 1 else f'-{number}'}{ending}")


def trust(notebooks: list[Path]) -> str | None:
    """Mark notebooks as trusted, so that their stored tables and quizzes show before anything is run.

    They come from the checkout that the learner runs anyway. Returns a message when it cannot be done; that is no
    reason to stop: the stored output then shows as soon as the cell is run.
    """
    if not notebooks:
        return None
    try:
        import nbformat
        from nbformat.sign import NotebookNotary

        notary = NotebookNotary()
        for path in notebooks:
            notary.sign(nbformat.read(path, as_version=4))
        notary.store.close()
    except Exception as error:
        return f"The lessons could not be marked as trusted ({error}); stored tables show when you run their cell."
    return None
