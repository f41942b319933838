"""A rehearsal before the first submission: what is read, parsed and computed once is then there for all.

The cells of the course are run on answers that mean nothing, in the processes that will be forked. No submission is in
there yet, and what the cells define is thrown away.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["answers", "rehearse"]


def answers(forms: bytes) -> str:
    """The text of an answers.yml that fits the forms of a forms.yml: the first option, the smallest text."""
    import yaml

    from ospolab.forms import definition

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "forms.yml").write_bytes(forms)
        tasks = definition.load(folder)
    made = {name: {field.id: _answer(field) for field in task.fields} for name, task in tasks.items()}
    return yaml.safe_dump(made)


def _answer(field: Any) -> Any:
    match field.kind:
        case "choice":
            return field.options[0].value
        case "several":
            return [option.value for option in field.options[: field.at_least]]
        case "number":
            number = min(max(12, field.min or 0), field.max if field.max is not None else 12)
            return int(number) if field.integer else number
        case "ranking":
            return [item.value for item in field.items]
        case "text":
            return " ".join(["word"] * (field.min_words or 3))
        case "table":
            return {row.value: {column.id: _answer(column) for column in field.columns} for row in field.rows}


def rehearse(cells: Iterable[str], names: dict[str, Any], files: dict[str, bytes]) -> None:
    """Run cells in a copy of `names`, in a temporary folder that holds `files`. Whatever they raise is no matter."""
    here, names = Path.cwd(), dict(names)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        os.chdir(folder)
        silent = io.StringIO()
        with contextlib.redirect_stdout(silent), contextlib.redirect_stderr(silent):
            for source in cells:
                with contextlib.suppress(Exception):
                    exec(compile(source, "<rehearsal>", "exec"), names)
        os.chdir(here)
