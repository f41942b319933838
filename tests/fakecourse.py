"""A course of one lesson and one exercise, for tests that must not depend on the real ones."""

from __future__ import annotations

import json
from pathlib import Path

STEM = "environmentalist/community-engagement"
NAME = "environmentalist-community-engagement"
LESSON = f"notebooks/{STEM}.ipynb"
QUIZ = f"notebooks/{STEM}.quiz.yml"
EXERCISE = f"exercises/{NAME}/{NAME}.ipynb"
FORMS = f"exercises/{NAME}/forms.yml"

FORMS_TEXT = """\
curves:
  title: Read two curves
  fields:
    - {id: first, kind: choice, label: First, options: [{value: up, text: Up}, {value: down, text: Down}]}
    - {id: second, kind: choice, label: Second, options: [{value: up, text: Up}, {value: down, text: Down}]}
    - {id: note, kind: text, label: Note, optional: true}
"""


def notebook(*cells: dict) -> str:
    metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    content = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1) + "\n"


def markdown(text: str, **metadata: object) -> dict:
    return {"cell_type": "markdown", "id": _id(text), "metadata": metadata, "source": text.splitlines(keepends=True)}


def code(text: str, outputs: list | None = None, count: int | None = None, **metadata: object) -> dict:
    source = text.splitlines(keepends=True)
    cell = {"cell_type": "code", "id": _id(text), "metadata": metadata, "source": source}
    return {**cell, "outputs": outputs or [], "execution_count": count}


def guard(grade_id: str, **more: object) -> dict:
    """nbgrader's metadata of one cell."""
    flags = {"grade": False, "solution": False, "locked": False, "task": False}
    return {"schema_version": 3, "grade_id": grade_id, **flags, **more}


def _id(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())[:40] or "empty"


def lesson(text: str = "First edition.", html: str = "stored table") -> str:
    stored = {"output_type": "display_data", "metadata": {}, "data": {"text/html": f"<b>{html}</b>", "text/plain": "x"}}
    return notebook(
        markdown(f"# Lesson\n\n{text} See [the exercise](../../exercises/release/{NAME}/{NAME}.ipynb)."),
        code("1 + 1", outputs=[stored], count=1),
    )


def exercise(solved: bool = True, text: str = "First edition.") -> str:
    solution = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n"
    stub = "def double(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()\n"
    hidden = "\n### BEGIN HIDDEN TESTS\nassert double(-4) == -8\n### END HIDDEN TESTS"
    return notebook(
        markdown(f"# Exercise\n\n{text} Back to [the lesson](../../../{LESSON})."),
        markdown("## Twice as much"),
        code(solution if solved else stub, nbgrader=guard("double", solution=True)),
        code(
            "assert double(2) == 4" + hidden * solved, nbgrader=guard("double-tests", grade=True, locked=True, points=3)
        ),
        markdown("## In your words"),
        markdown("*Your answer*", nbgrader=guard("words", grade=True, solution=True, points=2)),
    )


def make(root: Path) -> Path:
    """Write the course into `root` (made if needed) and return it."""
    write(root / "_toc.yml", f"root: book/index\nparts:\n  - chapters:\n      - file: notebooks/{STEM}\n")
    with (root / "_toc.yml").open("a") as toc:
        toc.write(f"        sections:\n          - {{file: exercises/release/{NAME}/{NAME}}}\n")
    write(root / "pyproject.toml", "")
    write(root / LESSON, lesson())
    write(root / QUIZ, "- {id: q1}\n- {id: q2}\n")
    write(root / "src/ospolab/learner/glossary.md", "# Glossary\n\n**fork** A copy that goes its own way.\n")
    for folder, solved in (("source", True), ("release", False)):
        write(root / "exercises" / folder / NAME / f"{NAME}.ipynb", exercise(solved))
        write(root / "exercises" / folder / NAME / "forms.yml", FORMS_TEXT)
    return root


def released(root: Path, path: str) -> Path:
    """Where the course keeps what a copy has at `path`."""
    return root / path.replace("exercises/", "exercises/release/", 1)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
