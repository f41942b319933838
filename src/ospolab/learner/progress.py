"""What a learner has done, kept in `.ospolab/progress.jsonl` of their copy.

One line is one event, and lines are only ever added: two notebooks that write at the same moment do not lose each
other's answers, and a line damaged by a crash costs that line only. Nothing here raises into a lesson.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ospolab.learner import MARKER, files, find_copy

NAME = "progress.jsonl"


def record(kind: str, key: str, value: Any, folder: Path | None = None) -> bool:
    """Remember `value` (anything JSON can hold) under `kind` and `key`; the last one counts. Says whether it is kept.

    For example record("quiz", "enabler/strategy/q1", {"chosen": 1, "correct": True}). folder: where to look for the
    learner's copy, default the current folder. Outside a copy, or on a disk that cannot be written, it does nothing.

    Kinds: "quiz" by question (chosen, correct, first), "read" by lesson (true or false), "points" by exercise (points,
    of, waiting, and work, the fingerprint of what was graded).
    """
    try:
        home = find_copy(folder)
        if home is None:
            return False
        when = datetime.now(UTC).isoformat(timespec="seconds")
        line = json.dumps({"kind": kind, "key": key, "value": value, "when": when}, ensure_ascii=False)
        _append(home / MARKER / NAME, line)
    except Exception:  # a lesson must go on whatever happens to its bookkeeping
        return False
    show(home)
    return True


def show(folder: Path | str | None = None) -> None:
    """Bring the welcome page of the learner's copy around `folder` up to date. Outside a copy it does nothing."""
    try:
        home = find_copy(Path(folder) if folder else None)
        if home is not None:
            from ospolab.learner import welcome

            welcome.refresh(home)
    except Exception:  # the page is made anew at every start anyway
        return


def _append(path: Path, line: str) -> None:
    # One write in append mode: complete, or at worst one damaged line. The leading newline ends such a line of before.
    data = f"{line}\n".encode()
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
    try:
        size = os.fstat(handle).st_size
        if size:
            os.lseek(handle, size - 1, os.SEEK_SET)
            if os.read(handle, 1) != b"\n":
                data = b"\n" + data
        os.write(handle, data)
    finally:
        os.close(handle)


def read(folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """All that is remembered: kind -> key -> value. {} outside a learner's copy or where nothing is readable."""
    try:
        home = find_copy(folder)
        return _parse(home / MARKER / NAME)[0] if home else {}
    except Exception:  # as above
        return {}


def _parse(path: Path) -> tuple[dict[str, dict[str, Any]], list[bytes], int]:
    """(what is remembered, the readable lines, how many were not readable)."""
    known: dict[str, dict[str, Any]] = {}
    good: list[bytes] = []
    bad = 0
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return known, good, bad
    for line in lines:
        if not line.strip():
            continue
        try:
            event = json.loads(line)
            known.setdefault(str(event["kind"]), {})[str(event["key"])] = event["value"]
            good.append(line)
        except (ValueError, KeyError, TypeError):
            bad += 1
    return known, good, bad


def mend(home: Path) -> str | None:
    """Lay a damaged progress file aside and go on with its readable lines. Returns a message if that was needed."""
    path = home / MARKER / NAME
    try:
        _, good, bad = _parse(path)
        if not bad:
            return None
        aside = path.with_name(f"{NAME}.broken")
        number = 2
        while aside.exists():
            aside, number = path.with_name(f"{NAME}.broken-{number}"), number + 1
        aside.write_bytes(path.read_bytes())
        files.write(path, b"".join(line + b"\n" for line in good))
    except OSError as error:
        return f"Your progress file could not be read ({error.strerror}): {path}"
    lines = "1 line" if bad == 1 else f"{bad} lines"
    return f"{lines} of your progress file could not be read; the file as it was is kept in {MARKER}/{aside.name}"


def broken(home: Path) -> list[str]:
    """Names of the damaged progress files that were laid aside."""
    return sorted(path.name for path in (home / MARKER).glob(f"{NAME}.broken*"))
