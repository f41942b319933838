"""What the cells of an exercise are to the grader: which are tests, what each needs, what of it the student defines.

Read from the course's own two notebooks, the source with its tests and the release that students get; nothing of a
submission goes into it. A plan is plain data: it travels to the processes that judge.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import json
import symtable
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

__all__ = ["Cell", "Plan", "PlanError", "read"]

FORMS = "ospolab.forms"  # who imports from here reads what the student answered
HIDDEN = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")


class PlanError(RuntimeError):
    """The exercise cannot be graded; the message says what is wrong with it and what to do."""


@dataclass(frozen=True)
class Cell:
    """One cell of an exercise that carries a grade_id.

    kind: "setup" (run once, before any submission), "locked", "answer", "test"; "written" and "task" are for a human.
    source: with hidden tests and solutions, as the course has it. points: at most these. hidden: numbers of the lines,
    from 1, whose failures stay untold. names: what the student's cells define and this one uses. needs: the cells of
    the course before it, without set-up, that define what it uses. shared: what the student process runs of it.
    told: it shows what the student answered, and is run for that.
    """

    name: str
    kind: str
    source: str
    points: float = 0.0
    hidden: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    shared: str = ""
    told: bool = False

    @property
    def visible(self) -> str:
        """The statements before the first one in which something is hidden; all of them if nothing is."""
        if not self.hidden:
            return self.source
        whole = [node for node in ast.parse(self.source).body if (node.end_lineno or 0) < self.hidden[0]]
        return "\n".join(self.source.splitlines()[: whole[-1].end_lineno if whole else 0])


@dataclass(frozen=True)
class Plan:
    """The cells of one notebook of an assignment, in order, and the notebook as students get it, as JSON."""

    assignment: str
    notebook: str
    cells: tuple[Cell, ...]
    released: str

    def cell(self, name: str) -> Cell | None:
        return next((cell for cell in self.cells if cell.name == name), None)

    def of(self, *kinds: str) -> list[Cell]:
        return [cell for cell in self.cells if cell.kind in kinds]

    @property
    def frame(self) -> NotebookNode:
        """The released notebook, without what its cells show. Not to be changed: it is read once."""
        return _read(self.released)[0]

    @property
    def outputs(self) -> dict[str, list]:
        """What the cells of the released notebook show, by grade_id."""
        return _read(self.released)[1]

    @property
    def fingerprint(self) -> str:
        """Changes with anything that could change a grade."""
        return hashlib.sha256(repr((self.cells, self.released)).encode()).hexdigest()


@lru_cache(maxsize=8)
def _read(released: str) -> tuple[NotebookNode, dict[str, list]]:
    notebook, outputs = nbformat.reads(released, as_version=4), {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if name := _marks(cell).get("grade_id"):
                outputs[name] = cell.outputs
            cell.outputs = []
    return notebook, outputs


def read(source: Path, release: Path) -> Plan:
    """The plan of the notebook `source`, released as `release`. Raises PlanError."""
    ours, theirs = _notebook(source), _notebook(release)
    names = {id_: cell for cell in theirs.cells if (id_ := _marks(cell).get("grade_id"))}
    for cell in ours.cells:
        name = _marks(cell).get("grade_id")
        if name and name not in names:
            raise PlanError(
                f"{name} is in {source.name} and not in what was released. Release the exercise again: "
                "`ospolab exercises`, or nbgrader's generate_assignment."
            )
    return Plan(source.parent.name, source.stem, tuple(_cells(ours)), nbformat.writes(theirs))


def _notebook(path: Path) -> NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise PlanError(f"{path} was expected, and is not there. `ospolab exercises` makes releases.") from None
    except (ValueError, json.JSONDecodeError) as error:
        raise PlanError(f"{path} is not a notebook that can be read: {error}") from None


def _marks(cell: NotebookNode) -> dict:
    return cell.metadata.get("nbgrader", {})


def _cells(notebook: NotebookNode) -> Iterable[Cell]:
    binders: dict[str, Cell] = {}  # the last cell so far that defines a name
    reading: set[str] = set()  # names imported from FORMS
    for cell in notebook.cells:
        marks = _marks(cell)
        if "grade_id" not in marks:
            continue
        name, source, points = marks["grade_id"], cell.source, float(marks.get("points") or 0)
        if marks.get("task") or (marks.get("grade") and (marks.get("solution") or cell.cell_type != "code")):
            yield Cell(name, "task" if marks.get("task") else "written", source, points)
            continue
        if cell.cell_type != "code":
            continue
        kind = "answer" if marks.get("solution") else "test" if marks.get("grade") else "locked"
        if kind == "locked" and "setup" in cell.metadata.get("ospolab", {}):
            kind = "setup"
        tree = _parsed(name, source)
        bound, used = _bound(tree), _used(tree)
        students, needs = [], []
        for word in sorted(used):
            binder = binders.get(word)
            if binder is None:
                if kind == "test" and word not in bound and not hasattr(builtins, word):
                    students.append(word)
            elif binder.kind == "answer":
                students.append(word)
            elif binder.kind != "setup":
                needs += [*binder.needs, binder.name]
        reading |= _imported(tree, FORMS)
        made = Cell(
            name,
            kind,
            source,
            points=points if kind == "test" else 0.0,
            hidden=_hidden(source),
            names=tuple(students),
            needs=tuple(dict.fromkeys(needs)),
            shared=_shared(kind, tree, source, bool(students)),
            told=kind == "locked" and bool(used & reading) and not students,
        )
        binders |= dict.fromkeys(bound, made)
        yield made


def _shared(kind: str, tree: ast.Module, source: str, students: bool) -> str:
    """What the student process runs of a locked cell: all of it if it defines something, else what it imports."""
    if kind != "locked":
        return ""
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    others = _bound(ast.Module([node for node in tree.body if node not in imports], []))
    return source if students or others else "\n".join(map(ast.unparse, imports))


def _parsed(name: str, source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError:
        try:  # magics
            return ast.parse(TransformerManager().transform_cell(source))
        except SyntaxError as error:
            raise PlanError(f"The cell {name} of the course cannot be read: {error}") from None


def _bound(tree: ast.Module) -> set[str]:
    """Names that running a cell defines."""
    table = symtable.symtable(ast.unparse(tree), "cell", "exec")
    return {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}


def _used(tree: ast.Module) -> set[str]:
    """Names that a cell, or a function in it, looks up among those of the notebook before it defines them itself."""
    return _free(tree.body, set())


def _free(body: list[ast.stmt], bound: set[str]) -> set[str]:
    found: set[str] = set()
    for node in body:
        blocks = [part for part in ("body", "orelse", "finalbody") if part in node._fields]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or not blocks:
            found |= _referenced(node) - bound
        else:  # a loop or a condition: its head, and then what it repeats or chooses, in order
            heads = [part for field in ("iter", "test", "items") for part in _list(getattr(node, field, []))]
            found |= set().union(*(_referenced(part) for part in heads)) - bound
            targets = [name for part in (*heads, *_list(getattr(node, "target", []))) for name in ast.walk(part)]
            bound |= {name.id for name in targets if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
            handlers = [part for handler in getattr(node, "handlers", []) for part in handler.body]
            for block in (*(getattr(node, name) for name in blocks), handlers):
                found |= _free(block, bound)
        bound |= _bound(ast.Module([node], []))
    return found


def _list(value: ast.AST | list[ast.AST]) -> list[ast.AST]:
    return value if isinstance(value, list) else [value]


def _referenced(node: ast.AST) -> set[str]:
    source = f"({ast.unparse(node)})" if isinstance(node, ast.expr) else ast.unparse(node)
    if isinstance(node, ast.withitem):
        source = f"({ast.unparse(node.context_expr)})"
    found, tables = set(), [symtable.symtable(source, "cell", "exec")]
    for table in tables:
        top = table.get_type() == "module"
        found |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())}
        tables += table.get_children()
    return found


def _imported(tree: ast.Module, module: str) -> set[str]:
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(module)
        for alias in node.names
    }


def _hidden(source: str) -> tuple[int, ...]:
    found, inside = [], False
    for number, line in enumerate(source.splitlines(), start=1):
        if line.strip() in HIDDEN:
            inside = line.strip() == HIDDEN[0]
        elif inside:
            found.append(number)
    return tuple(found)
