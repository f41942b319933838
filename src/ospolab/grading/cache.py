"""What has been graded before, by content: the same cells, files, tests and environment give the same result."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sqlite3
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import ospolab
from ospolab.grading.plan import Cell, Plan

__all__ = ["Cache", "Keys", "digest", "keys"]


def digest(*parts: Any) -> str:
    """A name for a content: the SHA-256 of its parts, each apart from its neighbours."""
    total = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


@cache
def environment() -> str:
    """What a result depends on besides submission and exercise: Python, packages, our own code, the course key."""
    root = Path(ospolab.__file__).parent
    ours = [path for path in sorted(root.rglob("*")) if path.is_file() and "__pycache__" not in path.parts
            and path.relative_to(root).parts[0] not in ("authoring", "learner", "cli.py", "suite.py")]  # fmt: skip
    packages = sorted(f"{one.name} {one.version}" for one in metadata.distributions())
    contents = [part for path in ours for part in (path.relative_to(root), path.read_bytes())]
    return digest(platform.python_version(), *packages, *contents, os.environ.get("OSPOLAB_COURSE_KEY", ""))


class Keys:
    """The names under which the results of one notebook are kept: `tests` by grade_id, `shown` for all its outputs."""

    def __init__(self, tests: dict[str, str], shown: str):
        self.tests, self.shown = tests, shown

    @property
    def whole(self) -> str:
        return digest(self.shown, *sorted(self.tests.items()))


def keys(plan: Plan, cells: Iterable[tuple[str | None, str]], files: dict[str, bytes], isolated: bool) -> Keys:
    """A test depends on what it is, on the cells of the course whose names it uses, on the files, and, if it asks for
    a name of the student's, on their cells before it."""
    data = digest(environment(), isolated, *(part for name in sorted(files) for part in (name, files[name])))
    setup = [repr(cell) for cell in plan.of("setup")]
    before, run = {}, digest("cells")
    for name, source in cells:
        cell = plan.cell(name) if name else None
        if cell is None or cell.kind == "answer":
            run = digest(run, source)
        elif cell.shared:
            run = digest(run, cell.shared)
        if name:
            before[name] = run
    tests = {}
    for cell in plan.of("test"):
        parts = [one for name in cell.needs if (one := plan.cell(name))] + [cell]
        students = any(part.names for part in parts)
        tests[cell.name] = digest("test", data, *setup, *map(repr, parts), before.get(cell.name) if students else "")
    told: list[Cell] = [cell for cell in plan.cells if cell.told]
    return Keys(tests, digest("shown", data, *setup, *map(repr, told), run, plan.released))


class Cache:
    """Results by name, in an SQLite file. A file that cannot be used is put aside: it is only a cache."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._open(path)
        except sqlite3.DatabaseError:
            path.replace(path.with_suffix(".broken"))
            self._open(path)

    def _open(self, path: Path) -> None:
        self._file = sqlite3.connect(path, timeout=60, check_same_thread=False)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")
        self._file.execute("CREATE TABLE IF NOT EXISTS result (name TEXT PRIMARY KEY, content TEXT NOT NULL)")
        self._file.commit()

    def get(self, name: str) -> Any:
        row = self._file.execute("SELECT content FROM result WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, results: dict[str, Any]) -> None:
        rows = [(name, json.dumps(content)) for name, content in results.items()]
        self._file.executemany("INSERT OR REPLACE INTO result VALUES (?, ?)", rows)
        self._file.commit()

    def close(self) -> None:
        self._file.close()
