"""Submissions that try to take what they have not earned, one file each: `tests/attacks/<name>.yml`.

    what: in a sentence                    kind: one of KINDS
    assignment: which exercise             base: the case of `ospolab.authoring.cases` it starts from
    cells: {<grade_id>: source}            own: [{after: <grade_id>, source: ..., cell: code or markdown}, ...]
    answers: the text of answers.yml       files: {path: text}        links: {path: what it leads to}
    notebook: {one of CHANGES: its argument, ...}
    earns: {<grade_id>: points that this cell deserves, where not those of the base}
    seen: [what would show that it worked, of HARMS]

In every text {{mark}} stands for a word that no other submission has, {{brand}} for a statement that names the process
after it, {{me}} for the student, {{folder}} for the course folder, {{port}} for a port on this machine where somebody
listens, {{bound}} for the seconds after which an attack ends by itself (never more than 20), {{deep}} and {{long}} for
many brackets and one long word. No attack uses more than 40
processes, 300 MB of memory and 50 MB of disk, and none signals anyone but its parent and its own sandbox.

`stock` and `ours` grade the corpus, as an instructor would, and measure what came of it. Nothing is asserted here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import yaml

from ospolab import course
from ospolab.authoring import cases
from ospolab.authoring.attack_course import FIRST, LAST, LIMIT, Class, Watch, full_points
from ospolab.authoring.attack_harms import HARMS, HELD, measured, said, text

__all__ = ["CHANGES", "KINDS", "Attack", "attack", "hand_in", "names", "ours", "rows", "stock"]

ROOT = course.root()
CORPUS = ROOT / "tests" / "attacks"
KINDS = {
    "transformers": "AST and input transformers",
    "objects": "Objects and subclasses that equal everything",
    "raised": "Exceptions that are meant to end the tester's loop",
    "results": "Forged results and display hooks",
    "patched": "Patched built-ins, IPython and libraries",
    "frames": "Looking around: frames, memory, /proc, environment",
    "imports": "Planted modules and import hooks",
    "exits": "Ending the process",
    "loops": "Endless loops",
    "memory": "Memory",
    "processes": "Processes and threads",
    "disk": "Disk",
    "output": "Output",
    "outlives": "Daemons",
    "signals": "Signals",
    "paths": "Links and paths",
    "answers": "Answer files",
    "metadata": "Metadata of the notebook",
    "html": "Script in the grader's pages",
    "gradebook": "Writing to the gradebook",
    "network": "Network",
    "values": "Monstrous values",
    "later": "Answers that change",
    "protocol": "Forged frames to the grader",
    "warnings": "Warnings",
}
MEASURE = 2  # raise it when what is measured changes: stored results are then taken anew


# The corpus


@dataclass(frozen=True)
class Attack:
    """One file of the corpus."""

    name: str
    what: str
    kind: str
    assignment: str
    base: str = "blank"
    cells: dict[str, str] = field(default_factory=dict)
    own: list[dict[str, str]] = field(default_factory=list)
    answers: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    notebook: dict[str, Any] = field(default_factory=dict)
    earns: dict[str, float] = field(default_factory=dict)
    seen: list[str] = field(default_factory=lambda: ["points"])

    @property
    def deserved(self) -> dict[str, float]:
        """The points that the tests should give, by cell."""
        full, loses = full_points(self.assignment), cases.case(self.assignment, self.base)["loses"]
        base = {name: 0 if loses == "everything" else most - loses.get(name, 0) for name, most in full.items()}
        return base | self.earns

    @property
    def shows(self) -> bool:
        """Whether it wants something to be seen on a page: only then are the pages made, which takes longest."""
        return bool({"script", "hidden", "neighbour", "key", "keyring"} & set(self.seen))


def names() -> list[str]:
    """Every attack of the corpus."""
    return sorted(path.stem for path in CORPUS.glob("*.yml"))


def attack(name: str) -> Attack:
    """Raises TypeError or ValueError for a file that is not as described above."""
    one = Attack(name=name, **yaml.safe_load((CORPUS / f"{name}.yml").read_text(encoding="utf-8")))
    unknown = {one.kind} - set(KINDS) | set(one.seen) - set(HARMS) | set(one.notebook) - set(CHANGES)
    if unknown or not one.what or not FIRST < name < LAST:
        raise ValueError(f"{name}.yml: {', '.join(sorted(unknown)) or 'its name or its sentence'} is not as it must be")
    return one


def hand_in(one: Attack, folder: Path, words: dict[str, str]) -> None:
    """Write the submission of an attack into `folder`. words: what the words in {{ }} stand for."""

    def filled(text: str) -> str:
        for word, value in words.items():
            text = text.replace("{{" + word + "}}", value)
        return text

    cases.hand_in(one.assignment, one.base, folder)
    path = folder / f"{one.assignment}.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    for name, source in one.cells.items():
        _cell(content, name)["source"] = filled(source)
    for number, extra in reversed(list(enumerate(one.own))):
        made = {"cell_type": extra.get("cell", "code"), "id": f"own-{number}", "metadata": {}}
        made["source"] = filled(extra["source"])
        if made["cell_type"] == "code":
            made |= {"outputs": [], "execution_count": None}
        content["cells"].insert(content["cells"].index(_cell(content, extra["after"])) + 1, made)
    for change, argument in one.notebook.items():
        argument = json.loads(filled(json.dumps(argument)))
        content = CHANGES[change](content, argument) or content
    path.write_text(json.dumps(content), encoding="utf-8")
    files = dict(one.files) | ({"answers.yml": one.answers} if one.answers is not None else {})
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(filled(content), encoding="utf-8")
    for name, target in one.links.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(filled(target))


def _cell(content: dict, name: str) -> dict:
    return next(cell for cell in content["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)


def _graded(content: dict) -> list[dict]:
    return [cell for cell in content["cells"] if cell["metadata"].get("nbgrader", {}).get("grade")]


def _marks(content: dict, marks: dict) -> None:
    for cell in _graded(content):
        cell["metadata"]["nbgrader"].update(marks)


def _doubled(content: dict, name: str) -> None:
    double = json.loads(json.dumps(_cell(content, name))) | {"id": "doubled"}
    content["cells"].append(double)


def _sources(content: dict, source: str) -> None:
    for cell in _graded(content):
        if cell["cell_type"] == "code":
            cell["source"] = source


def _without(content: dict, names_: list[str]) -> None:
    content["cells"] = [c for c in content["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") not in names_]


def _outputs(content: dict, outputs: list[dict]) -> None:
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=outputs, execution_count=1)


def _old(content: dict, number: int) -> dict:
    notebook = nbformat.convert(nbformat.reads(json.dumps(content), as_version=4), number)
    return json.loads(nbformat.writes(notebook, version=number))


def _marks_of(content: dict, marks: dict[str, dict]) -> None:
    for name, changed in marks.items():
        _cell(content, name)["metadata"]["nbgrader"].update(changed)


def _everywhere(content: dict, metadata: dict) -> None:
    for cell in content["cells"]:
        cell["metadata"].update(metadata)


CHANGES: dict[str, Callable[[dict, Any], dict | None]] = {
    "marks": _marks,  # of every graded cell
    "marks-of": _marks_of,
    "tests": _sources,  # the source of every test
    "without": _without,
    "doubled": _doubled,
    "outputs": _outputs,  # of every code cell
    "kernel": lambda content, spec: content["metadata"].update(kernelspec=spec),
    "metadata": lambda content, extra: content["metadata"].update(extra),
    "cell-metadata": _everywhere,
    "attachments": lambda content, extra: _cell(content, extra.pop("cell")).update(attachments=extra),
    "format": _old,
    "padding": lambda content, size: content["metadata"].update(padding="x" * size),
    "twins": lambda content, twins: content["cells"].extend(twins),  # whole cells, as they are
}  # fmt: skip


# Grading the corpus


def stock(corpus: list[Attack], store: Path | None = None, told: Callable[[str], None] = print) -> dict[str, dict]:
    """What nbgrader makes of each attack, two at a time, a course folder for each: one can stop a whole run.

    store: a file with earlier results, which are taken as they are while neither attack nor nbgrader has changed.
    """
    known = json.loads(text(store) or "{}") if store else {}
    keys = {one.name: _key(one) for one in corpus}
    fresh = [one for one in corpus if keys[one.name] not in known]
    with contextlib.ExitStack() as stack:
        templates = {}
        for assignment in sorted({one.assignment for one in fresh}):
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="attacks-")))
            templates[assignment] = whole = Class(place, assignment).prepare()
            whole.nbgrader("autograde", assignment, "--create", f"--student={FIRST}")
            whole.nbgrader("generate_feedback", assignment, f"--student={FIRST}")

        with ThreadPoolExecutor(2) as two:
            results = two.map(lambda one: _by_stock(one, templates[one.assignment]), fresh)
            for one, result in zip(fresh, results, strict=True):
                known[keys[one.name]] = result
                told(f"{one.name}: {said(result)} ({result['seconds']:.0f} s)")
                if store:
                    store.parent.mkdir(parents=True, exist_ok=True)
                    store.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")
    results = {one.name: known[keys[one.name]] for one in corpus}
    for result in results.values():
        if result["seconds"] > HELD:
            result["harms"]["held"] = result["seconds"]
    return results


def _key(one: Attack) -> str:
    from importlib.metadata import version

    parts = [str(MEASURE), version("nbgrader"), one.name, (CORPUS / f"{one.name}.yml").read_text(encoding="utf-8")]
    parts += [text(ROOT / "exercises" / "source" / one.assignment / f"{one.assignment}.ipynb")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _by_stock(one: Attack, template: Class) -> dict:
    with tempfile.TemporaryDirectory(prefix="attacks-", ignore_cleanup_errors=True) as place:
        whole = template.copy(Path(place))
        with Watch([whole.mark(one.name)], whole.run) as watch:
            hand_in(one, whole.folder / "submitted" / one.name / one.assignment, whole.words(one, watch.port))
            before, began = whole.framework(), time.monotonic()
            whole.nbgrader("autograde", one.assignment, "--create", seconds=150)
            seconds = time.monotonic() - began
            time.sleep(0.5)
            alive = watch.processes()
            if one.shows:
                whole.nbgrader("generate_feedback", one.assignment, f"--student={one.name}")
            result = measured(whole, one, watch, before, strict=False)
            if alive:
                result["harms"]["outlives"] = True
        return result | {"seconds": round(seconds, 1)}


def ours(corpus: list[Attack], told: Callable[[str], None] = print) -> dict[str, dict]:
    """What `ospolab grade` makes of each attack: those of an assignment are one class, neighbours first and last."""
    results = {}
    for assignment in sorted({one.assignment for one in corpus}):
        attacks = [one for one in corpus if one.assignment == assignment]
        with tempfile.TemporaryDirectory(prefix="attacks-", ignore_cleanup_errors=True) as place:
            whole = Class(Path(place), assignment).prepare()
            with Watch([whole.mark(one.name) for one in attacks], whole.run) as watch:
                for one in attacks:
                    there = whole.folder / "submitted" / one.name / assignment
                    hand_in(one, there, whole.words(one, watch.port))
                before, began = whole.framework(), time.monotonic()
                status = whole.command(__name__, assignment, seconds=120 + 20 * len(attacks))
                seconds = time.monotonic() - began
                cost = f"{seconds:.0f} s, {whole.peak / 1e9:.1f} GB in one process"
                told(f"{assignment}: {len(attacks)} attacks in {cost}, exit status {status}")
                told(text(whole.scratch / "said.txt"))
                time.sleep(0.5)
                alive = watch.processes()
                others = ",".join([LAST, *(one.name for one in attacks if not one.shows)])
                whole.nbgrader("generate_feedback", assignment, f"--CourseDirectory.student_id_exclude={others}")
                for one in attacks:
                    results[one.name] = result = measured(whole, one, watch, before, strict=True)
                    result["peak"] = whole.peak
                    if whole.mark(one.name) in alive.values():
                        result["harms"]["outlives"] = True
    return results


def rows(
    corpus: list[Attack], store: Path | None = None, told: Callable[[str], None] = print
) -> Iterator[dict[str, str]]:
    """A row for each attack: kind, name, what it tries, what stock nbgrader made of it, and what we did."""
    theirs, mine = stock(corpus, store, told), ours(corpus, told)
    for one in sorted(corpus, key=lambda one: (list(KINDS).index(one.kind), one.name)):
        yield {
            "kind": KINDS[one.kind], "name": one.name, "what": one.what,
            "stock": said(theirs[one.name]), "ours": said(mine[one.name]),
        }  # fmt: skip


def main() -> None:
    """Grade the course folder we are in, in a process of our own: an attack that breaks out meets only this one."""
    from ospolab.grading import run
    from ospolab.grading.trial import Clock

    clock = Clock(cell=LIMIT, test=LIMIT, call=LIMIT, submission=60)
    report = run.grade(Path.cwd(), sys.argv[1], clock=clock)
    print(report)
    sys.exit(report.status)


if __name__ == "__main__":
    main()
