"""What came of an attack, measured: points, secrets seen, processes alive, files left, script on the grader's pages.

Nothing is asserted here. See `ospolab.authoring.attacks`.
"""

from __future__ import annotations

import contextlib
import html.parser
import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ospolab.authoring.attack_course import BOUND, FIRST, LAST, SECRETS, Class, Watch, full_points

if TYPE_CHECKING:
    from ospolab.authoring.attacks import Attack

__all__ = ["FAT", "HARMS", "HELD", "live", "measured", "said", "text"]

# What is measured, in the words of the table. {} is the amount.
HARMS = {
    "points": "takes {:g} points",
    "gradebook": "changes others' points or the gradebook",
    "class": "stops the class",
    "hidden": "reads the hidden cases",
    "neighbour": "reads another's work",
    "key": "reads the course key",
    "keyring": "reads the grader's keyring",
    "network": "reaches the network",
    "outlives": "outlives its run",
    "outside": "writes outside its folder",
    "script": "puts script into the grader's page",
    "time": "is not stopped at the time limit",
    "disk": "leaves {:.0f} MB",
    "held": "holds the class up for {:.0f} s",
    "memory": "makes the grader take {:.1f} GB",
}
HELD = 60  # seconds for three submissions, which usually take ten to twenty
MUCH, FAT = 20_000_000, 1_000_000_000  # bytes left in `autograded/`; bytes of memory of one process


def measured(whole: Class, one: Attack, watch: Watch, before: list | None, strict: bool) -> dict[str, Any]:
    """What came of one attack: {"points", "harms": {harm: amount}, "graded"}. before: the gradebook's framework.

    strict: hidden cases may not stand in the traceback of a failed test and in the feedback either. With nbgrader they
    do, for the honest as for others. And `whole` is a class of many, whose memory is nobody's in particular.
    """
    mark, harms, folder = whole.mark(one.name), {}, whole.folder / "autograded" / one.name
    grades = whole.grades(one.name) or {}
    got = {name: (auto if hand is None else hand) or 0 for name, (auto, hand, _) in grades.items()}
    got = {name: points + (grades[name][2] or 0) for name, points in got.items()}
    path = folder / one.assignment / f"{one.assignment}.ipynb"
    # Cell by cell: what is broken on the way does not pay for what is taken.
    taken = sum(max(points - one.deserved.get(name, 0), 0) for name, points in got.items())
    if taken > 0.005:
        harms["points"] = round(taken, 2)
    if whole.framework() != before or _robbed(whole):
        harms["gradebook"] = True
    last = {name for name, (auto, *_) in (whole.grades(LAST) or {}).items() if auto is not None}
    there = (whole.folder / "autograded" / LAST / one.assignment / path.name).exists()
    if not there or not last >= set(full_points(one.assignment)):
        harms["class"] = True
    shown, weight = _shown(folder, path, strict)
    page = text(whole.folder / "feedback" / one.name / one.assignment / f"{one.assignment}.html")
    usual = text(whole.folder / "feedback" / FIRST / one.assignment / f"{one.assignment}.html")
    for secret, words in SECRETS.items():
        paged = strict or secret != "hidden"
        if any(word in shown or (paged and page.count(word) > usual.count(word)) for word in words):
            harms[secret] = True
    if mark.encode() in watch.heard:
        harms["network"] = True
    began, seen = watch.lived.get(mark, (0, 0))
    ended = path.stat().st_mtime if path.exists() else time.time()
    if mark in watch.processes().values() or seen > ended + 3:
        harms["outlives"] = True
    if _outside(whole, one, mark):
        harms["outside"] = True
    if live(page, mark) or (one.shows and path.exists() and live(_rendered(path), mark)):
        harms["script"] = True
    if f"{mark} was not stopped" in shown or ("time" in one.seen and seen - began > BOUND - 3):
        harms["time"] = True
    if weight > MUCH:
        harms["disk"] = round(weight / 1_000_000)
    if not strict and whole.peak > FAT:
        harms["memory"] = whole.peak / 1_000_000_000
    return {"points": round(sum(got.values()), 2), "graded": path.exists(), "harms": harms}


