"""The course as data: which lessons are planned, which exist, which exercise belongs to which.

The plan is `curriculum.yml` beside this file. What exists is what the book's table of contents, `_toc.yml`, names;
nothing else decides it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

try:  # the C loader is ten times faster; not every platform has it
    from yaml import CSafeLoader as Loader
except ImportError:  # pragma: no cover
    from yaml import SafeLoader as Loader

CURRICULUM = Path(__file__).with_name("curriculum.yml")


class CourseNotFound(RuntimeError):
    """The package is used without the checkout it belongs to."""


@dataclass(frozen=True)
class Lesson:
    """One lesson of the plan.

    stem: "<role>/<pillar>" (or "foundations/...", "capstone/..."), the name of everything that belongs to it.
    role, pillar: the two halves of the stem. path: where its notebook is, or will be. exists: `_toc.yml` names it.
    assignment: the name of its exercise. assignment_exists: `_toc.yml` names that one.
    paper: what the lab adds to the portfolio, or None. programs: cells of it start other programs, such as git.
    """

    stem: str
    title: str
    role: str
    pillar: str
    path: Path
    exists: bool
    assignment: str
    assignment_exists: bool
    paper: str | None
    programs: bool = False


@dataclass(frozen=True)
class Assignment:
    """One exercise that exists. release: its folder as a learner gets it. notebook: the released notebook in it."""

    name: str
    release: Path
    notebook: Path
    lessons: tuple[str, ...]


def root() -> Path:
    """The folder of the checkout. Raises CourseNotFound where the package was installed without it."""
    folder = Path(__file__).resolve().parents[2]
    if (folder / "pyproject.toml").is_file() and (folder / "notebooks").is_dir():
        return folder
    raise CourseNotFound(
        f"The lessons were looked for in {folder}, and are not there: this package works inside a copy of the course.\n"
        "Clone the course and run `make learn` (or `python bootstrap.py learn`) in that folder."
    )


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; None if it is empty. Raises OSError and yaml.YAMLError."""
    return yaml.load(path.read_bytes(), Loader=Loader)


def plan() -> dict[str, Any]:
    """`curriculum.yml`: roles, pillars and lessons, as written. Do not change what is returned: it is shared."""
    return _plan(CURRICULUM)


@cache
def _plan(path: Path) -> dict[str, Any]:
    return read_yaml(path)


def contents(course: Path | None = None) -> list[str]:
    """Every page named in `_toc.yml`, in order, without a file extension; [] where there is no `_toc.yml` yet."""
    path = (course or root()) / "_toc.yml"
    if not path.is_file():
        return []
    try:
        return [name.removesuffix(".ipynb").removesuffix(".md") for name in _pages(read_yaml(path))]
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not valid YAML: {error}") from error


def _pages(node: Any) -> Iterator[str]:
    """Flat, in parts, in chapters or in sections: a page is whatever stands under `root` or `file`."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("root", "file") and isinstance(value, str):
                yield value
            else:
                yield from _pages(value)
    elif isinstance(node, list):
        for item in node:
            yield from _pages(item)


def lessons(course: Path | None = None) -> list[Lesson]:
    """All planned lessons, those to come included, in the order of the course. course: another checkout than this."""
    course = course or root()
    pages = set(contents(course))
    found = []
    for entry in plan()["lessons"]:
        stem = entry["stem"]
        role, pillar = stem.split("/")
        assignment = entry.get("assignment", f"{role}-{pillar}")
        found.append(
            Lesson(
                stem=stem,
                title=entry["title"],
                role=role,
                pillar=pillar,
                path=course / "notebooks" / f"{stem}.ipynb",
                exists=f"notebooks/{stem}" in pages,
                assignment=assignment,
                assignment_exists=f"exercises/release/{assignment}/{assignment}" in pages,
                paper=entry.get("paper"),
                programs=entry.get("programs", False),
            )
        )
    return found


def assignments(course: Path | None = None) -> list[Assignment]:
    """The exercises that exist, in the order of the course. Several lessons may share one."""
    course = course or root()
    by_name: dict[str, list[str]] = {}
    for lesson in lessons(course):
        if lesson.assignment_exists:
            by_name.setdefault(lesson.assignment, []).append(lesson.stem)
    found = []
    for name, stems in by_name.items():
        release = course / "exercises" / "release" / name
        found.append(Assignment(name, release, release / f"{name}.ipynb", tuple(stems)))
    return found