def said(result: dict[str, Any]) -> str:
    """A measurement in words."""
    words = [HARMS[harm].format(amount) for harm, amount in result["harms"].items()]
    return "; ".join(words) or ("no gain" if result["graded"] else "no gain, not graded")


def _robbed(whole: Class) -> bool:
    full = full_points(whole.assignment)
    for neighbour in (FIRST, LAST):
        grades = whole.grades(neighbour)
        if grades is None:
            return True
        by_tests = {name: grades[name][0] for name in full if name in grades}
        touched = any(by_hand is not None or extra for _, by_hand, extra in grades.values())
        # What is not graded at all is another harm.
        if touched or any(score is not None and abs(score - full[name]) > 0.005 for name, score in by_tests.items()):
            return True
    return False


def _shown(folder: Path, path: Path, strict: bool) -> tuple[str, int]:
    """Everything in `autograded/<student>` that the student's side has written, and the weight of it all."""
    parts, weight = [], 0
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            weight += file.stat().st_size
            if file == path:
                cells = json.loads(text(file)).get("cells", [])
                outputs = [output for cell in cells for output in cell.get("outputs", [])]
                for output in outputs if not strict else ():
                    output.pop("traceback", None)
                parts.append(json.dumps(outputs, ensure_ascii=False))
            elif file.stat().st_size < MUCH:
                parts.append(text(file))
    return "\n".join(parts), weight


def text(path: Path) -> str:
    """What a file holds; nothing if it is not there."""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _outside(whole: Class, one: Attack, mark: str) -> bool:
    """Whether a file named after the mark lies where its author has no business. Removes those in common folders."""
    own = {whole.folder / room / one.name for room in ("submitted", "autograded", "feedback")}
    within = any(mark in path.name and not own & set(path.parents) for path in whole.scratch.rglob("*"))
    for common in map(Path, ("/tmp", "/var/tmp", "/dev/shm")):
        for path in common.glob(f"*{mark}*"):
            within = True
            path.unlink()
    return within


def _rendered(path: Path) -> str:
    """The page of a graded notebook, with everything in it shown, as formgrader shows it."""
    from nbconvert import HTMLExporter

    with contextlib.suppress(Exception):  # a notebook that cannot be shown shows nothing
        return HTMLExporter().from_filename(str(path))[0]
    return ""


class _Live(html.parser.HTMLParser):
    """Notes whether a browser would run something that holds `mark`."""

    def __init__(self, mark: str):
        super().__init__(convert_charrefs=True)
        self.mark, self.found, self._script = mark, False, False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        kinds = [value for name, value in attributes if name == "type" and value]
        self._script = tag == "script" and all("json" not in kind for kind in kinds)
        for name, value in attributes:
            plain = "".join((value or "").split()).lower()
            runs = name.startswith("on") or name == "srcdoc" or plain.startswith(("javascript:", "data:text/html"))
            loads = tag in ("script", "iframe", "object", "embed", "base", "meta", "link", "form")
            self.found = self.found or (self.mark in (value or "") and (runs or loads))

    def handle_data(self, data: str) -> None:
        # MathJax, which the pages load, makes links of \\href.
        formula = re.search(r"\\(href|url)\s*\{\s*javascript:[^}]*" + self.mark, data, re.IGNORECASE)
        self.found = self.found or bool(formula) or (self._script and self.mark in data)

    def handle_endtag(self, tag: str) -> None:
        self._script = self._script and tag != "script"


def live(page: str, mark: str) -> bool:
    """Whether a browser would run something of a page that holds `mark`, at once or on a click."""
    reader = _Live(mark)
    reader.feed(page)
    reader.close()
    return reader.found
